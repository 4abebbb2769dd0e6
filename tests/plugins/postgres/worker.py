"""One worker process of `test_processes.py`; not a test."""

import asyncio
import random
import sys
import time

from msgspec.structs import replace

from tollbridge.errors import BudgetExceeded
from tollbridge.metering.ledger import BudgetLine, Reservation
from tollbridge.testing.samples import ROW
from tollbridge_postgres.address import read_address
from tollbridge_postgres.store import PostgresStore

LINES = (
    BudgetLine("bridge", 3_000_000, "the bridge's budget"),
    BudgetLine("team:1", 2_500_000, "the team's budget"),
    BudgetLine("token:1", 2_000_000, "this token's budget"),
)


def say(*words: object) -> None:
    print(*words, flush=True)


async def look(store: PostgresStore) -> None:
    """For each line of input, a token's number, say whether its secret opens now."""
    say("ready")
    while line := await asyncio.to_thread(sys.stdin.readline):
        found = await store.find_principal(b"%032d" % int(line))
        say("none" if found is None else "found")


async def spend(store: PostgresStore, name: str) -> None:
    """Reserve and settle until killed; every seventh call is never settled.  Says what was settled, after it was.

    Budgets are named in any order, so that two processes would wait for each other if theirs were not the same.
    """
    chance = random.Random(name)

    async def calls(lane: int) -> None:
        for number in range(1_000_000):
            call_id = f"req_{name}_{lane}_{number}"
            amount = chance.randint(100, 1_000)
            lines = tuple(chance.sample(LINES, len(LINES)))
            try:
                await store.reserve(Reservation(call_id, "tok_1", amount, lines, time.time() + 3_600))
            except BudgetExceeded:
                say("refused")
                await asyncio.sleep(0.001)
                continue
            if number % 7:
                cost = chance.randint(0, amount)
                await store.settle(replace(ROW, call_id=call_id, cost=cost))
                say("settled", call_id, cost)

    await asyncio.gather(*(calls(lane) for lane in range(8)))


async def main(url: str, what: str, name: str) -> None:
    store = PostgresStore(read_address(url))
    await store.open()
    await (look(store) if what == "look" else spend(store, name))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
