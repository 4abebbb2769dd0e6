"""Running calls end with what let them in: one question to the store, each period, for all of them."""

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import GatewayError
from tollbridge.layers.watch import PERIOD_S, Watch
from tollbridge.tokens.model import Principal, Shown

log = structlog.get_logger("tollbridge")


class KnowsTokens(Protocol):
    """Says which tokens still open."""

    async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
        """Give those whose token and secret open."""
        ...


class CuttingWatch(Watch):
    """A watch that also cuts calls whose token, or the secret of it that was shown, no longer opens.

    So it does with calls of outside callers at the end of what they showed; nobody can say whether that was revoked.
    All were let across when it was good, so a store that cannot say lets them go on; that is logged once.
    """

    def __init__(self, tokens: KnowsTokens, clock: Clock, period_s: float = PERIOD_S) -> None:
        super().__init__(period_s)
        self._tokens = tokens
        self._clock = clock
        self._asking: asyncio.Task[None] | None = None
        self._failed = False

    def _tick(self) -> None:
        super()._tick()
        self._cut(self._is_over)
        if self._running and (self._asking is None or self._asking.done()):
            self._asking = asyncio.ensure_future(self._cut_ended())

    async def _cut_ended(self) -> None:
        callers = [exchange.principal for exchange in self._running]
        running = {caller.shown for caller in callers if caller is not None and not caller.outside}
        try:
            still = await self._tokens.still_open(running)
        except GatewayError as exc:
            if not self._failed:
                log.error("running_tokens_not_known", detail=exc.detail or exc.message)
            self._failed = True
            return
        self._failed = False
        ended = running.difference(still)
        if ended:
            self._cut(lambda caller: not caller.outside and caller.shown in ended)

    def _cut(self, which: Callable[[Principal], bool]) -> None:
        for exchange in tuple(self._running):
            if exchange.principal is not None and which(exchange.principal):
                exchange.cut()

    def _is_over(self, caller: Principal) -> bool:
        """Whether what was shown has ended by the clock, where no store keeps it."""
        ends_s = caller.ends_s if caller.outside else caller.secret_ends_s
        return ends_s is not None and ends_s <= self._clock.time()
