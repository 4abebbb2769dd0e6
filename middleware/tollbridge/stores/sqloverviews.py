"""What is shown of many objects at once, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Row, Select, and_, case, exists, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.clock import Clock
from tollbridge.services.model import ReleaseState
from tollbridge.services.subscribing import OPEN, SubscriptionState
from tollbridge.stores.askers import askers
from tollbridge.stores.base import SOON, TokenView
from tollbridge.stores.engine import answering
from tollbridge.stores.jobtables import webhook
from tollbridge.stores.overviews import OfApplication, OfTeam, Queue, Waiting, Waits
from tollbridge.stores.peopletables import member
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.servicetables import release, service, subscription
from tollbridge.stores.tables import token
from tollbridge.stores.views import token_views
from tollbridge.tokens.model import HOLDERS, TokenKind

_s, _r, _v, _t, _w = subscription.c, release.c, service.c, token.c, webhook.c
_SOON_US = int(SOON.total_seconds()) * 1_000_000
_APPROVED = SubscriptionState.APPROVED.value


class SqlOverviews:
    """Reads them."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def waiting(
        self, kinds: Collection[Waits], *, team: str = "", but_by: str = "", limit: int = 20
    ) -> Mapping[Waits, Queue]:
        found: dict[Waits, list[Waiting]] = {kind: [] for kind in kinds}
        if not kinds:
            return {}
        with answering():
            async with self._engine.connect() as connection:
                wanted = {kind: await self._wanted(connection, kind, team, but_by) for kind in kinds}
                oldest = union_all(*(_oldest(kind, those, limit) for kind, those in wanted.items()))
                for row in await connection.execute(oldest):
                    found[Waits(row.kind)].append(_waiting(row))
                return {
                    kind: Queue(
                        await _count(connection, wanted[kind]) if len(those) == limit else len(those),
                        sorted(those, key=lambda one: (one.since, one.id)),
                    )
                    for kind, those in found.items()
                }

    async def _wanted(self, connection: AsyncConnection, kind: Waits, team: str, but_by: str) -> Select[Any]:
        by_time = {Waits.TOKEN_ENDING: self._ending, Waits.SERVICE_OVERDUE: self._overdue}
        wanted = by_time[kind]() if kind in by_time else _WAITING[kind]
        if team:
            wanted = wanted.where(_TEAMS[kind] == storable(team))
        if but_by and kind in _ASKED_BY:
            wanted = wanted.where(_ASKED_BY[kind].not_in(await _ones_own(connection, kind, but_by)))
        return wanted

    async def subscribers(self, service_ids: Collection[str]) -> Mapping[str, int]:
        ids = list(map(storable, service_ids))
        wanted = select(_s.service_id, func.count()).where(_s.service_id.in_(ids), _s.state == _APPROVED)
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted.group_by(_s.service_id))).all()
        return dict.fromkeys(service_ids, 0) | {id: number for id, number in rows}

    async def of_teams(self, names: Collection[str]) -> Mapping[str, OfTeam]:
        if not names:
            return {}
        those = list(map(storable, names))
        going = _by(_t.team, those).where(_t.kind == TokenKind.APPLICATION.value)
        found = await self._counted(
            services=_by(_v.team, those).where(_v.retired_at.is_(None)),
            applications=going.where(_t.revoked_at.is_(None)),
            members=_by(member.c.team, those),
        )
        return {name: OfTeam(**found.get(name, {})) for name in names}

    async def of_applications(self, ids: Collection[str]) -> Mapping[str, OfApplication]:
        those, now = list(map(storable, ids)), micros(self._clock.now())
        lasting = or_(_t.expires_at.is_(None), _t.expires_at > now)
        found = await self._counted(
            subscriptions=_by(_s.application, those).where(_s.state == _APPROVED),
            asked=_by(_s.application, those).where(_s.state == SubscriptionState.ASKED.value),
            tokens=_by(_t.parent, those).where(_t.revoked_at.is_(None), lasting),
        )
        return {id: OfApplication(**found.get(id, {})) for id in ids}

    async def _counted(self, **wanted: Select[Any]) -> Mapping[str, dict[str, int]]:
        """Give what each query counts, by its name, of each key."""
        found: dict[str, dict[str, int]] = {}
        with answering():
            async with self._engine.connect() as connection:
                for name, asked in wanted.items():
                    for key, number in (await connection.execute(asked)).all():
                        found.setdefault(key, {})[name] = number
        return found

    async def standing(self, team: str, service_ids: Collection[str]) -> Mapping[str, SubscriptionState]:
        states = [state.value for state in OPEN]
        wanted = (
            select(_s.service_id, _s.state)
            .join(token, _t.id == _s.application)
            .where(
                _t.team == storable(team),
                _s.service_id.in_(list(map(storable, service_ids))),
                _s.state.in_(states),
            )
            .distinct()
        )
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        return {id: SubscriptionState(state) for id, state in sorted(rows, key=lambda row: row.state == _APPROVED)}

    def _ending(self) -> Select[Any]:
        soon = _t.expires_at - _SOON_US
        since = case((soon > _t.created_at, soon), else_=_t.created_at)
        ending = token_views(self._clock.now())[TokenView.ENDING]
        return _select(_t.id, since, _t.name, _t.team).where(ending, _t.kind.not_in([kind.value for kind in HOLDERS]))

    def _overdue(self) -> Select[Any]:
        over = and_(_v.sunset_at <= micros(self._clock.now()), _v.live != "")
        return _select(_v.id, _v.sunset_at, _v.name, _v.team, service=_v.slug).where(over)


