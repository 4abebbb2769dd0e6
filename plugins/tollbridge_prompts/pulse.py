"""Signs of life for who waits while a model is at work and says nothing that may be passed on."""

import asyncio
from types import TracebackType

from tollbridge_prompts.running import Listener


class Pulse:
    """A `Listener` before another, which hears that the model is still at it where nothing was passed on for `every_s`.

    In seconds; 0 is for never. What that one hears, it hears one after the other.
    """

    def __init__(self, listener: Listener, every_s: float) -> None:
        self._listener = listener
        self._every_s = every_s
        self._turn = asyncio.Lock()
        self._due = 0.0
        self._beating: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Pulse":
        self._passed_on()
        if self._every_s:
            self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it, between two messages; who is cancelled has nothing more to say and waits for none."""
        beating = self._beating
        if beating is None:
            return
        if isinstance(exc, asyncio.CancelledError):
            beating.cancel()
        else:
            async with self._turn:
                beating.cancel()
        await asyncio.wait({beating})
        if not beating.cancelled():
            beating.exception()  # now it was seen: who listens hears no more, and whoever speaks finds that out

    async def piece(self, text: str) -> bool:
        """Hear the next words."""
        async with self._turn:
            passed = await self._listener.piece(text)
        if passed:
            self._passed_on()
        return passed

    async def void(self, wrong: tuple[str, ...]) -> None:
        """Hear that all words so far are void."""
        async with self._turn:
            await self._listener.void(wrong)

    async def alive(self) -> None:
        """Hear that the model is still at it."""
        async with self._turn:
            await self._listener.alive()
        self._passed_on()

    def _passed_on(self) -> None:
        self._due = asyncio.get_running_loop().time() + self._every_s

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._due - loop.time())
            if loop.time() >= self._due:
                await self.alive()
