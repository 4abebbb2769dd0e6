"""Sums take over the rows that they have not yet, each once."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.middleware.stores.test_reports import fill
from tests.middleware.stores.test_sqlusage import rows

from tollbridge.stores import ledger
from tollbridge.stores.counting import FACTS_SQL, PENDING
from tollbridge.stores.files import connect
from tollbridge.stores.histograms import pack
from tollbridge.stores.rollingup import take_over
from tollbridge.stores.rollups import BY_MODEL, BY_TOKEN, LATENCY, LATENCY_KEY, TABLES, roll_up
from tollbridge.stores.rows import micros, seconds_to_micros, usage_values
from tollbridge.testing.samples import NOON, OWN, ROW, reservation


def settle(db, *found):
    ledger.settle_all(db, [ledger.Settlement(row.call_id, usage_values(row), 0) for row in found])


def kept(db):
    """Give the rows of all sums, by table."""
    found = {one.table: db.execute(f"SELECT * FROM {one.table} ORDER BY {', '.join(one.key)}") for one in TABLES}
    names = ", ".join(LATENCY_KEY)
    found[LATENCY] = db.execute(f"SELECT {names}, lasted, began FROM {LATENCY} ORDER BY {names}")
    return {table: rows.fetchall() for table, rows in found.items()}


def expected(db):
    """Give what all rows together add."""
    rolled = roll_up(db.execute(f"SELECT {FACTS_SQL} FROM usage"))
    times = [(*key, pack(lasted), pack(began)) for key, (lasted, began) in rolled.times.items()]
    return {**rolled.sums, LATENCY: times}


@given(rows, st.integers(1, 9))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sums_come_to_the_same_however_few_rows_they_take_at_once(db, found, most):
    fill(db, found, taken=0)

    taken = 0
    while now := take_over(db, most):
        taken += now

    assert taken == len(found)
    assert db.execute(f"SELECT count(*) FROM {PENDING}").fetchone() == (0,)
    assert kept(db) == expected(db)


def test_call_that_is_settled_twice_is_in_the_sums_once(db):
    once = ledger.Settlement(ROW.call_id, usage_values(ROW), 0)
    ledger.settle(db, once)
    take_over(db, 9)

    ledger.settle(db, once)

    assert take_over(db, 9) == 0
    assert {row[3] for row in db.execute("SELECT span, start, model, made FROM usage_by_model")} == {1}


def test_transaction_that_is_undone_leaves_nothing_to_take_over(db):
    db.execute("BEGIN IMMEDIATE")
    settle(db, ROW)
    db.execute("ROLLBACK")

    assert take_over(db, 9) == 0


def test_swept_reservation_is_in_the_sums_at_its_expiry(db):
    ledger.reserve(db, reservation("req_1", 300, OWN))
    ledger.sweep(db, seconds_to_micros(NOON.timestamp() + 60), 1)

    take_over(db, 9)

    assert db.execute(
        "SELECT span, start, token_id, calls, failed, cost FROM usage_by_token ORDER BY span"
    ).fetchall() == [
        (86_400, micros(NOON.replace(hour=0)), "tok_1", 1, 1, 300),
        (2_592_000, micros(NOON.replace(day=1, hour=0)), "tok_1", 1, 1, 300),
    ]


@pytest.mark.parametrize("calls", [1, 200])
def test_calls_with_one_key_cost_one_row_of_each_span(db, calls):
    settle(db, *(replace(ROW, call_id=f"req_{number}") for number in range(calls)))
    said = []
    db.set_trace_callback(said.append)

    take_over(db, 200)

    db.set_trace_callback(None)
    for table in (BY_MODEL, BY_TOKEN):
        assert sum(f"INSERT INTO {table.table}" in one for one in said) == len(table.spans)


def test_other_processes_see_a_row_in_the_sums_or_among_those_that_wait(db, path):
    settle(db, ROW)
    other = sqlite3.connect(path)
    other.execute("BEGIN")
    before = other.execute(f"SELECT count(*) FROM {PENDING}").fetchone()

    take_over(db, 9)

    assert before == other.execute(f"SELECT count(*) FROM {PENDING}").fetchone() == (1,)
    assert other.execute("SELECT count(*) FROM usage_by_model").fetchone() == (0,)
    other.close()


def test_rows_that_another_process_takes_in_between_are_left_to_it(db, path):
    settle(db, ROW)
    other = connect(path)

    def meanwhile(statement):
        if statement == "BEGIN IMMEDIATE":
            db.set_trace_callback(None)
            assert take_over(other, 9) == 1

    db.set_trace_callback(meanwhile)

    assert take_over(db, 9) == 0

    assert kept(db) == expected(db)
    other.close()
