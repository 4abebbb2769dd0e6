"""What is wished of a token, in the words of the core."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from msgspec import UNSET

from tollbridge import Token
from tollbridge.administering import TokenChange
from tollbridge_admin.bounds import changed_bounds, new_bounds
from tollbridge_admin.problems import refused
from tollbridge_admin.tokenshapes import NewTokenWish, TokenPatch

_WITHOUT_RIGHTS = frozenset(("name", "tags", "metadata"))


def new_token(wish: NewTokenWish) -> dict[str, Any]:
    """Give what a token is issued with; raises `FieldsRefused`."""
    return {
        "name": wish.name,
        "scopes": wish.scopes,
        "owner": _label("owner", wish.owner),
        "team": _label("team", wish.team),
        "expires_at": moment_of(wish.expires_at),
        **new_bounds(wish),
        "tags": wish.tags,
        "metadata": wish.metadata,
        "environment": wish.environment,
        "canary": wish.canary,
        "rotate_days": wish.rotate_days,
    }


def change_of(token: Token, patch: TokenPatch) -> TokenChange:
    """Give the change that a patch makes of a token as it is; raises `FieldsRefused`."""
    return TokenChange(
        name=patch.name,
        scopes=patch.scopes if patch.scopes is UNSET else tuple(patch.scopes),
        expires_at=patch.expires_at if patch.expires_at is UNSET else moment_of(patch.expires_at),
        **changed_bounds(token, patch),
        tags=patch.tags if patch.tags is UNSET else tuple(patch.tags or ()),
        metadata=patch.metadata if patch.metadata is UNSET else merged(token.metadata, patch.metadata),
        canary=patch.canary,
        rotate_days=patch.rotate_days,
    )


def touches_rights(patch: TokenPatch) -> bool:
    """Whether a patch may widen what a token may do, or where, when and how long."""
    return any(getattr(patch, name) is not UNSET for name in patch.__struct_fields__ if name not in _WITHOUT_RIGHTS)


def merged(before: Mapping[str, str], patch: Mapping[str, str | None] | None) -> dict[str, str]:
    """Merge one level (RFC 7396, 2); None leaves nothing."""
    if patch is None:
        return {}
    return {name: value for name, value in {**before, **patch}.items() if value is not None}


def _label(name: str, text: str) -> str:
    if not text.isprintable():
        raise refused(name, "it holds characters that cannot be shown")
    return text.strip()


def moment_of(at: datetime | None) -> datetime | None:
    """Give when something ends in UTC; raises `FieldsRefused`."""
    return None if at is None else utc(at, "expires_at")


def utc(at: datetime, field: str) -> datetime:
    """Give a time in UTC; raises `FieldsRefused`."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise refused(field, "in UTC it lies before the year 1, or beyond the year 9999") from None
