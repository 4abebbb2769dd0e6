"""The transport on httpx2: for mocks, ASGI apps, odd proxies, and whoever prefers it."""

import ssl
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import httpx2

from tollbridge.errors import GatewayError, UpstreamError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest, UpstreamResponse, read_all
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of, unsendable

_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=100)


class Httpx2Transport:
    """Sends through any `httpx2.AsyncBaseTransport`; the network's own ones without an argument.

    On the network every request goes to an address that `guard` has just checked, with the name in Host and TLS. A
    given transport is the operator's own and is not guarded: giving both raises `ValueError`.

    Each endpoint has connections of its own. The pool sees addresses only, so names that share one (a CDN) would share
    a connection too, and one provider's key would go to a server that has proved to be another.
    """

    def __init__(
        self,
        timeouts: Timeouts | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        guard: Guard | None = None,
    ) -> None:
        if transport is not None and guard is not None:
            raise ValueError("a given transport is not guarded: give a transport or a guard")
        connect_s = (timeouts or Timeouts()).connect_s
        self._timeout = {"connect": connect_s, "read": None, "write": None, "pool": None}
        self._given = transport
        self._guard = guard or Guard()
        self._tls: ssl.SSLContext | None = None
        self._transports: dict[Endpoint, httpx2.AsyncBaseTransport] = {}
        self._avoid: dict[Endpoint, str] = {}

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and wait for the head.

        An address that refuses the connection gives way to the name's next one; the one that failed last is tried last.
        """
        endpoint = endpoint_of(request.url)
        if self._given is not None:
            return await self._ask(self._given, endpoint, request, request.url)
        addresses = await self._guard.addresses(
            endpoint, allow_private=request.allow_private, tls_outside=request.tls_outside
        )
        transport = self._transports.get(endpoint) or self._open(endpoint)
        addresses = sorted(addresses, key=lambda address: address == self._avoid.get(endpoint))
        for address in addresses[:-1]:
            try:
                return await self._dial(transport, endpoint, request, address)
            except UpstreamUnreachable:
                continue
        return await self._dial(transport, endpoint, request, addresses[-1])

    async def close(self) -> None:
        """Close every connection."""
        transports, self._transports = list(self._transports.values()), {}
        for transport in [self._given, *transports]:
            if transport is not None:
                await transport.aclose()

    def _open(self, endpoint: Endpoint) -> httpx2.AsyncBaseTransport:
        if self._tls is None:  # made once: reading the authorities takes 40 ms
            self._tls = httpx2.create_ssl_context(trust_env=False)
        opened = httpx2.AsyncHTTPTransport(verify=self._tls, limits=_LIMITS, trust_env=False, retries=0)
        self._transports[endpoint] = opened
        return opened

    async def _dial(
        self, transport: httpx2.AsyncBaseTransport, endpoint: Endpoint, request: UpstreamRequest, address: str
    ) -> UpstreamResponse:
        host = f"[{address}]" if ":" in address else address
        url = urlsplit(request.url)._replace(netloc=f"{host}:{endpoint.port}").geturl()
        try:
            return await self._ask(transport, endpoint, request, url)
        except (UpstreamUnreachable, UpstreamTimeout):
            self._avoid[endpoint] = address
            raise

    async def _ask(
        self, transport: httpx2.AsyncBaseTransport, endpoint: Endpoint, request: UpstreamRequest, url: str
    ) -> UpstreamResponse:
        authority = urlsplit(request.url).netloc.encode("ascii")
        headers = [(b"host", authority), *request.headers, (b"content-length", b"%d" % len(request.body))]
        extensions = {"timeout": self._timeout, "sni_hostname": endpoint.host}
        try:
            sent = httpx2.Request(request.method, url, headers=headers, content=request.body, extensions=extensions)
            return Httpx2Response(await transport.handle_async_request(sent))
        except (httpx2.InvalidURL, httpx2.LocalProtocolError):
            raise unsendable(endpoint) from None
        except httpx2.TransportError as exc:
            raise _send_failure(endpoint, exc) from None


class Httpx2Response:
    """An answer of httpx2."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._chunks = _chunks(response)
        self.status = response.status_code
        self.headers = [(name.lower(), value) for name, value in response.headers.raw]

    async def read(self, limit: int) -> bytes:
        """Read the whole body."""
        return await read_all(self, limit)

    async def next_chunk(self) -> bytes:
        """Give the next bytes."""
        try:
            return await anext(self._chunks, b"")
        except httpx2.TransportError as exc:
            raise UpstreamTruncated("the provider's answer ended before it was complete", detail=str(exc)) from None

    async def close(self) -> None:
        """Let go of the connection."""
        await self._chunks.aclose()
        await self._response.aclose()


async def _chunks(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    stream = response.stream
    if not isinstance(stream, httpx2.AsyncByteStream):
        raise UpstreamError("the transport gave an answer that cannot be read asynchronously")
    async for chunk in stream:
        if chunk:
            yield chunk


def _send_failure(endpoint: Endpoint, exc: httpx2.TransportError) -> GatewayError:
    who = f"the provider {endpoint.host}"
    if isinstance(exc, httpx2.ConnectTimeout):
        return UpstreamTimeout(f"{who} did not take the connection in time", detail=str(exc))
    if isinstance(exc, httpx2.ConnectError):
        return UpstreamUnreachable(f"{who} cannot be reached", detail=str(exc))
    return UpstreamError(f"{who} closed the connection without an answer", detail=str(exc))


_: tuple[type[Transport], type[UpstreamResponse]] = (Httpx2Transport, Httpx2Response)
