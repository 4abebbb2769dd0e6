"""Releases of services in an SQL database, by SQLAlchemy: nothing here knows which one."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from msgspec import UNSET
from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.errors import Denied
from tollbridge.services.evaluating import check_proved
from tollbridge.services.lifecycle import Move, approval, moved
from tollbridge.services.model import Design, Release, ReleaseState, Service, read_design
from tollbridge.stores.askers import askers
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.evaluationrows import SqlEvaluations, kept
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.services import NewRelease, Step, Watched
from tollbridge.stores.servicetables import release, service
from tollbridge.stores.tables import turn
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import refused

_c, _r = service.c, release.c
_ALL = select(*(column for column in _r if column.name != "design"))
_LIVE = ReleaseState.LIVE
_GOOD = (_LIVE.value, ReleaseState.SUPERSEDED.value)
_PROVED = (Move.PUBLISH, Move.SCHEDULE)
_BY_SOMEBODY = (Move.SUBMIT, Move.APPROVE)
MOST_WATCHED = 1_000
Released = tuple[Release, Row[Any]]
"""A release, and the row it was read from."""


class SqlReleases(SqlEvaluations, ABC):
    """Keeps releases, and what trials of them gave."""

    @abstractmethod
    async def _locked(self, connection: AsyncConnection, service_id: str) -> Service | None:
        """Find a service in a transaction."""

    @abstractmethod
    async def _released(self, rows: Sequence[Released]) -> Sequence[tuple[Service, Release]]:
        """Give releases with their services."""

    async def add_release(self, service_id: str, new: NewRelease, act: Act) -> Release | None:
        async with self._turns.take() as writing:
            of = await self._locked(writing.connection, service_id)
            if of is None:
                return None
            if of.retired_at is not None:
                raise refused("this service is retired, for good")
            if new.revision not in (UNSET, of.revision):
                raise refused("the draft was changed meanwhile; look at it, and release it again")
            own = _r.service_id == of.id
            if (await writing.connection.execute(select(_r.id).where(own, _r.version == new.version))).first():
                raise refused("another release of this service has this version", "already_exists")
            last = (await writing.connection.execute(select(func.max(_r.number)).where(own))).scalar_one()
            drafted = select(_c.design).where(_c.id == of.id)
            design = bytes((await writing.connection.execute(drafted)).scalar_one())
            values = {
                "id": new.id,
                "service_id": of.id,
                "number": (last or 0) + 1,
                "version": new.version,
                "digest": digest_of(design),
                "design": design,
                "note": storable(new.note),
                "state": ReleaseState.MADE.value,
                "approved": False,
                "created_at": micros(new.created_at),
                "created_by": new.created_by,
                **dict.fromkeys(("asked_by", "asked_why", "decided_by", "decided_why", "instead_of"), ""),
            }
            await writing.connection.execute(insert(release).values(values))
            told = {"release": new.id, "number": values["number"], "version": new.version}
            await record(writing.connection, act, ("service.release", of.id), None, told)
            return await _one(writing.connection, new.id)

    async def get_release(self, service_id: str, number: int) -> Release | None:
        with answering():
            async with self._turns.engine.connect() as connection:
                row = await _row(connection, service_id, number)
                return None if row is None else read_release(row)

    async def list_releases(self, service_id: str, *, limit: int = 50, before: int | None = None) -> Sequence[Release]:
        wanted = _ALL.where(_r.service_id == storable(service_id)).order_by(_r.number.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_r.number < before)
        with answering():
            async with self._turns.engine.connect() as connection:
                return [read_release(row) for row in await connection.execute(wanted)]

    async def designs(self, release_ids: Collection[str]) -> Mapping[str, Design]:
        found: dict[str, Design] = {}
        with answering():
            async with self._turns.engine.connect() as connection:
                for id in release_ids:  # one by one: each may be megabytes
                    asked = select(_r.design).where(_r.id == storable(id))
                    design = (await connection.execute(asked)).scalar_one_or_none()
                    if design is not None:
                        found[id] = read_design(design)
        return found

    async def move_release(self, service_id: str, number: int, step: Step, act: Act) -> Release | None:
        async with self._turns.take() as writing:
            connection = writing.connection
            of, row = await self._locked(connection, service_id), await _row(connection, service_id, number)
            if of is None or row is None:
                return None
            before = read_release(row)
            if step.check is not None:
                step.check(of, before)
            if of.retired_at is not None:
                raise refused("this service is retired, for good")
            if step.four_eyes and step.move in _BY_SOMEBODY:
                asked_by = before.asked_by if step.move is Move.APPROVE else ""
                await _check_another(connection, asked_by, act.actor.id)
            approved = approval(step.move, approved=bool(row.approved))
            state = moved(before.state, step.move, reviewed=step.reviewed, approved=approved)
            if step.proved and step.move in _PROVED and before.published_at is None:
                check_proved(of.slug, number, next(iter(await kept(connection, before.id, limit=1)), None))
            values = _written(step, act) | {"state": state.value, "approved": approved}
            if step.move is Move.PUBLISH:
                values |= await _publish(connection, of, before, step, act)
            elif step.move is Move.PROMOTE:
                values |= await _promote(connection, of, before, step, act)
            elif before.state is _LIVE:
                values |= await _leave(connection, of, (before, row), step, act)
            elif step.move is Move.FAIL:
                values |= {"ended_at": micros(act.at)}
            await connection.execute(update(release).where(_r.id == before.id).values(values))
            told = {"release": before.id, "number": number, "version": before.version, "why": step.why}
            was = {"state": before.state.value}
            await record(connection, act, (f"service.{step.move}", of.id), was, told | {"state": state.value})
            return await _one(connection, before.id)

    async def due_releases(self, now: datetime) -> Sequence[tuple[Service, Release]]:
        due = (_r.state == ReleaseState.SCHEDULED.value, _r.publish_at <= micros(now))
        return await self._released(await self._rows(*due))

    async def watched_releases(self) -> Sequence[Watched]:
        rows = await self._rows(_r.state == _LIVE.value, _r.watched_until.is_not(None))
        read = {one.id: row for one, row in rows}
        return [
            Watched(
                service=of,
                release=one,
                instead_of=read[one.id].instead_of,
                since=moment(read[one.id].watched_from or read[one.id].published_at),
                until=moment(read[one.id].watched_until),
            )
            for of, one in await self._released(rows)
        ]

    async def end_watch(self, release_id: str, until: datetime) -> None:
        which = (_r.id == storable(release_id), _r.watched_until == micros(until))
        async with self._turns.take() as writing:
            await writing.connection.execute(update(release).where(*which).values(watched_until=None))

    async def _rows(self, *which: Any) -> Sequence[Released]:
        wanted = _ALL.where(*which).order_by(_r.publish_at, _r.id).limit(MOST_WATCHED)
        with answering():
            async with self._turns.engine.connect() as connection:
                return [(read_release(row), row) for row in await connection.execute(wanted)]

    async def _live(self, connection: AsyncConnection) -> Mapping[str, Sequence[Release]]:
        """Give the releases that serve, by the ids of their services, the oldest first."""
        found: dict[str, list[Release]] = {}
        for row in await connection.execute(_ALL.where(_r.state == _LIVE.value).order_by(_r.number)):
            found.setdefault(row.service_id, []).append(read_release(row))
        return found

    async def _last(self, service_ids: Collection[str], connection: AsyncConnection) -> Mapping[str, Release]:
        """Give the release of each service that served last."""
        served = _ALL.where(_r.service_id.in_(service_ids), _r.published_at.is_not(None))
        rows = await connection.execute(served.order_by(_r.ended_at, _r.number)) if service_ids else ()
        return {row.service_id: read_release(row) for row in rows}


async def turn_over(connection: AsyncConnection) -> None:
    """Say to every worker that what serves has changed, once the transaction is committed."""
    await connection.execute(update(turn).where(turn.c.name == "services").values(number=turn.c.number + 1))


def digest_of(design: bytes) -> bytes:
    """Give the 32 bytes by which a design is known."""
    return sha256(design).digest()


async def _check_another(connection: AsyncConnection, asked_by: str, decides: str) -> None:
    """Refuse who asked for a review as who approves it, with whichever token, and applications; raises `Denied`."""
    who = await askers(connection, (asked_by, decides))
    if who[decides].may_be(who[asked_by]):
        raise Denied(
            "somebody else than who asked for the review decides on it; tokens of one owner, and a token and those "
            "that were made with it, are one person's, and those of an application nobody's: withdraw what one "
            "submitted, and submit it yourself",
            code="four_eyes",
        )


def _written(step: Step, act: Act) -> dict[str, Any]:
    """Give the columns that a move writes of itself."""
    if step.move is Move.SUBMIT:
        return {"asked_by": act.actor.id, "asked_why": storable(step.why), "decided_by": "", "decided_why": ""}
    if step.move in (Move.APPROVE, Move.REFUSE):
        return {"decided_by": act.actor.id, "decided_why": storable(step.why)}
    if step.move is Move.SCHEDULE:
        return {"publish_at": None if step.at is None else micros(step.at)}
    return {"publish_at": None} if step.move in (Move.UNSCHEDULE, Move.PUBLISH, Move.FAIL) else {}


async def _publish(connection: AsyncConnection, of: Service, one: Release, step: Step, act: Act) -> dict[str, Any]:
    """Let a release serve, in place of the one that does or beside it; gives the columns of its own."""
    at = micros(act.at)
    beside = step.beside and bool(of.live)
    if not beside:
        ends = {"state": ReleaseState.SUPERSEDED.value, "ended_at": at, "watched_until": None}
        await connection.execute(update(release).where(_r.id == of.live).values(ends))
        await connection.execute(update(service).where(_c.id == of.id).values(live=one.id))
    await turn_over(connection)
    former = "" if beside else of.live
    return {"published_at": at, "ended_at": None, "instead_of": former, **_watch(step, act)}


async def _promote(connection: AsyncConnection, of: Service, one: Release, step: Step, act: Act) -> dict[str, Any]:
    """Give a release that serves beside another the place of that one, which goes on beside it."""
    if of.live == one.id:
        raise refused("callers without a version get this release already")
    await connection.execute(update(service).where(_c.id == of.id).values(live=one.id))
    await turn_over(connection)
    return {"instead_of": of.live, **_watch(step, act)}


def _watch(step: Step, act: Act) -> dict[str, Any]:
    """Give the columns that say from when to when a release is watched."""
    until = step.watched_until
    return (
        dict.fromkeys(("watched_from", "watched_until"))
        if until is None
        else {
            "watched_from": micros(act.at),
            "watched_until": micros(until),
        }
    )


async def _leave(connection: AsyncConnection, of: Service, left: Released, step: Step, act: Act) -> dict[str, Any]:
    """Take a release that serves away; one that failed gives its place to the one before it, which is watched anew."""
    one, row = left
    if of.live == one.id:
        if step.move is not Move.FAIL:
            raise refused(
                "callers without a version get this release; publish another in its place, or retire the service"
            )
        next_one = await _restored(connection, row.instead_of) or await _beside(connection, one)
        await connection.execute(update(release).where(_r.id == next_one).values(_watch(step, act)))
        await connection.execute(update(service).where(_c.id == of.id).values(live=next_one))
    await turn_over(connection)
    return {"watched_until": None, "ended_at": micros(act.at)}


async def _restored(connection: AsyncConnection, release_id: str) -> str:
    """Have a release serve again that did before and did not fail; gives its id, empty where there is none."""
    back = {"state": _LIVE.value, "ended_at": None}
    was = (_r.id == release_id, _r.state.in_(_GOOD))
    return release_id if (await connection.execute(update(release).where(*was).values(back))).rowcount else ""


async def _beside(connection: AsyncConnection, one: Release) -> str:
    """Give the newest of the releases that serve beside one, empty where there is none."""
    others = (_r.service_id == one.service_id, _r.state == _LIVE.value, _r.id != one.id)
    wanted = select(_r.id).where(*others).order_by(_r.number.desc()).limit(1)
    return (await connection.execute(wanted)).scalar_one_or_none() or ""


async def _row(connection: AsyncConnection, service_id: str, number: int) -> Row[Any] | None:
    wanted = _ALL.where(_r.service_id == storable(service_id), _r.number == number)
    return (await connection.execute(wanted)).one_or_none()


async def _one(connection: AsyncConnection, release_id: str) -> Release:
    return read_release((await connection.execute(_ALL.where(_r.id == release_id))).one())


def read_release(row: Row[Any]) -> Release:
    """Read a release from its columns."""
    return Release(
        id=row.id,
        service_id=row.service_id,
        number=row.number,
        version=row.version,
        digest=bytes(row.digest),
        note=row.note,
        state=ReleaseState(row.state),
        created_at=moment(row.created_at),
        created_by=row.created_by,
        asked_by=row.asked_by,
        asked_why=row.asked_why,
        decided_by=row.decided_by,
        decided_why=row.decided_why,
        publish_at=optional_moment(row.publish_at),
        published_at=optional_moment(row.published_at),
        ended_at=optional_moment(row.ended_at),
    )
