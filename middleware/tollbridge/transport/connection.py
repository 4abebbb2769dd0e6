"""One HTTP/1.1 connection to a provider: bytes out, an answer in, one exchange at a time.

The grammar is llhttp's (httptools), in its strict form; framing and connection reuse follow RFC 9112 sections 6.3, 8
and 9.
"""

import asyncio
import math
import select

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from tollbridge.errors import UpstreamError, UpstreamTruncated

_LONGEST_HEAD = 256 * 1024
"""Bytes that may come before the head of an answer is complete, interim answers included."""
_MOST_HELD = 256 * 1024
"""Bytes of a body that wait for their reader before the provider is made to wait."""
_FRAMES = frozenset((b"content-length", b"transfer-encoding"))


class Connection(asyncio.Protocol):
    """A connection to `address`.  `ask`, then `head`, then chunks; `reusable` says whether it may be asked again."""

    __slots__ = (
        "_complete",
        "_framed",
        "_head_bytes",
        "_held",
        "_keep",
        "_loop",
        "_parser",
        "_parts",
        "_paused",
        "_transport",
        "_trouble",
        "_waiter",
        "address",
        "busy",
        "headers",
        "idle_since",
        "status",
    )

    _transport: asyncio.Transport

    def __init__(self, address: str) -> None:
        self.address = address
        self._loop: asyncio.AbstractEventLoop | None = None
        self.idle_since = 0.0
        self.busy = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._parser = HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._held = 0
        self._head_bytes = 0
        self._paused = False
        self._framed = False
        self._complete = False
        self._keep = False
        self._trouble: str | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def open(self) -> bool:
        """Whether it can be used for another exchange, as far as the event loop has heard."""
        return self._trouble is None and not self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Whether it is open and the system, too, has heard nothing more: neither its end nor what nobody asked for."""
        if not self.open:
            return False
        socket = self._transport.get_extra_info("socket")
        ears = select.poll()
        ears.register(socket.fileno(), select.POLLIN)
        return not ears.poll(0)

    @property
    def silent(self) -> bool:
        """Whether not a byte of an answer has come since it was asked."""
        return not self.status and not self._head_bytes

    @property
    def reusable(self) -> bool:
        """Whether request and answer are through, and the provider keeps the connection."""
        return self._complete and self._keep and self.open and not self._transport.get_write_buffer_size()

    def ask(self, request: bytes, body: bytes) -> None:
        """Send a request: `request` is its head."""
        self.busy = True
        self.status = 0
        self.headers = []
        self._parts.clear()
        self._held = self._head_bytes = 0
        self._framed = self._complete = self._keep = False
        if len(body) < _MOST_HELD:
            self._transport.write(request + body)
        else:
            self._transport.write(request)
            self._transport.write(body)

    async def head(self) -> None:
        """Wait until `status` and `headers` are there; raises `UpstreamError` if they cannot come any more."""
        while not self.status:
            if self._trouble is not None:
                raise UpstreamError("the provider closed the connection without an answer", detail=self._trouble)
            await self._news()

    async def next_chunk(self) -> bytes:
        """Give what has come since, or `b""` at the clean end; raises `UpstreamTruncated` if it broke off."""
        parts = self._parts
        while not parts:
            if self._complete:
                return b""
            if self._trouble is not None:
                raise UpstreamTruncated("the provider's answer ended before it was complete", detail=self._trouble)
            await self._news()
        chunk = self.take()
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    @property
    def whole_size(self) -> float:
        """Bytes of a body that is all here, `inf` while it is not."""
        return self._held if self._complete else math.inf

    def take(self) -> bytes:
        """Give what has come since, and wait for nothing."""
        parts = self._parts
        chunk = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
        self._held = 0
        return chunk

    def rest(self, now: float) -> None:
        """Note that the exchange is over."""
        self.busy = False
        self.idle_since = now

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _news(self) -> "asyncio.Future[None]":
        """Give what is done as soon as anything has happened.  One at a time waits for it."""
        loop = self._loop or asyncio.get_running_loop()
        self._loop = loop
        self._waiter = loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's transport
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.busy:
            self._fail("it sent what nobody asked for")
            return
        if not self.status:
            self._head_bytes += len(data)
            if self._head_bytes > _LONGEST_HEAD:
                self._fail(f"the head of its answer is over {_LONGEST_HEAD} bytes")
                return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            self._fail(f"its answer is no HTTP/1.1: {exc}")
            return
        if self._held > _MOST_HELD and not self._paused and not self._complete:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.status and not self._framed and exc is None and self._trouble is None:
            self._complete = True  # the end of the connection is the end of such an answer
        if self._trouble is None:
            self._trouble = "the connection was closed" if exc is None else str(exc)
        self._wake()

    def _fail(self, trouble: str) -> None:
        if self._trouble is None:
            self._trouble = trouble
        self._transport.abort()
        self._wake()

    # what the parser calls

    def on_message_begin(self) -> None:
        if self._complete:
            self._fail("it sent more than its answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # a trailer, which is no header (RFC 9110 section 6.5.1), or of an answer nobody asked for
        name = name.lower()
        self.headers.append((name, value.rstrip(b" \t")))
        if name in _FRAMES:
            self._framed = True

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self.status:
            self.status = status

    def on_body(self, body: bytes) -> None:
        if not self._complete:
            self._parts.append(body)
            self._held += len(body)

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self.status:
            self._complete = True
            self._keep = self._parser.should_keep_alive()
        else:  # an interim answer (RFC 9110 section 15.2)
            self.headers = []
            self._framed = False
