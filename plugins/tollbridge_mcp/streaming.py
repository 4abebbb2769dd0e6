"""How an answer goes to its caller: as it is, or where it takes long, as an event stream that pings keep open.

The SDK is asked for JSON alone and the stream is written here: its own would end all at once when the process is asked
to stop, whatever time there is for calls to end.
"""

import asyncio
from collections.abc import Iterable

from starlette.types import Message, Send

from tollbridge_mcp.invoking import Headers

PING_S = 15.0
"""Seconds before a stream begins, and between its pings."""
_HEAD = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
_PING = b": ping\r\n\r\n"


class Reply:
    """The one answer to a request.  `streams`: it may become an event stream."""

    def __init__(self, send: Send, *, streams: bool, ping_s: float = PING_S) -> None:
        self._send = send
        self._ping_s = ping_s if streams else None
        self._status = 0
        self._headers: Headers = ()
        self._parts: list[bytes] = []
        self.begun = False
        """Whether the caller has the head of a stream."""

    async def hear(self, message: Message) -> None:
        """Take what the SDK answers, an ASGI message at a time."""
        if message["type"] == "http.response.start":
            self._status = int(message["status"])  # the SDK's is an `HTTPStatus`, and would be logged as one
            self._headers = tuple(message.get("headers", ()))
        else:
            self._parts.append(message.get("body", b""))

    async def first_of(self, tasks: Iterable["asyncio.Future[None]"]) -> None:
        """Wait until one of some tasks is done; pings tell the caller that it goes on."""
        waiting = set(tasks)
        while not (await asyncio.wait(waiting, timeout=self._ping_s, return_when=asyncio.FIRST_COMPLETED))[0]:
            if not self.begun:
                self.begun = True
                await self._send({"type": "http.response.start", "status": 200, "headers": list(_HEAD)})
            await self._send({"type": "http.response.body", "body": _PING, "more_body": True})

    async def give(self) -> None:
        """Send what was heard."""
        await self._write(self._status, self._headers, b"".join(self._parts))

    async def refuse(self, status: int, body: bytes) -> None:
        """Send a message of JSON-RPC in its place."""
        length = (b"content-length", b"%d" % len(body))
        await self._write(status, ((b"content-type", b"application/json"), length), body)

    async def _write(self, status: int, headers: Headers, body: bytes) -> None:
        if self.begun:
            body = b"event: message\r\ndata: %b\r\n\r\n" % body.replace(b"\r", b" ").replace(b"\n", b" ")
        else:
            await self._send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
