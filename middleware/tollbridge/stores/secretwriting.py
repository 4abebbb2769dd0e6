"""Keys of providers in an SQL database, by SQLAlchemy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.audit import Act
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.family import take_turn
from tollbridge.stores.jobtables import stored_secret
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.storedsecrets import MOST_VERSIONS, StoredSecret
from tollbridge.stores.tokenwriting import refused

_s = stored_secret.c


class SqlSecrets:
    """Writes them, one change at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, new: StoredSecret, act: Act, told: str) -> None:
        with answering():
            async with self._engine.begin() as db:
                there = await _versions(db, new.name)
                if any(_is_live(row, act.at) for row in there):
                    raise refused("there is a key of this name; rotate it, or remove it first", "already_exists")
                await _forget_ended(db, new.name, micros(act.at))
                await _write(db, new, there)
                await record(db, act, ("provider_key.set", new.name), None, _told(new, told))

    async def rotate(self, new: StoredSecret, others_end_at: datetime, act: Act, told: str) -> bool:
        ends = micros(others_end_at)
        with answering():
            async with self._engine.begin() as db:
                there = await _versions(db, new.name)
                live = [row for row in there if _is_live(row, act.at)]
                if not live:
                    return False
                if len(live) >= MOST_VERSIONS:
                    raise refused(
                        "two versions of this key are live; remove one, or wait until it has ended", "rotating"
                    )
                later = or_(_s.expires_at.is_(None), _s.expires_at > ends)
                await db.execute(update(stored_secret).where(_s.name == new.name, later).values(expires_at=ends))
                await _forget_ended(db, new.name, micros(act.at))
                await _write(db, new, there)
                said = {**_told(new, told), "others_end_at": _said(others_end_at)}
                await record(db, act, ("provider_key.rotate", new.name), None, said)
                return True

    async def expire(self, name: str, version: int, expires_at: datetime | None, act: Act) -> bool:
        ends = None if expires_at is None else micros(expires_at)
        with answering():
            async with self._engine.begin() as db:
                there = {row.version: row for row in await _versions(db, name)}
                if version not in there or not _is_live(there[version], act.at):
                    return False
                values = {"expires_at": ends, "warned_at": None}
                await db.execute(update(stored_secret).where(_s.name == name, _s.version == version).values(values))
                was = there[version].expires_at
                before = {"version": version, "ends_at": None if was is None else _said(moment(was))}
                after = {"version": version, "ends_at": _said(expires_at)}
                await record(db, act, ("provider_key.expire", name), before, after)
                return True

    async def remove(self, name: str, act: Act, version: int | None = None) -> Sequence[int]:
        with answering():
            async with self._engine.begin() as db:
                gone = [row.version for row in await _versions(db, name) if version in (None, row.version)]
                if gone:
                    await db.execute(delete(stored_secret).where(_s.name == name, _s.version.in_(gone)))
                    await record(db, act, ("provider_key.remove", name), {"versions": gone}, None)
                return gone

    async def note_uses(self, used: Mapping[tuple[str, int], datetime]) -> None:
        with answering():
            async with self._engine.begin() as db:
                for (name, version), at in sorted(used.items()):
                    older = or_(_s.last_used_at.is_(None), _s.last_used_at < micros(at))
                    one = and_(_s.name == name, _s.version == version, older)
                    await db.execute(update(stored_secret).where(one).values(last_used_at=micros(at)))

    async def warn(self, name: str, version: int, act: Act) -> bool:
        first = and_(_s.name == name, _s.version == version, _s.warned_at.is_(None), _s.expires_at.is_not(None))
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                row = (await db.execute(select(_s.provider, _s.expires_at).where(first))).one_or_none()
                if row is None:
                    return False
                await db.execute(update(stored_secret).where(first).values(warned_at=micros(act.at)))
                said = {"provider": row.provider, "version": version, "ends_at": _said(moment(row.expires_at))}
                await record(db, act, ("provider_key.ending", name), None, said)
                return True


async def _versions(db: AsyncConnection, name: str) -> Sequence[Any]:
    """Take the turn, and give what there is of a secret but its content."""
    await take_turn(db)
    wanted = select(_s.version, _s.provider, _s.expires_at).where(_s.name == name).order_by(_s.version)
    return (await db.execute(wanted)).all()


def _is_live(row: Any, now: datetime) -> bool:
    return row.expires_at is None or row.expires_at > micros(now)


async def _write(db: AsyncConnection, new: StoredSecret, there: Sequence[Any]) -> None:
    if new.version != max((row.version for row in there), default=0) + 1:
        raise refused("this key was changed meanwhile; try again")
    if any(row.provider != new.provider for row in there):
        raise refused("the key of this name is another provider's; remove it first, or take another name")
    await db.execute(
        insert(stored_secret).values(
            name=new.name,
            version=new.version,
            provider=new.provider,
            hint=new.hint,
            known_as=new.known_as,
            content=new.sealed,
            created_at=micros(new.created_at),
            expires_at=None if new.expires_at is None else micros(new.expires_at),
        )
    )


async def _forget_ended(db: AsyncConnection, name: str, now: int) -> None:
    """Forget versions that have ended, but those that are still to be removed at the provider."""
    await db.execute(delete(stored_secret).where(_s.name == name, _s.expires_at <= now, _s.known_as == ""))


def _told(new: StoredSecret, told: str) -> dict[str, object]:
    return {"provider": new.provider, "version": new.version, "key": told, "ends_at": _said(new.expires_at)}


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
