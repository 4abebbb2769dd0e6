"""What is known of the calls of one service or application, by SQLAlchemy Core.

A call to a service stands in one row, what that asked of models in rows of their own: each keeps its own cost, and the
service has both. Rows are read by the index of the service or of the application: an analysis of a million takes some
20 seconds of one core, how they fared two (SQLite, 2026-11), away from the event loop.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.audit import Act
from tollbridge.stores.analytics import Analysis, Burning, BurnTold, Failure, Fared, Figures, Share, Whose
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.rows import micros, moment, storable
from tollbridge.stores.servicetables import slo_alarm
from tollbridge.stores.tables import usage
from tollbridge.stores.tokenwriting import TokenTurns
from tollbridge.stores.usagesums import (
    ASKED,
    COUNTED,
    FAILED,
    INPUT,
    OUTPUT,
    REFUSED,
    UNPRICED,
    buckets,
    checked_limit,
    count,
    measured,
    stepped,
    sum_of,
    within,
)

_u, _a = usage.c, slo_alarm.c
_CLIENT = and_(_u.status >= 400, _u.status < 500, not_(REFUSED))
_NO_MODEL, _APPLIED = _u.service != literal_column("'ai'"), _u.application != literal_column("''")
"""As the indexes say it of themselves: a database takes one where it sees that it has all of the rows."""
_CALLER = case((_u.application != "", _u.application), else_=_u.token_id)
_TIMED = and_(ASKED, not_(REFUSED))
_OF_AN_APPLICATION = (("services", true(), _u.service),)
_OF_A_SERVICE = (
    ("callers", true(), _CALLER),
    ("releases", _u.release != "", _u.release),
    ("operations", ASKED, _u.operation),
)


class SqlAnalytics:
    """Sums up the calls of services and applications, and records which objectives burn."""

    def __init__(self, engine: AsyncEngine, turns: TokenTurns) -> None:
        self._engine = engine
        self._turns = turns

    async def analyse(self, whose: Whose, since: datetime, until: datetime, *, steps: int, top: int = 10) -> Analysis:
        checked_limit(top)
        own = _own(whose)
        which = and_(within(since, until), *own)
        kinds = _OF_A_SERVICE if whose.service else _OF_AN_APPLICATION
        with answering():
            async with self._engine.connect() as connection:
                shares = {name: await _shares(connection, and_(which, more), key, top) for name, more, key in kinds}
                return Analysis(
                    figures=await _figures(connection, which),
                    **shares,
                    failures=await _failures(connection, which, top),
                    series=await buckets(connection, since, until, *own, steps=steps),
                )

    async def fared(
        self, service: str, starts: Sequence[datetime], until: datetime, *, within_ms: Sequence[int | None] = (None,)
    ) -> Sequence[Fared]:
        if not starts:
            return []
        order = sorted(set(starts), reverse=True)
        place = case(*((_u.at >= micros(start), number) for number, start in enumerate(order)), else_=len(order))
        bad = [count(FAILED if ms is None else or_(FAILED, _u.duration_ms > ms)) for ms in within_ms]
        asked = (
            select(place.label("place"), func.count(), *bad)
            .where(within(order[-1], until), *_own(Whose(service=service)), COUNTED)
            .group_by("place")
        )
        with answering():
            async with self._engine.connect() as connection:
                found = {row[0]: tuple(map(int, row[1:])) for row in (await connection.execute(asked)).all()}
        none = (0,) * (1 + len(within_ms))
        slices = [found.get(number, none) for number in range(len(order))]
        sums = list(accumulate(slices, lambda one, other: tuple(map(sum, zip(one, other, strict=True)))))
        return [Fared(calls=sums[n][0], failed=sums[n][1:]) for n in map(order.index, starts)]

    async def called(self, since: Mapping[str, datetime]) -> Mapping[str, int]:
        together: dict[datetime, list[str]] = {}
        for slug, start in since.items():
            together.setdefault(start, []).append(storable(slug))
        those = or_(false(), *(and_(_u.service.in_(slugs), _u.at >= micros(at)) for at, slugs in together.items()))
        asked = select(_u.service, func.count()).where(those, _NO_MODEL, ASKED)
        with answering():
            async with self._engine.connect() as connection:
                found = {slug: number for slug, number in await connection.execute(asked.group_by(_u.service))}
        return {slug: found.get(slug, 0) for slug in since}

    async def tell_burning(self, service_id: str, burning: Mapping[str, Burning], act: Act) -> Sequence[BurnTold]:
        told: list[BurnTold] = []
        async with self._turns.take() as writing:
            db = writing.connection
            levels = select(_a.slo, _a.level).where(_a.service_id == service_id)
            known: dict[str, int] = {row.slo: row.level for row in (await db.execute(levels)).all()}
            for name, one in sorted(burning.items()):
                level, its = known.pop(name, None), _its(service_id, name)
                if level is None:
                    new = {"service_id": service_id, "slo": name, "level": one.level, "since": micros(act.at)}
                    await db.execute(insert(slo_alarm).values(new))
                elif level != one.level:
                    await db.execute(update(slo_alarm).where(its).values(level=one.level))
                if level is None or level < one.level:
                    said = {"slo": name, "window": one.window, "burn_rate": one.rate}
                    await record(db, act, ("service.slo_burning", service_id), None, said)
                    told.append(BurnTold(slo=name, burning=one))
            for name in sorted(known):
                await db.execute(delete(slo_alarm).where(_its(service_id, name)))
                await record(db, act, ("service.slo_recovered", service_id), None, {"slo": name})
                told.append(BurnTold(slo=name, burning=None))
        return told

    async def burning_services(self) -> Sequence[str]:
        with answering():
            async with self._engine.connect() as connection:
                asked = select(_a.service_id).distinct().order_by(_a.service_id)
                return list((await connection.execute(asked)).scalars())


def _its(service_id: str, slo: str) -> ColumnElement[bool]:
    return and_(_a.service_id == service_id, _a.slo == slo)


def _own(whose: Whose) -> Sequence[ColumnElement[bool]]:
    """Keep to the rows of somebody, and let the database know that their index has them all."""
    found: list[ColumnElement[bool]] = []
    if whose.service:
        found.append(_u.service == storable(whose.service))
        if whose.service != "ai":
            found.append(_NO_MODEL)
    if whose.begun is not None:
        found.append(_u.at >= micros(whose.begun))
    if whose.application:
        found += [_u.application == storable(whose.application), _APPLIED]
    return found


async def _figures(connection: AsyncConnection, which: ColumnElement[bool]) -> Figures:
    named: Mapping[str, ColumnElement[Any]] = {
        "calls": count(ASKED),
        "failed": count(and_(ASKED, FAILED)),
        "client_errors": count(and_(ASKED, _CLIENT)),
        "refused": count(and_(ASKED, REFUSED)),
        "toll": sum_of(case((ASKED, _u.cost))),
        "model_cost": sum_of(case((not_(ASKED), _u.cost))),
        "model_calls": count(and_(not_(ASKED), _u.provider != "")),
        "unpriced": count(UNPRICED),
        "input_tokens": sum_of(INPUT),
        "output_tokens": sum_of(OUTPUT),
        "bytes_in": sum_of(case((ASKED, _u.bytes_in))),
        "bytes_out": sum_of(case((ASKED, _u.bytes_out))),
    }
    took, timed = sum_of(case((_TIMED, _u.duration_ms))), count(_TIMED)
    *sums, took_ms, many = (await connection.execute(select(*named.values(), took, timed).where(which))).one()
    lasted = stepped(measured(which, literal(0), literal(""), _u.duration_ms))
    row = (await connection.execute(lasted)).one_or_none()
    return Figures(
        **{name: int(value) for name, value in zip(named, sums, strict=True)},
        latency_avg_ms=round(int(took_ms) / many) if many else None,
        latency_p50_ms=None if row is None else row.p50,
        latency_p95_ms=None if row is None else row.p95,
        latency_p99_ms=None if row is None else row.p99,
    )


async def _shares(
    connection: AsyncConnection, which: ColumnElement[bool], key: ColumnElement[str], top: int
) -> Sequence[Share]:
    calls = count(ASKED)
    asked = (
        select(
            key.label("key"),
            calls.label("calls"),
            count(and_(ASKED, FAILED)).label("failed"),
            count(and_(ASKED, _CLIENT)).label("client_errors"),
            count(and_(ASKED, REFUSED)).label("refused"),
            sum_of(_u.cost).label("cost"),
            func.max(_u.at).label("last"),
        )
        .where(which)
        .group_by("key")
        .order_by(calls.desc(), "key")
        .limit(top)
    )
    return [
        Share(
            key=row.key,
            calls=row.calls,
            failed=row.failed,
            client_errors=row.client_errors,
            refused=row.refused,
            cost=int(row.cost),
            last_at=moment(row.last),
        )
        for row in (await connection.execute(asked)).all()
    ]


async def _failures(connection: AsyncConnection, which: ColumnElement[bool], top: int) -> Sequence[Failure]:
    calls = func.count()
    asked = (
        select(_u.error, _u.status, calls)
        .where(which, ASKED, or_(_u.status >= 400, FAILED, REFUSED))
        .group_by(_u.error, _u.status)
        .order_by(calls.desc(), _u.error, _u.status)
        .limit(top)
    )
    return [Failure(code=code, status=status, calls=many) for code, status, many in await connection.execute(asked)]
