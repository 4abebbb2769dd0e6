import json
import sqlite3

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from msgspec.structs import replace

from tollbridge.errors import BudgetExceeded, InternalError
from tollbridge.metering.ledger import BudgetLine, charge_of
from tollbridge.stores import ledger
from tollbridge.stores.rows import micros, seconds_to_micros, usage_values
from tollbridge.testing.samples import BRIDGE, NOON, OWN, ROW, reservation

NOW = micros(NOON)


def budgets(db):
    return {name: (spent, reserved) for name, spent, reserved in db.execute("SELECT id, spent, reserved FROM budget")}


def settle(db, row):
    ledger.settle(db, ledger.Settlement(row.call_id, usage_values(row), charge_of(row)))


def test_refused_call_leaves_no_trace_of_itself(db):
    with pytest.raises(BudgetExceeded) as refusal:
        ledger.reserve(db, reservation("req_1", 600, BRIDGE, OWN))

    assert budgets(db) == {}
    assert db.execute("SELECT count(*) FROM reservation").fetchone() == (0,)
    assert "token:tok_1:2026-01: limit 500, spent 0, reserved 0, asked 600" in (refusal.value.detail or "")
    assert str(refusal.value) == f"{OWN.label} cannot hold this call, which may cost up to $0.0000006"


def test_refused_call_leaves_other_holds_as_they_were(db):
    ledger.reserve(db, reservation("req_1", 300, BRIDGE, OWN))

    with pytest.raises(BudgetExceeded):
        ledger.reserve(db, reservation("req_2", 300, BRIDGE, OWN))
    assert budgets(db) == {BRIDGE.id: (0, 300), OWN.id: (0, 300)}


def test_caller_is_not_told_how_a_shared_budget_stands(db):
    ledger.reserve(db, reservation("req_1", 777, BRIDGE))

    with pytest.raises(BudgetExceeded) as refusal:
        ledger.reserve(db, reservation("req_2", 300, BRIDGE))
    assert "777" not in str(refusal.value)
    assert "reserved 777" in (refusal.value.detail or "")


def test_what_is_reserved_can_be_summed_from_the_rows(db):
    ledger.reserve(db, reservation("req_1", 300, BRIDGE, OWN))
    ledger.reserve(db, reservation("req_2", 50, BRIDGE))

    summed = db.execute("SELECT value, sum(amount) FROM reservation, json_each(budgets) GROUP BY value").fetchall()

    assert dict(summed) == {BRIDGE.id: 350, OWN.id: 300}
    assert json.loads(db.execute("SELECT budgets FROM reservation").fetchone()[0]) == [BRIDGE.id, OWN.id]


def test_call_reserved_twice_is_a_fault_that_changes_nothing(db):
    ledger.reserve(db, reservation("req_1", 300, OWN))

    with pytest.raises(InternalError):
        ledger.reserve(db, reservation("req_1", 10, OWN))
    assert budgets(db) == {OWN.id: (0, 300)}


def test_reservation_made_after_the_settlement_is_left_to_the_sweep(db):
    settle(db, ROW)
    ledger.reserve(db, reservation("req_1", 300, OWN))

    settle(db, ROW)
    assert budgets(db) == {OWN.id: (0, 300)}
    assert ledger.sweep(db, seconds_to_micros(NOON.timestamp() + 60), 1) == 1

    assert budgets(db) == {OWN.id: (300, 0)}
    assert db.execute("SELECT cost FROM usage").fetchall() == [(100,)]


def test_release_gives_back_and_charges_nothing(db):
    ledger.reserve(db, reservation("req_1", 300, OWN))

    ledger.release(db, "req_1")
    ledger.release(db, "req_1")

    assert budgets(db) == {OWN.id: (0, 0)}


