"""Doing the same for many calls at once, step by step.

The interpreter runs the same few lines many times over at a third of what they cost in between others: code, data and
branches are at hand. So calls that come to the same point in one turn of the event loop go on from there abreast: the
first step for all of them, then the second.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from tollbridge.growth import Growth

T = TypeVar("T")

_TURNS = 4
"""Turns of the event loop that are waited for more, for as long as more come in each."""

_COMPANY = 3
"""So many at once make up for the wait and the wake-up that joining costs."""
_ALONE = 32
"""So many go alone, after some that joined had no company, before it is tried again."""


class Abreast(Generic[T]):
    """Gathers those who come to the same work in one turn of the event loop.

    `work` gets all of them and must not raise. Whoever stops waiting before that is left out.
    """

    __slots__ = ("_alone", "_growth", "_waiting", "_work")

    def __init__(self, work: Callable[[Sequence[T]], None]) -> None:
        self._work = work
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._growth = Growth(_TURNS)
        self._alone = 0

    def pays(self) -> bool:
        """Whether to join: others did so lately and had company, or it is time to find out."""
        if self._alone:
            self._alone -= 1
            return False
        return True

    def join(self, one: T) -> "asyncio.Future[None]":
        """Wait for the work; it is done for all who joined in this turn."""
        waiting = self._waiting
        if waiting:
            done = waiting[0][1].get_loop().create_future()
        else:
            loop = asyncio.get_running_loop()
            done = loop.create_future()
            loop.call_soon(self._go)
        waiting.append((one, done))
        return done

    def _go(self) -> None:
        if self._growth.goes_on(len(self._waiting)):
            asyncio.get_running_loop().call_soon(self._go)
            return
        waiting, self._waiting = self._waiting, []
        if len(waiting) < _COMPANY:
            self._alone = _ALONE
        self._work([one for one, done in waiting if not done.done()])
        for _, done in waiting:
            if not done.done():
                done.set_result(None)
