"""The transport that carries the traffic: HTTP/1.1 on the event loop's own thread.

A client with threads of its own costs twice: each of its answers waits for the interpreter's lock, and so does the
event loop behind it; and a request that is given up goes on inside (docs/decisions/0003-transport.md).
"""

import asyncio
import re
import ssl
from urllib.parse import urlsplit

from tollbridge.clock import SystemClock
from tollbridge.errors import GatewayError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest, UpstreamResponse, read_all
from tollbridge.transport.connection import Connection
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of, unsendable
from tollbridge.transport.pins import Key, Pin, Pins

IDLE_S = 30.0
"""How long a connection is kept for another call."""
_MOST_IDLE = 256
"""Connections kept for each endpoint."""
_KNOWN = 4096
_monotonic = SystemClock.monotonic
_IDEMPOTENT = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
"""RFC 9110 section 9.2.2, without TRACE, which nobody sends here."""
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Http1Transport:
    """Sends over connections of its own, each to an address that `guard` has checked.

    Every endpoint has its own connections: a key goes only to a server that has proved its name. `tls` is the context
    for `https`, by default one that trusts the authorities of certifi.
    """

    def __init__(
        self, timeouts: Timeouts | None = None, *, guard: Guard | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._connect_s = (timeouts or Timeouts()).connect_s
        self._pins = Pins(guard or Guard())
        self._tls = tls
        self._routes: dict[tuple[str, str], tuple[Endpoint, bytes]] = {}
        self._forms: dict[tuple[bytes, ...], bytes] = {}
        self._idle: dict[Key, list[Connection]] = {}
        self._busy: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed = False

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and wait for the head.  Cancelled, it closes the connection.

        An address that refuses the connection gives way to the name's next one; one that lets it wait does for the
        calls to come. A kept connection that the provider closes just when it is asked is no answer: what is
        idempotent is asked once more, over a new one (RFC 9112 section 9.3.1).
        """
        endpoint, start = self._routes.get((request.method, request.url)) or self._remember(request)
        head = self._head(endpoint, start, request)
        key = (endpoint, request.allow_private, request.tls_outside)
        pin = self._pins.fresh(key) or await self._pins.find(key)
        kept = self._take(key, pin)
        if kept is not None:
            try:
                return await self._exchange(key, kept, head, request.body)
            except UpstreamError:
                if not kept.silent or request.method not in _IDEMPOTENT:
                    raise
        return await self._exchange(key, await self._connect(endpoint, pin), head, request.body)

    async def _exchange(self, key: Key, connection: Connection, head: bytes, body: bytes) -> UpstreamResponse:
        if self._closed:
            connection.abort()
            raise UpstreamUnreachable(f"the provider {key[0].host} cannot be reached", detail="shutting down")
        self._busy.add(connection)
        try:
            connection.ask(head, body)
            await connection.head()
        except BaseException:
            self._busy.discard(connection)
            connection.abort()
            raise
        return Http1Response(self, key, connection)

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        self._pins.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
        idle, self._idle = self._idle, {}
        for connection in [*self._busy, *(each for row in idle.values() for each in row)]:
            connection.abort()

    def release(self, key: Key, connection: Connection) -> None:
        """Take a connection back: kept where its answer was read to the end, else closed."""
        self._busy.discard(connection)
        row = self._idle.setdefault(key, [])
        if not connection.reusable or len(row) >= _MOST_IDLE:
            connection.abort()
            return
        connection.rest(_monotonic())
        row.append(connection)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_S, self._sweep)

    def _sweep(self) -> None:
        """Close what was idle for too long."""
        since = _monotonic() - IDLE_S
        for key, row in list(self._idle.items()):
            kept = [connection for connection in row if connection.open and connection.idle_since > since]
            for connection in row:
                if connection not in kept:
                    connection.abort()
            if kept:
                self._idle[key] = kept
            else:
                del self._idle[key]
        self._sweeper = asyncio.get_running_loop().call_later(IDLE_S, self._sweep) if self._idle else None

    def _take(self, key: Key, pin: Pin) -> Connection | None:
        """Give the connection that was used last, if it is still good and its address still the name's."""
        row = self._idle.get(key)
        while row:
            connection = row.pop()
            if connection.address in pin.addresses and connection.quiet:
                return connection
            connection.abort()
        return None

    async def _connect(self, endpoint: Endpoint, pin: Pin) -> Connection:
        addresses = tuple(pin.addresses)
        for address in addresses[:-1]:
            try:
                return await self._dial(endpoint, pin, address)
            except UpstreamUnreachable:
                continue
        return await self._dial(endpoint, pin, addresses[-1])

    async def _dial(self, endpoint: Endpoint, pin: Pin, address: str) -> Connection:
        loop = asyncio.get_running_loop()
        secure = endpoint.scheme == "https"
        try:
            async with asyncio.timeout(self._connect_s):
                _, connection = await loop.create_connection(
                    lambda: Connection(address),
                    address,
                    endpoint.port,
                    ssl=self._context() if secure else None,
                    server_hostname=endpoint.host.rstrip(".") if secure else None,
                )
        except (OSError, TimeoutError) as exc:
            pin.avoid(address)
            raise _dial_failure(endpoint, exc) from None
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            import httpx2  # for its context alone, and only where there is TLS

            self._tls = httpx2.create_ssl_context(trust_env=False)
        return self._tls

    def _remember(self, request: UpstreamRequest) -> tuple[Endpoint, bytes]:
        """Read a URL once; gives the endpoint and how a request to it begins."""
        endpoint = endpoint_of(request.url)
        parts = urlsplit(request.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        start = f"{request.method} {target} HTTP/1.1\r\nhost: {parts.netloc}\r\n".encode("ascii")
        if len(self._routes) >= _KNOWN:
            self._routes.clear()
        route = self._routes[request.method, request.url] = (endpoint, start)
        return route

    def _head(self, endpoint: Endpoint, start: bytes, request: UpstreamRequest) -> bytes:
        """Write the head of a request; raises `UpstreamUnreachable` for what would not be one header."""
        headers = request.headers
        names, values = zip(*headers) if headers else ((), ())  # noqa: B905
        form = self._forms.get(names) or self._form(endpoint, names)
        head = b"%b%bcontent-length: %d\r\n\r\n" % (start, form % values, len(request.body))
        breaks = len(names) + 4
        if head.count(b"\n") != breaks or head.count(b"\r") != breaks or b"\0" in head:
            raise unsendable(endpoint)
        return head

    def _form(self, endpoint: Endpoint, names: tuple[bytes, ...]) -> bytes:
        """Give the lines of a row of header names, with a place for each value."""
        if not all(map(_NAME.fullmatch, names)):
            raise unsendable(endpoint)
        if len(self._forms) >= _KNOWN:
            self._forms.clear()
        form = self._forms[names] = b"".join([b"%b: %%b\r\n" % name.replace(b"%", b"%%") for name in names])
        return form


class Http1Response:
    """An answer on a connection, which goes back when this is closed."""

    __slots__ = ("_connection", "_key", "_open", "_transport", "headers", "status")

    def __init__(self, transport: Http1Transport, key: Key, connection: Connection) -> None:
        self._transport = transport
        self._key = key
        self._connection = connection
        self._open = True
        self.status = connection.status
        self.headers = connection.headers

    async def read(self, limit: int) -> bytes:
        """Read the whole body."""
        if self._connection.whole_size <= limit:
            return self._connection.take()
        return await read_all(self, limit)

    async def next_chunk(self) -> bytes:
        """Give the next bytes."""
        return await self._connection.next_chunk()

    async def close(self) -> None:
        """Let go of the connection."""
        if self._open:
            self._open = False
            self._transport.release(self._key, self._connection)


def _dial_failure(endpoint: Endpoint, exc: OSError) -> GatewayError:
    who = f"the provider {endpoint.host}"
    if isinstance(exc, TimeoutError):
        return UpstreamTimeout(f"{who} did not take the connection in time", detail=str(exc))
    return UpstreamUnreachable(f"{who} cannot be reached", detail=str(exc))


_: tuple[type[Transport], type[UpstreamResponse]] = (Http1Transport, Http1Response)
