"""No budget is ever overspent: 500 calls at once on three levels, every settlement sent twice, each write watched."""

import asyncio
import random

import pytest
from msgspec.structs import replace

from tollbridge.errors import BudgetExceeded
from tollbridge.metering.ledger import BudgetLine
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.samples import ROW, reservation

CALLS = 500
LIMITS = {"bridge": 200_000, "team": 150_000, "token": 60_000}


WATCH = """
    CREATE TABLE peak (level TEXT PRIMARY KEY, held INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TRIGGER begun AFTER INSERT ON budget BEGIN
        INSERT INTO peak VALUES (substr(new.id, 1, instr(new.id, ':') - 1), new.spent + new.reserved)
        ON CONFLICT (level) DO UPDATE SET held = max(held, excluded.held);
    END;
    CREATE TRIGGER moved AFTER UPDATE ON budget BEGIN
        INSERT INTO peak VALUES (substr(new.id, 1, instr(new.id, ':') - 1), new.spent + new.reserved)
        ON CONFLICT (level) DO UPDATE SET held = max(held, excluded.held);
    END;
"""
"""Has the database itself keep the most that was ever held of a budget, at each write: nothing is missed."""


def lines(chance):
    team, token = chance.randrange(2), chance.randrange(6)
    return [
        BudgetLine("bridge:total", LIMITS["bridge"], "the bridge's budget"),
        BudgetLine(f"team:{team}", LIMITS["team"], "the team's budget"),
        BudgetLine(f"token:{token}", LIMITS["token"], "the token's budget"),
    ]


async def cross(store, number, chance, *, beyond):
    """One call; gives what it cost and by how much that was above its reservation, None if it was refused."""
    amount = chance.randint(500, 3_000)
    drawn_on = lines(chance)
    actual = chance.randint(0, amount) + (chance.randint(0, 500) if beyond else 0)
    call_id = f"req_{number}"
    try:
        await store.reserve(reservation(call_id, amount, *drawn_on))
    except BudgetExceeded:
        return None
    for _ in range(chance.randrange(20)):
        await asyncio.sleep(0)
    row = replace(ROW, call_id=call_id, cost=actual)
    await asyncio.gather(store.settle(row), store.settle(row))
    return [line.id for line in drawn_on], actual, max(0, actual - amount)


@pytest.mark.parametrize("beyond", [False, True], ids=["within-reservation", "beyond-reservation"])
@pytest.mark.parametrize("durability", ["normal", "full"])
async def test_concurrent_calls_never_overspend(path, clock, db, beyond, durability):
    store = SqliteStore(path, clock, durability=durability)
    await store.open()
    db.executescript(WATCH)
    chance = random.Random(47)

    calls = await asyncio.gather(*(cross(store, n, chance, beyond=beyond) for n in range(CALLS)))
    await store.close()

    crossed = [call for call in calls if call is not None]
    spent, excess = {}, {}
    for names, actual, above in crossed:
        for name in names:
            spent[name] = spent.get(name, 0) + actual
            excess[name] = excess.get(name, 0) + above
    assert {name: (s, r) for name, s, r in db.execute("SELECT id, spent, reserved FROM budget") if s + r} == {
        name: (total, 0) for name, total in spent.items()
    }
    assert db.execute("SELECT count(*), sum(cost) FROM usage").fetchone() == (len(crossed), spent["bridge:total"])
    assert 0 < len(crossed) < CALLS  # the budgets were tight enough to refuse some
    peaks = dict(db.execute("SELECT level, held FROM peak").fetchall())
    assert peaks.keys() == LIMITS.keys()
    for level, limit in LIMITS.items():
        allowed = max(above for name, above in excess.items() if name.startswith(level)) if beyond else 0
        assert peaks[level] <= limit + allowed
    assert peaks["bridge"] > LIMITS["bridge"] * 0.9  # and some came close


async def test_overspend_is_exactly_what_was_used_beyond_the_reservation(path, clock, db):
    store = SqliteStore(path, clock)
    await store.open()
    line = BudgetLine("token:1", 10_000, "this token's budget")
    for number in range(10):
        await store.reserve(reservation(f"req_{number}", 1_000, line))

    for number in range(10):
        await store.settle(replace(ROW, call_id=f"req_{number}", cost=1_000 + number))

    # 0 + 1 + ... + 9 = 45 beyond the limit
    assert db.execute("SELECT spent + reserved - 10000 FROM budget").fetchone() == (45,)
    with pytest.raises(BudgetExceeded):
        await store.reserve(reservation("req_10", 0, line))
    await store.close()
