"""One timer for all running exchanges, in place of two for each."""

import asyncio
from typing import Protocol

from tollbridge.tokens.model import Principal

PERIOD_S = 0.25
"""How often running exchanges are looked at; deadlines are kept to this precision."""


class Watched(Protocol):
    """An exchange that can be looked at, and cut where what let it in has ended."""

    @property
    def principal(self) -> Principal | None:
        """Who it runs for, None for nobody."""
        ...

    def cut(self) -> None:
        """End it for its caller's sake."""
        ...

    def look(self, now: float) -> None:
        """Do what is due at `now`, the event loop's time.  Must not raise."""
        ...


class Watch:
    """Looks at every running exchange each period, and sleeps while there is none."""

    def __init__(self, period_s: float = PERIOD_S) -> None:
        self._period_s = period_s
        self._running: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, exchange: Watched) -> None:
        """Begin to look at an exchange."""
        self._running.add(exchange)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._period_s, self._tick)

    def remove(self, exchange: Watched) -> None:
        """End it."""
        self._running.discard(exchange)

    def _tick(self) -> None:
        self._timer = None
        if not self._running:
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._period_s, self._tick)
        now = loop.time()
        for exchange in tuple(self._running):
            exchange.look(now)
