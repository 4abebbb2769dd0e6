"""The list of calls in an SQL database, newest first, a page at a time.

A page costs a bounded number of rows whatever is looked for: calls of tokens, of an application, of a published
service, those that went wrong and those of an id are found by an index, all others among the newest in a row.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, bindparam, literal_column, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from tollbridge.metering.ledger import UsageRow
from tollbridge.stores import counting
from tollbridge.stores.rows import USAGE_COLUMNS, micros, moment, storable, usage_row
from tollbridge.stores.tables import usage
from tollbridge.stores.usages import CallsAsked, CallsFound
from tollbridge.stores.usagesums import checked_limit

MOST_READ = 10_000
"""Calls that are looked at for one page."""
MOST_CHILDREN = 200

_u = usage.c
_ROW = tuple(_u[column] for column in USAGE_COLUMNS)
Conditions = list[ColumnElement[bool]]
_WRONG = _u.status >= literal_column("400")
_INNER = _u.parent != literal_column("''")
"""As the indexes say it of themselves: a database takes one where it sees that it has all of the rows."""


async def list_calls(connection: AsyncConnection, asked: CallsAsked) -> CallsFound:
    """List calls; raises `ValueError` for a limit below 1."""
    limit = checked_limit(asked.limit)
    if asked.call_id:
        return await _by_id(connection, asked, limit)
    found: list[Row[Any]] = []
    ends = []
    indexed, each = _found_by(asked)
    told = _told_by(asked, indexed)
    for own in each:
        rows, end = await _newest(connection, [*_within(asked), *own], told, limit + 1)
        found += rows
        ends += [] if end is None else [end]
    end = max(ends, default=None)
    page = sorted(found, key=lambda row: (row.at, row.call_id), reverse=True)
    known = [row for row in page if end is None or row.at >= end]
    if len(known) > limit:
        return CallsFound(rows=_usage(known[:limit]), following=_place(known[limit - 1]))
    return CallsFound(rows=_usage(known), following=None if end is None else (moment(end), ""))


async def _newest(
    connection: AsyncConnection, those: Conditions, told: Conditions, most: int
) -> tuple[Sequence[Row[Any]], int | None]:
    """Give the newest calls, and where that is before all of them were looked at, until when they were."""
    end: int | None = None
    if told:
        last = select(_u.at).where(*those).order_by(_u.at.desc()).offset(MOST_READ - 1).limit(1)
        end = (await connection.execute(last)).scalar()
        those = [*those, *([] if end is None else [_u.at >= end])]
    newest = select(*_ROW).where(*those, *told).order_by(_u.at.desc(), _u.call_id.desc()).limit(most)
    return (await connection.execute(newest)).all(), end


async def _by_id(connection: AsyncConnection, asked: CallsAsked, limit: int) -> CallsFound:
    """Find calls whose id is this, or begins so: of such a prefix the first by their ids alone are looked at."""
    begins = storable(asked.call_id)
    found = select(*_ROW).where(_u.call_id >= begins, _u.call_id < begins + "\U0010ffff").order_by(_u.call_id)
    first = found.limit(MOST_READ).subquery()
    told = [*_within(asked), *_told_by(asked)]
    ids = select(first.c.call_id)
    newest = select(*_ROW).where(_u.call_id.in_(ids), *told).order_by(_u.at.desc(), _u.call_id.desc()).limit(limit + 1)
    rows = (await connection.execute(newest)).all()
    return CallsFound(rows=_usage(rows[:limit]), following=_place(rows[limit - 1]) if len(rows) > limit else None)


async def list_children(connection: AsyncConnection, call_id: str) -> Sequence[UsageRow]:
    """Give the calls that were made for another, the oldest first."""
    its = select(*_ROW).where(_u.parent == storable(call_id), _INNER)
    return _usage((await connection.execute(its.order_by(_u.at, _u.call_id).limit(MOST_CHILDREN))).all())


def _within(asked: CallsAsked) -> Conditions:
    found: Conditions = []
    if asked.since is not None:
        found.append(_u.at >= micros(asked.since))
    if asked.until is not None:
        found.append(_u.at < micros(asked.until))
    if asked.before is not None:
        at, call_id = micros(asked.before[0]), storable(asked.before[1])
        found += [_u.at <= at, or_(_u.at < at, _u.call_id < call_id)]
    return found


_NOT_INDEXED = {"token_id": None, "service": "ai", "application": ""}
"""What an index has calls by, but for those of one value."""
_MOST_VALUES = 50
"""Values that are looked for one by one."""


def _found_by(asked: CallsAsked) -> tuple[str, Sequence[Conditions]]:
    """Say what an index finds, each by itself: calls of each value of the first filter that has one; and its name."""
    for name, without in _NOT_INDEXED.items():
        values = asked.filters.get(name, ())
        if values and without not in values and len(values) <= _MOST_VALUES:
            whole = [] if without is None else [_u[name] != literal_column(f"'{without}'")]
            return name, [[_u[name] == storable(value), *whole] for value in dict.fromkeys(values)]
    if asked.statuses and min(map(_least, asked.statuses)) >= 400:
        return "", [[_WRONG]]
    return "", [[]]


def _told_by(asked: CallsAsked, indexed: str = "") -> Conditions:
    """Say what is looked at in each row, beside the filter of that name, by which an index finds them."""
    found: Conditions = []
    for name, values in asked.filters.items():
        if name != indexed:
            column: ColumnElement[Any] = literal_column(counting.ENDING) if name == "ending" else _u[name]
            given = [storable(value) for value in values]
            found.append(column.in_(bindparam(f"of_{name}", given, expanding=True)))
    if asked.statuses:
        found.append(or_(*map(_has_status, asked.statuses)))
    if asked.errors:
        found.append(_u.error.in_([storable(code) for code in asked.errors]))
    if asked.least_ms is not None:
        found.append(_u.duration_ms >= asked.least_ms)
    if not asked.inner:
        found.append(_u.parent == "")
    return found


def _least(status: int) -> int:
    return status if status >= 100 else status * 100


def _has_status(status: int) -> ColumnElement[bool]:
    if status >= 100:
        return _u.status == status
    return and_(_u.status >= status * 100, _u.status < (status + 1) * 100)


def _place(row: Any) -> tuple[datetime, str]:
    return moment(row.at), row.call_id


def _usage(rows: Sequence[Any]) -> Sequence[UsageRow]:
    return [usage_row(row._mapping) for row in rows]
