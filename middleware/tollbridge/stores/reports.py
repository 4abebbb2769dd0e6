"""Sums over usage rows in an SQL database, by SQLAlchemy Core and plain SQL that SQLite and PostgreSQL share.

A series is one statement and totals are read in one transaction, so that they agree. Refused calls count as calls and
not for latency: a refusal takes no time and would flatter it. One whose answer had begun was cut, and no refusal.
What a service asks of a model for a call of its own costs like any call, and is not counted as one more.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.call import Outcome
from tollbridge.metering.ledger import UsageRow
from tollbridge.stores.engine import answering
from tollbridge.stores.reporting import Bucket, BudgetStanding, Health, Spend, Totals, Use
from tollbridge.stores.rows import USAGE_COLUMNS, micros, moment, storable, usage_row
from tollbridge.stores.tables import budget, usage

_u = usage.c
_ROW = tuple(_u[column] for column in USAGE_COLUMNS)
_CUT = and_(_u.status > 0, _u.status < 400)
"""Of those the gateway refused: their answer had begun, as where a token stopped opening."""
_REFUSED = and_(_u.outcome == Outcome.REFUSED.value, not_(_CUT))
_ASKED = _u.parent == ""
"""By a caller, and not by a service for a call of its own: those alone are counted as calls and timed."""
_FAILED = or_(_u.status >= 500, _u.outcome == Outcome.TRUNCATED.value)
_INPUT = (
    _u.input_tokens
    + _u.cache_read_tokens
    + _u.cache_write_tokens
    + _u.cache_write_1h_tokens
    + _u.audio_input_tokens
    + _u.image_input_tokens
)
_OUTPUT = _u.output_tokens + _u.audio_output_tokens
_UNPRICED = and_(_u.cost.is_(None), _INPUT + _OUTPUT > 0)
_WHAT = case((_u.model != "", _u.model), else_=_u.service)
_PLACE = _u.service.concat("/").concat(_u.provider)  # no service has a slash in its name
_KEYS = {"token_id": _u.token_id, "model": _u.model, "provider": _u.provider, "service": _u.service}


class SqlReports:
    """Reports over the usage table."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals:
        """Sum a range: three seconds for a million rows in it (2 cores, 2026-11), away from the event loop."""
        within = _within(since, until)
        if token_id is not None:
            within = and_(within, _u.token_id == token_id)
        sums = select(
            _count(_ASKED),
            _count(and_(_ASKED, _FAILED)),
            _count(and_(_ASKED, _REFUSED)),
            _count(_UNPRICED),
            _sum(_u.cost),
            _sum(_INPUT),
            _sum(_OUTPUT),
        ).where(within)
        whole = (literal(0), literal(""))
        with answering():
            async with self._engine.connect() as connection:
                sum_row = (await connection.execute(sums)).one()
                lasted = (await connection.execute(_steps(_measured(within, *whole, _u.duration_ms)))).one_or_none()
                began = (await connection.execute(_steps(_measured(within, *whole, _u.first_byte_ms)))).one_or_none()
        calls, failed, refused, unpriced, cost, input_tokens, output_tokens = map(int, sum_row)
        return Totals(
            calls=calls,
            failed=failed,
            refused=refused,
            unpriced=unpriced,
            cost=cost,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            latency_p50_ms=None if lasted is None else lasted.p50,
            latency_p95_ms=None if lasted is None else lasted.p95,
            first_byte_p50_ms=None if began is None else began.p50,
        )

    async def series(self, since: datetime, until: datetime, *, steps: int, by_model: bool = False) -> Sequence[Bucket]:
        """Cut a range into buckets, in order of time and model; raises `ValueError` for less than one.

        Where the range is no multiple of `steps` microseconds, the last bucket is the shorter one.
        """
        if steps < 1:
            raise ValueError(f"steps {steps} is below 1")
        begin = micros(since)
        width = max(1, -(-(micros(until) - begin) // steps))
        step = (_u.at - begin) // width
        cut = _steps(_measured(_within(since, until), step, _WHAT if by_model else literal(""), _u.duration_ms))
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(cut)).all()
        return [
            Bucket(
                start=moment(begin + row.step * width),
                key=row.key,
                calls=int(row.calls),
                failed=int(row.failed),
                cost=int(row.cost),
                latency_p50_ms=row.p50,
                latency_p95_ms=row.p95,
            )
            for row in rows
        ]

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        """Give the biggest spenders, then the busiest; raises `ValueError` for an unknown `by` or a limit below 1."""
        if by not in _KEYS:
            raise ValueError(f"spend by {by!r} is unknown; known: {', '.join(_KEYS)}")
        key, cost, calls = _KEYS[by], _sum(_u.cost), _count(_ASKED)
        biggest = (
            select(key, calls, cost, func.max(_u.at))
            .where(_within(since, until))
            .group_by(key)
            .order_by(cost.desc(), calls.desc(), key)
            .limit(_checked(limit))
        )
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(biggest)).all()
        return [
            Spend(key=name, calls=count, cost=int(spent), last_at=moment(last)) for name, count, spent, last in rows
        ]

    async def uses(self, since: datetime, until: datetime) -> Sequence[Use]:
        keys = (_u.token_id, _u.operation, _u.model)
        used = (
            select(*keys, func.count(), _count(not_(_REFUSED)), func.max(_u.at))
            .where(_within(since, until), _u.token_id != "", _ASKED)
            .group_by(*keys)
            .order_by(*keys)
        )
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(used)).all()
        return [Use(token, what, model, calls, allowed, moment(at)) for token, what, model, calls, allowed, at in rows]

    async def cost(self, since: datetime, until: datetime) -> int:
        with answering():
            async with self._engine.connect() as connection:
                return int((await connection.execute(select(_sum(_u.cost)).where(_within(since, until)))).scalar_one())

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        within = and_(_within(since, until), _ASKED, not_(_REFUSED))
        each = _steps(_measured(within, literal(0), _PLACE, _u.duration_ms))
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(each)).all()
        found = []
        for row in rows:
            service, _, provider = row.key.partition("/")
            found.append(Health(service, provider, int(row.calls), int(row.failed), row.p50))
        return sorted(found, key=lambda one: (-one.failed, -one.calls, one.service, one.provider))

    async def service_calls(self, service: str, since: datetime, until: datetime) -> tuple[int, int]:
        """Count the calls of a published service that it answered, and those of them that failed."""
        own = and_(_within(since, until), _u.service == storable(service), _ASKED, not_(_REFUSED))
        with answering():
            async with self._engine.connect() as connection:
                calls, failed = (await connection.execute(select(func.count(), _count(_FAILED)).where(own))).one()
        return int(calls), int(failed)

    async def budget_standings(self, ids: Collection[str]) -> Mapping[str, BudgetStanding]:
        """Say how budgets stand."""
        rows = select(budget.c.id, budget.c.spent, budget.c.reserved).where(budget.c.id.in_(ids))
        with answering():
            async with self._engine.connect() as connection:
                found = (await connection.execute(rows)).all()
        return {id: BudgetStanding(spent, reserved) for id, spent, reserved in found}

    async def find_call(self, call_id: str) -> UsageRow | None:
        """Find the usage row of a call."""
        found = await self._rows(select(*_ROW).where(_u.call_id == storable(call_id)))
        return found[0] if found else None

    async def recent(self, *, limit: int = 20, token_id: str | None = None) -> Sequence[UsageRow]:
        """Give the newest usage rows, newest first; raises `ValueError` for a limit below 1."""
        newest = select(*_ROW).order_by(_u.at.desc(), _u.call_id.desc()).limit(_checked(limit))
        if token_id is not None:
            newest = newest.where(_u.token_id == token_id)
        return await self._rows(newest)

    async def _rows(self, wanted: Select[Any]) -> Sequence[UsageRow]:
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        return [usage_row(dict(zip(USAGE_COLUMNS, row, strict=True))) for row in rows]


