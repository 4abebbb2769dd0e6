"""The transport on pyreqwest: what carries the traffic."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Protocol

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, PyreqwestError
from pyreqwest.http import HeaderMap
from pyreqwest.response import Response

from tollbridge.errors import GatewayError, UpstreamError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest, UpstreamResponse
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of, unsendable

PIN_S = 60.0
"""How long a name's address is used before it is asked for again."""
STALE_S = 600.0
"""How long the last good address is used while the name does not resolve."""
_KNOWN_URLS = 4096
_CONNECTING = "client error (Connect)"
_MARGIN_S = 1.0
"""How much later than the caller's own timeouts an abandoned request ends."""

_Key = tuple[Endpoint, bool]


class _Pin:
    """A client tied to the first of a name's checked addresses."""

    __slots__ = ("addresses", "client", "fresh_until", "refreshing", "stale_until")

    def __init__(self, client: Client, addresses: Sequence[str], now: float) -> None:
        self.client = client
        self.refreshing: asyncio.Task[None] | None = None
        self.renew(addresses, now)

    def renew(self, addresses: Sequence[str], now: float) -> None:
        """Trust the addresses anew, for a time that differs a little from pin to pin."""
        self.addresses = addresses
        self.fresh_until = now + PIN_S * random.uniform(0.8, 1.2)
        self.stale_until = now + STALE_S


class ReqwestTransport:
    """Sends with one client an endpoint, each tied to an address that `guard` has checked.

    A client is used while its name still leads to its address; otherwise a new one takes over and the old one ends with
    its last answer.
    """

    def __init__(self, timeouts: Timeouts | None = None, *, guard: Guard | None = None) -> None:
        self._timeouts = timeouts or Timeouts()
        self._guard = guard or Guard()
        self._pins: dict[_Key, _Pin] = {}
        self._pinning: dict[_Key, asyncio.Task[_Pin]] = {}
        self._endpoints: dict[str, Endpoint] = {}

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and wait for the head.

        An address that refuses the connection gives way to the name's next one; one that lets it wait does for the
        calls to come.
        """
        endpoint = self._endpoints.get(request.url) or self._remember(request.url)
        key = (endpoint, request.allow_private)
        pin = self._pins.get(key)
        if pin is None or _now() >= pin.fresh_until:
            pin = await self._pin(key, pin)
        for _ in pin.addresses[1:]:
            try:
                return await self._ask(pin.client, endpoint, request)
            except UpstreamUnreachable:
                pin = self._turn(key, pin)
            except UpstreamTimeout:
                self._turn(key, pin)
                raise
        return await self._ask(pin.client, endpoint, request)

    async def close(self) -> None:
        """Close every client."""
        self._pinning.clear()
        pins, self._pins = list(self._pins.values()), {}
        for pin in pins:
            if pin.refreshing is not None:
                pin.refreshing.cancel()
            await pin.client.close()

    async def _ask(self, client: Client, endpoint: Endpoint, request: UpstreamRequest) -> UpstreamResponse:
        headers = [(name.decode("latin-1"), _text(value)) for name, value in request.headers]
        try:
            builder = client.request(request.method, request.url).headers(headers).body_bytes(request.body)
            # without the limit the head is held back until 64 KiB of the body are here
            streamed = builder.streamed_read_buffer_limit(0).build_streamed()
            response = await streamed.__aenter__()
        except ValueError:
            raise unsendable(endpoint) from None
        except PyreqwestError as exc:
            raise _send_failure(endpoint, exc) from None
        return ReqwestResponse(streamed, response)

    def _turn(self, key: _Key, pin: _Pin) -> _Pin:
        """Give the pin that takes over from one whose address failed: of the name's next address, trusted as long."""
        current = self._pins.get(key)
        if current is not pin:
            return current or pin  # another call has turned it already, or the transport was closed
        addresses = [*pin.addresses[1:], pin.addresses[0]]
        turned = self._pins[key] = _Pin(self._client(key[0], addresses[0]), addresses, _now())
        turned.fresh_until, turned.stale_until = pin.fresh_until, pin.stale_until
        return turned

    def _remember(self, url: str) -> Endpoint:
        if len(self._endpoints) >= _KNOWN_URLS:
            self._endpoints.clear()
        endpoint = self._endpoints[url] = endpoint_of(url)
        return endpoint

    async def _pin(self, key: _Key, pin: _Pin | None) -> _Pin:
        """Give a pin that may be used now; a name that is only due for renewal is renewed beside the call."""
        if pin is not None and _now() < pin.stale_until:
            if pin.refreshing is None or pin.refreshing.done():
                pin.refreshing = asyncio.create_task(self._refresh(key, pin))
            return pin
        task = self._pinning.get(key)
        if task is None:
            task = self._pinning[key] = asyncio.create_task(self._make(key))
            task.add_done_callback(_look_at)
        return await asyncio.shield(task)

    async def _make(self, key: _Key) -> _Pin:
        endpoint, allow_private = key
        task = asyncio.current_task()
        try:
            addresses = await self._guard.addresses(endpoint, allow_private=allow_private)
        finally:
            wanted = self._pinning.get(key) is task
            if wanted:
                del self._pinning[key]
        if not wanted:
            raise UpstreamUnreachable(f"the provider {endpoint.host} cannot be reached", detail="shutting down")
        pin = self._pins[key] = _Pin(self._client(endpoint, addresses[0]), addresses, _now())
        return pin

    async def _refresh(self, key: _Key, pin: _Pin) -> None:
        endpoint, allow_private = key
        try:
            addresses = await self._guard.addresses(endpoint, allow_private=allow_private)
        except UpstreamUnreachable:
            return  # the last good address holds until it is stale
        used = pin.addresses[0]
        if used in addresses:
            pin.renew([used, *(address for address in addresses if address != used)], _now())
        else:
            self._pins[key] = _Pin(self._client(endpoint, addresses[0]), addresses, _now())

    def _client(self, endpoint: Endpoint, address: str) -> Client:
        longest_s = max(self._timeouts.first_byte_s, self._timeouts.idle_s) + _MARGIN_S
        builder = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=self._timeouts.connect_s))
            .read_timeout(timedelta(seconds=longest_s))  # a cancelled `send` goes on inside pyreqwest until then
            .follow_redirects(False)
            .referer(False)
            .no_proxy()
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .tcp_nodelay(True)
        )
        if address != endpoint.host:
            builder = builder.resolve(endpoint.host, address, endpoint.port)
        return builder.build()


