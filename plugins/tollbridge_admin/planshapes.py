"""Plans as the API says them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge import TokenBudget, TokenLimits
from tollbridge.administering import SERVICE_SLUG, CallQuota, Plan, PlanChange, parse_usd, show_usd, to_nano
from tollbridge_admin.bounds import merged_budget
from tollbridge_admin.designshapes import Policies
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.problems import refused
from tollbridge_admin.teamshapes import Text
from tollbridge_admin.tokenshapes import Count, Money, MoneyChange, MoneyShown, Usd, Wish

PlanName = Annotated[str, Meta(extra_json_schema={"pattern": f"^{SERVICE_SLUG}$"}, description="Its name, for good.")]
Title = Annotated[str, Meta(max_length=100)]
Models = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=250)]],
    Meta(max_length=100, description="Globs of the models that calls may come to; none for all."),
]
Calls = Annotated[int, Meta(ge=1, le=1_000_000_000_000)]
CallsPeriod = Literal["day", "month"]
_LIMITS = TokenLimits.__struct_fields__


class Quota(Wish, frozen=True):
    """How many calls a subscription may make in each day or month (UTC)."""

    calls: Calls
    period: CallsPeriod = "month"


class QuotaChange(Wish, frozen=True):
    """What is to change of a quota."""

    calls: Calls | UnsetType = UNSET
    period: CallsPeriod | UnsetType = UNSET


class NewPlanWish(Wish, frozen=True):
    """A plan to be made."""

    name: PlanName
    title: Title = ""
    description: Text = ""
    requests_per_minute: Count | None = None
    tokens_per_minute: Count | None = None
    concurrency: Count | None = None
    budget: Money | None = None
    price_per_call_usd: Usd | None = None
    models: Models = msgspec.field(default_factory=list)
    quota: Quota | None = None
    policies: Policies = msgspec.field(default_factory=dict)


class PlanPatch(Wish, frozen=True):
    """What is to change of a plan, for all who have it (RFC 7396): what is not there stays, null takes away."""

    title: Title | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    requests_per_minute: Count | UnsetType | None = UNSET
    tokens_per_minute: Count | UnsetType | None = UNSET
    concurrency: Count | UnsetType | None = UNSET
    budget: MoneyChange | UnsetType | None = UNSET
    price_per_call_usd: Usd | UnsetType | None = UNSET
    models: Models | UnsetType | None = UNSET
    quota: QuotaChange | UnsetType | None = UNSET
    policies: Policies | UnsetType | None = UNSET
    ended: bool | UnsetType = UNSET


class PlansAsked(Wish, frozen=True):
    """Which plans are listed."""

    limit: Limit = 50
    after: Cursor = ""


class QuotaShown(msgspec.Struct, frozen=True):
    """A quota of calls as it is, for each `period`."""

    calls: int
    period: str


class PlanShown(msgspec.Struct, frozen=True, kw_only=True):
    """A plan.  Once it has ended nobody gets it any more; who has it keeps it."""

    name: str
    title: str
    description: str
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int | None
    budget: MoneyShown | None
    price_per_call_usd: str | None
    models: Sequence[str]
    quota: QuotaShown | None
    policies: Mapping[str, Mapping[str, Any]]
    created_at: datetime
    ended_at: datetime | None


class PlansShown(msgspec.Struct, frozen=True):
    """A page of plans; `next` is the cursor of the page behind it."""

    items: Sequence[PlanShown]
    next: str | None


def shown(plan: Plan) -> PlanShown:
    """Give a plan as it is shown."""
    limits, budget, price, quota = plan.limits, plan.budget, plan.price_per_call, plan.quota
    return PlanShown(
        name=plan.name,
        title=plan.title,
        description=plan.description,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        concurrency=limits.concurrency,
        budget=None if budget is None else MoneyShown(show_usd(budget.amount), budget.period),
        price_per_call_usd=None if price is None else show_usd(price),
        models=plan.models,
        quota=None if quota is None else QuotaShown(quota.calls, quota.period),
        policies=plan.policies,
        created_at=plan.created_at,
        ended_at=plan.ended_at,
    )


def plan_of(wish: NewPlanWish, now: datetime) -> Plan:
    """Give the plan that a wish describes; raises `FieldsRefused`."""
    return Plan(
        name=wish.name,
        title=wish.title,
        description=wish.description,
        limits=TokenLimits(*(getattr(wish, name) for name in _LIMITS)),
        budget=_budget(wish.budget),
        price_per_call=_price(wish.price_per_call_usd),
        models=tuple(wish.models),
        quota=_quota(wish.quota),
        policies=wish.policies,
        created_at=now,
    )


def change_of(plan: Plan, patch: PlanPatch) -> PlanChange:
    """Give the change that a patch is of a plan as it is; raises `FieldsRefused`."""
    wished = {name: getattr(patch, name) for name in _LIMITS}
    limits = TokenLimits(*(getattr(plan.limits, name) if to is UNSET else to for name, to in wished.items()))
    return PlanChange(
        title=patch.title or "" if patch.title is not UNSET else UNSET,
        description=patch.description or "" if patch.description is not UNSET else UNSET,
        limits=limits,
        budget=merged_budget(plan.budget, patch.budget),
        price_per_call=UNSET if patch.price_per_call_usd is UNSET else _price(patch.price_per_call_usd),
        models=tuple(patch.models or ()) if patch.models is not UNSET else UNSET,
        quota=_merged_quota(plan.quota, patch.quota),
        policies=patch.policies or {} if patch.policies is not UNSET else UNSET,
        ended=patch.ended,
    )


def _budget(money: Money | None) -> TokenBudget | None:
    return None if money is None else TokenBudget(_nano(money.usd, "budget.usd"), money.period)


def _quota(quota: Quota | None) -> CallQuota | None:
    return None if quota is None else CallQuota(quota.calls, quota.period)


def _merged_quota(before: CallQuota | None, patch: QuotaChange | UnsetType | None) -> CallQuota | UnsetType | None:
    if patch is UNSET or patch is None:
        return patch
    before = before or CallQuota(0)
    calls = before.calls if patch.calls is UNSET else patch.calls
    if not calls:
        raise refused("quota.calls", "it is needed, for there is no quota yet")
    return CallQuota(calls, before.period if patch.period is UNSET else patch.period)


def _price(usd: str | None) -> int | None:
    return None if usd is None else _nano(usd, "price_per_call_usd")


def _nano(usd: str, field: str) -> int:
    try:
        return to_nano(parse_usd(usd))
    except ValueError:
        raise refused(field, "it is an amount in US dollars, at most 1,000,000,000") from None
