"""Limits, budgets and conditions as they are wished, in the words of the core: of tokens, and of teams."""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import UNSET, UnsetType, structs

from tollbridge import TokenBudget, TokenLimits
from tollbridge.administering import Conditions, parse_conditions, parse_usd, to_nano
from tollbridge_admin.problems import refused
from tollbridge_admin.tokenshapes import BoundsPatch, BoundsWish, MoneyChange

_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")


class Bounded(Protocol):
    """What has them."""

    @property
    def limits(self) -> TokenLimits: ...

    @property
    def budget(self) -> TokenBudget | None: ...

    @property
    def conditions(self) -> Conditions: ...


def new_bounds(wish: BoundsWish) -> dict[str, Any]:
    """Give `limits`, `budget` and `conditions`; raises `FieldsRefused`."""
    return {
        "limits": TokenLimits(wish.requests_per_minute, wish.tokens_per_minute, wish.concurrency),
        "budget": None if wish.budget is None else _budget(wish.budget.usd, wish.budget.period),
        "conditions": _conditions(wish.networks, wish.hours or ""),
    }


def changed_bounds(held: Bounded, patch: BoundsPatch) -> dict[str, Any]:
    """Give what a patch makes of them; raises `FieldsRefused`."""
    limits = {name: value for name in _LIMITS if (value := getattr(patch, name)) is not UNSET}
    return {
        "limits": structs.replace(held.limits, **limits) if limits else UNSET,
        "budget": merged_budget(held.budget, patch.budget),
        "conditions": _merged_conditions(held, patch),
    }


def merged_budget(
    before: TokenBudget | None, patch: MoneyChange | UnsetType | None, field: str = "budget"
) -> TokenBudget | UnsetType | None:
    """Give what a patch makes of a budget, which is at `field`; raises `FieldsRefused`."""
    if patch is UNSET or patch is None:
        return patch
    kept = "month" if before is None else before.period
    period = kept if patch.period is UNSET else patch.period
    if patch.usd is not UNSET:
        return _budget(patch.usd, period, field)
    if before is None:
        raise refused(f"{field}.usd", "it is needed, for there is no budget yet")
    return TokenBudget(before.amount, period)


def _merged_conditions(held: Bounded, patch: BoundsPatch) -> Conditions | UnsetType:
    if patch.networks is UNSET and patch.hours is UNSET:
        return UNSET
    before = held.conditions
    networks = before.networks if patch.networks is UNSET else patch.networks or ()
    return _conditions(networks, before.hours if patch.hours is UNSET else patch.hours or "")


def _budget(usd: str, period: str, field: str = "budget") -> TokenBudget:
    try:
        return TokenBudget(to_nano(parse_usd(usd)), period)
    except ValueError:
        raise refused(f"{field}.usd", "it is an amount in US dollars, at most 1,000,000,000") from None


def _conditions(networks: Sequence[str], hours: str) -> Conditions:
    try:
        conditions = parse_conditions(networks, "")
    except ValueError:
        raise refused("from", "each is an address or a network, such as 203.0.113.7 or 10.0.0.0/8") from None
    try:
        return parse_conditions(conditions.networks, hours)
    except ValueError:
        raise refused("hours", "write them as mon-fri 08:00-18:00 Europe/Berlin") from None
