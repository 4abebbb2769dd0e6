"""What is due to webhooks, sent: each one's messages in order, several webhooks at once, a part by each worker."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from random import random

import structlog

from tollbridge.audit import Act
from tollbridge.clock import Clock
from tollbridge.ids import new_id
from tollbridge.stores.base import Store
from tollbridge.stores.webhooks import DELIVERED, Delivery, Webhook, WebhookChange
from tollbridge.webhooks.attempts import Attempt
from tollbridge.webhooks.events import NEW_SECRET
from tollbridge.webhooks.schedule import pause_s
from tollbridge.webhooks.sending import PATIENCE_S, Sending

TURN_S = 30.0
"""After so long nothing more is begun in a webhook's turn, nor a turn in a run, in seconds."""
LEASE_S = 2 * TURN_S + PATIENCE_S
"""For how long a worker has the messages of a turn: its last one has its patience within."""
REST_S = 60.0
"""How long a webhook is left alone that did not answer, in seconds; less where that message is due again before."""
LONGEST_REST_S = 3_600.0
"""How long it is left alone at most where it asks for more."""
LOOK_S = 2.0
"""How often it is looked whether others are due while a receiver takes its time, in seconds."""
MOST_AT_ONCE = 16
"""Webhooks that a worker sends to at a time."""
MOST_IN_TURN = 20
"""Messages of a webhook in one turn."""
FAILING = timedelta(days=5)
"""Where nothing arrived for so long, a message that is given up disables its webhook."""
_OWN = "webhook."

log = structlog.get_logger("tollbridge")


class Delivering:
    """Sends for one worker.  `act` gives what it records with; `counted` is told the outcome of each attempt.

    `wanted` says of a message with a token's new secret whether it may still be sent.
    """

    def __init__(
        self,
        store: Store,
        sending: Sending,
        clock: Clock,
        *,
        act: Callable[[], Awaitable[Act]],
        counted: Callable[[str], None],
        wanted: Callable[[Delivery], Awaitable[bool]],
    ) -> None:
        self._store = store
        self._sending = sending
        self._clock = clock
        self._act = act
        self._counted = counted
        self._wanted = wanted

    async def send_due(self) -> None:
        """Send what is due and nobody else has; what does not arrive is tried later.  Raises `Unavailable`.

        A receiver that takes its time holds up no other: while one does, others have further turns.
        """
        outbox, ends_s = await self._store.outbox(), self._clock.monotonic() + TURN_S
        turns: dict[str, asyncio.Task[None]] = {}
        failures: list[BaseException] = []
        try:
            while True:
                more = not failures and self._clock.monotonic() < ends_s
                for webhook_id in await outbox.lanes() if more else ():
                    if webhook_id not in turns and len(turns) < MOST_AT_ONCE:
                        turns[webhook_id] = asyncio.create_task(self._turn(webhook_id))
                if not turns:
                    break
                await asyncio.wait(turns.values(), timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                failures += _ended(turns)
        finally:
            for turn in turns.values():
                turn.cancel()
            await asyncio.gather(*turns.values(), return_exceptions=True)
        if failures:
            raise failures[0]

    async def _turn(self, webhook_id: str) -> None:
        outbox, runner = await self._store.outbox(), new_id("run", self._clock)
        webhook = await (await self._store.webhooks()).get_webhook(webhook_id)
        if webhook is None or webhook.disabled_at is not None:
            return
        ends_s, rest_s = self._clock.monotonic() + TURN_S, 0.0
        try:
            for delivery in await outbox.claim(webhook_id, runner, most=MOST_IN_TURN, lease_s=LEASE_S):
                if self._clock.monotonic() >= ends_s:
                    break
                if delivery.event == NEW_SECRET and not await self._wanted(delivery):
                    await outbox.finish(delivery.id, runner, "cancelled")
                    continue
                attempt = await self._sending.attempt(webhook, delivery)
                again_s = await self._note(webhook, delivery, runner, attempt)
                if attempt.busy or attempt.gone:
                    rest_s = max(min(again_s or REST_S, REST_S), min(attempt.asked_s, LONGEST_REST_S))
                    break
        finally:
            await outbox.give_back(webhook_id, runner, pause_s=rest_s)

    async def _note(self, webhook: Webhook, delivery: Delivery, runner: str, attempt: Attempt) -> float | None:
        """Note what became of a message; gives after how many seconds it is sent again, None where it is not."""
        outbox = await self._store.outbox()
        if attempt.outcome == DELIVERED:
            self._counted("delivered")
            await outbox.finish(delivery.id, runner, DELIVERED)
            return None
        again_s = None if attempt.gone else pause_s(delivery.attempts + 1, random(), attempt.asked_s)
        said = {"webhook_id": webhook.id, "delivery_id": delivery.id, "outcome": attempt.outcome}
        if again_s is not None:
            self._counted("failed")
            log.warning("webhook_failed", attempts=delivery.attempts + 1, **said)
            await outbox.postpone(delivery.id, runner, attempt.outcome, pause_s=again_s)
            return again_s
        self._counted("given_up")
        log.error("webhook_given_up", **said)
        if await outbox.finish(delivery.id, runner, attempt.outcome):
            await self._give_up(webhook, delivery, attempt)
        return None

    async def _give_up(self, webhook: Webhook, delivery: Delivery, attempt: Attempt) -> None:
        """Tell of a message that was given up, and disable a webhook that wants no more or takes nothing for long."""
        if not attempt.gone and not delivery.event.startswith(_OWN):  # else two that are gone tell of each other
            told = {"delivery": delivery.id, "why": attempt.outcome}
            await self._store.note(await self._act(), "webhook.give_up", webhook.id, None, told)
        store = await self._store.webhooks()
        known = await store.get_webhook(webhook.id)
        since = None if known is None else known.failing_since
        if attempt.gone or (since is not None and self._clock.now() - since >= FAILING):
            why = "it answered 410 Gone" if attempt.gone else f"nothing arrived for {FAILING.days} days"
            log.error("webhook_disabled", webhook_id=webhook.id, reason=why)
            await store.change_webhook(webhook.id, WebhookChange(disabled=True), await self._act(), why)


def _ended(turns: dict[str, asyncio.Task[None]]) -> Sequence[BaseException]:
    """Take out those that have ended; gives what they raised."""
    raised = [turns.pop(webhook_id).exception() for webhook_id, turn in [*turns.items()] if turn.done()]
    return [failure for failure in raised if failure is not None]
