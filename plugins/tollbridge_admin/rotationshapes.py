"""Secrets that change by themselves, and many at once, as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import AutoRotation, Handover
from tollbridge_admin.paging import Cursor
from tollbridge_admin.tokenshapes import DAY_S, Overlap, State, Wish, hidden

MOST = 200
"""Tokens rotated by one request: it must be done before its `Idempotency-Key` is another's."""
_PLACE = {
    "pattern": r"^(webhook:whk_[0-9a-f]{28}|file:[A-Za-z0-9_{][A-Za-z0-9._{}/-]*|hook:[A-Za-z][A-Za-z0-9_-]{0,31})$",
    "examples": ["webhook:whk_019ab3c4d5e6f708192a3b4c5d6e", "file:shop/token", "hook:vault"],
}
Into = Annotated[
    str, Meta(min_length=1, max_length=400, description="Where it is handed over.", extra_json_schema=_PLACE)
]
DaysBefore = Annotated[int, Meta(ge=1, le=365, description="How many days before its end it changes.")]
Id = Annotated[str, Meta(min_length=1, max_length=100)]


class AutoRotationWish(Wish, frozen=True):
    """How a token's secret changes by itself; the one before opens for the overlap once the new one has arrived."""

    into: Into
    days_before: DaysBefore = 14
    overlap_s: Literal[3_600, 86_400, 604_800] = 86_400


class HandoverShown(msgspec.Struct, frozen=True):
    """A new secret that is on its way: since when, how often it was tried, when it is next, and why it failed last."""

    since: datetime
    into: str
    attempts: int
    next_at: datetime | None
    failure: str | None


class AutoRotationShown(msgspec.Struct, frozen=True, kw_only=True):
    """How a token's secret changes by itself; `into` is null where it does not; `failure` is why not when due.

    `due_at` is when it changes next, null where that is not to come: its secret has no end, the token is off or ends
    before, or a new secret is on its way.
    """

    into: str | None
    days_before: int | None
    overlap_s: int | None
    due_at: datetime | None
    done_at: datetime | None
    failure: str | None
    handover: HandoverShown | None


PASSING = ("due_at", "done_at", "failure", "handover")
"""What changes of it by itself."""


class TokenFilter(Wish, frozen=True):
    """Which tokens are meant, as the list of tokens has it."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name, owner or id.")] = ""
    state: State = "active"
    parent: Annotated[str, Meta(max_length=100, description="Only those that this token minted.")] = ""
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""


class ManyRotations(Wish, frozen=True):
    """Tokens to be rotated: those named, or those of a filter, 200 at a time.

    With `into` each secret is handed over there and is not in the answer; of a file, `{id}` stands for the token.
    """

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MOST)] | UnsetType = UNSET
    filter: TokenFilter | UnsetType = UNSET
    overlap_s: Overlap = DAY_S
    into: Into | None = None
    after: Cursor = ""


class RotatedShown(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one token: its new secret, this once, or why there is none."""

    id: str
    result: Literal["rotated", "handing_over", "not_found", "out_of_reach", "conflict", "unavailable"]
    token: str | None = None
    detail: str | None = None

    __repr__ = hidden


class ManyRotated(msgspec.Struct, frozen=True):
    """What became of each; `next` is where a filter goes on."""

    items: Sequence[RotatedShown]
    next: str | None


def shown(rotation: AutoRotation | None, handover: Handover | None) -> AutoRotationShown:
    """Give how a secret changes as it is shown."""
    return AutoRotationShown(
        into=None if rotation is None else rotation.into,
        days_before=None if rotation is None else rotation.days_before,
        overlap_s=None if rotation is None else rotation.overlap_s,
        due_at=None if rotation is None else rotation.due_at,
        done_at=None if rotation is None else rotation.done_at,
        failure=None if rotation is None else rotation.failure or None,
        handover=None if handover is None else _handover(handover),
    )


def _handover(one: Handover) -> HandoverShown:
    return HandoverShown(one.created_at, one.into, one.attempts, one.due_at, one.failure or None)
