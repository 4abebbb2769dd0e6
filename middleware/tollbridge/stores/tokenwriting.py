"""Writing tokens inside a transaction, by SQLAlchemy: nothing here knows which database it is.

One change at a time: each transaction takes its turn first, so that what it reads of a family of tokens stays true
until it ends. What else is written of a team, a person or a client goes into the same transaction.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.applications.model import is_application
from tollbridge.audit import Act
from tollbridge.clients.model import HAVE_SECRETS
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import ForeignToken, NewSecret, NewToken, TokenChange, TokenEdit
from tollbridge.stores.closing import close_of_applications
from tollbridge.stores.engine import answering
from tollbridge.stores.family import Stands, TokenRow, bounded, descendants, minted, rebind, stands_of, take_turn
from tollbridge.stores.granttables import client
from tollbridge.stores.peopletables import team
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.tables import secret, token
from tollbridge.stores.tokenrows import (
    Values,
    changed_values,
    first_secret,
    read_above,
    secret_values,
    state_of,
    token_values,
    told_of,
    told_secret,
)
from tollbridge.stores.tokens import ITS_OWN, find_tokens
from tollbridge.tokens.model import SecretUse, Token, TokenKind, TokenState

_AT_ONCE = 500
"""Tokens changed by one statement."""
MOST_SECRETS = 2
"""Secrets of one token that may open at a time."""


@dataclass(frozen=True, slots=True)
class TokenTurns:
    """Transactions that change tokens, one at a time.  `told` holds what tells others that a token changes."""

    engine: AsyncEngine
    clock: Clock
    told: Callable[[], AbstractContextManager[None]]

    @asynccontextmanager
    async def take(self) -> AsyncIterator["TokenWriting"]:
        """Begin one; committed when it ends, undone where it raises.  Raises `Unavailable`."""
        with answering(), self.told():
            async with self.engine.begin() as connection:
                await take_turn(connection)
                yield TokenWriting(connection, self.clock)


@dataclass(frozen=True, slots=True)
class TokenWriting:
    """Changes of tokens in one such transaction, each with its record of the audit log."""

    connection: AsyncConnection
    clock: Clock

    async def add(self, new: NewToken, act: Act, action: str = "token.issue", also: Values | None = None) -> Token:
        """Write a token and its secret's digest, where it has one, bound by those above it.

        `also` is what else is recorded of it. Raises `BadRequest` (409) for an id or secret that is there already, and
        where one above it opens nothing.
        """
        new = await self._placed(new)
        above = await self._above(new)
        values = token_values(new)
        try:
            await self.connection.execute(insert(token).values({**values, **bounded(values, above)}))
            if new.digest:
                await self.connection.execute(insert(secret).values(secret_values(new.id, first_secret(new))))
        except IntegrityError as exc:
            raise refused("a token with this id or secret exists already", "already_exists") from exc
        row = await self.row(new.id)
        told = told_of(row or {}) | ({"secret": told_secret(new.digest)} if new.digest else {})
        await record(self.connection, act, (action, new.id), None, told | (also or {}))
        return await self.found(new.id)

    async def bring(self, foreign: ForeignToken, act: Act, place: int) -> Token | None:
        """Write a token of another system unless its secret is there; a refusal names its `place` among several."""
        known = select(secret.c.token_id).where(secret.c.digest.in_(foreign.digests)).limit(1)
        if (await self.connection.execute(known)).first() is not None:
            return None
        try:
            return await self.add(foreign.token, act, "token.import")
        except BadRequest as exc:
            raise BadRequest(exc.message, code=exc.code, status=exc.status, param=str(place)) from exc

    async def rotate(self, token_id: str, new: NewSecret, ends_at: datetime | None, act: Act) -> Token | None:
        """Give a token a further secret, forget those that have ended, and let the others end in time, if in any."""
        at = micros(new.created_at)
        own = and_(secret.c.token_id == token_id, secret.c.use.in_(ITS_OWN))
        row = await self.row(token_id)
        if row is None:
            return None
        if self.state(row) in (TokenState.REVOKED, TokenState.EXPIRED):
            raise refused("this token has ended; make another")
        if ends_at is not None:
            later = or_(secret.c.expires_at.is_(None), secret.c.expires_at > micros(ends_at))
            await self.connection.execute(update(secret).where(own, later).values(expires_at=micros(ends_at)))
        await self.connection.execute(delete(secret).where(own, secret.c.expires_at <= at))
        left = (await self.connection.execute(select(func.count()).select_from(secret).where(own))).scalar_one()
        if left >= MOST_SECRETS:
            raise refused(
                "two of this token's secrets open; wait until the older one has ended, or rotate with overlap_s: 0",
                "rotating",
            )
        new = replace(new, use=await self._use(token_id))
        await self.connection.execute(insert(secret).values(secret_values(token_id, new)))
        await self.connection.execute(update(token).where(token.c.id == token_id).values(hint=new.hint))
        told = {"secret": told_secret(new.digest), "ends_at": _told(new.ends_at), "others_end_at": _told(ends_at)}
        await record(self.connection, act, ("token.rotate", token_id), None, told)
        return await self.found(token_id)

    async def change(
        self,
        token_id: str,
        edit: TokenEdit,
        act: Act,
        action: str = "token.change",
        also: tuple[Values, Values] = ({}, {}),
    ) -> Token | None:
        """Change a token, and write the bounds of those below it anew.

        `also` is what else of it was and is, for its record.
        """
        row = await self.row(token_id)
        if row is None:
            return None
        change = edit if isinstance(edit, TokenChange) else edit(await self.found(token_id))
        if row["revoked_at"] is not None:
            raise refused("this token is revoked, for good")
        changed = {**row, **changed_values(change)}
        changed |= bounded(changed, await stands_of(self.connection, row))
        values = {name: value for name, value in changed.items() if row[name] != value}
        if values:
            await self.connection.execute(update(token).where(token.c.id == token_id).values(values))
            await rebind(self.connection, changed)
        before, after = told_of(row) | also[0], told_of(changed) | also[1]
        names = [name for name in before if before[name] != after[name]]
        told = ({name: state[name] for name in names} for state in (before, after))
        await record(self.connection, act, (action, token_id), *told)
        return await self.found(token_id)

    async def switch(self, token_id: str, act: Act, *, on: bool, action: str = "") -> Token | None:
        """Disable a token and those below it that are on, or enable those that were disabled with it.

        What was off with one above it is off by itself then.
        """
        row = await self.row(token_id)
        if row is None:
            return None
        if row["revoked_at"] is not None:
            raise refused("this token is revoked, for good")
        if on and row["disabled_with"] not in (None, token_id):
            raise refused("the token above it is disabled; enable that one")
        ids = await descendants(self.connection, token_id)
        if on:
            off: Values = {"disabled_at": None, "disabled_with": None}
            await self._update(ids, token.c.disabled_with == token_id, off)
            await self._off_again(ids)
        else:
            off = {"disabled_at": micros(act.at), "disabled_with": token_id}
            await self._update(ids, token.c.disabled_at.is_(None), off)
            await self._update(ids, token.c.disabled_with == row["disabled_with"], {"disabled_with": token_id})
        action = action or ("token.enable" if on else "token.disable")
        await record(self.connection, act, (action, token_id), {"state": self.state(row)}, {"below": ids[1:]})
        return await self.found(token_id)

    async def revoke(self, token_id: str, act: Act, action: str = "token.revoke") -> Token | None:
        """Revoke a token and those below it; committed with the transaction, and each look-up reads the newest.

        Subscriptions of applications among them are closed. One that is revoked stays as it is, without another record.
        """
        row = await self.row(token_id)
        if row is None:
            return None
        ids = await descendants(self.connection, token_id)
        await self._update(ids, token.c.revoked_at.is_(None), {"revoked_at": micros(act.at)})
        if row["revoked_at"] is None:
            await record(self.connection, act, (action, token_id), {"state": self.state(row)}, {"below": ids[1:]})
        await close_of_applications(self.connection, [id for id in ids if is_application(id)], act)
        return await self.found(token_id)

    async def move(self, id: str, team: str, above: str, act: Act, action: str) -> None:
        """Give a token that is there, and all that was minted below it, to another team, whose holder is `above` then.

        What was off with what stood above it before is off by itself then. Raises `BadRequest` (409) where what is to
        be above it opens nothing.
        """
        row = (await self.connection.execute(select(token).where(token.c.id == id))).one()._mapping
        if above:
            await self._opening(above)
        await self._update(await minted(self.connection, id), true(), {"team": team})
        await self._update([id], true(), {"parent": above})
        if row["disabled_with"] is not None:
            off = token.c.disabled_with == row["disabled_with"]
            await self._update(await descendants(self.connection, id), off, {"disabled_with": id})
        was, is_now = ({"team": row["team"], "parent": row["parent"]}, {"team": team, "parent": above})
        await self.change(id, TokenChange(), act, action, (was, is_now))

    async def row(self, id: str) -> TokenRow | None:
        """Give the columns of a token."""
        row = (await self.connection.execute(select(token).where(token.c.id == storable(id)))).one_or_none()
        return None if row is None else row._asdict()

    def state(self, row: TokenRow) -> TokenState:
        """Say whether it opens the bridge now."""
        return state_of(row, self.clock.now())

    async def found(self, id: str) -> Token:
        """Give a token that is there."""
        (found,) = await find_tokens(self.connection, select(token).where(token.c.id == id), self.clock.now())
        return found

    async def _use(self, token_id: str) -> SecretUse:
        """Say what a further secret of a token opens; raises `BadRequest` (409) for a client that has none."""
        asked = select(client.c.auth_method).where(client.c.id == token_id)
        method = (await self.connection.execute(asked)).scalar_one_or_none()
        if method is None:
            return SecretUse.BEARER
        if method not in HAVE_SECRETS:
            raise refused("this client has no secret to rotate")
        return SecretUse.CLIENT

    async def _placed(self, new: NewToken) -> NewToken:
        """Put what belongs to a team below the team's holder, beside whoever outside the team makes it.

        What is below an application is of its team. Raises `BadRequest` (409) where it is not, as where that went to
        another one meanwhile.
        """
        parent = await self.row(new.parent) if new.parent else None
        if parent is not None and parent["team"] != new.team and _within_application(parent):
            raise refused("what an application has is of the team that the application is of; look at it again")
        asked = select(team.c.holder).where(team.c.name == storable(new.team))
        holder = (await self.connection.execute(asked)).scalar_one_or_none()
        if holder is None or new.beside:
            return new
        if not new.parent:
            return replace(new, parent=holder)
        return new if parent is None or parent["team"] == new.team else replace(new, beside=holder)

    async def _above(self, new: NewToken) -> Stands:
        return [await self._opening(id) for id in (new.parent, new.beside) if id]

    async def _opening(self, id: str) -> TokenRow:
        """Give the columns of what is to be above a token; raises `BadRequest` (409) where that opens nothing."""
        row = await self.row(id)
        if row is not None and self.state(row) is TokenState.ACTIVE:
            return row
        if row is not None and row["kind"] == TokenKind.TEAM:
            is_disabled = self.state(row) is TokenState.DISABLED
            why = "is disabled; enable it first" if is_disabled else "has ended, for good"
            raise refused(f"the team {row['team']!r} {why}")
        raise refused("the token that is to be above it opens nothing")

    async def _off_again(self, ids: Sequence[str]) -> None:
        """Disable what was enabled while one that is above it is off, and then what is below that."""
        above, left = token.alias(), True
        while left:
            left = False
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                asked = (
                    select(token.c.id, above.c.disabled_with, above.c.disabled_at)
                    .join(above, or_(above.c.id == token.c.parent, above.c.id == token.c.beside))
                    .where(token.c.id.in_(some), token.c.disabled_at.is_(None), above.c.disabled_at.is_not(None))
                )
                for id, by, since in (await self.connection.execute(asked)).all():
                    left = True
                    off: Values = {"disabled_at": since, "disabled_with": by}
                    await self._update([id], token.c.disabled_at.is_(None), off)

    async def _update(self, ids: Sequence[str], which: ColumnElement[bool], values: Values) -> None:
        for start in range(0, len(ids), _AT_ONCE):
            some = token.c.id.in_(ids[start : start + _AT_ONCE])
            await self.connection.execute(update(token).where(some, which).values(values))


def _within_application(row: TokenRow) -> bool:
    return any(map(is_application, (row["id"], *(each.id for each in read_above(row["above"])))))


def refused(why: str, code: str = "conflict") -> BadRequest:
    """Give the refusal of a change that does not fit what is there (409)."""
    return BadRequest(why, code=code, status=409)


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
