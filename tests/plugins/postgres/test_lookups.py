"""Look-ups of one tick share a query."""

import asyncio

import pytest

from tollbridge import Unavailable
from tollbridge_postgres.lookups import AT_ONCE, MOST, Lookups


class Table:
    """A table that answers when it is told to; `asked` are the queries that came."""

    def __init__(self):
        self.asked = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure = None

    async def look(self, keys):
        self.asked.append(sorted(keys))
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return {key: key * 10 for key in keys}


@pytest.fixture
async def table():
    return Table()


async def test_questions_of_one_tick_are_one_query(table):
    lookups = Lookups(table.look)

    found = await asyncio.gather(*(lookups.find((n % 3,)) for n in range(9)))

    assert table.asked == [[0, 1, 2]]
    assert [answer[n % 3] for n, answer in enumerate(found)] == [n % 3 * 10 for n in range(9)]


async def test_no_question_joins_a_query_that_has_left(table):
    lookups = Lookups(table.look)
    table.gate.clear()
    first = asyncio.create_task(lookups.find((1,)))
    while not table.asked:
        await asyncio.sleep(0)

    second = asyncio.create_task(lookups.find((1,)))
    while len(table.asked) < 2:
        await asyncio.sleep(0)
    table.gate.set()
    await asyncio.gather(first, second)

    assert table.asked == [[1], [1]]


async def test_what_is_asked_while_all_queries_are_on_their_way_goes_into_the_next(table):
    lookups = Lookups(table.look)
    table.gate.clear()
    waiting = []
    for n in range(AT_ONCE):
        waiting.append(asyncio.create_task(lookups.find((n,))))
        while len(table.asked) <= n:
            await asyncio.sleep(0)

    waiting += [asyncio.create_task(lookups.find((n,))) for n in range(10, 40)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(table.asked) == AT_ONCE
    table.gate.set()
    await asyncio.gather(*waiting)

    assert table.asked[AT_ONCE:] == [list(range(10, 40))]


async def test_no_query_grows_without_bound(table):
    lookups = Lookups(table.look)

    await asyncio.gather(*(lookups.find((n,)) for n in range(2 * MOST + 1)))

    assert [len(keys) for keys in table.asked] == [MOST, MOST, 1]


async def test_who_stops_waiting_stops_nobody_else(table):
    lookups = Lookups(table.look)
    table.gate.clear()
    calls = [asyncio.create_task(lookups.find((n,))) for n in range(3)]
    while not table.asked:
        await asyncio.sleep(0)

    calls[1].cancel()
    table.gate.set()
    found = await asyncio.gather(*calls, return_exceptions=True)

    assert isinstance(found[1], asyncio.CancelledError)
    assert (found[0][0], found[2][2]) == (0, 20)


@pytest.mark.parametrize("failure", [Unavailable("away", detail="store: away"), RuntimeError("a secret")])
async def test_failure_is_told_to_each_and_the_next_question_is_asked(table, failure):
    lookups = Lookups(table.look)
    table.failure = failure

    results = await asyncio.gather(*(lookups.find((n,)) for n in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [Unavailable] * 3
    assert len({id(result) for result in results}) == 3
    assert "secret" not in str(results[0].detail)
    table.failure = None
    assert (await lookups.find((4,)))[4] == 40


async def test_failure_nobody_waits_for_is_nobodys(table):
    lookups = Lookups(table.look)
    table.gate.clear()
    table.failure = Unavailable("away")
    call = asyncio.create_task(lookups.find((1,)))
    while not table.asked:
        await asyncio.sleep(0)
    call.cancel()
    table.gate.set()

    await lookups.close()

    assert call.cancelled()


async def test_closing_waits_for_what_was_asked(table):
    lookups = Lookups(table.look)
    calls = [asyncio.create_task(lookups.find((n,))) for n in range(MOST + 5)]
    await asyncio.sleep(0)

    await lookups.close()

    assert [len(keys) for keys in table.asked] == [MOST, 5]
    await asyncio.gather(*calls)


async def test_event_loop_that_ends_leaves_nobody_waiting(table):
    lookups = Lookups(table.look)
    table.gate.clear()
    call = asyncio.create_task(lookups.find((1,)))
    while not table.asked:
        await asyncio.sleep(0)

    for task in lookups._running:
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
