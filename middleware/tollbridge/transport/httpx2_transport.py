"""The transport on httpx2: for mocks, ASGI apps, odd proxies, and whoever prefers it."""

from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import httpx2

from tollbridge.errors import GatewayError, UpstreamError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest, UpstreamResponse
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of


class Httpx2Transport:
    """Sends through any `httpx2.AsyncBaseTransport`; the network's own one without an argument.

    On the network every request goes to an address that `guard` has just checked, with the name in Host and TLS. A
    given transport is the operator's own and is not guarded.
    """

    def __init__(
        self,
        timeouts: Timeouts | None = None,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        guard: Guard | None = None,
    ) -> None:
        connect_s = (timeouts or Timeouts()).connect_s
        self._timeout = {"connect": connect_s, "read": None, "write": None, "pool": None}
        self._guard = None if transport is not None and guard is None else guard or Guard()
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
        self._transport = transport or httpx2.AsyncHTTPTransport(limits=limits, trust_env=False, retries=0)

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and wait for the head."""
        endpoint = endpoint_of(request.url)
        url, extensions = request.url, {"timeout": self._timeout}
        headers = [(b"host", _authority(request.url)), *request.headers, (b"content-length", b"%d" % len(request.body))]
        if self._guard is not None:
            addresses = await self._guard.addresses(endpoint, allow_private=request.allow_private)
            parts = urlsplit(request.url)
            address = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
            url = parts._replace(netloc=f"{address}:{endpoint.port}").geturl()
            extensions["sni_hostname"] = endpoint.host  # type: ignore[assignment]  # extensions hold any value
        sent = httpx2.Request(request.method, url, headers=headers, content=request.body, extensions=extensions)
        try:
            return Httpx2Response(await self._transport.handle_async_request(sent))
        except httpx2.TransportError as exc:
            raise _send_failure(endpoint, exc) from None

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.aclose()


class Httpx2Response:
    """An answer of httpx2."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        self._chunks = _chunks(response)
        self.status = response.status_code
        self.headers = [(name.lower(), value) for name, value in response.headers.raw]

    async def read(self, limit: int) -> bytes:
        """Read the whole body."""
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


def _authority(url: str) -> bytes:
    return urlsplit(url).netloc.encode("ascii")


def _send_failure(endpoint: Endpoint, exc: httpx2.TransportError) -> GatewayError:
    who = f"the provider {endpoint.host}"
    if isinstance(exc, httpx2.ConnectTimeout):
        return UpstreamTimeout(f"{who} did not take the connection in time", detail=str(exc))
    if isinstance(exc, httpx2.ConnectError):
        return UpstreamUnreachable(f"{who} cannot be reached", detail=str(exc))
    return UpstreamError(f"{who} closed the connection without an answer", detail=str(exc))


_: tuple[type[Transport], type[UpstreamResponse]] = (Httpx2Transport, Httpx2Response)
