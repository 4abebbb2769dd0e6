"""What the caller of an exchange is sent: its answer, and signs of life while there is none."""

import asyncio
import math
from contextlib import suppress

from starlette.types import Send

from tollbridge.call import Call, Headers
from tollbridge.layers.answering import LAST_WORD_S
from tollbridge.layers.crossing import Crossing
from tollbridge.layers.early import STREAM_HEADERS


class Telling:
    """Sends one message after the other.

    While the provider is silent, the caller of a stream is shown every `keep_alive_s` seconds that it lives, before the
    first byte too; 0 for never. `_heard` is when something was sent, infinite while nothing else may be.
    """

    __slots__ = ("_call", "_gone", "_heard", "_keep_alive_s", "_remark", "_send")

    def __init__(self, call: Call, send: Send, keep_alive_s: float) -> None:
        self._call = call
        self._send = send
        self._keep_alive_s = keep_alive_s
        self._gone = False
        self._heard = math.inf
        self._remark: asyncio.Task[None] | None = None

    def _remark_if_due(self, now: float) -> None:
        every = self._keep_alive_s
        if every and now >= self._heard + every and (self._remark is None or self._remark.done()):
            self._heard = now
            self._remark = asyncio.ensure_future(self._keep_alive())

    async def _keep_alive(self) -> None:
        """Show the caller of a stream that it lives; only whole events were sent before, so this stands between."""
        around, call = self._around(), self._call
        dialect = call.dialect
        if around is not None and dialect is not None and dialect.keep_alive and call.stream:
            with suppress(OSError):  # how a server says that there is nobody (ASGI 2.4)
                await around.keep_alive(dialect, settled=call.target is call.targets[-1])

    async def _hush(self) -> None:
        """Show nothing from now on, and wait for what is being shown: messages must not overtake each other."""
        self._heard = math.inf
        if self._remark is not None:
            remark, self._remark = self._remark, None
            await asyncio.wait({remark})
            remark.result()

    async def _end_remark(self, remark: "asyncio.Task[None]") -> None:
        """Let what is being shown be sent, so that it is known what the caller got; nobody who left is waited for."""
        try:
            if not self._gone:
                await asyncio.wait({remark}, timeout=LAST_WORD_S)
        finally:
            remark.cancel()

    def _around(self) -> Crossing | None:
        """Give the crossing this is the inside of, None where something stands between."""
        around = getattr(self._send, "__self__", None)
        return around if isinstance(around, Crossing) else None

    async def _tell_whole(self, status: int, headers: Headers, body: bytes) -> None:
        headers.append((b"content-length", b"%d" % len(body)))
        around = self._around()
        if around is not None:
            await around.answer(status, headers, body)
            return
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._tell(body, more=False)

    async def _begin_stream(self, headers: Headers) -> None:
        await self._hush()
        await self._send({"type": "http.response.start", "status": 200, "headers": headers + STREAM_HEADERS})

    async def _tell(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
