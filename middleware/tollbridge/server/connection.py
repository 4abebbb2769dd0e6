"""One connection of a caller: requests out of bytes by llhttp's strict grammar (httptools), answered one at a time.

Framing and reuse follow RFC 9112 sections 6.3 and 9.  What can be read in two ways and llhttp lets pass is left to
`tollbridge.sanity`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from tollbridge.server.answer import refusal
from tollbridge.server.exchange import Exchange
from tollbridge.server.site import Site, logger
from tollbridge.server.target import Unreadable, read_target
from tollbridge.server.upgrade import BodyAlone, asks_for_websocket, head_of_body

_MOST_HELD = 65_536
"""Bytes of a body that wait for the app before the caller is made to wait."""
_MOST_WAITING = 64
"""Pipelined requests that may have come before their turn."""
_MOST_AFTER = 262_144
"""Bytes that are thrown away after the last answer before the connection is closed (RFC 9112 section 9.6)."""
_LINGER_S = 2
_STALLED_S = 60
"""A caller who takes nothing of an answer for so long is given up."""


class Connection(asyncio.Protocol):
    """A connection of `site`.  `choked`: the caller is slow to take the answer; `ending`: no request after this one."""

    __slots__ = (
        "_after",
        "_context",
        "_current",
        "_deaf",
        "_drained",
        "_fresh",
        "_headers",
        "_in_head",
        "_last_word",
        "_looks",
        "_parser",
        "_reading",
        "_scope",
        "_transport",
        "_unread",
        "_unsent",
        "_upgrading",
        "_url",
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
        self.choked = self.ending = False
        self._context = copy_context()
        self._parser = HttpRequestParser(self)
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._current: Exchange | None = None
        self._reading: Exchange | None = None
        self._waiting: deque[Exchange] = deque()
        self._scope: dict[str, Any] = {}
        self._drained: asyncio.Event | None = None
        self._last_word: bytes | None = None
        self._fresh = True
        self._in_head = self._upgrading = self._deaf = self.paused = False
        self._looks = self._unread = self._unsent = 0
        self._after = _MOST_AFTER

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's transport
        self._transport = transport
        self.write = transport.write
        self._scope = {
            "type": "http",
            "http_version": "1.1",
            "root_path": self.site.root_path,
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
            "scheme": "https" if transport.get_extra_info("sslcontext") else "http",
        }
        self.site.join(self)

    def eof_received(self) -> None:
        """Take a caller that closes its side to be gone: asyncio closes ours."""
        self._lose()

    def connection_lost(self, exc: Exception | None) -> None:
        self.site.leave(self)
        self._lose()
        del self._parser  # which knows this connection: no circle is left to the collector

    def _lose(self) -> None:
        self._deaf = True
        self._in_head = False
        self._waiting.clear()
        if self._current is not None:
            self._current.leave()
        self._current = self._reading = None
        if self._drained is not None:
            self._drained.set()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            self._discard(len(data))
            return
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as exc:
            self._upgrade(data[exc.args[0] :])
        except HttpParserError as exc:
            self._misread(exc)
        if self._in_head or self._reading is not None:
            if self._unread > self.site.max_head_bytes and not self._deaf:
                self._refuse(431, "unsafe_request", "the headers are too long")
            self.balance()
        elif self._waiting:
            self.balance()

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

    # what the parser calls

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers = []
        self._unread = 0
        self._in_head = True
        if self._current is None:
            self._looks = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._unread = 0
        parser = self._parser
        if parser.should_upgrade():
            self._upgrading = True
            return
        version = parser.get_http_version()
        self._open(version, keep=version == "1.1" and parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        assert self._reading is not None, "llhttp tells of no body without a head"
        self._unread = 0
        self._reading.feed(body)

    def on_message_complete(self) -> None:
        exchange = self._reading
        if exchange is not None and not self._upgrading:
            self._reading = None
            if not exchange.keep:
                self._deaf = True
            exchange.end()

    def _open(self, version: str, *, keep: bool) -> None:
        """Begin an exchange with what was read; raises `Unreadable`."""
        if len(self._waiting) >= _MOST_WAITING:
            raise Unreadable("too many requests were sent before the first was answered")
        site, headers = self.site, self._headers
        path, raw_path, query = read_target(self._url)
        scope = self._scope.copy()
        if version != "1.1":
            scope["http_version"] = version
        scope["asgi"] = {"version": site.asgi_version, "spec_version": "2.3"}
        scope["method"] = self._parser.get_method().decode("ascii")
        scope["path"] = site.root_path + path
        scope["raw_path"] = site.raw_root_path + raw_path
        scope["query_string"] = query
        scope["headers"] = headers
        scope["state"] = site.app_state.copy()
        self._headers = []  # trailers are no headers (RFC 9110 section 6.5.1)
        self._fresh = False
        exchange = self._reading = Exchange(self, scope, headers, keep=keep)
        if self._current is None:
            self._start(exchange)
        else:
            self._waiting.append(exchange)

    def _start(self, exchange: Exchange) -> None:
        """Run the app, in the context of the connection and not of the request before."""
        self._current = exchange
        task = exchange.task = self.site.loop.create_task(exchange.run(), context=self._context.copy())
        self.site.state.tasks.add(task)

    # what is no plain request

    def _upgrade(self, rest: bytes) -> None:
        """Hand a WebSocket on; any other upgrade is ignored, and its request carried out (RFC 9110 section 7.8).

        llhttp leaves the body of such a request to others, so that a second parser is told its framing alone.
        """
        self._upgrading = False
        asked, version = self._parser, self._parser.get_http_version()
        free = self._current is None and self.site.config.ws_protocol_class is not None
        if free and version == "1.1" and asks_for_websocket(asked, self._headers):
            self._hand_on(rest)
            return
        try:
            headers = self._headers
            self._open(version, keep=False)
            self._parser = HttpRequestParser(BodyAlone(self))
            self._parser.feed_data(head_of_body(asked, headers))
            if asked.get_method() != b"CONNECT":
                self._parser.feed_data(rest)
        except Unreadable as exc:
            self._refuse(400, "bad_request", str(exc))
        except HttpParserError as exc:
            self._misread(exc)

    def _hand_on(self, rest: bytes) -> None:
        """Let uvicorn's WebSocket protocol have the connection, and read the request again."""
        site = self.site
        site.leave(self)
        make: Any = site.config.ws_protocol_class
        protocol = make(config=site.config, server_state=site.state, app_state=site.app_state)
        lines = b"".join([b"%b: %b\r\n" % header for header in self._headers])
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(b"GET %b HTTP/1.1\r\n%b\r\n%b" % (self._url, lines, rest))
        del self._parser

    def _misread(self, exc: HttpParserError) -> None:
        """Refuse what the parser stopped at; what follows the last request is none of ours."""
        if self._deaf:
            return
        cause = exc.__context__ if isinstance(exc, HttpParserCallbackError) else None
        if cause is not None and not isinstance(cause, Unreadable):
            raise exc
        self._refuse(400, "bad_request", str(cause or exc))

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


def _address(name: Any) -> tuple[str, int | None] | None:
    """Give host and port of a socket's name, or the path of a Unix socket."""
    if isinstance(name, (tuple, list)) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return (name, None) if isinstance(name, str) and name else None
