"""WebSockets to providers, on `websockets`: guarded, and without redirects, proxies or compression."""

import ssl
from collections.abc import Sequence

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from tollbridge.errors import GatewayError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from tollbridge.formats.failures import failure
from tollbridge.transport.base import Timeouts, UpstreamRequest
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of, unsendable
from tollbridge.transport.sockets import BROKEN_OFF, LONGEST_MESSAGE, SocketEnded, Sockets, UpstreamSocket

_LINE_BREAKS = ("\r", "\n", "\0")


class Websockets:
    """Opens sessions.  Only addresses that `guard` has checked are dialled; `tls` is as in `Http1Transport`."""

    def __init__(
        self, timeouts: Timeouts | None = None, *, guard: Guard | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._connect_s = (timeouts or Timeouts()).connect_s
        self._guard = guard or Guard()
        self._tls = tls

    async def open(self, request: UpstreamRequest, subprotocols: Sequence[str]) -> UpstreamSocket:
        """Open a session at a URL of HTTP; raises `UpstreamUnreachable`, `UpstreamTimeout`, or what a refusal means.

        An address that cannot be reached gives way to the name's next one.
        """
        endpoint = endpoint_of(request.url)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers]
        if any(mark in text for header in headers for text in header for mark in _LINE_BREAKS):
            raise unsendable(endpoint)
        addresses = await self._guard.addresses(
            endpoint, allow_private=request.allow_private, tls_outside=request.tls_outside
        )
        for address in addresses[:-1]:
            try:
                return await self._dial(endpoint, address, request.url, headers, subprotocols)
            except (UpstreamUnreachable, UpstreamTimeout):
                continue
        return await self._dial(endpoint, addresses[-1], request.url, headers, subprotocols)

    async def _dial(
        self,
        endpoint: Endpoint,
        address: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        subprotocols: Sequence[str],
    ) -> UpstreamSocket:
        secure = endpoint.scheme == "https"
        try:
            connection = await _Straight(
                "ws" + url.removeprefix("http"),
                host=address,
                port=endpoint.port,
                additional_headers=headers,
                user_agent_header=None,
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
                compression=None,
                proxy=None,
                open_timeout=self._connect_s,
                max_size=LONGEST_MESSAGE,
                ssl=self._context() if secure else None,
                server_hostname=endpoint.host.rstrip(".") if secure else None,
            )
        except (InvalidHandshake, OSError, TimeoutError) as exc:
            raise _refusal(endpoint, exc) from None
        return _Socket(connection)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpx2.create_ssl_context(trust_env=False)
        return self._tls


class _Straight(connect):
    """A connection that follows no redirect: it would lead past the guard, with our credential."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class _Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.subprotocol: str | None = connection.subprotocol

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as exc:
            raise _ended(exc) from None

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as exc:
            raise _ended(exc) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self._connection.close(code, reason)


def _ended(exc: ConnectionClosed) -> SocketEnded:
    """Say how a session ended: as the provider said, else as a connection that broke off."""
    return SocketEnded(BROKEN_OFF, "") if exc.rcvd is None else SocketEnded(exc.rcvd.code, exc.rcvd.reason)


def _refusal(endpoint: Endpoint, exc: Exception) -> GatewayError:
    who = f"the provider {endpoint.host}"
    if isinstance(exc, InvalidStatus):
        return failure(exc.response.status_code, f"{who} refused the session")
    if isinstance(exc, TimeoutError):
        return UpstreamTimeout(f"{who} did not open the session in time")
    if isinstance(exc, OSError):
        return UpstreamUnreachable(f"{who} cannot be reached", detail=str(exc))
    return UpstreamError(f"{who} does not answer as a WebSocket", detail=str(exc))


_: tuple[type[Sockets], type[UpstreamSocket]] = (Websockets, _Socket)
