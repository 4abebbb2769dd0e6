"""One call's exchange with its targets: who is asked, how long, and who ends it."""

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from starlette.types import Receive, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import TokenEnded, Untranslatable, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from tollbridge.formats.dialect import Unfinished
from tollbridge.formats.sse import write_event
from tollbridge.layers.asking import ask, takes_pieces
from tollbridge.layers.counting import ESTIMATED, counted_instead
from tollbridge.layers.driver import ClientGone
from tollbridge.layers.headers import answer_headers
from tollbridge.layers.polling import Polling, Seen, unfinished
from tollbridge.layers.telling import Telling
from tollbridge.providers import Target
from tollbridge.tokens.model import Principal
from tollbridge.transport.base import UpstreamResponse

if TYPE_CHECKING:
    from tollbridge.layers.dispatch import Dispatch

log = structlog.get_logger("tollbridge")

_TRY_NEXT = frozenset((429, 500, 502, 503, 504, 529))


class Exchange(Telling):
    """One call's exchange with its targets.  Ends with the caller's leaving, a timeout, a cut, or the answer's end."""

    __slots__ = ("_cut", "_deadline", "_dispatch", "_end", "_late", "_leaving", "_receive", "_showing", "_task")

    def __init__(self, dispatch: "Dispatch", call: Call, receive: Receive, send: Send) -> None:
        super().__init__(call, send, dispatch.keep_alive_s)
        self._dispatch = dispatch
        self._receive = receive
        self._late = False
        self._cut = False
        self._showing = False
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
            raise UpstreamTimeout(f"the provider {self._lateness()}") from None
        finally:
            watch.remove(self)
            if self._leaving is not None:
                self._leaving.cancel()
            if self._remark is not None:
                await self._end_remark(self._remark)

    def _lateness(self) -> str:
        if self._call.first_byte_s is None:
            return "did not answer in time"
        return "fell silent" if asyncio.get_running_loop().time() < self._end else "had not finished when time was up"

    def look(self, now: float) -> None:
        """End the exchange at its deadline; begin to watch for the caller's leaving at the first look."""
        if now >= self._deadline and not self._late:
            self._late = True
            self._interrupt()
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._watch_for_leaving())
        self._remark_if_due(now)

    @property
    def principal(self) -> Principal | None:
        return self._call.principal

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
            seen = await self._poll(Seen(status, response.headers, body, begun))
            if self._showing:
                await self._end_pieces(seen)
                return
            status, headers, body = seen.status, answer_headers(seen.headers), seen.body
        counted = counted_instead(call, status, body) if status >= 300 else None
        if counted is not None:
            status, headers, body = 200, list(ESTIMATED), counted
        self._heard = math.inf
        if self._remark is not None:
            await self._hush()
        self._deadline = math.inf
        await self._tell_whole(status, headers, body)

    async def _poll(self, seen: Seen) -> Seen:
        """Look at an answer until it is finished, and show what is written of it to a caller who takes pieces.

        Whatever ends the exchange before ends the provider's work too.
        """
        call, dispatch, target = self._call, self._dispatch, self._call.target
        assert target is not None, "an answer came from a target"
        self._deadline = self._end
        polling = Polling(call, target, dispatch.transport, dispatch.max_answer, dispatch.wait)
        known = 0 if takes_pieces(call) else math.inf
        try:
            while seen.begun is not None:
                if seen.begun.written > known:
                    known = seen.begun.written
                    await self._show_piece(seen)
                seen = await polling.look_again(seen.begun, len(seen.body), known)
            return seen
        finally:
            if seen.begun is not None:
                self._give_up(polling, seen.begun)

    def _give_up(self, polling: Polling, begun: Unfinished) -> None:
        around = self._around()
        settling = self._dispatch.settling if around is None else around.plan.settling
        errand = asyncio.ensure_future(polling.give_up(begun))
        settling.add(errand)
        errand.add_done_callback(settling.discard)

    async def _show_piece(self, seen: Seen) -> None:
        """Send an answer on as it is now, the first time with a head."""
        if not self._showing:
            self._showing = True
            headers = [header for header in answer_headers(seen.headers) if header[0] != b"content-type"]
            await self._begin_stream([*headers, (b"content-type", self._call.stream_type)])
        await self._hush()
        await self._tell(write_event(b" ".join(seen.body.splitlines())), more=True)  # a line end in JSON is a blank
        self._heard = asyncio.get_running_loop().time()

    async def _end_pieces(self, seen: Seen) -> None:
        translation = self._call.translation
        if seen.status >= 300 and translation is not None:
            raise translation.read_error(seen.status, seen.body)
        await self._show_piece(seen)
        await self._end_stream()

    async def _pass_stream(self, response: UpstreamResponse, headers: Headers) -> None:
        await self._begin_stream(headers)
        idle, end = self._dispatch.timeouts.idle_s, self._end
        now = asyncio.get_running_loop().time
        self._heard = now()
        while chunk := await response.next_chunk():
            self._heard = math.inf
            if self._remark is not None:
                await self._hush()
            heard = now()
            self._deadline = min(end, heard + idle)
            await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._heard = heard
        await self._end_stream()

    async def _end_stream(self) -> None:
        await self._hush()
        self._deadline = math.inf
        await self._tell(b"", more=False)
