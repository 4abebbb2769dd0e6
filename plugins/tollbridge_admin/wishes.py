"""What is wished of a token, in the words of the core."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET, UnsetType, structs

from tollbridge import Token, TokenBudget, TokenLimits
from tollbridge.administering import Conditions, TokenChange, parse_conditions, parse_usd, to_nano
from tollbridge_admin.problems import refused
from tollbridge_admin.tokenshapes import MoneyChange, NewTokenWish, TokenPatch

_LIMITS = ("requests_per_minute", "tokens_per_minute", "concurrency")
_WITHOUT_RIGHTS = frozenset(("name", "tags", "metadata"))


def new_token(wish: NewTokenWish) -> dict[str, Any]:
    """Give what a token is issued with; raises `FieldsRefused`."""
    return {
        "name": wish.name,
        "scopes": wish.scopes,
        "owner": _label("owner", wish.owner),
        "team": _label("team", wish.team),
        "expires_at": _moment(wish.expires_at),
        "limits": TokenLimits(wish.requests_per_minute, wish.tokens_per_minute, wish.concurrency),
        "budget": None if wish.budget is None else _budget(wish.budget.usd, wish.budget.period),
        "conditions": _conditions(wish.networks, wish.hours or ""),
        "tags": wish.tags,
        "metadata": wish.metadata,
        "environment": wish.environment,
        "canary": wish.canary,
        "rotate_days": wish.rotate_days,
    }


def change_of(token: Token, patch: TokenPatch) -> TokenChange:
    """Give the change that a patch makes of a token as it is; raises `FieldsRefused`."""
    limits = {name: getattr(patch, name) for name in _LIMITS if getattr(patch, name) is not UNSET}
    return TokenChange(
        name=patch.name,
        scopes=patch.scopes if patch.scopes is UNSET else tuple(patch.scopes),
        expires_at=patch.expires_at if patch.expires_at is UNSET else _moment(patch.expires_at),
        limits=structs.replace(token.limits, **limits) if limits else UNSET,
        budget=patch.budget if patch.budget in (UNSET, None) else _merged_budget(token, patch.budget),
        conditions=_merged_conditions(token, patch),
        tags=patch.tags if patch.tags is UNSET else tuple(patch.tags or ()),
        metadata=patch.metadata if patch.metadata is UNSET else _merged(token.metadata, patch.metadata),
        canary=patch.canary,
        rotate_days=patch.rotate_days,
    )


def touches_rights(patch: TokenPatch) -> bool:
    """Whether a patch may widen what a token may do, or where, when and how long."""
    return any(getattr(patch, name) is not UNSET for name in patch.__struct_fields__ if name not in _WITHOUT_RIGHTS)


def _merged(before: Mapping[str, str], patch: Mapping[str, str | None] | None) -> dict[str, str]:
    """Merge one level (RFC 7396, 2); None leaves nothing."""
    if patch is None:
        return {}
    return {name: value for name, value in {**before, **patch}.items() if value is not None}


def _merged_budget(token: Token, patch: MoneyChange) -> TokenBudget:
    before = token.budget
    kept = "month" if before is None else before.period
    period = kept if patch.period is UNSET else patch.period
    if patch.usd is not UNSET:
        return _budget(patch.usd, period)
    if before is None:
        raise refused("budget.usd", "it is needed, for there is no budget yet")
    return TokenBudget(before.amount, period)


def _merged_conditions(token: Token, patch: TokenPatch) -> Conditions | UnsetType:
    if patch.networks is UNSET and patch.hours is UNSET:
        return UNSET
    before = token.conditions
    networks = before.networks if patch.networks is UNSET else patch.networks or ()
    return _conditions(networks, before.hours if patch.hours is UNSET else patch.hours or "")


def _budget(usd: str, period: str) -> TokenBudget:
    try:
        return TokenBudget(to_nano(parse_usd(usd)), period)
    except ValueError:
        raise refused("budget.usd", "it is an amount in US dollars, at most 1,000,000,000") from None


def _conditions(networks: Any, hours: str) -> Conditions:
    try:
        conditions = parse_conditions(networks, "")
    except ValueError:
        raise refused("from", "each is an address or a network, such as 203.0.113.7 or 10.0.0.0/8") from None
    try:
        return parse_conditions(conditions.networks, hours)
    except ValueError:
        raise refused("hours", "write them as mon-fri 08:00-18:00 Europe/Berlin") from None


def _label(name: str, text: str) -> str:
    if not text.isprintable():
        raise refused(name, "it holds characters that cannot be shown")
    return text.strip()


def _moment(at: datetime | None) -> datetime | None:
    try:
        return None if at is None else at.astimezone(UTC)
    except OverflowError:
        raise refused("expires_at", "it lies beyond the year 9999") from None
