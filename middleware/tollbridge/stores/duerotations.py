"""Which secrets are to change by themselves now, and when one is, as statements of one rule."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select

from tollbridge.stores.jobtables import auto_rotation, handover
from tollbridge.stores.rows import moment
from tollbridge.stores.tables import secret, token
from tollbridge.stores.tokens import ITS_OWN
from tollbridge.stores.tokenwriting import MOST_SECRETS

_a, _h = auto_rotation.c, handover.c
_DAY_US = 86_400_000_000
_NEVER = 2**62
_MOST = 100
"""Rotations of one turn."""


def due_rotations(now: int) -> Any:
    """Select those that `RotationStore.due_rotations` gives; `now` in microseconds."""
    due = (at <= now for at in _moments(now))
    wanted = select(auto_rotation).join(token, token.c.id == _a.token_id)
    return wanted.where(*_may_begin(now), *due).order_by(_a.token_id).limit(_MOST)


def moments_of(token_id: str, now: int) -> Any:
    """Select what must all have come for a token's rotation to be due, and last when the token ends.

    Nothing where it is not to be begun at all.
    """
    wanted = select(*_moments(now), func.coalesce(token.c.expires_at, _NEVER)).select_from(auto_rotation)
    return wanted.join(token, token.c.id == _a.token_id).where(_a.token_id == token_id, *_may_begin(now))


def due_at(moments: Sequence[int | None] | None) -> datetime | None:
    """Give when a rotation is due by what `moments_of` found, None where that does not come or the token ends before.

    Half of the life of a secret without an end lies half as far as `_NEVER`.
    """
    if moments is None:
        return None
    *needed, ends = (_NEVER if at is None else at for at in moments)  # a token without a secret has none of it
    due = max(needed)
    return moment(due) if due < min(ends, _NEVER // 2) else None


def _moments(now: int) -> Sequence[ColumnElement[Any]]:
    """Give the days before the last secret's end, half of its life, the end of a pause, and room for another secret."""
    own = (secret.c.token_id == _a.token_id, secret.c.use.in_(ITS_OWN))
    opens = or_(secret.c.expires_at.is_(None), secret.c.expires_at > now)
    ends = select(func.max(func.coalesce(secret.c.expires_at, _NEVER))).where(*own).scalar_subquery()
    made = select(func.max(secret.c.created_at)).where(*own).scalar_subquery()
    first = select(func.min(func.coalesce(secret.c.expires_at, _NEVER))).where(*own, opens).scalar_subquery()
    count = select(func.count()).select_from(secret).where(*own, opens).scalar_subquery()
    room = case((count >= MOST_SECRETS, first), else_=0)
    return (ends - _a.days_before * _DAY_US, (ends + made + 1) // 2, func.coalesce(_a.again_at, 0), room)


def _may_begin(now: int) -> Sequence[ColumnElement[bool]]:
    """Say that the token is live, and no new secret of it is on its way."""
    return (
        token.c.revoked_at.is_(None),
        token.c.disabled_at.is_(None),
        or_(token.c.expires_at.is_(None), token.c.expires_at > now),
        ~exists().where(_h.token_id == token.c.id),
    )
