"""One call's exchange with its targets: who is asked, how long, and who ends it."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from starlette.types import Receive, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import TokenEnded, Untranslatable, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from tollbridge.formats.dialect import Unfinished
from tollbridge.layers.answering import LAST_WORD_S
from tollbridge.layers.asking import ask
from tollbridge.layers.counting import ESTIMATED, counted_instead
from tollbridge.layers.crossing import Crossing
from tollbridge.layers.driver import ClientGone
from tollbridge.layers.early import STREAM_HEADERS
from tollbridge.layers.headers import answer_headers
from tollbridge.layers.polling import Finished, Polling, unfinished
from tollbridge.providers import Target
from tollbridge.transport.base import UpstreamResponse

if TYPE_CHECKING:
    from tollbridge.layers.dispatch import Dispatch

log = structlog.get_logger("tollbridge")

_TRY_NEXT = frozenset((429, 500, 502, 503, 504, 529))


class Exchange:
    """One call's exchange with its targets.  Ends with the caller's leaving, a timeout, a cut, or the answer's end.

    While its provider is silent, the caller of a stream is shown that it lives, before the first byte too.
    """

    __slots__ = (
        "_call",
        "_cut",
        "_deadline",
        "_dispatch",
        "_end",
        "_gone",
        "_heard",
        "_late",
        "_leaving",
        "_receive",
        "_remark",
        "_send",
        "_task",
    )

    def __init__(self, dispatch: "Dispatch", call: Call, receive: Receive, send: Send) -> None:
        self._dispatch = dispatch
        self._call = call
        self._receive = receive
        self._send = send
        self._gone = False
        self._late = False
        self._cut = False
        self._remark: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        timeouts = dispatch.timeouts
        now = loop.time()
        self._heard = now
        self._end = now + timeouts.total_s
        self._deadline = min(self._end, now + timeouts.first_byte_s)

    async def run(self) -> None:
        """Send, and pass the answer on; raises `ClientGone` or a `GatewayError`."""
        watch, targets = self._dispatch.watch, self._call.targets
        watch.add(self)
        try:
            transport = self._dispatch.transport
            response = await (ask(self._call, targets[0], transport) if len(targets) == 1 else self._reach(targets))
            try:
                await self._pass_on(response)
            finally:
                await response.close()
        except asyncio.CancelledError:
            if not (self._gone or self._late or self._cut) or self._task is None or self._task.uncancel() > 0:
                raise
            if self._gone:
                raise ClientGone from None
            if self._cut:
                raise TokenEnded from None
            waiting = "fell silent" if self._call.first_byte_s is not None else "did not answer in time"
            raise UpstreamTimeout(f"the provider {waiting}") from None
        finally:
            watch.remove(self)
            if self._leaving is not None:
                self._leaving.cancel()
            if self._remark is not None:
                await self._end_remark(self._remark)

    def look(self, now: float) -> None:
        """End the exchange at its deadline; begin to watch for the caller's leaving at the first look."""
        if now >= self._deadline and not self._late:
            self._late = True
            self._interrupt()
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._watch_for_leaving())
        every = self._dispatch.keep_alive_s
        if every and now >= self._heard + every and (self._remark is None or self._remark.done()):
            self._heard = now
            self._remark = asyncio.ensure_future(self._keep_alive())

    @property
    def token_id(self) -> str:
        principal = self._call.principal
        return "" if principal is None else principal.id

    def cut(self) -> None:
        """End the exchange because its token has ended; one whose answer is all here is not disturbed."""
        if self._deadline != math.inf:
            self._cut = True
            self._interrupt()

    async def _watch_for_leaving(self) -> None:
        message = await self._receive()
        while message["type"] != "http.disconnect":
            message = await self._receive()
        self._gone = True
        self._interrupt()

    async def _keep_alive(self) -> None:
        """Show the caller of a stream that it lives; only whole events were sent before, so this stands between."""
        around, call = self._around(), self._call
        dialect = call.dialect
        if around is not None and dialect is not None and dialect.keep_alive and call.stream:
            with suppress(OSError):  # how a server says that there is nobody (ASGI 2.4)
                await around.keep_alive(dialect, settled=call.target is call.targets[-1])

    async def _hush(self, remark: "asyncio.Task[None]") -> None:
        """Wait for what is being shown: messages must not overtake each other."""
        await asyncio.wait({remark})
        self._remark = None
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

    def _interrupt(self) -> None:
        """Cancel the exchange, once: a second cancellation would look like the server's own."""
        if self._task is not None and self._deadline != math.inf:
            self._deadline = math.inf
            self._task.cancel()

    async def _reach(self, targets: Sequence[Target]) -> UpstreamResponse:
        """Try the targets in order; gives the first answer worth passing on."""
        call, transport = self._call, self._dispatch.transport
        for target in targets[:-1]:
            try:
                response = await ask(call, target, transport)
            except (UpstreamUnreachable, UpstreamTimeout, Untranslatable) as exc:
                log.warning("target_failed", call_id=call.id, provider=target.provider.name, detail=exc.detail)
                continue
            if response.status not in _TRY_NEXT:
                return response
            log.warning("target_failed", call_id=call.id, provider=target.provider.name, status=response.status)
            await response.close()
        return await ask(call, targets[-1], transport)

    async def _pass_on(self, response: UpstreamResponse) -> None:
        headers = answer_headers(response.headers)
        told = dict(headers)
        if told.get(b"content-encoding", b"identity") != b"identity":
            raise UpstreamError("the provider sent a compressed answer, which nobody asked for")
        kind = told.get(b"content-type", b"")
        if response.status == 200 and kind.startswith(self._call.stream_type):
            await self._pass_stream(response, headers)
        else:
            await self._pass_whole(response, headers)

    async def _pass_whole(self, response: UpstreamResponse, headers: Headers) -> None:
        call, status = self._call, response.status
        if status >= 300:
            self._heard = math.inf  # it says so with its status, unless that was given away before
        body = await response.read(self._dispatch.max_answer)
        begun = unfinished(call, status, body)
        if begun is not None:
            status, said, body = await self._poll(begun)
            headers = answer_headers(said)
        counted = counted_instead(call, status, body) if status >= 300 else None
        if counted is not None:
            status, headers, body = 200, list(ESTIMATED), counted
        self._heard = math.inf
        if self._remark is not None:
            await self._hush(self._remark)
        headers.append((b"content-length", b"%d" % len(body)))
        self._deadline = math.inf
        around = self._around()
        if around is not None:
            await around.answer(status, headers, body)
            return
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def _poll(self, begun: Unfinished) -> Finished:
        """Ask for an answer until it is finished; whoever ends the exchange before ends the provider's work too."""
        call, dispatch, target = self._call, self._dispatch, self._call.target
        assert target is not None, "an answer came from a target"
        self._deadline = self._end
        polling = Polling(
            target,
            dispatch.transport,
            lambda status, body: unfinished(call, status, body),
            dispatch.max_answer,
            dispatch.wait,
        )
        try:
            return await polling.finish(begun)
        except asyncio.CancelledError:
            around = self._around()
            settling = dispatch.settling if around is None else around.plan.settling
            errand = asyncio.ensure_future(polling.give_up(begun))
            settling.add(errand)
            errand.add_done_callback(settling.discard)
            raise

    async def _pass_stream(self, response: UpstreamResponse, headers: Headers) -> None:
        send = self._send
        self._heard = math.inf  # while the caller is being sent something, nothing else is
        if self._remark is not None:
            await self._hush(self._remark)
        await send({"type": "http.response.start", "status": 200, "headers": headers + STREAM_HEADERS})
        idle, end = self._dispatch.timeouts.idle_s, self._end
        now = asyncio.get_running_loop().time
        self._heard = now()
        while chunk := await response.next_chunk():
            self._heard = math.inf
            if self._remark is not None:
                await self._hush(self._remark)
            self._deadline = min(end, now() + idle)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._heard = self._deadline - idle
        self._heard = math.inf
        if self._remark is not None:
            await self._hush(self._remark)
        self._deadline = math.inf
        await send({"type": "http.response.body", "body": b"", "more_body": False})
