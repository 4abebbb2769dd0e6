"""Group commit over a database that answers later.  What holds on SQLite is in `test_batch.py`."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tollbridge.errors import BudgetExceeded, Unavailable
from tollbridge.stores.ticks import Ticks


class Away(Unavailable):
    """The database is away, as its store calls it."""


class Database:
    """Does what it is asked to when it is told to."""

    def __init__(self):
        self.asked = []
        self.answers = []

    def do(self, works):
        answer = asyncio.get_running_loop().create_future()
        self.asked.append(works)
        self.answers.append(answer)
        return answer

    async def came(self, count):
        async with asyncio.timeout(10):
            while len(self.asked) < count:
                await asyncio.sleep(0)


@pytest.fixture
async def database():
    return Database()


async def test_what_comes_while_a_transaction_runs_is_the_next_one(database):
    ticks = Ticks(database.do, "")
    first = ticks.submit("a")
    await database.came(1)

    second = [ticks.submit("b"), ticks.submit("c")]
    ticks.post("d")
    for _ in range(20):
        await asyncio.sleep(0)
    assert database.asked == [["a"]]
    database.answers[0].set_result([None])
    await first
    await database.came(2)
    database.answers[1].set_result([None, BudgetExceeded("too small"), None])

    assert await second[0] is None
    with pytest.raises(BudgetExceeded):
        await second[1]
    assert database.asked == [["a"], ["b", "c", "d"]]
    await ticks.close()


async def test_failure_that_comes_later_is_told_as_what_it_is_and_what_was_posted_is_done_once(database):
    ticks = Ticks(database.do, "")
    ticks.post("kept")
    waiting = ticks.submit("a")
    await database.came(1)
    with capture_logs() as logged:
        database.answers[0].set_exception(Away("not now", detail="store: away"))
        with pytest.raises(Away, match="not now") as refusal:
            await waiting
    assert refusal.value.detail == logged[0]["reason"] == "store: away"

    after = ticks.submit("b")
    await database.came(2)
    database.answers[1].set_result([None, None])
    await after

    assert database.asked == [["kept", "a"], ["kept", "b"]]
    await ticks.close()
