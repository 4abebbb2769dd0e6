"""The ASGI driver for a WebSocket."""

from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Scope, Send

from tollbridge.call import Call, Outcome
from tollbridge.errors import GatewayError
from tollbridge.layers.driver import Driver, failure, next_turn
from tollbridge.layers.refusal import refusal_headers

if TYPE_CHECKING:
    from tollbridge.layers.layer import Plan

_ACCEPTED = 101
_CLEAN = (1000, 1001)
"""Close codes of a caller that had what it wanted, or moved on (RFC 6455 section 7.4.1)."""
_BROKEN_OFF = 1006


class SocketCrossing(Driver):
    """One WebSocket on its way: admitted by the same phases, then passed through and counted."""

    __slots__ = ("_closed", "_left")

    def __init__(self, plan: "Plan", call: Call, receive: Receive, send: Send, *, opened: bool) -> None:
        super().__init__(plan, call, receive, send, opened=opened)
        self._closed = False
        self._left: int | None = None

    async def run(self, scope: Scope) -> None:
        """Drive the socket until the app is done with it; an exception of the app passes through."""
        outcome = Outcome.REFUSED
        try:
            try:
                await self.admit()
            except Exception as exc:
                await self.refuse(scope, self.note(exc))
                return
            outcome = Outcome.TRUNCATED
            try:
                await self.plan.app(scope, self.receive, self.send)
            except Exception as exc:
                outcome = failure(exc) if self._left is None else self._leaving()
                if not isinstance(exc, GatewayError) or self.call.status == _ACCEPTED:
                    self._note_failure()
                    raise
                await self.refuse(scope, self.note(exc))
                return
            outcome = self._leaving() if self.call.error is None else failure(self.call.error)
        finally:
            await (self.finish(outcome) or next_turn())

    def _leaving(self) -> Outcome:
        """Say how a socket ended that nothing broke."""
        return Outcome.COMPLETE if self._left is None or self._left in _CLEAN else Outcome.CLIENT_GONE

    def _note_failure(self) -> None:
        """Note what the server answers to an upgrade whose app raised."""
        if not self.call.status and self._left is None:
            self.call.status = 500

    async def receive(self) -> Message:
        """Give the app what the caller sends."""
        message = await self._receive()
        kind = message["type"]
        if kind == "websocket.receive" and self.opened:
            self.call.bytes_in += size_of(content_of(message))
        elif kind == "websocket.disconnect":
            self._leave(message.get("code", _BROKEN_OFF))
        return message

    async def send(self, message: Message) -> None:
        """Give the caller what the app sends."""
        kind = message["type"]
        if kind == "websocket.accept":
            self.call.status = _ACCEPTED
        elif kind == "websocket.send" and self.opened:
            self.call.bytes_out += size_of(content_of(message))
        try:
            await self._send(message)
        except OSError:  # how a server says that there is nobody (ASGI 2.4)
            self._leave(_BROKEN_OFF)
            raise
        if kind == "websocket.close":
            self._closed = True

    def _leave(self, code: int) -> None:
        """Note that the caller has left; once the app has closed the socket, that is no news."""
        if self._left is None and not self._closed:
            self._left = code

    async def refuse(self, scope: Scope, error: GatewayError) -> None:
        """Answer the upgrade with an HTTP error where the server can (ASGI `websocket.http.response`), else close."""
        call = self.call
        call.error = error
        call.status = error.status
        if "websocket.http.response" not in scope.get("extensions", {}):
            await self._send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        kind, body = self.plan.write_refusal(call, error)
        headers = refusal_headers(call, error, body, kind)
        await self._send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body, "more_body": False})


def content_of(message: Message) -> str | bytes:
    """Give what a message says: text, or bytes."""
    text: str | None = message.get("text")
    content: bytes = message.get("bytes") or b""
    return content if text is None else text


def size_of(said: str | bytes) -> int:
    """Give the bytes of a message's content as they are sent; text is UTF-8 (RFC 6455 section 5.6)."""
    return len(said if isinstance(said, bytes) or said.isascii() else said.encode("utf-8", "surrogatepass"))
