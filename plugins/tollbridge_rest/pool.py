"""Connections to the nodes of one upstream, each to an address that the guard has checked.

A name is resolved here, its addresses are judged, and one that was judged is dialled: no redirect is followed, no proxy
of the environment asked, and a connection is used again only while its address is still the name's.
"""

import asyncio
import ssl

from tollbridge import SystemClock, UpstreamError
from tollbridge.transport.guard import Endpoint, Guard
from tollbridge.transport.pins import Pin, Pins
from tollbridge_rest.definition import Tls
from tollbridge_rest.line import Line, LineBroken

IDLE_S = 4.0
"""How long a connection is kept for another call: less than servers do, of which some give one five seconds."""
SURE_S = 1.0
"""For how long one is sure enough for a request that cannot be sent a second time."""
_MOST_IDLE = 64
_monotonic = SystemClock.monotonic


def make_context(tls: Tls) -> ssl.SSLContext:
    """Make what nodes prove themselves by; raises `ValueError` for a `ca` that holds no certificate."""
    if tls.ca:
        try:
            context = ssl.create_default_context(cadata=tls.ca)
        except ssl.SSLError:
            raise ValueError("it holds no certificates in PEM") from None
    else:
        import httpx2

        context = httpx2.create_ssl_context(trust_env=False)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


class Pool:
    """Gives lines to endpoints and takes them back."""

    def __init__(self, guard: Guard, tls: Tls, *, connect_s: float, private: bool, plain: bool) -> None:
        self._guard = guard
        self._pins = Pins(guard)
        self._tls = tls
        self._context: ssl.SSLContext | None = None
        self._connect_s = connect_s
        self.private = private
        self._tls_outside = not plain
        self._idle: dict[Endpoint, list[Line]] = {}
        self._busy: set[Line] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def take(self, endpoint: Endpoint, *, idle_s: float = IDLE_S) -> Line:
        """Give a line, one that was idle for less than `idle_s` if there is one; raises `LineBroken`."""
        key = (endpoint, self.private, self._tls_outside)
        try:
            async with asyncio.timeout(self._connect_s):
                pin = self._pins.fresh(key) or await self._pins.find(key)
        except UpstreamError as exc:
            raise LineBroken(exc.detail or exc.message, sent=False) from None
        except TimeoutError:
            raise LineBroken(f"{endpoint.host} was not resolved in time", sent=False, late=True) from None
        line = self._rested(endpoint, pin, idle_s) or await self._connect(endpoint, pin)
        self._busy.add(line)
        return line

    def give_back(self, endpoint: Endpoint, line: Line) -> None:
        """Take a line back: kept where its exchange is through, else closed."""
        self._busy.discard(line)
        row = self._idle.setdefault(endpoint, [])
        if not line.reusable or len(row) >= _MOST_IDLE:
            line.abort()
            return
        line.rest(_monotonic())
        row.append(line)
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(IDLE_S, self._sweep)

    def rest(self) -> None:
        """Close what is idle and forget addresses; nothing may be busy.  Who comes later begins anew."""
        self._pins.close()
        self._pins = Pins(self._guard)
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        idle, self._idle = self._idle, {}
        for line in [line for row in idle.values() for line in row]:
            line.abort()

    @property
    def lines(self) -> int:
        """How many connections there are."""
        return len(self._busy) + sum(map(len, self._idle.values()))

    def _sweep(self) -> None:
        since = _monotonic() - IDLE_S
        for endpoint, row in list(self._idle.items()):
            kept = [line for line in row if line.open and line.idle_since > since]
            for line in row:
                if line not in kept:
                    line.abort()
            if kept:
                self._idle[endpoint] = kept
            else:
                del self._idle[endpoint]
        self._sweeper = asyncio.get_running_loop().call_later(IDLE_S, self._sweep) if self._idle else None

    def _rested(self, endpoint: Endpoint, pin: Pin, idle_s: float) -> Line | None:
        row = self._idle.get(endpoint)
        since = _monotonic() - idle_s
        while row:
            line = row.pop()
            if line.open and line.address in pin.addresses and line.idle_since > since:
                return line
            line.abort()
        return None

    async def _connect(self, endpoint: Endpoint, pin: Pin) -> Line:
        addresses = tuple(pin.addresses)
        for address in addresses[:-1]:
            try:
                return await self._dial(endpoint, pin, address)
            except LineBroken:
                continue
        return await self._dial(endpoint, pin, addresses[-1])

    async def _dial(self, endpoint: Endpoint, pin: Pin, address: str) -> Line:
        secure = endpoint.scheme == "https"
        if secure and self._context is None:
            self._context = await asyncio.to_thread(make_context, self._tls)  # reading the authorities takes 40 ms
        name = (self._tls.server_name or endpoint.host).rstrip(".")
        try:
            async with asyncio.timeout(self._connect_s):
                _, line = await asyncio.get_running_loop().create_connection(
                    lambda: Line(address),
                    address,
                    endpoint.port,
                    ssl=self._context if secure else None,
                    server_hostname=name if secure else None,
                )
        except (OSError, TimeoutError, ValueError) as exc:  # the last for a name that no certificate is for
            pin.avoid(address)
            late = isinstance(exc, TimeoutError)
            why = "did not take the connection in time" if late else f"does not take a connection: {exc}"
            raise LineBroken(f"{endpoint.host} {why}", sent=False, late=late) from None
        return line
