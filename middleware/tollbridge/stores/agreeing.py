"""Grants in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.errors import Denied
from tollbridge.grants.model import Consent, NewCode, Refresh
from tollbridge.stores.changes import NewToken, TokenChange
from tollbridge.stores.engine import answering
from tollbridge.stores.granting import GrantWriting, begin_writing
from tollbridge.stores.grantrows import code_values, refresh_of
from tollbridge.stores.granttables import code, refresh
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.tables import secret, token
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokens import find_tokens
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting
from tollbridge.tokens.model import SecretUse, Token, TokenKind, TokenState
from tollbridge.tokens.scopes import ScopeSet

_ISSUED = (SecretUse.ACCESS, SecretUse.ELSEWHERE)


class SqlGrants:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns
        self._engine = turns.engine
        self._clock = turns.clock

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[GrantWriting]:
        with answering():
            async with self._engine.begin() as connection:
                await begin_writing(connection)
                yield GrantWriting(connection, self._clock)

    async def agree(self, consent: Consent, grant_id: str, act: Act, code: NewCode | None = None) -> Token:
        async with self._turns.take() as writing:
            grant = await agreed(writing, consent, grant_id, act)
            if code is not None:
                await _add_code(writing.connection, replace(code, lent=replace(code.lent, grant_id=grant.id)))
            return grant

    async def find_grant(self, holder: str, client_id: str) -> Token | None:
        with answering():
            async with self._engine.connect() as connection:
                found = await find_tokens(connection, _grant(holder, client_id), self._clock.now())
        return found[0] if found else None

    async def find_issued(
        self, digests: Sequence[bytes]
    ) -> tuple[str, SecretUse, tuple[str, ...], datetime, datetime | None] | None:
        asked = select(secret).where(secret.c.digest.in_(digests))
        with answering():
            async with self._engine.connect() as connection:
                row = (await connection.execute(asked)).one_or_none()
        ends_at = None if row is None else optional_moment(row.expires_at)
        if row is None or (ends_at is not None and ends_at <= self._clock.now()):
            return None
        return row.token_id, SecretUse(row.use), tuple(row.scopes.split()), moment(row.created_at), ends_at

    async def find_refresh(self, digests: Sequence[bytes]) -> Refresh | None:
        fresh = (refresh.c.used_at.is_(None), refresh.c.ends_at > micros(self._clock.now()))
        with answering():
            async with self._engine.connect() as connection:
                asked = select(refresh).where(refresh.c.digest.in_(digests), *fresh)
                row = (await connection.execute(asked)).one_or_none()
        return None if row is None else refresh_of(row)

    async def drop_access(self, digests: Sequence[bytes]) -> bool:
        dropping = delete(secret).where(secret.c.digest.in_(digests), secret.c.use.in_(_ISSUED))
        with answering(), self._turns.told():
            async with self._engine.begin() as connection:
                return bool((await connection.execute(dropping)).rowcount)


def _grant(holder: str, client_id: str) -> Select[tuple[object, ...]]:
    """Select the newest grant of a holder to a client that was not revoked."""
    mine = (token.c.kind == TokenKind.ACCESS, token.c.parent == holder, token.c.beside == client_id)
    return select(token).where(*mine, token.c.revoked_at.is_(None)).order_by(token.c.id.desc()).limit(1)


async def agreed(writing: TokenWriting, consent: Consent, grant_id: str, act: Act) -> Token:
    """Give the grant of a holder to a client, widened or made where need be; raises as `GrantStore.agree` does."""
    asked = _grant(consent.holder, consent.client_id)
    found = await find_tokens(writing.connection, asked, writing.clock.now())
    if not found or found[0].state is TokenState.EXPIRED:
        return await writing.add(_new_grant(consent, grant_id, act), act, "grant.add")
    grant = found[0]
    if grant.state is TokenState.DISABLED:
        raise Denied("what this client may do for you was switched off; ask its operator", code="grant_disabled")
    more = ScopeSet(grant.scopes).lacking(consent.scopes)
    if not more:
        return grant
    widened = await writing.change(grant.id, TokenChange(scopes=(*grant.scopes, *more)), act, "grant.widen")
    return widened or grant


def _new_grant(consent: Consent, grant_id: str, act: Act) -> NewToken:
    return NewToken(
        id=grant_id,
        name=consent.name,
        digest=b"",
        hint="",
        pepper_id="",
        scopes=consent.scopes,
        created_at=act.at,
        kind=TokenKind.ACCESS,
        owner=consent.owner,
        team=consent.team,
        parent=consent.holder,
        beside=consent.client_id,
    )


async def _add_code(connection: AsyncConnection, new: NewCode) -> None:
    await connection.execute(insert(code).values(code_values(new)))
