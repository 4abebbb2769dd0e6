"""The ASGI driver: takes one HTTP request through the phases of a plan."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Scope, Send

from tollbridge.atonce import answer_at_once
from tollbridge.call import Call, Headers, Outcome, ResponseHead, local_path, open_call
from tollbridge.errors import BadRequest, GatewayError, InternalError, Unavailable
from tollbridge.layers.answers import Feed, Look, fed
from tollbridge.layers.driver import ClientGone, Driver, failure
from tollbridge.layers.refusal import refusal_body, refusal_event, refusal_headers
from tollbridge.layers.websocket import SocketCrossing

if TYPE_CHECKING:
    from tollbridge.layers.layer import Plan


LAST_WORD_S = 2.0


def cross(plan: "Plan", scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Take one request through the plan and the app inside it, once that is awaited."""
    call = scope.get("tollbridge")
    opened = call is None
    if call is None:
        call = open_call(scope, plan.clock, path=local_path(scope))
        scope["tollbridge"] = call
        scope.setdefault("state", {})["tollbridge"] = call
    driver = Crossing if scope["type"] == "http" else SocketCrossing
    return driver(plan, call, receive, send, opened=opened).run(scope)


class Crossing(Driver):
    """One HTTP request on its way."""

    __slots__ = (
        "_answering",
        "_answers",
        "_at_once",
        "_done",
        "_feeds",
        "_gone",
        "_head",
        "_replayed",
        "_sent_head",
        "body",
    )

    body: bytes

    def __init__(self, plan: "Plan", call: Call, receive: Receive, send: Send, *, opened: bool) -> None:
        super().__init__(plan, call, receive, send, opened=opened)
        self._at_once = answer_at_once(send)
        self._head: ResponseHead | None = None
        self._sent_head = False
        self._done = False
        self._gone = False
        self._replayed = False
        self._feeds = plan.service_feeds
        self._answers, self._answering = plan.service_answers, plan.service_answering

    async def run(self, scope: Scope) -> None:
        """Drive the request to its end; an exception of the wrapped app passes through."""
        outcome = Outcome.CLIENT_GONE
        try:
            try:
                await self.admit()
            except ClientGone:  # or the server cut a body off that it could not read, and waits for an answer to that
                await self.refuse(BadRequest("the body broke off before its end; send it whole"))
                return
            except Exception as exc:
                outcome = Outcome.REFUSED
                await self.refuse(self.note(exc))
                return
            except asyncio.CancelledError:
                outcome = Outcome.REFUSED
                await self._cut()
                raise
            if self._is_ai():
                plan = self.plan
                self._feeds, self._answers, self._answering = plan.feeds, plan.answers, plan.answering
            try:
                await self.plan.app(scope, self.receive, self.send)
                outcome = self._ending()
            except ClientGone:
                return
            except Exception as exc:
                outcome = failure(exc)
                if not isinstance(exc, GatewayError) and not self._is_ai():
                    if not self._sent_head:
                        self.call.status = 500  # what the host, or the server, answers in our place
                    raise
                await self.refuse(self.note(exc))
            except asyncio.CancelledError:
                outcome = Outcome.CLIENT_GONE if self._gone else Outcome.TRUNCATED
                await self._cut()
                raise
        finally:
            settling = self.finish(outcome)
            if settling is not None:
                await settling

    def _is_ai(self) -> bool:
        return self.call.operation is not None and self.call.operation.ai

    def _ending(self) -> Outcome:
        if self.call.truncated:
            return Outcome.TRUNCATED
        if self.call.error is not None:
            return Outcome.REFUSED
        if self._done:
            return Outcome.COMPLETE
        return Outcome.CLIENT_GONE if self._gone else Outcome.TRUNCATED

    async def receive(self) -> Message:
        """Give the app its body: the one already read, else the server's messages as they come."""
        if self.call.body is not None and not self._replayed:
            self._replayed = True
            return {"type": "http.request", "body": self.call.body, "more_body": False}
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._gone = not self._done
        elif self.call.body is None:
            self.call.bytes_in += len(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        """Take the app's answer through the layers and on to the caller."""
        kind = message["type"]
        if self._done:
            return
        if kind == "http.response.body":
            more = message.get("more_body", False)
            if not self._sent_head:
                await self._begin(message.get("body", b""), more)
            elif more and not self._feeds:
                self.call.bytes_out += len(message.get("body", b""))
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

    async def remark(self, data: bytes) -> None:
        """Send what is no part of the answer between two of its pieces."""
        if self._sent_head and not self._done:
            self.call.bytes_out += len(data)
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

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
        self._sent_head = True
        call.status = head.status
        if not more and self._at_once is not None and self._at_once(head.status, head.headers, chunk):
            self._done = True
            call.bytes_out += len(chunk)
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
        self.call.bytes_out += len(chunk)
        await self._send({"type": "http.response.body", "body": chunk, "more_body": more})

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
        if self._is_ai():
            raise exc
        await self.refuse(self.note(exc))

    async def refuse(self, error: GatewayError) -> None:
        """Answer with an error: as the whole answer, or as the last event of one that has begun.

        A caller that takes nothing any more is not waited for longer than `LAST_WORD_S`.
        """
        call = self.call
        call.error = error
        if self._done:
            return
        self._done = True
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_S):
                await self._say(error)

    async def _cut(self) -> None:
        """Tell the caller of a model, if it is still there, that the server ends its call.

        A call of the wrapped app is left to whoever cancels it: a time limit of the host has an answer of its own, and
        a body that has begun is left without an end, for it is not whole.
        """
        if self._gone or self._done or self.call.dialect is None:
            return
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.plan.settling.add(said)  # the gateway does not close meanwhile
        try:
            with suppress(Exception):  # whatever is wrong with the connection, it is being cut
                await self.refuse(Unavailable("the gateway is shutting down; try again"))
        finally:
            self.plan.settling.discard(said)
            said.set_result(None)

    async def _say(self, error: GatewayError) -> None:
        call = self.call
        if self._sent_head:
            event = refusal_event(call, error)
            if event or call.dialect is None:  # else it must not look whole: the server breaks the connection off
                await self._send({"type": "http.response.body", "body": event, "more_body": False})
            return
        body = refusal_body(call, error)
        call.status = error.status
        call.bytes_out += len(body)
        headers = refusal_headers(call, error, body)
        self._sent_head = True
        await self._send({"type": "http.response.start", "status": error.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
