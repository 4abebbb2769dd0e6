"""What the sums over usage rows are made of, so that every report says the same of the same calls.

What counts as what is said in `counting`.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.stores import counting
from tollbridge.stores.reporting import Bucket
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.tables import usage

_u = usage.c


def _said(what: str) -> ColumnElement[bool]:
    return literal_column(what, Boolean)


REFUSED, ASKED, FAILED = _said(counting.REFUSED), _said(counting.ASKED), _said(counting.FAILED)
COUNTED = and_(ASKED, or_(not_(REFUSED), _said(counting.UNSERVED)))
"""By a service for what it promises: what the bridge refused is the caller's doing, but for what it could not serve."""
INPUT, OUTPUT = (literal_column(what, BigInteger) for what in (counting.INPUT, counting.OUTPUT))
UNPRICED = _said(counting.UNPRICED)


def within(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Keep to a range, `since` <= time < `until`."""
    return and_(_u.at >= micros(since), _u.at < micros(until))


def count(which: ColumnElement[bool]) -> ColumnElement[int]:
    """Count rows for which this holds."""
    return func.count(case((which, 1)))


def sum_of(what: ColumnElement[int]) -> ColumnElement[int]:
    """Sum up, 0 for no rows."""
    return func.coalesce(func.sum(what), 0)


def checked_limit(limit: int) -> int:
    """Give a limit; raises `ValueError` for one below 1."""
    if limit < 1:
        raise ValueError(f"limit {limit} is below 1")
    return limit


def measured(
    which: ColumnElement[bool],
    step: ColumnElement[int],
    key: ColumnElement[str],
    ms: ColumnElement[int],
    *,
    counted: ColumnElement[bool] = ASKED,
) -> Subquery:
    """Count the calls of each step and key by how long they took: far fewer rows to rank than there are calls.

    Those alone that are `counted` are calls, and timed; all cost.
    """
    calls = (
        select(
            step.label("step"),
            key.label("key"),
            case((and_(counted, not_(REFUSED)), ms)).label("ms"),
            case((counted, 1), else_=0).label("asked"),
            case((and_(counted, FAILED), 1), else_=0).label("failed"),
            _u.cost,
        )
        .where(which)
        .subquery()
        .c
    )
    return (
        select(
            calls.step,
            calls.key,
            calls.ms,
            sum_of(calls.asked).label("calls"),
            sum_of(calls.failed).label("failed"),
            sum_of(calls.cost).label("cost"),
        )
        .group_by(calls.step, calls.key, calls.ms)
        .subquery()
    )


def stepped(measured: Subquery) -> Select[tuple[int, str, int, int, int, int | None, int | None, int | None]]:
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
            percentile(99).label("p99"),
        )
        .group_by(r.step, r.key)
        .order_by(r.step, r.key)
    )


async def buckets(
    connection: AsyncConnection,
    since: datetime,
    until: datetime,
    *which: ColumnElement[bool],
    steps: int,
    key: ColumnElement[str] | None = None,
) -> Sequence[Bucket]:
    """Cut a range into buckets, in order of time and key; raises `ValueError` for less than one.

    Where the range is no multiple of `steps` microseconds, the last bucket is the shorter one.
    """
    if steps < 1:
        raise ValueError(f"steps {steps} is below 1")
    begin = micros(since)
    width = max(1, -(-(micros(until) - begin) // steps))
    place, named = (_u.at - begin) // width, literal("") if key is None else key
    cut = stepped(measured(and_(within(since, until), *which), place, named, _u.duration_ms))
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
        for row in (await connection.execute(cut)).all()
    ]
