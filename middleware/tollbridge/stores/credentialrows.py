"""Credentials in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.stores.auditing import record
from tollbridge.stores.credentials import (
    MOST_CREDENTIALS,
    Credential,
    CredentialKind,
    ShownSecret,
    StoredCredential,
)
from tollbridge.stores.engine import answering
from tollbridge.stores.family import TokenRow
from tollbridge.stores.granttables import credential
from tollbridge.stores.rows import micros, moment, seconds_to_micros, storable
from tollbridge.stores.tables import secret
from tollbridge.stores.tokens import ITS_OWN
from tollbridge.stores.tokenwriting import TokenTurns, TokenWriting, refused
from tollbridge.tokens.model import SecretUse, TokenState

_c = credential.c
_ENDED = (TokenState.REVOKED, TokenState.EXPIRED)


class SqlCredentials:
    """Keeps them, each change a transaction of its own."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add(self, new: StoredCredential, act: Act) -> bool:
        async with self._turns.take() as writing:
            row = await writing.row(new.credential.token_id)
            if row is None:
                return False
            await self._make_room(writing, row, new)
            await _insert(writing.connection, new)
            told = {**_told(new), "secret": new.told}
            await record(writing.connection, act, ("credential.add", new.credential.token_id), None, told)
        return True

    async def rotate(self, id: str, new: StoredCredential, ends_at: datetime, act: Act) -> bool:
        mine, ends = new.credential, micros(ends_at)
        this = and_(_c.id == storable(id), _c.token_id == mine.token_id, _c.kind == mine.kind)
        async with self._turns.take() as writing:
            db, row = writing.connection, await writing.row(mine.token_id)
            found = (await db.execute(select(_c.id).where(this, self._open()))).one_or_none()
            if row is None or found is None:
                return False
            later = or_(_c.expires_at.is_(None), _c.expires_at > ends)
            await db.execute(update(credential).where(this, later).values(expires_at=ends))
            await self._make_room(writing, row, new)
            await _insert(db, new)
            told = {**_told(new), "secret": new.told, "other": id, "other_ends_at": ends_at.isoformat()}
            await record(db, act, ("credential.rotate", mine.token_id), None, told)
        return True

    async def remove(self, token_id: str, id: str, act: Act) -> bool:
        this = and_(_c.id == storable(id), _c.token_id == storable(token_id))
        async with self._turns.take() as writing:
            db = writing.connection
            found = (await db.execute(select(credential).where(this, self._open()))).one_or_none()
            if found is None:
                return False
            await db.execute(delete(credential).where(this))
            await record(db, act, ("credential.remove", token_id), _told(_stored(found)), None)
        return True

    async def of_token(self, token_id: str) -> Sequence[Credential]:
        wanted = select(credential).where(_c.token_id == storable(token_id), self._open())
        with answering():
            async with self._turns.engine.connect() as db:
                rows = await db.execute(wanted.order_by(_c.created_at.desc(), _c.id.desc()))
                return [_stored(row).credential for row in rows]

    async def find(self, id: str) -> StoredCredential | None:
        with answering():
            async with self._turns.engine.connect() as db:
                found = (await db.execute(select(credential).where(_c.id == storable(id), self._open()))).one_or_none()
        return None if found is None else _stored(found)

    async def find_shared(self, digests: Sequence[bytes]) -> Credential | None:
        asked = select(credential).where(_c.digest.in_(digests), self._open())
        with answering():
            async with self._turns.engine.connect() as db:
                found = (await db.execute(asked)).first()
        return None if found is None else _stored(found).credential

    async def rehash(self, id: str, digest: bytes, pepper_id: str) -> None:
        with answering():
            async with self._turns.engine.begin() as db:
                anew = {"digest": digest, "pepper_id": pepper_id}
                await db.execute(update(credential).where(_c.id == id).values(anew))

    async def find_secret(self, token_id: str, digests: Sequence[bytes]) -> ShownSecret | None:
        mine = (secret.c.token_id == storable(token_id), secret.c.use.in_(ITS_OWN), secret.c.digest.in_(digests))
        now = seconds_to_micros(self._turns.clock.time())
        asked = select(secret).where(*mine, or_(secret.c.expires_at.is_(None), secret.c.expires_at > now))
        with answering():
            async with self._turns.engine.connect() as db:
                row = (await db.execute(asked)).first()
        if row is None:
            return None
        ends_at = None if row.expires_at is None else moment(row.expires_at)
        return ShownSecret(bytes(row.digest), row.pepper_id, ends_at, SecretUse(row.use), row.created_at)

    def _open(self) -> ColumnElement[bool]:
        return or_(_c.expires_at.is_(None), _c.expires_at > seconds_to_micros(self._turns.clock.time()))

    async def _make_room(self, writing: TokenWriting, row: TokenRow, new: StoredCredential) -> None:
        """Forget credentials that have ended; raises `BadRequest` (409) where there is no room for another."""
        if writing.state(row) in _ENDED:
            raise refused("this token has ended; make another")
        db = writing.connection
        own = and_(_c.token_id == new.credential.token_id, _c.kind == new.credential.kind)
        await db.execute(delete(credential).where(own, ~self._open()))
        if (await db.execute(select(func.count()).where(own))).scalar_one() >= MOST_CREDENTIALS:
            raise refused(
                "two credentials of this kind are there; remove one, or wait until the older one has ended", "rotating"
            )


async def _insert(db: AsyncConnection, new: StoredCredential) -> None:
    mine = new.credential
    await db.execute(
        insert(credential).values(
            id=mine.id,
            token_id=mine.token_id,
            kind=mine.kind.value,
            algorithm=mine.algorithm,
            public=mine.public,
            content=new.sealed,
            digest=new.digest,
            pepper_id=new.pepper_id,
            created_at=micros(mine.created_at),
            expires_at=None if mine.ends_at is None else micros(mine.ends_at),
        )
    )


def _stored(row: Row[Any]) -> StoredCredential:
    ends_at = None if row.expires_at is None else moment(row.expires_at)
    kind = CredentialKind(row.kind)
    return StoredCredential(
        Credential(row.id, row.token_id, kind, row.algorithm, row.public, moment(row.created_at), ends_at),
        bytes(row.content),
        digest=bytes(row.digest),
        pepper_id=row.pepper_id,
    )


def _told(stored: StoredCredential) -> dict[str, str | None]:
    """Give what the audit log says of a credential."""
    mine = stored.credential
    ends_at = None if mine.ends_at is None else mine.ends_at.isoformat()
    return {"credential": mine.id, "kind": mine.kind.value, "algorithm": mine.algorithm, "ends_at": ends_at}
