"""Doing many at once is doing them one by one."""

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.errors import BudgetExceeded, InternalError
from tollbridge.metering.ledger import BudgetLine
from tollbridge.stores.batch import run
from tollbridge.stores.files import connect
from tollbridge.stores.ledger import Settlement
from tollbridge.stores.rows import usage_values
from tollbridge.stores.schema import prepare
from tollbridge.stores.works import Reserve, Settle
from tollbridge.testing.samples import ROW, reservation

CALLS = tuple(f"req_{n}" for n in range(6))


def settle(call_id, charge, held=None, calls=1):
    row = replace(ROW, call_id=call_id, cost=charge)
    return Settle(Settlement(call_id, usage_values(row), charge, held, calls))


def hold(call_id, amount, budgets):
    return Reserve(reservation(call_id, amount, *(BudgetLine(id, limit, id) for id, limit in budgets)))


budgets = st.lists(st.tuples(st.sampled_from(("a", "b", "c", "calls:a")), st.integers(0, 60)), max_size=3)
reserves = st.builds(hold, st.sampled_from(CALLS), st.integers(0, 30), budgets)
settles = st.builds(settle, st.sampled_from(CALLS), st.integers(0, 40), calls=st.integers(0, 1))
batches = st.lists(
    st.lists(st.one_of(reserves, settles), max_size=6, unique_by=lambda work: (type(work), id_of(work))), max_size=4
)


def id_of(work):
    return work.settlement.call_id if isinstance(work, Settle) else work.reservation.call_id


def tables(db):
    return [db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in ("budget", "reservation", "usage")]


def knowing(work, held):
    """Have a settlement say what its call holds, or held once."""
    if isinstance(work, Settle) and id_of(work) in held:
        return Settle(replace(work.settlement, held=held[id_of(work)]))
    return work


def told(outcome):
    return None if outcome is None else (type(outcome), outcome.message, outcome.detail)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("together") / "empty.db"
    prepare(path, migrate=True)
    return connect(path)


def copy(db):
    fresh = sqlite3.connect(":memory:", isolation_level=None)
    db.backup(fresh)
    return fresh


@given(batches)
def test_together_is_one_by_one_with_settlements_first(empty, given_batches):
    together, alone, seen, held = copy(empty), copy(empty), set(), {}
    for batch in given_batches:
        # An id is a call's own: nothing is reserved for one that was seen before.
        works = [work for work in batch if isinstance(work, Settle)]
        seen |= {id_of(work) for work in works}
        works += [work for work in batch if isinstance(work, Reserve) and id_of(work) not in seen]
        seen |= {id_of(work) for work in works}

        outcomes = run(together, [knowing(work, held) for work in works])

        assert [told(outcome) for outcome in outcomes] == [told(run(alone, [work])[0]) for work in works]
        for work, outcome in zip(works, outcomes, strict=True):
            if isinstance(work, Reserve) and outcome is None:
                held[id_of(work)] = work.reservation  # also once it is settled: a second settlement says so too
        assert tables(together) == tables(alone)
    together.close()
    alone.close()


def test_refusal_in_a_batch_concerns_its_own_call_alone(empty):
    db = copy(empty)
    line = [("a", 50)]

    outcomes = run(db, [hold("req_1", 30, line), hold("req_2", 30, line), hold("req_3", 20, line)])

    assert [type(outcome) for outcome in outcomes] == [type(None), BudgetExceeded, type(None)]
    assert db.execute("SELECT spent, reserved FROM budget").fetchall() == [(0, 50)]
    db.close()


def test_call_whose_reservation_was_swept_meanwhile_is_not_charged_twice(empty):
    db = copy(empty)
    first, second, third = (hold(call_id, 30, [("a", 100)]) for call_id in ("req_1", "req_2", "req_3"))
    run(db, [first, second, third])
    db.execute("DELETE FROM reservation WHERE call_id = 'req_1'")
    db.execute("UPDATE budget SET reserved = 60, spent = 30")

    outcomes = run(db, [settle("req_1", 5, first.reservation), settle("req_2", 7, second.reservation)])

    assert outcomes == [None, None]
    assert db.execute("SELECT spent, reserved FROM budget").fetchall() == [(37, 30)]
    db.close()


def test_call_that_is_settled_twice_among_others_is_charged_nothing_the_second_time(empty):
    db = copy(empty)
    late = hold("req_1", 30, [("a", 100)])
    run(db, [settle("req_1", 5)])
    run(db, [late])  # left to the sweep

    outcomes = run(db, [settle("req_1", 5, late.reservation), settle("req_2", 7)])

    assert outcomes == [None, None]
    assert db.execute("SELECT spent, reserved FROM budget").fetchall() == [(0, 30)]
    assert [row[0] for row in db.execute("SELECT call_id FROM usage ORDER BY 1")] == ["req_1", "req_2"]
    db.close()


@pytest.mark.parametrize("wrong", [2**70, object()])
def test_value_that_no_column_takes_leaves_the_others_of_its_batch_done(empty, wrong):
    db = copy(empty)
    right = settle("req_1", 5).settlement
    faulty = Settle(replace(right, values=(*right.values[:-1], wrong)))

    outcomes = run(db, [settle("req_0", 5), faulty, hold("req_2", 30, [("a", 50)])])

    assert [type(outcome) for outcome in outcomes] == [type(None), InternalError, type(None)]
    assert [row[0] for row in db.execute("SELECT call_id FROM usage")] == ["req_0"]
    assert db.execute("SELECT spent, reserved FROM budget").fetchall() == [(0, 30)]
    db.close()


def test_store_that_fails_fails_the_whole_batch(empty):
    db = copy(empty)
    db.execute("DROP TABLE usage")

    with pytest.raises(sqlite3.OperationalError):
        run(db, [settle("req_0", 5), settle("req_1", 5)])

    assert not db.in_transaction
    db.close()
