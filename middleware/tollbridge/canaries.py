"""The alarm of a canary: a token that lies where nobody should find it, and whose use means that somebody did."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from tollbridge.audit import Act, Actor
from tollbridge.call import Call
from tollbridge.errors import GatewayError
from tollbridge.stores.base import Store
from tollbridge.tokens.model import Principal

QUIET = timedelta(minutes=1)
"""How long one canary is not recorded again by this worker: whoever found it may try it a thousand times."""

log = structlog.get_logger("tollbridge")


class CanaryAlarm:
    """Says which canary was used, when, from where and for what: in the log, in the metrics, and of the token.

    `counted` is told of each use. With `act` it is recorded too, in the background, and so told to webhooks.
    """

    def __init__(
        self, store: Store, counted: Callable[[], None], act: Callable[[Actor], Awaitable[Act]] | None = None
    ) -> None:
        self._store = store
        self._counted = counted
        self._act = act
        self._recorded: dict[str, datetime] = {}
        self._recording: set[asyncio.Task[None]] = set()

    def __call__(self, call: Call, principal: Principal) -> None:
        self._counted()
        used_for = call.operation.scope if call.operation is not None else ""
        self._store.touch(principal.id, call.received, call.client, used_for)
        log.error(
            "canary_token_used",
            token_id=principal.id,
            token=principal.name,
            call_id=call.id,
            client=call.client,
            used_for=used_for,
        )
        last = self._recorded.get(principal.id)
        if self._act is not None and (last is None or call.received - last >= QUIET):
            self._recorded[principal.id] = call.received
            task = asyncio.ensure_future(self._record(self._act, call, principal.id, used_for))
            self._recording.add(task)
            task.add_done_callback(self._recording.discard)

    async def settled(self) -> None:
        """Wait until what is to be recorded is."""
        while self._recording:
            await asyncio.wait(set(self._recording))

    async def _record(self, act: Callable[[Actor], Awaitable[Act]], call: Call, token_id: str, used_for: str) -> None:
        try:
            seen = await act(Actor("gateway", "canary", call.client, call.id))
            await self._store.note(seen, "token.canary", token_id, None, {"used_for": used_for})
        except GatewayError as exc:
            log.error("canary_not_recorded", token_id=token_id, reason=exc.detail or exc.message)