def test_sweep_takes_the_oldest_first_and_no_more_than_it_may(db):
    for number in range(5):
        ledger.reserve(db, reservation(f"req_{number}", 10, OWN, ttl_s=number))

    assert ledger.sweep(db, seconds_to_micros(NOON.timestamp() + 3), 3) == 3
    assert [name for (name,) in db.execute("SELECT call_id FROM reservation ORDER BY 1")] == ["req_3", "req_4"]
    assert ledger.any_expired(db, seconds_to_micros(NOON.timestamp() + 3))
    assert not ledger.any_expired(db, seconds_to_micros(NOON.timestamp() + 2))
    assert budgets(db) == {OWN.id: (30, 20)}


def test_usage_rows_are_never_changed(db):
    settle(db, ROW)

    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        db.execute("UPDATE usage SET cost = 0")
    assert db.execute("SELECT cost FROM usage").fetchone() == (100,)


class Ledger(RuleBasedStateMachine):
    """Any order of operations against a model: a dict of open calls and a dict of what was spent."""

    calls = Bundle("calls")
    settled = Bundle("settled")
    source: sqlite3.Connection

    def __init__(self):
        super().__init__()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.source.backup(self.db)
        self.lines = [BudgetLine("bridge", 1_000, "b"), BudgetLine("team", 700, "t"), BudgetLine("token", 500, "o")]
        self.open = {}
        self.spent = dict.fromkeys(("bridge", "team", "token"), 0)
        self.excess = dict.fromkeys(self.spent, 0)
        self.made = 0
        self.now = 0

    def teardown(self):
        self.db.close()

    def held(self, budget):
        return sum(amount for amount, names, _ in self.open.values() if budget in names)

    @rule(target=calls, amount=st.integers(0, 400), which=st.sets(st.integers(0, 2)), ttl=st.integers(0, 5))
    def reserve(self, amount, which, ttl):
        self.made += 1
        call_id = f"req_{self.made}"
        lines = [self.lines[n] for n in sorted(which)]
        fits = all(self.spent[b.id] + self.held(b.id) + amount <= b.limit for b in lines)
        try:
            ledger.reserve(self.db, reservation(call_id, amount, *lines, ttl_s=self.now + ttl))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.open[call_id] = (amount, {b.id for b in lines}, self.now + ttl)
        return call_id

    def close(self, call_id, charge):
        amount, names, _ = self.open.pop(call_id, (0, (), 0))
        for name in names:
            self.spent[name] += charge
            self.excess[name] += max(0, charge - amount)

    @rule(target=settled, call_id=consumes(calls), cost=st.none() | st.integers(0, 450))
    def settle(self, call_id, cost):
        row = replace(ROW, call_id=call_id, cost=cost)
        settle(self.db, row)
        if call_id not in self.swept():
            self.close(call_id, cost or 0)
        return call_id

    @rule(call_id=settled, cost=st.integers(0, 450))
    def settle_again(self, call_id, cost):
        settle(self.db, replace(ROW, call_id=call_id, cost=cost))

    @rule(call_id=calls)
    def release(self, call_id):
        ledger.release(self.db, call_id)
        self.open.pop(call_id, None)

    @rule(seconds=st.integers(0, 3), most=st.integers(1, 3))
    def sweep(self, seconds, most):
        self.now += seconds
        found = ledger.sweep(self.db, NOW + self.now * 1_000_000, most)
        gone = set(self.open) - {call_id for (call_id,) in self.db.execute("SELECT call_id FROM reservation")}
        assert len(gone) == found
        for call_id in gone:
            amount, _, expires = self.open[call_id]
            assert expires <= self.now
            self.close(call_id, amount)

    def swept(self):
        return {name for (name,) in self.db.execute("SELECT call_id FROM usage WHERE error = ?", (ledger.SWEPT,))}

    @invariant()
    def books_balance(self):
        for name, (spent, reserved) in budgets(self.db).items():
            limit = next(b.limit for b in self.lines if b.id == name)
            assert spent == self.spent[name]
            assert reserved == self.held(name)
            assert spent + reserved <= limit + self.excess[name]


Ledger.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


class TestLedger(Ledger.TestCase):
    @pytest.fixture(autouse=True)
    def _schema(self, db):
        Ledger.source = db
