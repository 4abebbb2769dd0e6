"""The answer's half of a crossing: through the layers and on to the caller, or an error in its place."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Send

from tollbridge.atonce import answer_at_once
from tollbridge.call import Call, Headers, ResponseHead
from tollbridge.errors import GatewayError, InternalError
from tollbridge.formats.dialect import Dialect
from tollbridge.layers.answers import Feed, Look, fed
from tollbridge.layers.driver import Driver
from tollbridge.layers.early import carried_on, early_head, without_target
from tollbridge.layers.refusal import refusal_event, refusal_headers

if TYPE_CHECKING:
    from tollbridge.layers.layer import Plan

LAST_WORD_S = 2.0
"""How long a caller is waited for that takes nothing any more."""


class Answering(Driver):
    """Sends one answer: its head once the layers have seen it and the first chunk, or early, to show that it lives."""

    __slots__ = (
        "_answering",
        "_answers",
        "_at_once",
        "_begun",
        "_done",
        "_feeds",
        "_gone",
        "_head",
        "_sent_head",
        "body",
    )

    body: bytes

    def __init__(self, plan: "Plan", call: Call, receive: Receive, send: Send, *, opened: bool) -> None:
        super().__init__(plan, call, receive, send, opened=opened)
        self._at_once = answer_at_once(send)
        self._head: ResponseHead | None = None
        self._begun = False
        self._sent_head = False
        self._done = False
        self._gone = False
        self._feeds = plan.service_feeds
        self._answers, self._answering = plan.service_answers, plan.service_answering

    def is_ai(self) -> bool:
        """Whether a model is called, not the wrapped app."""
        return self.call.operation is not None and self.call.operation.ai

    async def send(self, message: Message) -> None:
        """Take the app's answer through the layers and on to the caller."""
        kind = message["type"]
        if self._done:
            return
        if kind == "http.response.body":
            more = message.get("more_body", False)
            if not self._begun:
                await self._begin(message.get("body", b""), more)
            elif more and not self._feeds:
                self._count(message.get("body", b""))
                await self._send(message)
            else:
                await self._go_on(message.get("body", b""), more)
        elif kind == "http.response.start":
            self._head = ResponseHead(message["status"], list(message.get("headers", ())))
            if not self._feeds:
                await self._begin(b"", more=True)
        else:
            await self._send(message)

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Take an answer that is all here, as `send` does in two messages; the only one of its call."""
        self._head = ResponseHead(status, headers)
        await self._begin(body, more=False)

    async def keep_alive(self, dialect: Dialect, *, settled: bool) -> None:
        """Show the caller of a stream that it lives: between two pieces of its answer, or by opening it.

        `settled`: which target answers is known. Nothing else may be sent meanwhile.
        """
        if self._done or not (self._sent_head or await self._open(dialect, settled=settled)):
            return
        self._count(dialect.keep_alive)
        await self._send({"type": "http.response.body", "body": dialect.keep_alive, "more_body": True})

    async def _open(self, dialect: Dialect, *, settled: bool) -> bool:
        """Send a head before there is anything to send behind it; False where a layer does not let this one pass.

        Later all layers see the head that the answer really has. It is not sent, but tells them what comes.
        """
        call, known = self.call, self._head
        head = early_head(dialect, known)
        try:
            for look in self.plan.early:
                waiting = look(call, head)
                if waiting is not None:
                    await waiting
        except Exception as exc:
            self.note(exc)
            return False
        if known is None and not settled:
            without_target(head)
        call.reader = None
        call.early = self._sent_head = True
        await self._send({"type": "http.response.start", "status": head.status, "headers": head.headers})
        return True

    async def _begin(self, chunk: bytes, more: bool) -> None:
        """Send the head once the layers have seen it and the first chunk; one of them may refuse the answer."""
        call, head = self.call, self._head
        if head is None:
            raise InternalError("the answer has a body and no head")
        if chunk or not more:
            self._note_first_byte()
        try:
            chunk = await (self._opened(head, chunk) if more else self._whole(head, chunk))
        except Exception as exc:
            await self._fault(exc)
            return
        self._begun = True
        call.status = head.status
        if self._sent_head:
            await self._pass_on(carried_on(call, head, chunk), more)
            return
        self._sent_head = True
        if not more and self._at_once is not None and self._at_once(head.status, head.headers, chunk):
            self._done = True
            self._count(chunk)
            return
        await self._send({"type": "http.response.start", "status": head.status, "headers": head.headers})
        await self._pass_on(chunk, more)

    async def _go_on(self, chunk: bytes, more: bool) -> None:
        if self.call.first_byte_s is None:
            self._note_first_byte()
        if self._feeds:
            try:
                chunk = fed(self._feeds, self.call, chunk, more=more)
            except Exception as exc:
                await self._fault(exc)
                return
        await self._pass_on(chunk, more)

    async def _pass_on(self, chunk: bytes, more: bool) -> None:
        """Send a part of the body, the last one also where it is empty."""
        if not more:
            self._done = True
        elif not chunk:
            return
        self._count(chunk)
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

    def _count(self, sent: bytes) -> None:
        """Count what the caller gets, once: where layers do not stand next to each other, the outermost do."""
        if self.opened:
            self.call.bytes_out += len(sent)

    def _note_first_byte(self) -> None:
        self.call.first_byte_s = self.plan.clock.monotonic() - self.call.started_s

    async def _opened(self, head: ResponseHead, chunk: bytes) -> bytes:
        """Begin an answer that streams."""
        for look, _ in self._answers:
            waiting = self.look_at(look)
            if waiting is not None:
                await waiting
        if not self._feeds:
            return chunk
        head.drop(b"content-length")
        return fed(self._feeds, self.call, chunk, more=True)

    async def _whole(self, head: ResponseHead, body: bytes) -> bytes:
        """Take an answer that is all here, abreast with others; from a layer on that waits, alone."""
        given, self.body = len(body), body
        begin = 0
        if self._answering.pays():
            await self.keep_pace(self._answering)
            begin = len(self._answers)
            if self.halted is not None:
                (_, place, waiting), self.halted = self.halted, None
                await waiting
                self.feed_whole(self._answers[place][1])
                begin = place + 1
        for look, feed in self._answers[begin:]:
            more = self.look_at(look)
            if more is not None:
                await more
            self.feed_whole(feed)
        if len(self.body) != given:
            head.set(b"content-length", b"%d" % len(self.body))
        return self.body

    def look_at(self, look: Look | None) -> Awaitable[None] | None:
        """Show a layer the head of the answer."""
        return look(self.call, self._head) if look is not None and self._head is not None else None

    def feed_whole(self, feed: Feed | None) -> None:
        """Put the whole body through a layer."""
        if feed is not None:
            body = self.body
            self.body = b"".join((feed(self.call, body) if body else []) + feed(self.call, b""))

    async def _fault(self, exc: Exception) -> None:
        """Refuse an answer that a layer could not take; a model's stream is ended, the wrapped app is not disturbed."""
        if self.is_ai():
            raise exc
        await self.refuse(self.note(exc))

    async def refuse(self, error: GatewayError) -> None:
        """Answer with an error: as the whole answer, or as the last event of one that has begun.

        One that has begun and has no events gets no end, so that it does not look whole. A caller that takes nothing
        any more is not waited for longer than `LAST_WORD_S`.
        """
        call = self.call
        call.error = error
        if self._done:
            return
        self._done = True
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_S):
                await self._say(error)

    async def _say(self, error: GatewayError) -> None:
        call = self.call
        if not self._begun:
            call.status = error.status
        if self._sent_head:
            event = refusal_event(call, error)
            if event:  # else it must not look whole: the server breaks the connection off
                await self._send({"type": "http.response.body", "body": event, "more_body": False})
            return
        kind, body = self.plan.write_refusal(call, error)
        self._count(body)
        headers = refusal_headers(call, error, body, kind)
        self._sent_head = True
        await self._send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
