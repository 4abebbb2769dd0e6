"""A body that is handed to the app piece by piece, and how much of it may come."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge import Call
from tollbridge.administering import BodyTooLarge


async def hand_on(app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, limit: int | None) -> None:
    """Let the app answer; raises `BodyTooLarge` for a body of more than `limit` bytes, None for any.

    One whose length is said is refused before the app hears of the call. Of any other the app hears, where it is too
    long, that the caller has left, and what it answers to that goes nowhere.
    """
    if limit is None:
        await app(scope, receive, send)
        return
    call: Call = scope["tollbridge"]
    length = call.header(b"content-length")
    if length is not None and int(length) > limit:
        raise BodyTooLarge(f"the body has {int(length)} bytes; at most {limit} are taken")
    bounded = _Bounded(receive, send, limit)
    try:
        await app(scope, bounded.receive, bounded.send)
    except Exception:
        if not bounded.is_over:
            raise
    if bounded.is_over:
        raise BodyTooLarge(f"the body is over {limit} bytes")


class _Bounded:
    """Counts the bytes of one body."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._left = limit

    @property
    def is_over(self) -> bool:
        """Whether more came than may."""
        return self._left < 0

    async def receive(self) -> Message:
        message = {"type": "http.disconnect"} if self.is_over else await self._receive()
        self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_over else message

    async def send(self, message: Message) -> None:
        if not self.is_over:
            await self._send(message)
