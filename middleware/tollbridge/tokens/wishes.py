"""What is wished of a token, checked."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, structs

from tollbridge.errors import BadRequest, Denied
from tollbridge.stores.changes import TokenChange
from tollbridge.tokens.model import Principal, Token, TokenKind
from tollbridge.tokens.scopes import ScopeSet, parse_scope

LONGEST_NAME = 100
MOST_SCOPES = 100
MOST_TAGS = 32
MOST_METADATA = 32
LONGEST_ROTATION_DAYS = 3650

_TAG = re.compile(r"[\x21-\x7e]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]{1,64}")
_LONGEST_VALUE = 512

PERSON = "per_"
"""What ids of people begin with."""


def checked_name(name: str) -> str:
    """Give a name as it is kept; raises `BadRequest`."""
    label = name.strip()
    if not label or len(label) > LONGEST_NAME or not label.isprintable():
        raise BadRequest(f"a token needs a name of 1 to {LONGEST_NAME} printable characters", param="name")
    return label


def checked_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Give an expiry that lies ahead; raises `BadRequest`."""
    if expires_at is not None and expires_at <= now + timedelta(seconds=1):
        raise BadRequest("the expiry lies in the past", param="expires_at")
    return expires_at


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Give scopes of the grammar, each once; raises `BadRequest`."""
    try:
        checked = tuple(dict.fromkeys(parse_scope(scope) for scope in scopes))
    except ValueError as exc:
        raise BadRequest(str(exc), param="scopes") from exc
    if not checked:
        raise BadRequest("a token without a scope opens nothing; name at least one", param="scopes")
    if len(checked) > MOST_SCOPES:
        raise BadRequest(f"{len(checked)} scopes are too many, the most is {MOST_SCOPES}", param="scopes")
    return checked


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Give tags, each once; raises `BadRequest`."""
    checked = tuple(dict.fromkeys(tags))
    if len(checked) > MOST_TAGS or not all(_TAG.fullmatch(tag) for tag in checked):
        raise BadRequest(
            f"tags are up to {MOST_TAGS} words of 1 to 64 visible ASCII characters without spaces", param="tags"
        )
    return checked


def checked_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Give metadata; raises `BadRequest`."""
    if len(metadata) > MOST_METADATA or not all(
        _KEY.fullmatch(key) and len(value) <= _LONGEST_VALUE and _is_text(value) for key, value in metadata.items()
    ):
        raise BadRequest(
            f"metadata are up to {MOST_METADATA} texts of at most {_LONGEST_VALUE} characters under keys of 1 to 64 "
            "visible ASCII characters without spaces",
            param="metadata",
        )
    return dict(metadata)


def checked_rotation(days: int | None) -> int | None:
    """Give how long a secret lives, in days; raises `BadRequest`."""
    if days is not None and not 0 <= days <= LONGEST_ROTATION_DAYS:
        raise BadRequest(
            f"rotate_days is between 1 and {LONGEST_ROTATION_DAYS}, or 0 for secrets that do not end",
            param="rotate_days",
        )
    return days


def check_within(asked: Iterable[str], minter: ScopeSet) -> None:
    """Refuse scopes that reach beyond the minter's own; raises `Denied` naming the first of them."""
    beyond = minter.lacking(asked)
    if beyond:
        raise Denied(
            f"the scope {beyond[0]!r} reaches beyond what you may do yourself; give at most what you hold",
            code="scope_beyond",
            param="scopes",
        )


def owner_for(minter: Principal | None, owner: str) -> str:
    """Give the owner that a token is to have; a person's id is what services behind the gateway know that person by.

    So it stands on what that person makes alone. Raises `Denied` (out_of_reach) for another's.
    """
    named = owner.strip()
    if minter is not None and named.startswith(PERSON) and named != minter.owner:
        raise Denied(
            "an owner that is a person's id is given by that person alone; write a name",
            code="out_of_reach",
            param="owner",
        )
    return named


def team_for(minter: Principal | None, team: str) -> str:
    """Give the team of a token to be made, the minter's where it has one; raises `Denied` for another team."""
    wanted, own = team.strip(), "" if minter is None else minter.team
    if own and wanted not in ("", own):
        raise Denied("a token with a team makes tokens of that team alone", code="out_of_reach", param="team")
    return own or wanted


def checked_change(change: TokenChange, now: datetime) -> TokenChange:
    """Give a change as it is kept; raises `BadRequest` with `param`."""
    checks: dict[str, Any] = {
        "name": checked_name,
        "scopes": checked_scopes,
        "expires_at": lambda expires_at: checked_expiry(expires_at, now),
        "tags": checked_tags,
        "metadata": checked_metadata,
        "rotate_days": checked_rotation,
    }
    wished = {name: getattr(change, name) for name in checks}
    return structs.replace(change, **{name: checks[name](it) for name, it in wished.items() if it is not UNSET})


def change_within(change: TokenChange, editor: Principal | None, now: datetime) -> TokenChange:
    """Give a change as it is kept; raises as `checked_change` does, and `Denied` for a scope the editor lacks."""
    checked = checked_change(change, now)
    if editor is not None and checked.scopes is not UNSET:
        check_within(checked.scopes, editor.scopes)
    return checked


def check_kind(token: Token, change: TokenChange) -> None:
    """Refuse what is changed otherwise: a client or an application by its own rules, and what a person agreed to.

    Raises `BadRequest` (409: a_client, an_application), and `Denied` (scope_beyond) for a grant that is to be widened.
    """
    if token.kind is TokenKind.APPLICATION:
        raise BadRequest(
            f"this is an application; change it with PATCH /applications/{token.id}", code="an_application", status=409
        )
    if token.kind is TokenKind.SECRET:
        raise BadRequest(f"this is a client; change it with PATCH /clients/{token.id}", code="a_client", status=409)
    if token.kind is TokenKind.ACCESS and change.scopes is not UNSET and ScopeSet(token.scopes).lacking(change.scopes):
        raise Denied(
            "a grant holds what its person agreed to; here it is only narrowed", code="scope_beyond", param="scopes"
        )


def _is_text(value: str) -> bool:
    return value.isascii() or value == value.encode("utf-8", "replace").decode("utf-8")
