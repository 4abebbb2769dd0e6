"""One process's looks at the keys of the database: once a second, beside the calls and by the store's own driver."""

import asyncio
from collections.abc import Sequence

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import Unavailable
from tollbridge.faults import told
from tollbridge.providerkeys.live import LiveKeys
from tollbridge.stores.base import Store

LOOK_S = 1.0
"""Seconds between two looks."""
USES_S = 30.0
"""Seconds between two notes of which keys were shown."""

log = structlog.get_logger("tollbridge")


class Looking:
    """Looks, and has what is found shown."""

    def __init__(self, store: Store, clock: Clock, live: LiveKeys, *, look_s: float = LOOK_S) -> None:
        self._store = store
        self._clock = clock
        self._live = live
        self._look_s = look_s
        self._task: asyncio.Task[None] | None = None
        self._failing = False
        self._noted_at = clock.monotonic()
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Look now, and again and again until `close`."""
        await self.look()
        self._task = asyncio.create_task(self._look_again())

    async def close(self) -> None:
        """Stop, and note which keys were shown."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._note_uses()

    async def look(self) -> None:
        """Take what the database has now; where it does not answer, what is known goes on to its own end.

        One look at a time: what an earlier one read must not come after what a later one did.
        """
        async with self._turn:
            await self._look()

    async def look_after(self, name: str, gone: Sequence[int]) -> None:
        """Take a change of this process; `gone` are versions of a key that it removed.

        The change is done, so that nothing is raised: what is not taken now is by the next look.
        """
        try:
            async with self._turn:
                if gone:
                    self._live.forget(name, gone)
                await self._look()
        except Exception as exc:
            log.error("provider_keys_not_taken", **told(exc))

    async def _look(self) -> None:
        try:
            await self._live.take(await self._store.stored_secrets())
        except Unavailable as exc:
            if not self._failing:
                log.error("provider_keys_not_read", reason=exc.detail)
            self._failing = True
            self._live.apply()
        else:
            self._failing = False

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(self._look_s)
            try:
                await self.look()
                if self._clock.monotonic() - self._noted_at >= USES_S:
                    await self._note_uses()
            except Exception as exc:
                log.error("provider_keys_not_taken", **told(exc))

    async def _note_uses(self) -> None:
        self._noted_at = self._clock.monotonic()
        used = self._live.uses()
        if used:
            try:
                await (await self._store.secrets()).note_uses(used)
            except Unavailable as exc:
                log.warning("provider_key_uses_not_noted", reason=exc.detail)
