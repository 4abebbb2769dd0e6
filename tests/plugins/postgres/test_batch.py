"""The ledger's batches on PostgreSQL."""

import asyncio
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.support.requires import requires

from tollbridge import BudgetExceeded, Unavailable
from tollbridge.errors import InternalError
from tollbridge.metering.ledger import BudgetLine, calls_of
from tollbridge.stores import ledger
from tollbridge.stores.batch import run
from tollbridge.stores.files import connect
from tollbridge.stores.rows import USAGE_COLUMNS, seconds_to_micros, usage_values
from tollbridge.stores.schema import prepare
from tollbridge.stores.works import Reserve as SqliteReserve
from tollbridge.stores.works import Settle as SqliteSettle
from tollbridge.testing.samples import OWN, ROW, reservation
from tollbridge_postgres.batch import Ledger
from tollbridge_postgres.failures import Contended, Uncertain
from tollbridge_postgres.works import Nothing, Release, Reserve, settle

pytestmark = requires("postgres")

CALLS = tuple(f"req_{n}" for n in range(6))
TABLES = ("budget", "reservation", "usage")


def hold(call_id, amount, *lines):
    held = reservation(call_id, amount, *lines)
    return Reserve(held, seconds_to_micros(held.expires_at))


def settled(call_id, cost, **more):
    return settle(replace(ROW, call_id=call_id, cost=cost, **more))


def lines(budgets):
    return [BudgetLine(id, limit, id) for id, limit in budgets]


@pytest.fixture
async def batch(pool):
    batch = Ledger(pool)
    yield batch
    await batch.close()


async def standing(db):
    return {row["id"]: (row["spent"], row["reserved"]) for row in await db.fetch("SELECT * FROM budget")}


budgets = st.lists(st.tuples(st.sampled_from(("a", "b", "c", "calls:a")), st.integers(0, 60)), max_size=3)
reserves = st.tuples(st.just("reserve"), st.sampled_from(CALLS), st.integers(0, 30), budgets)
endings = st.sampled_from(("complete", "refused"))
settles = st.tuples(st.just("settle"), st.sampled_from(CALLS), st.integers(0, 40), endings)
batches = st.lists(
    st.lists(st.one_of(reserves, settles), max_size=6, unique_by=lambda work: work[:2]), min_size=1, max_size=4
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("same") / "empty.db"
    prepare(path, migrate=True)
    return connect(path)


def told(outcome):
    return None if outcome is None else (type(outcome), outcome.message, outcome.detail)


@given(batches)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_same_works_come_to_the_same_as_on_sqlite(batch, db, empty, given_batches):
    await db.execute(f"TRUNCATE {', '.join(TABLES)}")
    batch._known.clear()
    other = sqlite3.connect(":memory:", isolation_level=None)
    empty.backup(other)
    seen = set()
    for works in given_batches:
        ours, theirs = [], []
        ordered = sorted(works, key=lambda work: work[0] == "reserve")  # settlements first
        for what, call_id, amount, said in ordered:
            if what == "settle":
                seen.add(call_id)
                ours.append(settled(call_id, amount, outcome=said))
                row = replace(ROW, call_id=call_id, cost=amount, outcome=said)
                theirs.append(SqliteSettle(ledger.Settlement(call_id, usage_values(row), amount, None, calls_of(row))))
            elif call_id not in seen:  # an id is a call's own
                seen.add(call_id)
                ours.append(hold(call_id, amount, *lines(said)))
                theirs.append(SqliteReserve(reservation(call_id, amount, *lines(said))))

        outcomes = await batch._run(ours)

        assert [told(outcome) for outcome in outcomes] == [told(outcome) for outcome in run(other, theirs)]
    columns = {"budget": "id, spent, reserved", "reservation": "*", "usage": ", ".join(USAGE_COLUMNS)}
    for table, names in columns.items():
        rows = [tuple(row.values()) for row in await db.fetch(f"SELECT {names} FROM {table} ORDER BY 1")]
        if table == "budget":
            rows = [row for row in rows if row[1:] != (0, 0)]  # a refusal leaves the row it looked at
        expected = other.execute(f"SELECT {names} FROM {table} ORDER BY 1").fetchall()
        if table == "budget":
            expected = [row for row in expected if row[1:] != (0, 0)]
        assert rows == expected
    other.close()


async def test_works_of_one_tick_are_one_transaction(batch, db):
    before = await db.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    seen = []
    transact = batch._pool.transact

    async def counted(do, *more):
        seen.append(do)
        return await transact(do, *more)

    batch._pool.transact = counted
    await asyncio.gather(*(batch.submit(hold(f"req_{n}", 10, OWN)) for n in range(40)))

    assert before is not None
    assert len(seen) == 1
    assert await standing(db) == {OWN.id: (0, 400)}


@pytest.mark.parametrize(
    "faulty",
    [
        hold("req_bad", 2**70, replace(OWN, limit=2**80)),
        hold("req_bad", -30, OWN),
        settled("req_bad", 1, bytes_in=2**70),
        settled("req_bad", 1, status=2**40),
        settled("req_bad", 1, token_id="\ud800"),
        settled("req_bad", 1, token_id=object()),
        hold("req_1", 10, OWN),
    ],
    ids=["too-big", "negative", "row-too-big", "status-too-big", "no-text", "no-value", "reserved-twice"],
)
async def test_value_that_no_column_takes_hurts_its_own_work_alone(batch, db, faulty):
    good = [hold("req_1", 10, OWN), settled("req_0", 5), hold("req_2", 20, OWN), hold("req_3", 471, OWN)]

    outcomes = await batch._run([*good[:2], faulty, *good[2:]])

    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        type(None),
        InternalError,
        type(None),
        BudgetExceeded,
    ]
    assert await standing(db) == {OWN.id: (0, 30)}
    assert [row["call_id"] for row in await db.fetch("SELECT call_id FROM usage")] == ["req_0"]


