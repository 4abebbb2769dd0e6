"""Reports against the same sums done in Python, over random rows."""

import math
import sqlite3
from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.metering.usage import Usage
from tollbridge.stores.counting import PENDING
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.files import transaction
from tollbridge.stores.ledger import Settlement, settle_all
from tollbridge.stores.reports import SqlReports
from tollbridge.stores.rollingup import take_over
from tollbridge.stores.rollups import LATENCY, TABLES
from tollbridge.stores.rows import usage_values
from tollbridge.testing.samples import NOON, ROW

rows = st.lists(
    st.builds(
        lambda at, **values: replace(ROW, at=NOON + timedelta(microseconds=at), **values),
        at=st.integers(-5, 105),
        model=st.sampled_from(["a", "b"]),
        outcome=st.sampled_from(["complete", "refused", "truncated", "client_gone"]),
        status=st.sampled_from([0, 200, 429, 499, 500, 502]),
        cost=st.none() | st.integers(0, 10**15),
        usage=st.builds(Usage, input=st.integers(0, 2), cache_read=st.integers(0, 2), audio_output=st.integers(0, 2)),
        duration_ms=st.integers(0, 9),
        first_byte_ms=st.none() | st.integers(0, 9),
        parent=st.sampled_from(["", "", "req_0"]),
    ),
    max_size=30,
)


@pytest.fixture
async def reports(path):
    engine = sqlite_engine(path)
    yield SqlReports(engine)
    await engine.dispose()


def fill(db, rows, *, taken=20):
    """Write rows, of which sums take over so many."""
    found = list(enumerate(rows))
    with transaction(db):
        for table in ("usage", PENDING, LATENCY, *(kept.table for kept in TABLES)):
            db.execute(f"DELETE FROM {table}")
        settle_all(db, [Settlement(f"req_{n}", usage_values(replace(row, call_id=f"req_{n}")), 0) for n, row in found])
    take_over(db, taken)


def nearest_rank(values, percent):
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1] if values else None


def refused(row):
    return row.outcome == "refused" and (row.status == 0 or row.status >= 400)


def latency(found, name="duration_ms"):
    return [getattr(r, name) for r in asked(found) if not refused(r) and getattr(r, name) is not None]


def asked(found):
    return [row for row in found if not row.parent]


def failed(found):
    return sum(r.status >= 500 or r.outcome == "truncated" for r in asked(found))


@given(rows, st.integers(1, 12), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_reports_are_the_sums_of_the_rows(reports, db: sqlite3.Connection, found, steps, by_model):
    until = NOON + timedelta(microseconds=100)
    fill(db, found)
    inside = [row for row in found if NOON <= row.at < until]

    totals = await reports.totals(NOON, until)
    series = await reports.series(NOON, until, steps=steps, by_model=by_model)
    spend = await reports.spend(NOON, until, by="model")

    assert (totals.calls, totals.failed) == (len(asked(inside)), failed(inside))
    assert totals.cost == sum(r.cost or 0 for r in inside)
    assert totals.refused == sum(map(refused, asked(inside)))
    assert totals.unpriced == sum(r.cost is None and r.usage.total > 0 for r in inside)
    assert totals.input_tokens == sum(r.usage.input_total for r in inside)
    assert totals.output_tokens == sum(r.usage.output_total for r in inside)
    assert totals.latency_p50_ms == nearest_rank(latency(inside), 50)
    assert totals.latency_p95_ms == nearest_rank(latency(inside), 95)
    assert totals.first_byte_p50_ms == nearest_rank(latency(inside, "first_byte_ms"), 50)

    width = math.ceil(100 / steps)
    groups = defaultdict(list)
    for row in inside:
        groups[(row.at - NOON) // timedelta(microseconds=width), row.model if by_model else ""].append(row)
    assert [(b.start, b.key, b.calls, b.failed, b.cost, b.latency_p50_ms, b.latency_p95_ms) for b in series] == [
        (
            NOON + timedelta(microseconds=step * width),
            key,
            len(asked(group)),
            failed(group),
            sum(r.cost or 0 for r in group),
            nearest_rank(latency(group), 50),
            nearest_rank(latency(group), 95),
        )
        for (step, key), group in sorted(groups.items())
    ]
    assert all(step < steps for step, _ in groups)
    assert sum(s.cost for s in spend) == totals.cost
    assert sum(s.calls for s in spend) == totals.calls


@pytest.mark.parametrize(
    ("index", "where"),
    [("ix_usage_at", "at >= 1 AND at < 2"), ("ix_usage_token_id_at", "token_id = 'x' AND at >= 1 AND at < 2")],
)
def test_a_range_is_read_by_its_index(db, index, where):
    plan = db.execute(f"EXPLAIN QUERY PLAN SELECT sum(cost) FROM usage WHERE {where}").fetchall()

    assert index in plan[0][-1]
