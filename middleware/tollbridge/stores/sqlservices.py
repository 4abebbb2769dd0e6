"""Services in an SQL database, by SQLAlchemy: nothing here knows which one.  Their releases are in `sqlreleases`."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import Select, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.audit import Act
from tollbridge.services.model import (
    Design,
    Release,
    ReleaseState,
    Service,
    ServiceChange,
    ServiceEdit,
    ServiceState,
    read_design,
    write_design,
)
from tollbridge.stores.auditing import record
from tollbridge.stores.changes import change_for
from tollbridge.stores.closing import close_of_service
from tollbridge.stores.engine import answering
from tollbridge.stores.peopletables import team
from tollbridge.stores.releasecourses import put_back, watch_anew
from tollbridge.stores.releaserows import Released, SqlReleases, turn_over
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.searching import holds
from tollbridge.stores.servicerows import ALL, REVIEWING, found_service, seen_service, service_of, service_there
from tollbridge.stores.services import Ending, Look, LookAtDesigns, Published
from tollbridge.stores.servicetables import evaluation, release, service
from tollbridge.stores.tables import turn
from tollbridge.stores.tokenwriting import TokenTurns, refused

_c, _r = service.c, release.c
_LIVE, _RETIRED, _DEPRECATED = _c.live != "", _c.retired_at.is_not(None), _c.deprecated_at.is_not(None)
_SERVED = exists().where(_r.service_id == _c.id, _r.published_at.is_not(None))
_STATES = {
    ServiceState.RETIRED: (_RETIRED,),
    ServiceState.DEPRECATED: (~_RETIRED, _LIVE, _DEPRECATED),
    ServiceState.PUBLISHED: (~_RETIRED, _LIVE, ~_DEPRECATED),
    ServiceState.REVIEW: (~_RETIRED, ~_LIVE, REVIEWING),
    ServiceState.DRAFT: (~_RETIRED, ~_LIVE, ~REVIEWING),
}


class SqlServices(SqlReleases):
    """Keeps services and their releases."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def add_service(self, new: Service, draft: Design, act: Act) -> Service:
        values = {
            "id": new.id,
            "slug": new.slug,
            "kind": new.kind,
            "team": storable(new.team),
            "name": storable(draft.name),
            "design": write_design(draft),
            "revision": new.revision,
            "live": "",
            "created_at": micros(new.created_at),
            "changed_at": micros(new.changed_at),
            "successor": "",
        }
        async with self._turns.take() as writing:
            await _check_team(writing.connection, values["team"])
            try:
                await writing.connection.execute(insert(service).values(values))
            except IntegrityError as exc:
                raise refused("there is or was a service of this slug; take another", "already_exists") from exc
            told = {"slug": new.slug, "kind": new.kind, "name": values["name"]}
            await record(writing.connection, act, ("service.add", new.id), None, told)
            return await service_there(writing.connection, new.id)

    async def get_service(self, name: str) -> Service | None:
        asked = storable(name)
        found = await self._services(ALL.where((_c.id == asked) | (_c.slug == asked)))
        return found[0] if found else None

    async def get_draft(self, service_id: str) -> tuple[Service, Design] | None:
        with answering():
            async with self._turns.engine.begin() as connection:
                found = await found_service(connection, service_id)
                return None if found is None else (found, await _draft(connection, found.id))

    async def list_services(
        self, *, limit: int = 50, after: str = "", search: str = "", team: str = "", kind: str = "", state: str = ""
    ) -> Sequence[Service]:
        wanted = ALL.where(_c.slug > storable(after)).order_by(_c.slug).limit(limit)
        for column, value in ((_c.team, team), (_c.kind, kind)):
            if value:
                wanted = wanted.where(column == storable(value))
        if search:
            wanted = wanted.where(holds(search, _c.slug, _c.name))
        if state:
            wanted = wanted.where(*_STATES[ServiceState(state)])
        return await self._services(wanted)

    async def change_service(
        self, service_id: str, edit: ServiceEdit, act: Act, *, leave: LookAtDesigns | None = None
    ) -> Service | None:
        async with self._turns.take() as writing:
            before = await found_service(writing.connection, service_id)
            if before is None:
                return None
            draft = await _draft(writing.connection, before.id)
            change: ServiceChange = change_for(edit, (before, draft))
            _check_going(before)
            values: dict[str, Any] = {}
            if change.team is not UNSET and change.team != before.team:
                if leave is not None:
                    leave(
                        before,
                        [*await _serving(writing.connection, before), draft if change.draft is UNSET else change.draft],
                    )
                values["team"] = storable(change.team)
                await _check_team(writing.connection, values["team"])
                await turn_over(writing.connection)
            told: dict[str, Any] = dict(values)
            if change.draft is not UNSET and (design := write_design(change.draft)) != write_design(draft):
                values |= {"design": design, "name": storable(change.draft.name)}
                values["revision"] = told["revision"] = before.revision + 1
            if values:
                values["changed_at"] = micros(act.at)
                await writing.connection.execute(update(service).where(_c.id == before.id).values(values))
                was = {name: getattr(before, name) for name in told}
                await record(writing.connection, act, ("service.change", before.id), was, told)
            return await service_there(writing.connection, before.id)

    async def drop_service(self, service_id: str, act: Act, *, check: Look | None = None) -> Service | None:
        async with self._turns.take() as writing:
            found = await seen_service(writing.connection, service_id, check)
            if found is None:
                return None
            if await _served(writing.connection, found):
                raise refused("a service that served is not forgotten: retire it, so that its callers are told")
            # while it is there still: webhooks are told whose it was
            await record(writing.connection, act, ("service.drop", found.id), {"slug": found.slug}, None)
            releases = select(_r.id).where(_r.service_id == found.id)
            await writing.connection.execute(delete(evaluation).where(evaluation.c.release_id.in_(releases)))
            await writing.connection.execute(delete(release).where(_r.service_id == found.id))
            await writing.connection.execute(delete(service).where(_c.id == found.id))
            return found

    async def deprecate_service(
        self, service_id: str, ending: Ending | None, act: Act, *, check: Look | None = None
    ) -> Service | None:
        async with self._turns.take() as writing:
            found = await seen_service(writing.connection, service_id, check)
            if found is None:
                return None
            _check_going(found)
            if not found.live:
                raise refused("only a service that is published can be deprecated")
            if ending == _ending_of(found):
                return found
            if ending is not None:
                _check_successor(found, ending.successor)
            since = None if ending is None else micros(found.deprecated_at or act.at)
            ending = ending or Ending()
            sunset = None if ending.sunset_at is None else micros(ending.sunset_at)
            values = {"deprecated_at": since, "sunset_at": sunset, "successor": ending.successor}
            await writing.connection.execute(update(service).where(_c.id == found.id).values(values))
            await turn_over(writing.connection)
            action = "service.deprecate" if since is not None else "service.undeprecate"
            told = {"ends_at": _iso(ending), "successor": ending.successor}
            await record(writing.connection, act, (action, found.id), None, told)
            return await service_there(writing.connection, found.id)

    async def pause_service(
        self, service_id: str, why: str | None, act: Act, *, check: Look | None = None
    ) -> Service | None:
        async with self._turns.take() as writing:
            found = await seen_service(writing.connection, service_id, check)
            if found is None:
                return None
            _check_going(found)
            paused = None if found.paused_at is None else found.paused_why
            if why == paused:
                return found
            since = None if why is None else micros(found.paused_at or act.at)
            values = {"paused_at": since, "paused_why": storable(why or "")}
            await writing.connection.execute(update(service).where(_c.id == found.id).values(values))
            if why is None:
                await watch_anew(writing.connection, found.id, act)
            await turn_over(writing.connection)
            action = "service.resume" if why is None else "service.pause"
            await record(writing.connection, act, (action, found.id), None, {"why": values["paused_why"]})
            return await service_there(writing.connection, found.id)

    async def retire_service(
        self, service_id: str, successor: str, act: Act, *, check: Look | None = None
    ) -> Service | None:
        async with self._turns.take() as writing:
            found = await seen_service(writing.connection, service_id, check)
            if found is None or (found.retired_at is not None and successor in ("", found.successor)):
                return found
            if not await _served(writing.connection, found):
                raise refused("only a service that served is retired; forget one that never served")
            _check_successor(found, successor)
            at = micros(act.at)
            ends = {"state": ReleaseState.SUPERSEDED.value, "ended_at": at, "watched_until": None}
            own = _r.service_id == found.id
            await writing.connection.execute(
                update(release).where(own, _r.state == ReleaseState.LIVE.value).values(ends)
            )
            await put_back(writing.connection, found.id, act)
            retired_at = at if found.retired_at is None else micros(found.retired_at)
            values = {"retired_at": retired_at, "successor": successor or found.successor, "live": ""}
            values |= {"paused_at": None, "paused_why": ""}
            await writing.connection.execute(update(service).where(_c.id == found.id).values(values))
            await turn_over(writing.connection)
            await record(
                writing.connection, act, ("service.retire", found.id), None, {"successor": values["successor"]}
            )
            await close_of_service(writing.connection, found.id, act)
            return await service_there(writing.connection, found.id)

    async def published(self) -> tuple[int, Sequence[Published]]:
        with answering():
            async with self._turns.engine.begin() as connection:
                edition, before = await _edition(connection), None
                while edition != before:  # where each statement sees another state, until none changed in between
                    before = edition
                    rows = await connection.execute(ALL.where(_LIVE | _RETIRED | _SERVED).order_by(_c.slug))
                    services = [service_of(row) for row in rows]
                    live = await self._live(connection)
                    last = await self._last([one.id for one in services if _is_down(one)], connection)
                    edition = await _edition(connection)
        return edition, [
            Published(service=one, releases=tuple(live.get(one.id, ())), last=last.get(one.id)) for one in services
        ]

    async def _services(self, wanted: Select[Any]) -> Sequence[Service]:
        with answering():
            async with self._turns.engine.connect() as connection:
                return [service_of(row) for row in await connection.execute(wanted)]

    async def _locked(self, connection: AsyncConnection, service_id: str) -> Service | None:
        return await found_service(connection, service_id)

    async def _released(self, rows: Sequence[Released]) -> Sequence[tuple[Service, Release]]:
        found = await self._services(ALL.where(_c.id.in_([one.service_id for one, _ in rows])))
        named = {one.id: one for one in found}
        return [(named[one.service_id], one) for one, _ in rows]


