"""Running calls end with their token: one question to the store, each period, for all of them."""

import asyncio
from collections.abc import Collection
from typing import Protocol

import structlog

from tollbridge.errors import GatewayError
from tollbridge.layers.watch import PERIOD_S, Watch

log = structlog.get_logger("tollbridge")


class KnowsTokens(Protocol):
    """Says which tokens are live."""

    async def live_tokens(self, token_ids: Collection[str]) -> Collection[str]:
        """Give those that are neither revoked nor expired."""
        ...


class CuttingWatch(Watch):
    """A watch that also cuts the calls of tokens that were revoked or expired meanwhile.

    They were let across when the token was good, so a store that cannot say lets them go on; that is logged once.
    """

    def __init__(self, tokens: KnowsTokens, period_s: float = PERIOD_S) -> None:
        super().__init__(period_s)
        self._tokens = tokens
        self._asking: asyncio.Task[None] | None = None
        self._failed = False

    def _tick(self) -> None:
        super()._tick()
        if self._running and (self._asking is None or self._asking.done()):
            self._asking = asyncio.ensure_future(self._cut_ended())

    async def _cut_ended(self) -> None:
        running = {exchange.token_id for exchange in self._running} - {""}
        try:
            live = await self._tokens.live_tokens(running)
        except GatewayError as exc:
            if not self._failed:
                log.error("running_tokens_not_known", detail=exc.detail or exc.message)
            self._failed = True
            return
        self._failed = False
        ended = running.difference(live)
        if ended:
            for exchange in tuple(self._running):
                if exchange.token_id in ended:
                    exchange.cut()
