"""One connection of a caller: requests out of bytes by llhttp's strict grammar (httptools), answered one at a time.

Framing and reuse follow RFC 9112 sections 6.3 and 9.  What can be read in two ways and llhttp lets pass is left to
`tollbridge.sanity`.
"""

import asyncio
from typing import Any

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpRequestParser

from tollbridge.server.exchange import Exchange
from tollbridge.server.line import Line
from tollbridge.server.site import Site
from tollbridge.server.target import Unreadable, read_target
from tollbridge.server.upgrade import BodyAlone, asks_for_websocket, head_of_body

_MOST_WAITING = 64
"""Pipelined requests that may have come before their turn."""


class Connection(Line):
    """A line on which requests are read and begun."""

    __slots__ = ("_headers", "_parser", "_scope", "_unread", "_upgrading", "_url")

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._parser = HttpRequestParser(self)
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._scope: dict[str, Any] = {}
        self._upgrading = False
        self._unread = 0

    # what asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's transport
        super().connection_made(transport)
        self._scope = {
            "type": "http",
            "http_version": "1.1",
            "root_path": self.site.root_path,
            "server": _address(transport.get_extra_info("sockname")),
            "client": _address(transport.get_extra_info("peername")),
            "scheme": "https" if transport.get_extra_info("sslcontext") else "http",
        }

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        del self._parser  # which knows this connection: no circle is left to the collector

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


def _address(name: Any) -> tuple[str, int | None] | None:
    """Give host and port of a socket's name, or the path of a Unix socket."""
    if isinstance(name, (tuple, list)) and len(name) >= 2:
        return str(name[0]), int(name[1])
    return (name, None) if isinstance(name, str) and name else None