async def _edition(connection: AsyncConnection) -> int:
    asked = select(turn.c.number).where(turn.c.name == "services")
    return int((await connection.execute(asked)).scalar_one())


async def _served(connection: AsyncConnection, found: Service) -> bool:
    """Whether any release of a service was ever published."""
    published = select(_r.id).where(_r.service_id == found.id, _r.published_at.is_not(None)).limit(1)
    return (await connection.execute(published)).first() is not None


async def _serving(connection: AsyncConnection, found: Service) -> Sequence[Design]:
    """Give the designs of releases that serve, or will by themselves."""
    states = (ReleaseState.LIVE.value, ReleaseState.SCHEDULED.value)
    wanted = select(_r.design).where(_r.service_id == found.id, _r.state.in_(states))
    return [read_design(design) for design in (await connection.execute(wanted)).scalars()]


async def _draft(connection: AsyncConnection, service_id: str) -> Design:
    return read_design((await connection.execute(select(_c.design).where(_c.id == service_id))).scalar_one())


async def _check_team(connection: AsyncConnection, name: Any) -> None:
    """Refuse a team that has ended: nobody would own it.  A name that is no team's yet is one that is made later."""
    ended = select(team.c.name).where(team.c.name == name, team.c.ended_at.is_not(None))
    if (await connection.execute(ended)).first() is not None:
        raise refused("this team has ended, for good")


def _check_going(found: Service) -> None:
    if found.retired_at is not None:
        raise refused("this service is retired, for good")


def _is_down(found: Service) -> bool:
    return not found.live and found.retired_at is None


def _check_successor(found: Service, successor: str) -> None:
    if successor == found.slug:
        raise refused("a service does not take its own place; name another successor")


def _ending_of(found: Service) -> Ending | None:
    """Say what callers are told of the end of a service, None where nothing is."""
    return None if found.deprecated_at is None else Ending(sunset_at=found.sunset_at, successor=found.successor)


def _iso(ending: Ending) -> str | None:
    return None if ending.sunset_at is None else ending.sunset_at.isoformat()
