"""Keys of providers in an SQL database, by SQLAlchemy."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.audit import Act
from tollbridge.errors import BadRequest
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.family import take_turn
from tollbridge.stores.jobtables import stored_secret, stored_secret_newest
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.storedsecrets import MOST_VERSIONS, StoredSecret, secret_of
from tollbridge.stores.tokenwriting import refused

_s, _n = stored_secret.c, stored_secret_newest.c
_COLUMNS = (
    _s.name,
    _s.version,
    _s.provider,
    _s.hint,
    _s.known_as,
    _s.content,
    _s.created_at,
    _s.expires_at,
    _s.warned_at,
    _s.last_used_at,
)
"""Those of `READ_SECRETS`."""


class SqlSecrets:
    """Writes them, one change at a time."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def newest(self, name: str) -> int:
        with answering():
            async with self._engine.connect() as db:
                return await _newest(db, name)

    async def add(self, new: StoredSecret, act: Act, told: str) -> Sequence[StoredSecret]:
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                there = await _versions(db, new.name)
                if any(one.is_live(act.at) for one in there):
                    raise refused("there is a key of this name; rotate it, or remove it first", "already_exists")
                await _forget_ended(db, new.name, micros(act.at))
                await _write(db, new, there)
                await record(db, act, ("provider_key.set", new.name), None, _told(new, told))
                return await _versions(db, new.name)

    async def rotate(self, new: StoredSecret, others_end_at: datetime, act: Act, told: str) -> Sequence[StoredSecret]:
        ends = micros(others_end_at)
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                there = await _versions(db, new.name)
                live = [one for one in there if one.is_live(act.at)]
                if not live:
                    return []
                if len(live) >= MOST_VERSIONS and others_end_at > act.at:
                    raise _two_live(live[-1].version)
                later = or_(_s.expires_at.is_(None), _s.expires_at > ends)
                await db.execute(update(stored_secret).where(_s.name == new.name, later).values(expires_at=ends))
                await _forget_ended(db, new.name, micros(act.at))
                await _write(db, new, there)
                said = {**_told(new, told), "others_end_at": _said(others_end_at)}
                await record(db, act, ("provider_key.rotate", new.name), None, said)
                return await _versions(db, new.name)

    async def expire(self, name: str, version: int, expires_at: datetime | None, act: Act) -> Sequence[StoredSecret]:
        ends = None if expires_at is None else micros(expires_at)
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                there = {one.version: one for one in await _versions(db, name)}
                if version not in there or not there[version].is_live(act.at):
                    return []
                values = {"expires_at": ends, "warned_at": None}
                await db.execute(update(stored_secret).where(_s.name == name, _s.version == version).values(values))
                before = {"version": version, "ends_at": _said(there[version].expires_at)}
                after = {"version": version, "ends_at": _said(expires_at)}
                await record(db, act, ("provider_key.expire", name), before, after)
                return await _versions(db, name)

    async def remove(self, name: str, act: Act, version: int | None = None) -> Sequence[int]:
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                there = [one.version for one in await _versions(db, name)]
                gone = sorted(one for one in there if version in (None, one))
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


async def _versions(db: AsyncConnection, name: str) -> Sequence[StoredSecret]:
    """Give what there is of a secret, the newest version first."""
    wanted = select(*_COLUMNS).where(_s.name == name).order_by(_s.version.desc())
    return [secret_of(row) for row in await db.execute(wanted)]


async def _newest(db: AsyncConnection, name: str) -> int:
    found = await db.execute(select(_n.version).where(_n.name == name))
    return found.scalar_one_or_none() or 0


async def _write(db: AsyncConnection, new: StoredSecret, there: Sequence[StoredSecret]) -> None:
    newest = await _newest(db, new.name)
    if new.version != newest + 1:
        raise refused("this key was changed meanwhile; try again")
    if any(one.provider != new.provider for one in there):
        raise refused("the key of this name is another provider's; remove it first, or take another name")
    if newest:
        await db.execute(update(stored_secret_newest).where(_n.name == new.name).values(version=new.version))
    else:
        await db.execute(insert(stored_secret_newest).values(name=new.name, version=new.version))
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


def _two_live(older: int) -> BadRequest:
    return refused(
        "two versions of this key are live; rotate with no overlap (--overlap now), which ends both at once, or remove "
        f"one (remove --version {older}), or wait until it has ended",
        "rotating",
    )


def _told(new: StoredSecret, told: str) -> dict[str, object]:
    return {"provider": new.provider, "version": new.version, "key": told, "ends_at": _said(new.expires_at)}


def _said(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
