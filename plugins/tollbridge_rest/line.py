"""One HTTP/1.1 connection to a node: a request streams out while its answer streams in, one exchange at a time.

The core's connections send bodies that are whole; those of a service are as long as their callers like, and its answers
may come before they are through.  Framing and reuse follow RFC 9112 sections 6, 7 and 9; the grammar is llhttp's.
"""

import asyncio
import re
from collections.abc import Iterable

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_LONGEST_HEAD = 64 * 1024
"""Bytes that may come before the head of an answer is complete, interim answers included."""
_MOST_HEADERS = 200
_MOST_HELD = 256 * 1024
"""Bytes of a body that wait for their reader before the node is made to wait."""
_FRAMES = frozenset((b"content-length", b"transfer-encoding"))
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TARGET = re.compile(r"/[\x21\x23-\x3b\x3d\x3f-\x5b\x5d-\x7e]*|\*")


class LineBroken(Exception):
    """A node cannot be asked, or its answer ended before it was complete; says why.

    `sent`: it may have got the request. `late`: it took too long.
    """

    def __init__(self, why: str, *, sent: bool = True, late: bool = False) -> None:
        super().__init__(why)
        self.sent = sent
        self.late = late


def is_target(text: str) -> bool:
    """Whether a text can stand as a path and query in a request."""
    return _TARGET.fullmatch(text) is not None


def write_head(method: str, target: str, host: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Write the head of a request; raises `ValueError` for what would be another than it looks like."""
    if not is_target(target) or not _NAME.fullmatch(method.encode("latin-1", "replace")):
        raise ValueError("the target or the method cannot stand in a request")
    lines = [f"{method} {target} HTTP/1.1".encode("ascii"), b"host: " + host.encode("ascii")]
    for name, value in headers:
        if not _NAME.fullmatch(name) or _CONTROLS.search(value):
            raise ValueError(f"the header {name[:100].decode('latin-1')!r} cannot stand in a request")
        lines.append(name + b": " + value)
    return b"\r\n".join((*lines, b"", b""))


class Line(asyncio.Protocol):
    """A connection to `address`: `ask`, then `send` the body and `finish` it, meanwhile `head` and then chunks."""

    _transport: asyncio.Transport

    def __init__(self, address: str) -> None:
        self.address = address
        self.idle_since = 0.0
        self.busy = False
        self.used = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._parser = HttpResponseParser(self)
        self._parts: list[bytes] = []
        self._held = self._head_bytes = 0
        self._paused = self._framed = self._complete = self._keep = self._bodiless = False
        self._chunked = self._finished = False
        self._trouble: str | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def open(self) -> bool:
        """Whether it can be used for another exchange."""
        return self._trouble is None and not self._transport.is_closing()

    @property
    def reusable(self) -> bool:
        """Whether request and answer are through, and the node keeps the connection."""
        through = self._complete and self._finished and not self._transport.get_write_buffer_size()
        return through and self._keep and self.open

    @property
    def answered(self) -> bool:
        """Whether the answer is all here: the rest of the request interests nobody."""
        return self._complete

    def ask(self, head: bytes, *, chunked: bool, bodiless: bool) -> None:
        """Send the head of a request.  `chunked`: its body is of unknown length; `bodiless`: its answer has none."""
        self.busy = self.used = True
        self.status = 0
        self.headers = []
        self._parts.clear()
        self._held = self._head_bytes = 0
        self._framed = self._complete = self._keep = self._finished = False
        self._chunked, self._bodiless = chunked, bodiless
        self._transport.write(head)

    async def send(self, data: bytes) -> None:
        """Send a part of the body; waits while the node takes none.  Raises `LineBroken`."""
        if self._trouble is not None:
            raise LineBroken(self._trouble)
        if data:
            self._transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        while self._room is not None and not self._complete:
            await asyncio.shield(self._room)
            if self._trouble is not None:
                raise LineBroken(self._trouble)

    def finish(self) -> None:
        """End the request."""
        if self._chunked:
            self._transport.write(b"0\r\n\r\n")
        self._finished = True

    async def head(self) -> None:
        """Wait until `status` and `headers` are there; raises `LineBroken` if they cannot come any more."""
        while not self.status:
            if self._trouble is not None:
                raise LineBroken(self._trouble)
            await self._news()

    async def next_chunk(self) -> bytes:
        """Give what has come since, or `b""` at the clean end; raises `LineBroken` if it broke off."""
        while not self._parts:
            if self._complete:
                return b""
            if self._trouble is not None:
                raise LineBroken(self._trouble)
            await self._news()
        chunk = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._held = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return chunk

    def rest(self, now: float) -> None:
        """Note that the exchange is over."""
        self.busy = False
        self.idle_since = now

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _news(self) -> "asyncio.Future[None]":
        """Give what is done as soon as anything has come.  One at a time waits for it."""
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if self._trouble is not None or self._complete:
            self.resume_writing()

    def _fail(self, trouble: str) -> None:
        if self._trouble is None:
            self._trouble = trouble
        self._transport.abort()
        self._wake()

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's transport
        self._transport = transport

    def pause_writing(self) -> None:
        self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def data_received(self, data: bytes) -> None:
        if not self.busy:
            self._fail("it sent what nobody asked for")
            return
        if not self.status:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            self._fail(f"its answer is no HTTP/1.1: {exc}")
            return
        if not self.status and self._head_bytes > _LONGEST_HEAD:
            self._fail(f"the head of its answer is over {_LONGEST_HEAD} bytes")
            return
        if self._bodiless and self._complete:
            self._parser = HttpResponseParser(self)  # this one waits for the body that the head speaks of
        if self._held > _MOST_HELD and not self._paused and not self._complete:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.status and not self._framed and exc is None and self._trouble is None:
            self._complete = True  # the end of the connection is the end of such an answer
        if self._trouble is None:
            self._trouble = "the connection was closed" if exc is None else f"the connection broke: {exc}"
        self._wake()

    # what the parser calls

    def on_message_begin(self) -> None:
        if self._complete:
            self._fail("it sent more than its answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # a trailer, which is no header (RFC 9110 section 6.5.1)
        name, value = name.lower(), value.strip(b" \t")
        if _CONTROLS.search(value) or len(self.headers) >= _MOST_HEADERS:
            raise ValueError("a header that cannot be passed on, or too many")
        self.headers.append((name, value))
        if name in _FRAMES:
            self._framed = True

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status >= 200 and not self.status:
            self.status = status
            if self._bodiless:
                self._complete = True
                self._keep = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        if self._complete:
            self._keep = False
        else:
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