def _within(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(_u.at >= micros(since), _u.at < micros(until))


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((which, 1)))


def _sum(what: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(what), 0)


def _checked(limit: int) -> int:
    if limit < 1:
        raise ValueError(f"limit {limit} is below 1")
    return limit


def _measured(
    within: ColumnElement[bool], step: ColumnElement[int], key: ColumnElement[str], ms: ColumnElement[int]
) -> Subquery:
    """Count the calls of each step and key by how long they took: far fewer rows to rank than there are calls."""
    calls = (
        select(
            step.label("step"),
            key.label("key"),
            case((and_(_ASKED, not_(_REFUSED)), ms)).label("ms"),
            case((_ASKED, 1), else_=0).label("asked"),
            case((and_(_ASKED, _FAILED), 1), else_=0).label("failed"),
            _u.cost,
        )
        .where(within)
        .subquery()
        .c
    )
    return (
        select(
            calls.step,
            calls.key,
            calls.ms,
            _sum(calls.asked).label("calls"),
            _sum(calls.failed).label("failed"),
            _sum(calls.cost).label("cost"),
        )
        .group_by(calls.step, calls.key, calls.ms)
        .subquery()
    )


def _steps(measured: Subquery) -> Select[tuple[int, str, int, int, int, int | None, int | None]]:
    """Sum up each step and key, and find exact percentiles by nearest rank: the least value that p % do not exceed."""
    m = measured.c
    timed = case((m.ms.is_(None), 0), else_=m.calls)
    each = (m.step, m.key)
    ranked = select(
        measured,
        func.sum(timed).over(partition_by=each, order_by=m.ms).label("rank"),
        func.sum(timed).over(partition_by=each).label("timed"),
    ).subquery()
    r = ranked.c

    def percentile(percent: int) -> ColumnElement[int | None]:
        return func.min(case((r.rank * 100 >= r.timed * percent, r.ms)))

    return (
        select(
            r.step,
            r.key,
            func.sum(r.calls).label("calls"),
            func.sum(r.failed).label("failed"),
            func.sum(r.cost).label("cost"),
            percentile(50).label("p50"),
            percentile(95).label("p95"),
        )
        .group_by(r.step, r.key)
        .order_by(r.step, r.key)
    )
