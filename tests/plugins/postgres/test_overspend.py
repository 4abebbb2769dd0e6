"""No budget is ever overspent: 400 calls at once on three levels in two stores, every settlement sent twice."""

import asyncio
import random

import pytest
from msgspec.structs import replace
from tests.support.requires import requires

from tollbridge.errors import BudgetExceeded
from tollbridge.metering.ledger import BudgetLine
from tollbridge.testing.samples import ROW, reservation
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")

CALLS = 400
LIMITS = {"bridge": 160_000, "team": 120_000, "token": 48_000}


def lines(chance):
    team, token = chance.randrange(2), chance.randrange(6)
    drawn_on = [
        BudgetLine("bridge:total", LIMITS["bridge"], "the bridge's budget"),
        BudgetLine(f"team:{team}", LIMITS["team"], "the team's budget"),
        BudgetLine(f"token:{token}", LIMITS["token"], "the token's budget"),
    ]
    return chance.sample(drawn_on, 3)


async def cross(store, number, chance, *, beyond):
    """One call; gives what it cost and by how much that was above its reservation, None if it was refused."""
    amount = chance.randint(500, 3_000)
    drawn_on = lines(chance)
    actual = chance.randint(0, amount) + (chance.randint(0, 500) if beyond else 0)
    row = replace(ROW, call_id=f"req_{number}", cost=actual)
    try:
        await store.reserve(reservation(row.call_id, amount, *drawn_on))
    except BudgetExceeded:
        return None
    for _ in range(chance.randrange(20)):
        await asyncio.sleep(0)
    await asyncio.gather(store.settle(row), store.settle(row))
    return [line.id for line in drawn_on], actual, max(0, actual - amount)


async def watch(db, peaks, over):
    while True:
        last = over.is_set()
        for row in await db.fetch("SELECT id, spent + reserved AS held FROM budget"):
            level = row["id"].partition(":")[0]
            peaks[level] = max(peaks.get(level, 0), row["held"])
        if last:
            return


@pytest.mark.parametrize("beyond", [False, True], ids=["within-reservation", "beyond-reservation"])
async def test_concurrent_calls_never_overspend(store, address, clock, db, beyond):
    other = PostgresStore(address, clock)
    await other.open()
    chance = random.Random(47)
    peaks = {}
    over = asyncio.Event()
    watching = asyncio.create_task(watch(db, peaks, over))

    stores = (store, other)
    calls = await asyncio.gather(*(cross(stores[n % 2], n, chance, beyond=beyond) for n in range(CALLS)))
    over.set()
    await watching

    crossed = [call for call in calls if call is not None]
    spent, excess = {}, {}
    for names, actual, above in crossed:
        for name in names:
            spent[name] = spent.get(name, 0) + actual
            excess[name] = excess.get(name, 0) + above
    found = {row["id"]: (row["spent"], row["reserved"]) for row in await db.fetch("SELECT * FROM budget")}
    rows = await db.fetchrow("SELECT count(*), sum(cost)::bigint FROM usage")
    assert {name: standing for name, standing in found.items() if any(standing)} == {
        name: (total, 0) for name, total in spent.items() if total
    }
    assert tuple(rows.values()) == (len(crossed), spent["bridge:total"])
    assert 0 < len(crossed) < CALLS  # the budgets were tight enough to refuse some
    for level, limit in LIMITS.items():
        allowed = max(above for name, above in excess.items() if name.startswith(level)) if beyond else 0
        assert peaks[level] <= limit + allowed
    await other.close()
