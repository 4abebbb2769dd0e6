"""What is due to webhooks, sent: each one's messages in order, several webhooks at once, a part by each worker."""

import asyncio
from collections.abc import Awaitable, Callable
from random import random

import structlog

from tollbridge.audit import Act
from tollbridge.clock import Clock
from tollbridge.ids import new_id
from tollbridge.stores.base import Store
from tollbridge.stores.webhooks import DELIVERED, Delivery, Webhook, WebhookChange
from tollbridge.webhooks.schedule import pause_s
from tollbridge.webhooks.sending import PATIENCE_S, Attempt, Sending

TURN_S = 30.0
"""After so long nothing more is begun in a webhook's turn, in seconds."""
LEASE_S = 2 * TURN_S + PATIENCE_S
"""For how long a worker has the messages of a turn: its last one has its patience within."""
REST_S = 60.0
"""How long a webhook's other messages wait after it did not answer one of them."""
MOST_AT_ONCE = 16
"""Webhooks that a worker sends to at a time."""
MOST_IN_TURN = 20
"""Messages of a webhook in one turn."""
_OWN = "webhook."

log = structlog.get_logger("tollbridge")


class Delivering:
    """Sends for one worker.  `act` gives what it records with; `counted` is told the outcome of each attempt."""

    def __init__(
        self,
        store: Store,
        sending: Sending,
        clock: Clock,
        *,
        act: Callable[[], Awaitable[Act]],
        counted: Callable[[str], None],
    ) -> None:
        self._store = store
        self._sending = sending
        self._clock = clock
        self._act = act
        self._counted = counted

    async def send_due(self) -> None:
        """Send what is due and nobody else has; what does not arrive is tried later.  Raises `Unavailable`."""
        room = asyncio.Semaphore(MOST_AT_ONCE)

        async def turn(webhook_id: str) -> None:
            async with room:
                await self._turn(webhook_id)

        lanes = await (await self._store.outbox()).lanes()
        ended = await asyncio.gather(*map(turn, lanes), return_exceptions=True)
        for failure in ended:
            if failure is not None:
                raise failure

    async def _turn(self, webhook_id: str) -> None:
        outbox, runner = await self._store.outbox(), new_id("run", self._clock)
        webhook = await (await self._store.webhooks()).get_webhook(webhook_id)
        if webhook is None or webhook.disabled_at is not None:
            return
        ends_s, pause = self._clock.monotonic() + TURN_S, 0.0
        try:
            for delivery in await outbox.claim(webhook_id, runner, most=MOST_IN_TURN, lease_s=LEASE_S):
                if self._clock.monotonic() >= ends_s:
                    break
                attempt = await self._sending.attempt(webhook, delivery)
                await self._note(webhook, delivery, runner, attempt)
                if attempt.busy or attempt.gone:
                    pause = REST_S
                    break
        finally:
            await outbox.give_back(webhook_id, runner, pause_s=pause)

    async def _note(self, webhook: Webhook, delivery: Delivery, runner: str, attempt: Attempt) -> None:
        """Note what became of a message."""
        outbox = await self._store.outbox()
        if attempt.outcome == DELIVERED:
            self._counted("delivered")
            await outbox.finish(delivery.id, runner, DELIVERED)
            return
        again_s = None if attempt.gone else pause_s(delivery.attempts + 1, random(), attempt.asked_s)
        said = {"webhook_id": webhook.id, "delivery_id": delivery.id, "outcome": attempt.outcome}
        if again_s is not None:
            self._counted("failed")
            log.warning("webhook_failed", attempts=delivery.attempts + 1, **said)
            await outbox.postpone(delivery.id, runner, attempt.outcome, pause_s=again_s)
            return
        self._counted("given_up")
        log.error("webhook_given_up", **said)
        if not await outbox.finish(delivery.id, runner, attempt.outcome):
            return
        if attempt.gone:
            change, why = WebhookChange(disabled=True), "it answered 410 Gone"
            await (await self._store.webhooks()).change_webhook(webhook.id, change, await self._act(), why)
        elif not delivery.event.startswith(_OWN):  # of those that tell of webhooks it would go on for ever
            told = {"delivery": delivery.id, "why": attempt.outcome}
            await self._store.note(await self._act(), "webhook.give_up", webhook.id, None, told)
