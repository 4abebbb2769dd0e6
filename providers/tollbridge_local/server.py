"""The local model as a thing that is started and stopped, and comes back when it dies."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import structlog

from tollbridge_local.errors import LocalModelError
from tollbridge_local.process import Child, Place, Say, Settings

log = structlog.get_logger("tollbridge")

FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 30.0
STEADY_S = 60.0
"""A server that lived this long begins again with the first delay."""

Moved = Callable[[Place], None]


def _ignore(said: object) -> None:
    pass


class LocalModel:
    """A model server in a child process, from `start` to `stop`.

    Where it dies it is started again, at once and then with doubling delays up to 30 s, with the same key and, unless
    `settings.port` is given, on another port: `moved` is called with each new place, `say` with each line of its log.
    """

    def __init__(self, settings: Settings | None = None, *, moved: Moved = _ignore, say: Say = _ignore) -> None:
        self._settings = settings or Settings()
        self._moved = moved
        self._say = say
        self._child: Child | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def place(self) -> Place:
        """Where it is reached; raises `LocalModelError` while it is not running."""
        if self._child is None:
            raise LocalModelError("the local model is not running")
        return self._child.place

    async def start(self) -> Place:
        """Start it and wait until it answers; raises `LocalModelError` in one sentence."""
        child = self._child = await Child.launch(self._settings, self._say)
        self._moved(child.place)
        self._keeper = asyncio.create_task(self._keep(child))
        return child.place

    async def stop(self) -> None:
        """End it and wait until it is gone.  A second call does nothing."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            with suppress(asyncio.CancelledError):
                await keeper
        child, self._child = self._child, None
        if child is not None:
            await child.stop()

    def abandon(self) -> None:
        """End it without waiting, from outside its event loop, which is gone."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _keep(self, child: Child) -> None:
        now = asyncio.get_running_loop().time
        delay = FIRST_DELAY_S
        while True:
            began = now()
            status = await child.wait()
            self._child = None
            await child.stop()
            log.error("local_model_ended", status=status, last=child.lines[-1] if child.lines else "")
            if now() - began > STEADY_S:
                delay = FIRST_DELAY_S
            child, delay = await self._again(delay)

    async def _again(self, delay: float) -> tuple[Child, float]:
        """Start it again, as often as it takes; gives it and the next delay."""
        while True:
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY_S)
            try:
                child = self._child = await Child.launch(self._settings, self._say)
            except LocalModelError as exc:
                log.error("local_model_not_restarted", reason=str(exc), next_s=delay)
                continue
            log.info("local_model_restarted", pid=child.place.pid)
            self._moved(child.place)
            return child, delay
