"""Changes of tokens in an SQL database, by SQLAlchemy: nothing here knows which one.

One change at a time: each takes its turn first, so that what it reads of a family of tokens stays true until it ends.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.audit import Act
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import NewSecret, NewToken, TokenChange
from tollbridge.stores.engine import answering
from tollbridge.stores.family import TokenRow, bounded, descendants, rebind, take_turn
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.tables import secret, token
from tollbridge.stores.tokenrows import (
    Values,
    changed_values,
    first_secret,
    secret_values,
    state_of,
    token_values,
    told_of,
    told_secret,
)
from tollbridge.stores.tokens import find_tokens
from tollbridge.tokens.model import Token, TokenState

_AT_ONCE = 500
"""Tokens changed by one statement."""
MOST_SECRETS = 2
"""Secrets of one token that may open at a time."""


class SqlTokens:
    """Writes tokens."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def add_token(self, new: NewToken, act: Act) -> Token:
        """Write a token and its secret's digest, bound by the token above it; raises `BadRequest` (409)."""
        async with self._changing() as connection:
            above = await self._row(connection, new.parent) if new.parent else None
            if new.parent and (above is None or self._state(above) is not TokenState.ACTIVE):
                raise _refused("the token that is to be above it opens nothing")
            values = token_values(new)
            try:
                await connection.execute(insert(token).values({**values, **bounded(values, above)}))
                await connection.execute(insert(secret).values(secret_values(new.id, first_secret(new))))
            except IntegrityError as exc:
                raise _refused("a token with this id or secret exists already", "already_exists") from exc
            row = await self._row(connection, new.id)
            told = {**told_of(row or {}), "secret": told_secret(new.digest)}
            await record(connection, act, ("token.issue", new.id), None, told)
            return await self._found(connection, new.id)

    async def rotate_token(self, token_id: str, new: NewSecret, ends_at: datetime, act: Act) -> Token | None:
        """Give a token a further secret, forget those that have ended, and let the others end in time."""
        at, ends = micros(new.created_at), micros(ends_at)
        own = secret.c.token_id == token_id
        async with self._changing() as connection:
            row = await self._row(connection, token_id)
            if row is None:
                return None
            if self._state(row) in (TokenState.REVOKED, TokenState.EXPIRED):
                raise _refused("this token has ended; make another")
            later = or_(secret.c.expires_at.is_(None), secret.c.expires_at > ends)
            await connection.execute(update(secret).where(own, later).values(expires_at=ends))
            await connection.execute(delete(secret).where(own, secret.c.expires_at <= at))
            left = (await connection.execute(select(func.count()).select_from(secret).where(own))).scalar_one()
            if left >= MOST_SECRETS:
                raise _refused("two of this token's secrets open; wait until the older one has ended", "rotating")
            await connection.execute(insert(secret).values(secret_values(token_id, new)))
            await connection.execute(update(token).where(token.c.id == token_id).values(hint=new.hint))
            told = {"secret": told_secret(new.digest), "ends_at": _told(new.ends_at), "others_end_at": _told(ends_at)}
            await record(connection, act, ("token.rotate", token_id), None, told)
            return await self._found(connection, token_id)

    async def change_token(self, token_id: str, change: TokenChange, act: Act) -> Token | None:
        """Change a token, and write the bounds of those below it anew."""
        async with self._changing() as connection:
            row = await self._row(connection, token_id)
            if row is None:
                return None
            if row["revoked_at"] is not None:
                raise _refused("this token is revoked, for good")
            changed = {**row, **changed_values(change)}
            above = await self._row(connection, row["parent"]) if row["parent"] else None
            changed |= bounded(changed, above)
            values = {name: value for name, value in changed.items() if row[name] != value}
            if values:
                await connection.execute(update(token).where(token.c.id == token_id).values(values))
                await rebind(connection, changed)
            before, after = told_of(row), told_of(changed)
            names = [name for name in before if before[name] != after[name]]
            told = ({name: state[name] for name in names} for state in (before, after))
            await record(connection, act, ("token.change", token_id), *told)
            return await self._found(connection, token_id)

    async def switch_token(self, token_id: str, act: Act, *, on: bool) -> Token | None:
        """Disable a token and those below it that are on, or enable those that were disabled with it."""
        async with self._changing() as connection:
            row = await self._row(connection, token_id)
            if row is None:
                return None
            if row["revoked_at"] is not None:
                raise _refused("this token is revoked, for good")
            if on and row["disabled_with"] not in (None, token_id):
                raise _refused("the token above it is disabled; enable that one")
            ids = await descendants(connection, token_id)
            if on:
                off: Values = {"disabled_at": None, "disabled_with": None}
                await self._update(connection, ids, token.c.disabled_with == token_id, off)
            else:
                off = {"disabled_at": micros(act.at), "disabled_with": token_id}
                await self._update(connection, ids, token.c.disabled_at.is_(None), off)
            action = "token.enable" if on else "token.disable"
            await record(connection, act, (action, token_id), {"state": self._state(row)}, {"below": ids[1:]})
            return await self._found(connection, token_id)

    async def revoke_token(self, token_id: str, act: Act) -> Token | None:
        """Revoke a token and those below it; committed when this returns, and every look-up reads the newest commit."""
        async with self._changing() as connection:
            row = await self._row(connection, token_id)
            if row is None:
                return None
            ids = await descendants(connection, token_id)
            await self._update(connection, ids, token.c.revoked_at.is_(None), {"revoked_at": micros(act.at)})
            await record(connection, act, ("token.revoke", token_id), {"state": self._state(row)}, {"below": ids[1:]})
            return await self._found(connection, token_id)

    async def rehash_secret(self, digest: bytes, anew: bytes, pepper_id: str) -> None:
        """Replace the digest of a secret by another of the same secret: no change of the token."""
        with answering():
            async with self._engine.begin() as connection:
                await connection.execute(
                    update(secret).where(secret.c.digest == digest).values(digest=anew, pepper_id=pepper_id)
                )

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[AsyncConnection]:
        with answering():
            async with self._engine.begin() as connection:
                await take_turn(connection)
                yield connection

    async def _row(self, connection: AsyncConnection, id: str) -> TokenRow | None:
        row = (await connection.execute(select(token).where(token.c.id == storable(id)))).one_or_none()
        return None if row is None else row._asdict()

    def _state(self, row: TokenRow) -> TokenState:
        return state_of(row, self._clock.now())

    async def _found(self, connection: AsyncConnection, id: str) -> Token:
        (found,) = await find_tokens(connection, select(token).where(token.c.id == id), self._clock.now())
        return found

    async def _update(
        self, connection: AsyncConnection, ids: Sequence[str], which: ColumnElement[bool], values: Values
    ) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            some = token.c.id.in_(ids[start : start + _AT_ONCE])
            await connection.execute(update(token).where(some, which).values(values))


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _refused(why: str, code: str = "conflict") -> BadRequest:
    return BadRequest(why, code=code, status=409)
