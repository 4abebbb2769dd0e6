"""Look-ups of one tick of the event loop in one query."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Generic, TypeVar

from tollbridge import Unavailable
from tollbridge_postgres.failures import away

K = TypeVar("K")
V = TypeVar("V")

AT_ONCE = 2
"""Queries on their way at a time; what is asked meanwhile goes into the next."""
MOST = 500
"""Questions that one query answers."""

Asked = tuple[Collection[K], "asyncio.Future[Mapping[K, V]]"]


class Lookups(Generic[K, V]):
    """Finds values by their keys.  `look` asks the database, and raises `Unavailable`.

    No question joins a query that has left already, so an answer is never older than its question. Who stops waiting
    stops nobody else, and no query.
    """

    def __init__(self, look: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._look = look
        self._loop = asyncio.get_running_loop()
        self._asked: list[Asked[K, V]] = []
        self._waiting = False
        self._running: set[asyncio.Task[None]] = set()

    async def find(self, keys: Collection[K]) -> Mapping[K, V]:
        """Give what was found, for these keys and maybe for others."""
        future: asyncio.Future[Mapping[K, V]] = self._loop.create_future()
        self._asked.append((keys, future))
        self._hurry()
        return await future

    async def close(self) -> None:
        """Wait for what was asked."""
        while self._asked or self._running:
            await (asyncio.wait(set(self._running)) if self._running else asyncio.sleep(0))

    def _hurry(self) -> None:
        if not self._waiting and len(self._running) < AT_ONCE:
            self._waiting = True
            self._loop.call_soon(self._go)

    def _go(self) -> None:
        self._waiting = False
        taken, self._asked = self._asked[:MOST], self._asked[MOST:]
        keys = {key for asked, _ in taken for key in asked}
        task = self._loop.create_task(self._answer(list(keys), [future for _, future in taken]))
        self._running.add(task)
        task.add_done_callback(self._done)
        if self._asked:
            self._hurry()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if self._asked:
            self._hurry()

    async def _answer(self, keys: Sequence[K], waiting: "list[asyncio.Future[Mapping[K, V]]]") -> None:
        try:
            found = await self._look(keys)
        except asyncio.CancelledError:
            for future in waiting:
                future.cancel()
            raise
        except Exception as exc:
            told = exc if isinstance(exc, Unavailable) else away(exc)
            for future in waiting:
                if not future.done():
                    future.set_exception(Unavailable(told.message, detail=told.detail))
        else:
            for future in waiting:
                if not future.done():
                    future.set_result(found)