async def test_nul_in_a_callers_text_is_replaced_and_the_call_is_charged(batch, db):
    await batch.submit(hold("req_1", 10, OWN))

    await batch.submit(settled("req_1", 7, model="gpt\0-4", error="\0"))

    assert await standing(db) == {OWN.id: (7, 0)}
    assert await db.fetchval("SELECT model FROM usage") == "gpt?-4"


async def test_fault_is_logged_by_its_kind_and_never_by_its_value(batch):
    with capture_logs() as logged:
        batch.post(settled("req_1", 1, bytes_in=2**70, model="a-secret-name"))
        await batch.flush()

    assert [entry["event"] for entry in logged] == ["ledger_operation_failed"]
    assert logged[0]["reason"] == "store: NumericValueOutOfRangeError 22003"


async def test_what_is_given_back_in_the_tick_it_was_held_in_is_never_held(batch, db):
    held = batch.submit(hold("req_1", 400, OWN))
    batch.post(Release("req_1"))
    await held

    assert await standing(db) in ({OWN.id: (0, 0)}, {})
    assert await db.fetchval("SELECT count(*) FROM reservation") == 0


async def test_reservation_made_after_the_settlement_is_left_to_the_sweep(batch, db):
    await batch.submit(settled("req_1", 5))
    await batch.submit(hold("req_1", 300, OWN))

    await batch.submit(settled("req_1", 5))

    assert await standing(db) == {OWN.id: (0, 300)}
    assert await db.fetchval("SELECT count(*) FROM reservation") == 1


async def test_release_gives_back_and_charges_nothing(batch, db):
    await batch.submit(hold("req_1", 400, OWN))

    await batch._run([Release("req_1"), Release("req_2")])
    await batch._run([Release("req_1")])

    assert await standing(db) == {OWN.id: (0, 0)}


async def test_budget_whose_row_was_removed_by_hand_is_made_again(batch, db):
    await batch.submit(hold("req_1", 400, OWN))
    await db.execute("TRUNCATE budget")

    await batch.submit(hold("req_2", 450, OWN))

    assert await standing(db) == {OWN.id: (0, 450)}


async def test_only_so_many_budgets_are_remembered(batch, monkeypatch):
    monkeypatch.setattr("tollbridge_postgres.batch._MOST_KNOWN", 2)
    for number in range(6):
        await batch.submit(hold(f"req_{number}", 1, BudgetLine(f"b{number}", 10, "b")))

    assert len(batch._known) <= 3


class Failing:
    """A pool whose transactions fail as they are told to."""

    def __init__(self, pool, failures):
        self._pool = pool
        self._failures = list(failures)

    def lend(self, *more):
        return self._pool.lend(*more)

    async def transact(self, do, *more):
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure
        return await self._pool.transact(do, *more)


async def test_batch_that_others_stood_in_the_way_of_is_done_again(pool, db):
    batch = Ledger(Failing(pool, [Contended("busy"), Contended("busy")]))

    await batch.submit(hold("req_1", 10, OWN))

    assert await standing(db) == {OWN.id: (0, 10)}
    await batch.close()


async def test_batch_that_others_always_stand_in_the_way_of_is_given_up(pool):
    batch = Ledger(Failing(pool, [Contended("busy")] * 4))

    with pytest.raises(Unavailable):
        await batch.submit(hold("req_1", 10, OWN))
    await batch.close()


async def test_failure_after_a_first_half_was_done_is_an_uncertainty(pool, db):
    batch = Ledger(Failing(pool, [None, None, Unavailable("away")]))
    works = [hold("req_1", 10, OWN), hold("req_bad", -30, OWN)]

    with pytest.raises(Uncertain):
        await batch._run(works)

    assert await standing(db) == {OWN.id: (0, 10)}
    await batch.close()


async def test_batch_of_an_event_loop_that_ends_is_told_as_a_failure(batch):
    task = batch._begin([hold("req_1", 10, OWN)])
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(Unavailable):
        await task


async def test_nothing_asks_the_database_nothing(pool):
    batch = Ledger(Failing(pool, [Unavailable("away")]))

    await batch.submit(Nothing())
    await batch.close()


async def test_budgets_are_locked_in_one_order_whatever_order_they_stand_in(batch, db):
    await db.execute("INSERT INTO budget VALUES ('b', 0, 0), ('a', 0, 0)")
    async with db.transaction():
        await db.execute("SELECT FROM budget WHERE id = 'a' FOR UPDATE")
        held = batch.submit(hold("req_1", 10, BudgetLine("b", 50, "b"), BudgetLine("a", 50, "a")))
        await waits_for_a_lock(db)

        await db.execute("SELECT FROM budget WHERE id = 'b' FOR UPDATE NOWAIT")

    await held


async def waits_for_a_lock(db):
    """Wait until another connection waits for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while not await db.fetchval(waiting):
            await asyncio.sleep(0.005)
