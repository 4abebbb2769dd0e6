"""One timer for all running exchanges."""

import asyncio

from tollbridge.layers.watch import Watch


class Looked:
    """Counts the looks, and sets `done` at the one it was told to wait for."""

    principal = None

    def __init__(self, wanted: int) -> None:
        self.times: list[float] = []
        self.done = asyncio.Event()
        self._wanted = wanted

    def look(self, now: float) -> None:
        self.times.append(now)
        if len(self.times) == self._wanted:
            self.done.set()


async def test_every_running_exchange_is_looked_at_each_period() -> None:
    watch = Watch(0.001)
    first, second = Looked(3), Looked(3)

    watch.add(first)
    watch.add(second)
    await asyncio.wait_for(asyncio.gather(first.done.wait(), second.done.wait()), 5)

    assert first.times[:3] == sorted(set(first.times[:3]))
    assert first.times == second.times
    watch.remove(first)
    watch.remove(second)


async def test_exchange_that_ended_is_not_looked_at_again() -> None:
    watch = Watch(0.001)
    ended, running = Looked(1), Looked(2)
    watch.add(ended)
    watch.add(running)

    watch.remove(ended)
    await asyncio.wait_for(running.done.wait(), 5)

    assert ended.times == []
    watch.remove(running)


async def test_watch_sleeps_without_exchanges_and_wakes_for_the_next_one() -> None:
    watch = Watch(0.001)
    first, second = Looked(1), Looked(1)
    watch.add(first)
    await asyncio.wait_for(first.done.wait(), 5)
    watch.remove(first)

    async with asyncio.timeout(5):
        while watch._timer is not None:
            await asyncio.sleep(0)
    watch.add(second)

    await asyncio.wait_for(second.done.wait(), 5)
    watch.remove(second)
