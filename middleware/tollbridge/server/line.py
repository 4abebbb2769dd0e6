"""The line to one caller: whose turn it is on it, how far the caller keeps up, and when it is closed.

What comes over it is read by `Connection`; here nothing is known of bytes that are no answer.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context

from tollbridge.server.answer import refusal
from tollbridge.server.exchange import Exchange
from tollbridge.server.site import Site, logger

_MOST_HELD = 65_536
"""Bytes of a body that wait for the app before the caller is made to wait."""
_MOST_AFTER = 262_144
"""Bytes that are thrown away after the last answer before the connection is closed (RFC 9112 section 9.6)."""
_LINGER_S = 2
_STALLED_S = 60
"""A caller who takes nothing of an answer for so long is given up."""


class Line(asyncio.Protocol):
    """A line of `site`.  `choked`: the caller is slow to take the answer; `ending`: no request after this one.

    Answers leave in the order of their requests: `_current` is being answered, `_waiting` come after it, `_reading` is
    not here to its end. `_deaf`: what still comes is thrown away; `_in_head`: a head has begun.
    """

    __slots__ = (
        "_after",
        "_context",
        "_current",
        "_deaf",
        "_drained",
        "_fresh",
        "_in_head",
        "_last_word",
        "_looks",
        "_reading",
        "_transport",
        "_unsent",
        "_waiting",
        "choked",
        "ending",
        "paused",
        "site",
        "write",
    )

    _transport: asyncio.Transport
    write: Callable[[bytes], None]

    def __init__(self, site: Site) -> None:
        self.site = site
        self.choked = self.ending = self.paused = False
        self._context = copy_context()
        self._current: Exchange | None = None
        self._reading: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._drained: asyncio.Event | None = None
        self._last_word: bytes | None = None
        self._fresh = True
        self._in_head = self._deaf = False
        self._looks = self._unsent = 0
        self._after = _MOST_AFTER

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's transport
        self._transport = transport
        self.write = transport.write
        self.site.join(self)

    def eof_received(self) -> None:
        """Take a caller that closes its side to be gone: asyncio closes ours."""
        self._lose()

    def connection_lost(self, exc: Exception | None) -> None:
        self.site.leave(self)
        self._lose()

    def _lose(self) -> None:
        self._deaf = True
        self._in_head = False
        self._waiting.clear()
        if self._current is not None:
            self._current.leave()
        self._current = self._reading = None
        if self._drained is not None:
            self._drained.set()

    def pause_writing(self) -> None:
        self.choked = True

    def resume_writing(self) -> None:
        self.choked = False
        if self._drained is not None:
            self._drained.set()

    # what the server calls

    def shutdown(self) -> None:
        """Close once the running answer is out; at once if there is none."""
        self.ending = True
        if self._current is None:
            self._transport.close()

    def look(self) -> None:
        """Close what waited too long: for a head, for the next request, for its caller to take what was sent."""
        unsent = self._transport.get_write_buffer_size()
        if self._current is not None or unsent != self._unsent:
            self._unsent = unsent
            self._looks = 0
            return
        self._looks += 1
        if self._looks <= self._patience_s():
            return
        if unsent:
            self._transport.abort()
        elif self._in_head:
            self._refuse(408, "request_timeout", f"the headers were not sent within {self.site.head_timeout_s:g} s")
        else:
            self._transport.close()

    def _patience_s(self) -> float:
        if self._unsent:
            return _STALLED_S
        if self._deaf:
            return _LINGER_S
        if self._in_head or self._fresh or self._reading is not None:
            return self.site.head_timeout_s
        return self.site.keep_alive_s

    # what an exchange calls

    async def drained(self) -> None:
        """Wait until the caller has taken most of what was sent, or is gone."""
        if self._drained is None:
            self._drained = asyncio.Event()
        self._drained.clear()
        await self._drained.wait()

    def balance(self) -> None:
        """Stop reading while a request waits for its turn or a body for its app, and go on after that."""
        reading = self._reading
        full = bool(self._waiting) or (reading is not None and reading.held > _MOST_HELD)
        if full != self.paused:
            self.paused = full
            if full:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def finished(self, exchange: Exchange) -> None:
        """Go on after an answer: with the next request, or by closing."""
        self.site.state.total_requests += 1
        self._current = None
        self._looks = 0
        if not exchange.keep or self.ending or not (exchange.whole or exchange.discards()):
            self._end(whole=exchange.whole)
        elif self._waiting:
            self._start(self._waiting.popleft())
        elif self._last_word is not None:
            self._say(self._last_word)
        if self.paused:
            self.balance()

    def break_off(self, *, framed: bool) -> None:
        """Close now: gently where the caller can tell that something is missing."""
        if framed:
            self._transport.close()
        else:
            self._transport.abort()

    def _end(self, *, whole: bool) -> None:
        """Close after what was written; a caller who still sends is heard a little longer, lest it miss the answer."""
        self._deaf = True
        self._reading = None
        self._waiting.clear()
        if whole or not self._transport.can_write_eof():
            self._transport.close()
        else:
            self._transport.write_eof()

    def _say(self, last_word: bytes) -> None:
        self.write(last_word)
        self._end(whole=False)

    def _discard(self, size: int) -> None:
        self._after -= size
        if self._after < 0:
            if self._current is None:
                self._transport.close()
            elif not self.paused:
                self.paused = True
                self._transport.pause_reading()

    # what a reader of it calls

    def _start(self, exchange: Exchange) -> None:
        """Run the app, in the context of the connection and not of the request before."""
        self._current = exchange
        task = exchange.task = self.site.loop.create_task(exchange.run(), context=self._context.copy())
        self.site.state.tasks.add(task)

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer what is no request, after all that came before it, and close."""
        self._deaf = True
        self._in_head = False
        logger.info("Invalid HTTP request received: %s", message)
        broken, self._reading = self._reading, None
        if broken is not None and broken is self._current:
            if broken.written:
                broken.break_off()
                return
            broken.leave()
            self._current = None
        elif broken is not None and broken.complete:
            self._transport.close()
            return
        elif broken is not None:
            self._waiting.pop()
        last_word = refusal(status, code, message, self.site.usual())
        if self._current is None:
            self._say(last_word)
        else:
            self._last_word = last_word
