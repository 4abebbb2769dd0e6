"""What is shown of many objects at once, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    CompoundSelect,
    Row,
    Select,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.clock import Clock
from tollbridge.services.model import ReleaseState
from tollbridge.services.subscribing import OPEN, SubscriptionState
from tollbridge.stores.askers import askers
from tollbridge.stores.base import TokenView
from tollbridge.stores.engine import answering
from tollbridge.stores.jobtables import webhook
from tollbridge.stores.overviews import OfApplication, OfTeam, Queue, Waiting, Waits
from tollbridge.stores.peopletables import member
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.servicetables import release, service, subscription
from tollbridge.stores.tables import token
from tollbridge.stores.views import NOW, SOON_US, token_views
from tollbridge.tokens.model import HOLDERS, TokenKind

_s, _r, _v, _t, _w = subscription.c, release.c, service.c, token.c, webhook.c
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
                own = await _ones_own(connection, but_by) if but_by and _ASKED_FOR in found else ()
                way = _Way(bool(team), bool(own))
                said = {"now": micros(self._clock.now()), "team": storable(team), "own": own}
                for row in await connection.execute(_oldest(tuple(found), way, limit), said):
                    found[Waits(row.kind)].append(_waiting(row))
                return {
                    kind: Queue(
                        await _count(connection, _number(kind, way), said) if len(those) == limit else len(those),
                        sorted(those, key=lambda one: (one.since, one.id)),
                    )
                    for kind, those in found.items()
                }

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


_SOON = _t.expires_at - SOON_US
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
    Waits.TOKEN_ENDING: _select(
        _t.id, case((_t.created_at < _SOON, _SOON), else_=_t.created_at), _t.name, _t.team
    ).where(token_views(NOW)[TokenView.ENDING], _t.kind.not_in([kind.value for kind in HOLDERS])),
    Waits.SERVICE_OVERDUE: _select(_v.id, _v.sunset_at, _v.name, _v.team, service=_v.slug).where(
        _v.sunset_at <= NOW, _v.live != ""
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
_ASKED_FOR, _ASKED_BY = Waits.RELEASE_IN_REVIEW, _r.asked_by
"""What is asked for by somebody who may not decide on it, and where that is said."""
_MADE = 64
"""Statements that are made once, and asked again and again."""


class _Way(NamedTuple):
    """Whether only what is a `team`'s is asked for, and not what somebody asked for themselves, by `own` ids."""

    of_team: bool
    but_own: bool


def _wanted(kind: Waits, way: _Way) -> Select[Any]:
    wanted = _WAITING[kind]
    if way.of_team:
        wanted = wanted.where(_TEAMS[kind] == bindparam("team"))
    if way.but_own and kind is _ASKED_FOR:
        wanted = wanted.where(_ASKED_BY.not_in(bindparam("own", expanding=True)))
    return wanted


@lru_cache(_MADE)
def _oldest(kinds: tuple[Waits, ...], way: _Way, limit: int) -> CompoundSelect[Any]:
    """Select what has waited longest of each kind."""
    each = []
    for kind in kinds:
        wanted = _wanted(kind, way)
        those = wanted.order_by(wanted.selected_columns.since, wanted.selected_columns.id).limit(limit).subquery()
        each.append(select(literal(kind.value).label("kind"), *those.c))
    return union_all(*each)


@lru_cache(_MADE)
def _number(kind: Waits, way: _Way) -> Select[Any]:
    return select(func.count()).select_from(_wanted(kind, way).subquery())


async def _count(connection: AsyncConnection, asked: Select[Any], said: Mapping[str, Any]) -> int:
    number: int = (await connection.execute(asked, said)).scalar_one()
    return number


async def _ones_own(connection: AsyncConnection, asker: str) -> Sequence[str]:
    """Give the ids under which somebody asked, or may have, for what waits."""
    asked = _WAITING[_ASKED_FOR].with_only_columns(_ASKED_BY).distinct()
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
