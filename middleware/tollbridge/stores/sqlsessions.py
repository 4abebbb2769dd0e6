"""Sessions in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.audit import Act
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.family import take_turn
from tollbridge.stores.peopletables import person, session
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.sessions import NewSession, Session

_s = session.c
_ID_BYTES, _DIGEST_BYTES = 12, 32


class SqlSessions:
    """Keeps them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin_session(self, new: NewSession, act: Act, *, instead_of: bytes = b"") -> Session:
        at = micros(new.at)
        values = {
            "digest": new.digest,
            "person_id": new.person_id,
            "via": storable(new.via),
            "client": storable(new.client),
            "agent": storable(new.agent),
            "made_at": at,
            "seen_at": at,
            "ends_at": micros(new.ends_at),
            "confirmed_at": micros(new.confirmed_at),
        }
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                await end_sessions(db, act, _s.digest == instead_of)
                await db.execute(insert(session).values(values))
                told = {"session": id_of(new.digest), "via": values["via"], "ends_at": new.ends_at.isoformat()}
                await record(db, act, ("session.begin", _owner(new.person_id)), None, told)
                return _session((await db.execute(select(session).where(_s.digest == new.digest))).one())

    async def find_session(self, digest: bytes, now: datetime, idle_since: datetime) -> Session | None:
        found = await self._open(_s.digest == digest, now, idle_since)
        return found[0] if found else None

    async def note_seen(self, digest: bytes, at: datetime) -> None:
        later = and_(_s.digest == digest, _s.seen_at < micros(at))
        with answering():
            async with self._engine.begin() as db:
                await db.execute(update(session).where(later).values(seen_at=micros(at)))

    async def list_sessions(
        self,
        person_id: str,
        now: datetime,
        idle_since: datetime,
        *,
        limit: int = 200,
        after: tuple[datetime, str] | None = None,
    ) -> Sequence[Session]:
        theirs = _s.person_id == storable(person_id)
        return await self._open(theirs if after is None else and_(theirs, _behind(*after)), now, idle_since, limit)

    async def end_session(self, digest: bytes, act: Act) -> bool:
        return bool(await self._end(act, _s.digest == digest))

    async def end_sessions(self, person_id: str, act: Act, *, id: str = "", but: bytes = b"") -> int:
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                theirs = (await db.execute(select(_s.digest).where(_s.person_id == storable(person_id)))).scalars()
                chosen = [bytes(one) for one in theirs if bytes(one) != but and id in ("", id_of(bytes(one)))]
                return await end_sessions(db, act, _s.digest.in_(chosen))

    async def anybody_has_a_password(self) -> bool:
        wanted = select(person.c.id).where(person.c.password != "", person.c.disabled_at.is_(None)).limit(1)
        with answering():
            async with self._engine.connect() as db:
                return (await db.execute(wanted)).first() is not None

    async def _end(self, act: Act, which: ColumnElement[bool]) -> int:
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                return await end_sessions(db, act, which)

    async def _open(
        self, which: ColumnElement[bool], now: datetime, idle_since: datetime, limit: int = 1
    ) -> Sequence[Session]:
        since = or_(person.c.password_at.is_(None), person.c.password_at <= _s.made_at)
        known = and_(person.c.id.is_not(None), person.c.disabled_at.is_(None), since)
        runs = and_(_s.ends_at > micros(now), _s.seen_at > micros(idle_since))
        wanted = (
            select(session)
            .outerjoin(person, person.c.id == _s.person_id)
            .where(which, runs, or_(_s.person_id == "", known))
            .order_by(_s.made_at.desc(), _s.digest)
            .limit(limit)
        )
        with answering():
            async with self._engine.connect() as db:
                return [_session(row) for row in await db.execute(wanted)]


async def end_sessions(db: AsyncConnection, act: Act, which: ColumnElement[bool]) -> int:
    """End sessions in a transaction that has taken its turn, each with its record; gives how many there were."""
    found = (await db.execute(select(_s.digest, _s.person_id).where(which).order_by(_s.made_at))).all()
    if found:
        await db.execute(delete(session).where(_s.digest.in_([row.digest for row in found])))
    for row in found:
        await record(db, act, ("session.end", _owner(row.person_id)), {"session": id_of(bytes(row.digest))}, None)
    return len(found)


def id_of(digest: bytes) -> str:
    """Give what a session is called: a part of its digest, with which nobody finds its secret."""
    return digest[:_ID_BYTES].hex()


def _behind(made_at: datetime, id: str) -> ColumnElement[bool]:
    """Say what stands behind a session in a list: what is older, and of the same time what has a greater id."""
    at, last = micros(made_at), bytes.fromhex(id).ljust(_DIGEST_BYTES, b"\xff")
    return or_(_s.made_at < at, and_(_s.made_at == at, _s.digest > last))


def _owner(person_id: str) -> str:
    return person_id or "operator"


def _session(row: Row[Any]) -> Session:
    return Session(
        id=id_of(bytes(row.digest)),
        person_id=row.person_id,
        via=row.via,
        client=row.client,
        agent=row.agent,
        made_at=moment(row.made_at),
        seen_at=moment(row.seen_at),
        ends_at=moment(row.ends_at),
        confirmed_at=moment(row.confirmed_at),
    )
