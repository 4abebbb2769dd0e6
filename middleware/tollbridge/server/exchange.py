"""One request and its answer, as an app sees them: scope, receive, send (ASGI 3, HTTP 2.3).

The head of an answer waits for the first of its body and leaves with it in one write; where none comes in the same turn
of the event loop, it leaves alone.
"""

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from starlette.types import Message, Scope

from tollbridge.atonce import TakesAnswer
from tollbridge.call import Headers
from tollbridge.server.answer import chunk, refusal
from tollbridge.server.incoming import Incoming
from tollbridge.server.site import logger

if TYPE_CHECKING:
    from tollbridge.server.line import Line

_LARGE = 65_536
"""A body of this size is not copied to stand behind its head."""


class Exchange(Incoming, TakesAnswer):
    """One request, and what has been sent of its answer.  `keep`: the connection may serve another request."""

    __slots__ = ("_bodiless", "_chunked", "_head", "_left", "_site", "_sized", "keep", "task")

    task: "asyncio.Task[None]"

    def __init__(self, line: "Line", scope: Scope, headers: Headers, *, keep: bool) -> None:
        super().__init__(line, scope, headers)
        self.keep = keep
        self._site = line.site
        self._head: bytes | None = None
        self._left: int | None = None
        self._sized = self._chunked = False
        self._bodiless = scope["method"] == "HEAD"

    @property
    def written(self) -> bool:
        """Whether any of the answer is on its way."""
        return self._started and self._head is None

    async def run(self) -> None:
        """Call the app; what it raises is logged once, and ends the answer one way or the other."""
        try:
            await self._site.app(self.scope, self.receive, self.send)
        except Exception as exc:
            logger.error("Exception in ASGI application\n", exc_info=exc)
            self._fail(500, "internal_error", "the server could not answer; its log has the reason")
        except BaseException:
            self._fail(503, "unavailable", "the server is stopping")
            raise
        else:
            if not self.complete and not self.gone:
                logger.error("ASGI application returned without completing its answer")
                self._fail(500, "internal_error", "the server could not answer; its log has the reason")
        finally:
            self._site.state.tasks.discard(self.task)
            del self.task  # which knows this exchange

    async def send(self, message: Message) -> None:
        """Take the head or a part of the body; waits while the caller is slow.

        Raises `RuntimeError` for what cannot be sent now or at all.
        """
        line = self._line
        while line.choked and not self.gone and not self.complete:
            await line.drained()
        if self.gone:
            return
        kind = message["type"]
        if not self._started:
            if kind != "http.response.start":
                raise RuntimeError(f"expected 'http.response.start', but got {kind!r}")
            self._start(message["status"], message.get("headers", ()))
            self._site.hold(self)
        elif self.complete:
            raise RuntimeError(f"the answer is complete, but {kind!r} was sent")
        elif kind != "http.response.body":
            raise RuntimeError(f"expected 'http.response.body', but got {kind!r}")
        else:
            self._write(message.get("body", b""), more=message.get("more_body", False))

    def send_whole(self, status: int, headers: Headers, body: bytes) -> bool:
        """Send an answer if it can leave now and nothing of one was sent; raises `RuntimeError` for what is none."""
        if self._started or self.gone or self._line.choked:
            return False
        self._start(status, headers)
        self._write(body, more=False)
        return True

    def _start(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        site = self._site
        lines, names, self._left, self._sized, close = site.heads.read(status, headers)
        if status in (204, 304):
            self._bodiless = True
        if close:
            self.keep = False
        self._head = lines + site.usual(names)
        self._started = True

    def flush(self) -> None:
        """Send the head if it still waits."""
        if self._head is not None and not self.gone:
            self._line.write(self._take_head(None))

    def _take_head(self, size: int | None) -> bytes:
        """Give the head with its framing; `size` is that of the body, where all of it is known."""
        head = self._head or b""
        self._head = None
        if self._left is not None:
            if not self._sized:
                head += b"content-length: %d\r\n" % self._left
        elif self._bodiless:
            pass
        elif size is not None:
            head += b"content-length: %d\r\n" % size
            self._left = size
        elif self._modern:
            self._chunked = True
            head += b"transfer-encoding: chunked\r\n"
        else:
            self.keep = False  # its end is that of the connection
        if self.keep and not self._line.ending:
            return head + b"\r\n"
        return head + b"connection: close\r\n\r\n"

    def _write(self, body: bytes, *, more: bool) -> None:
        line = self._line
        size = len(body)
        if more and self._chunked:
            if size:
                line.write(chunk(body, last=False))
            return
        left = self._left
        if self._bodiless:
            body = b""
        elif left is not None and (size > left or (size < left and not more)):
            raise RuntimeError(f"the answer is {'longer' if size > left else 'shorter'} than its content-length")
        head = b""
        if self._head is not None:
            if not more and not self.whole and not self.discards():
                self.keep = False
            head = self._take_head(None if more else size)
        if self._left is not None:
            self._left -= size
        if self._chunked:
            body = chunk(body, last=not more)
        if len(body) < _LARGE:
            data = head + body
            if data:
                line.write(data)
        else:
            if head:
                line.write(head)
            line.write(body)
        if not more:
            self._finish()

    def _finish(self) -> None:
        self.complete = True
        if self._parts:
            self._parts.clear()
            self.held = 0
        if self._news is not None:
            self._news.set()
        self._line.finished(self)

    def _fail(self, status: int, code: str, message: str) -> None:
        """End an answer that cannot be completed: with an error if nothing was sent, else by closing."""
        if self.complete or self.gone:
            return
        if self.written:
            self.break_off()
            return
        self._head = None
        self._started = True
        self.keep = False
        self._line.write(refusal(status, code, message, self._site.usual()))
        self._finish()

    def break_off(self) -> None:
        """Close in the middle of an answer; one whose end is that of the connection is reset, lest it look whole."""
        self._line.break_off(framed=self._bodiless or self._chunked or self._left is not None)
