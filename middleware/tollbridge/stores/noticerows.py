"""What people are told of in time, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select, update

from tollbridge.audit import Act
from tollbridge.stores.auditing import record
from tollbridge.stores.notices import Ending, Unused
from tollbridge.stores.rows import micros, moment, seconds_to_micros
from tollbridge.stores.tables import secret, token
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokens import ITS_OWN
from tollbridge.stores.tokenwriting import TokenTurns
from tollbridge.tokens.model import TokenKind

_DAY_US = 86_400_000_000
_AT_ONCE = 100
"""Notices of one transaction: other changes of tokens wait for its end."""
_KINDS = (TokenKind.BEARER, TokenKind.SECRET)


class SqlNotices:
    """Records them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def tell_endings(self, days: Sequence[int], act: Act) -> Sequence[Ending]:
        found: list[Ending] = []
        last = b""
        while True:
            async with self._turns.take() as writing:
                now = self._now()
                rows = (await writing.connection.execute(_ending(now, max(days, default=0), last))).all()
                for row in rows:
                    level = _level(row, days, now)
                    if level is None:
                        continue
                    noted = update(secret).where(secret.c.digest == row.digest).values(warned_days=level)
                    await writing.connection.execute(noted)
                    ending = Ending(row.token_id, row.name, row.hint, moment(row.expires_at), level)
                    told = {"hint": ending.hint, "ends_at": ending.ends_at.isoformat(), "days": level}
                    await record(writing.connection, act, ("token.secret_ending", row.token_id), None, told)
                    found.append(ending)
            if len(rows) < _AT_ONCE:
                return found
            last = bytes(rows[-1].digest)

    async def tell_unused(self, since: datetime, act: Act) -> Sequence[Unused]:
        found: list[Unused] = []
        while True:
            async with self._turns.take() as writing:
                now = self._now()
                rows = (await writing.connection.execute(_unused(now, micros(since)))).all()
                for row in rows:
                    noted = update(token).where(token.c.id == row.id).values(unused_told_at=now)
                    await writing.connection.execute(noted)
                    one = Unused(row.id, row.name, optional_moment(row.last_used_at))
                    told = {"last_used_at": None if one.last_used_at is None else one.last_used_at.isoformat()}
                    await record(writing.connection, act, ("token.unused", row.id), None, told)
                    found.append(one)
            if len(rows) < _AT_ONCE:
                return found

    def _now(self) -> int:
        return seconds_to_micros(self._turns.clock.time())


def _ending(now: int, most_days: int, after: bytes) -> Any:
    """Select the last secrets of live tokens that end within so many days, by their digests."""
    other = secret.alias()
    outlived = exists().where(
        other.c.token_id == secret.c.token_id,
        other.c.use.in_(ITS_OWN),
        or_(other.c.expires_at.is_(None), other.c.expires_at > secret.c.expires_at),
    )
    return (
        select(secret, token.c.name)
        .join(token, token.c.id == secret.c.token_id)
        .where(
            secret.c.use.in_(ITS_OWN),
            secret.c.expires_at > now,
            secret.c.expires_at <= now + most_days * _DAY_US,
            secret.c.digest > after,
            _live(now),
            ~outlived,
        )
        .order_by(secret.c.digest)
        .limit(_AT_ONCE)
    )


def _unused(now: int, since: int) -> Any:
    """Select live tokens that are older and were not used, and of which nobody was told since their last use."""
    return (
        select(token)
        .where(
            _live(now),
            token.c.kind.in_(_KINDS),
            func.coalesce(token.c.last_used_at, token.c.created_at) <= since,
            or_(token.c.unused_told_at.is_(None), token.c.unused_told_at < token.c.last_used_at),
        )
        .order_by(token.c.id)
        .limit(_AT_ONCE)
    )


def _live(now: int) -> ColumnElement[bool]:
    return and_(
        token.c.revoked_at.is_(None),
        token.c.disabled_at.is_(None),
        or_(token.c.expires_at.is_(None), token.c.expires_at > now),
    )


def _level(row: Row[Any], days: Sequence[int], now: int) -> int | None:
    """Give the fewest days that a secret ends within, None where that was told, or where it never opened for longer."""
    within = [one for one in days if now + one * _DAY_US >= row.expires_at]
    level = min(within, default=None)
    if level is None or (row.warned_days is not None and row.warned_days <= level):
        return None
    return level if row.expires_at - row.created_at > level * _DAY_US else None
