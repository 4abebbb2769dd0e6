"""What a service is made of as the API says it: merged into what is there, and shown."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType, structs

from tollbridge import TokenBudget, TokenLimits
from tollbridge.administering import Access, Approval, Contact, Design, Problem, Slo, Visibility, show_usd
from tollbridge_admin.bounds import merged_budget
from tollbridge_admin.tokenshapes import Count, Label, MoneyChange, MoneyShown, Usd, Wish

Text = Annotated[str, Meta(max_length=1_000)]
Docs = Annotated[str, Meta(max_length=200_000, description="Markdown.")]
Logo = Annotated[str, Meta(max_length=100_000, description="An image as data:image/png;base64,...")]
Category = Annotated[str, Meta(max_length=400, examples=["language/translation"])]
Word = Annotated[str, Meta(max_length=64)]
Definition = Annotated[
    dict[str, Any],
    Meta(description="What its kind needs to serve it: see /service-kinds. It is replaced as a whole."),
]
Policies = Annotated[
    dict[Annotated[str, Meta(min_length=1, max_length=63)], dict[str, Any]],
    Meta(
        max_length=10,
        description="Policies run around each call, by name with their options, the first outermost; replaced as a "
        "whole.",
        examples=[{"masking": {"level": "full"}}],
    ),
]
_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")


class LimitsPatch(Wish, frozen=True):
    """Limits of all callers together; null takes one away."""

    requests_per_minute: Count | UnsetType | None = UNSET
    tokens_per_minute: Count | UnsetType | None = UNSET
    concurrency: Count | UnsetType | None = UNSET


class DraftPatch(Wish, frozen=True):
    """What a draft is to be (RFC 7396): what is not there stays, null is as if it was never said."""

    name: Label | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    docs: Docs | UnsetType | None = UNSET
    logo: Logo | UnsetType | None = UNSET
    category: Category | UnsetType | None = UNSET
    tags: Annotated[list[Word], Meta(max_length=20)] | UnsetType | None = UNSET
    contacts: Annotated[list[Contact], Meta(max_length=10)] | UnsetType | None = UNSET
    slos: Annotated[list[Slo], Meta(max_length=10)] | UnsetType | None = UNSET
    visibility: Visibility | UnsetType | None = UNSET
    access: Access | UnsetType | None = UNSET
    approval: Approval | UnsetType | None = UNSET
    plans: Annotated[list[Word], Meta(max_length=20)] | UnsetType | None = UNSET
    price_per_call_usd: Usd | UnsetType | None = UNSET
    limits: LimitsPatch | UnsetType | None = UNSET
    budget: MoneyChange | UnsetType | None = UNSET
    policies: Policies | UnsetType | None = UNSET
    definition: Definition | UnsetType | None = UNSET


class LimitsShown(msgspec.Struct, frozen=True):
    """Limits of all callers together."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int | None


class DesignShown(msgspec.Struct, frozen=True, kw_only=True):
    """What a service is made of."""

    name: str
    description: str
    docs: str
    logo: str
    category: str
    tags: Sequence[str]
    contacts: Sequence[Contact]
    slos: Sequence[Slo]
    visibility: Visibility
    access: Access
    approval: Approval
    plans: Sequence[str]
    price_per_call_usd: str
    limits: LimitsShown
    budget: MoneyShown | None
    policies: dict[str, dict[str, Any]]
    definition: dict[str, Any]


class ProblemShown(msgspec.Struct, frozen=True):
    """Why a draft cannot be published, or with `warning` what is doubtful; `field` has slashes between levels."""

    field: str
    message: str
    warning: bool


def merged(before: Design, patch: DraftPatch) -> Design:
    """Give what a patch makes of a draft; raises `FieldsRefused`."""
    said = {name: value for name in patch.__struct_fields__ if (value := getattr(patch, name)) is not UNSET}
    made = {name: _unsaid(name) if value is None else value for name, value in said.items()}
    if isinstance(patch.limits, LimitsPatch):
        made["limits"] = _merged_limits(before.limits, patch.limits)
    if isinstance(patch.budget, MoneyChange):
        made["budget"] = merged_budget(before.budget, patch.budget, "draft.budget")
    return structs.replace(
        before, **{name: tuple(value) if isinstance(value, list) else value for name, value in made.items()}
    )


def design_shown(design: Design) -> DesignShown:
    """Give what a service is made of as it is shown."""
    fields = structs.asdict(design)
    limits = LimitsShown(*(getattr(design.limits, name) for name in _LIMITS))
    changed = {"limits": limits, "budget": _money(design.budget), "definition": dict(design.definition)}
    return DesignShown(**{**fields, **changed})


def problems_shown(problems: Sequence[Problem]) -> Sequence[ProblemShown]:
    """Give problems as they are shown, those first that are more than doubtful."""
    found = [ProblemShown(one.field, one.message, one.warning) for one in problems]
    return sorted(found, key=lambda one: one.warning)


def _unsaid(name: str) -> Any:
    return getattr(Design(), name)


def _merged_limits(before: TokenLimits, patch: LimitsPatch) -> TokenLimits:
    said = {name: value for name in _LIMITS if (value := getattr(patch, name)) is not UNSET}
    return structs.replace(before, **said)


def _money(budget: TokenBudget | None) -> MoneyShown | None:
    return None if budget is None else MoneyShown(show_usd(budget.amount), budget.period)