class _Streamed(Protocol):
    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ReqwestResponse:
    """An answer of pyreqwest."""

    __slots__ = ("_open", "_reader", "_response", "_streamed", "headers", "status")

    def __init__(self, streamed: _Streamed, response: Response) -> None:
        self._streamed = streamed
        self._response = response
        self._reader = response.body_reader
        self._open = True
        self.status = response.status
        self.headers = _pairs(response.headers)

    async def read(self, limit: int) -> bytes:
        """Read the whole body."""
        length = self._response.get_header("content-length")
        if length is not None and length.isdigit() and int(length) <= limit:
            try:
                return bytes(await self._response.bytes())
            except PyreqwestError as exc:
                raise _truncated(exc) from None
        parts, size = [], 0
        while chunk := await self.next_chunk():
            size += len(chunk)
            if size > limit:
                raise UpstreamError(f"the provider's answer is over {limit} bytes")
            parts.append(chunk)
        return b"".join(parts)

    async def next_chunk(self) -> bytes:
        """Give the next bytes."""
        try:
            while (chunk := await self._reader.read_chunk()) is not None:
                if chunk:
                    return bytes(chunk)
        except PyreqwestError as exc:
            raise _truncated(exc) from None
        return b""

    async def close(self) -> None:
        """Let go of the connection."""
        if self._open:
            self._open = False
            await self._streamed.__aexit__(None, None, None)


def _text(value: bytes) -> str:
    """Give a header's value as pyreqwest takes it: it sends UTF-8."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _pairs(headers: HeaderMap) -> list[tuple[bytes, bytes]]:
    """Give an answer's headers, without those that are not ASCII: pyreqwest cannot read them."""
    try:
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    except ValueError:
        pairs: list[tuple[bytes, bytes]] = []
        for name in dict.fromkeys(headers.keys()):
            with suppress(ValueError):
                pairs += [(name.encode("ascii"), value.encode("ascii")) for value in headers.getall(name)]
        return pairs


def _look_at(task: asyncio.Task[_Pin]) -> None:
    """Take note of a failure that nobody waits for any more, so that asyncio does not report it."""
    if not task.cancelled():
        task.exception()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _truncated(exc: PyreqwestError) -> UpstreamTruncated:
    return UpstreamTruncated("the provider's answer ended before it was complete", detail=_reason(exc))


def _send_failure(endpoint: Endpoint, exc: PyreqwestError) -> GatewayError:
    who = f"the provider {endpoint.host}"
    connecting = _CONNECTING in _causes(exc)  # both exceptions are also raised when the request was out already
    if connecting and isinstance(exc, ConnectTimeoutError):
        return UpstreamTimeout(f"{who} did not take the connection in time", detail=_reason(exc))
    if connecting and isinstance(exc, ConnectError):
        return UpstreamUnreachable(f"{who} cannot be reached", detail=_reason(exc))
    return UpstreamError(f"{who} closed the connection without an answer", detail=_reason(exc))


def _reason(exc: PyreqwestError) -> str:
    """Give the innermost cause: the outer ones repeat the URL."""
    causes = _causes(exc)
    return causes[-1] if causes else type(exc).__name__


def _causes(exc: PyreqwestError) -> list[str]:
    details = exc.args[1] if len(exc.args) > 1 else None
    causes = details.get("causes") if isinstance(details, dict) else None
    return [str(cause.get("message", "")) for cause in causes or ()]


_: tuple[type[Transport], type[UpstreamResponse]] = (ReqwestTransport, ReqwestResponse)