def _by(key: Any, keys: Sequence[str]) -> Select[Any]:
    """Count the rows of each key."""
    return select(key, func.count()).where(key.in_(keys)).group_by(key)


def _select(id: Any, since: Any, name: Any, team: Any, **more: Any) -> Select[Any]:
    """Select what a thing that waits has, under its own names."""
    others = {
        **{"service": literal(""), "number": literal(0), "asker": literal("")},
        **{"until": literal(None, BigInteger), "successor": literal(""), **more},
    }
    columns = {"id": id, "since": since, "name": name, "team": team, **others}
    return select(*(column.label(word) for word, column in columns.items()))


def _releases(since: Any) -> Select[Any]:
    found = _select(_r.id, since, _r.version, _v.team, service=_v.slug, number=_r.number)
    return found.join_from(release, service, _v.id == _r.service_id)


_LATER = release.alias()
_FAILED_AT = func.coalesce(_r.ended_at, _r.created_at)
_WAITING: Mapping[Waits, Select[Any]] = {
    Waits.SUBSCRIPTION_ASKED: (
        _select(_s.id, _s.asked_at, _t.name, _v.team, service=_v.slug, asker=_t.team)
        .join_from(subscription, service, _v.id == _s.service_id)
        .join(token, _t.id == _s.application)
        .where(_s.state == SubscriptionState.ASKED.value)
    ),
    Waits.RELEASE_IN_REVIEW: _releases(_r.created_at).where(_r.state == ReleaseState.REVIEW.value),
    Waits.RELEASE_FAILED: _releases(_FAILED_AT).where(
        _r.state == ReleaseState.FAILED.value,
        _v.retired_at.is_(None),
        ~exists().where(_LATER.c.service_id == _r.service_id, _LATER.c.published_at > _FAILED_AT),
    ),
    Waits.SERVICE_ENDING: (
        _select(_s.id, _v.deprecated_at, _t.name, _t.team, service=_v.slug, until=_v.sunset_at, successor=_v.successor)
        .join_from(subscription, service, _v.id == _s.service_id)
        .join(token, _t.id == _s.application)
        .where(_s.state == _APPROVED, _v.deprecated_at.is_not(None), _v.live != "")
    ),
    Waits.WEBHOOK_SILENT: _select(_w.id, _w.disabled_at, _w.name, _w.team).where(
        _w.disabled_at.is_not(None), _w.failing_since.is_not(None)
    ),
}
_TEAMS: Mapping[Waits, Any] = {
    Waits.SUBSCRIPTION_ASKED: _v.team,
    Waits.RELEASE_IN_REVIEW: _v.team,
    Waits.RELEASE_FAILED: _v.team,
    Waits.WEBHOOK_SILENT: _w.team,
    Waits.TOKEN_ENDING: _t.team,
    Waits.SERVICE_OVERDUE: _v.team,
    Waits.SERVICE_ENDING: _t.team,
}
_ASKED_BY: Mapping[Waits, Any] = {Waits.RELEASE_IN_REVIEW: _r.asked_by}


def _oldest(kind: Waits, wanted: Select[Any], limit: int) -> Select[Any]:
    """Select what has waited longest, with its kind."""
    those = wanted.order_by(wanted.selected_columns.since, wanted.selected_columns.id).limit(limit).subquery()
    return select(literal(kind.value).label("kind"), *those.c)


async def _count(connection: AsyncConnection, wanted: Select[Any]) -> int:
    return (await connection.execute(select(func.count()).select_from(wanted.subquery()))).scalar_one()


async def _ones_own(connection: AsyncConnection, kind: Waits, asker: str) -> Sequence[str]:
    """Give the ids under which somebody asked, or may have, for what waits of a kind."""
    asked = _WAITING[kind].with_only_columns(_ASKED_BY[kind]).distinct()
    ids = list((await connection.execute(asked)).scalars())
    who = await askers(connection, [asker, *ids])
    return [id for id in ids if who[id].may_be(who[asker])]


def _waiting(row: Row[Any]) -> Waiting:
    return Waiting(
        id=row.id,
        since=moment(row.since),
        name=row.name,
        team=row.team,
        service=row.service,
        number=row.number,
        asker=row.asker,
        until=None if row.until is None else moment(row.until),
        successor=row.successor,
    )
