"""Asking an OpenID provider by the gateway's guarded way out: resolved, checked, pinned, no redirects, no proxies."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

import httpx2

from tollbridge import Unavailable, UpstreamError, UpstreamRequest

LONGEST_ANSWER = 256 * 1024
"""Bytes."""
PATIENCE_S = 10.0
"""Seconds for an answer and all of it."""
_SENT = frozenset((b"accept", b"authorization", b"content-type"))


class _Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]: ...
    async def read(self, limit: int) -> bytes: ...
    async def close(self) -> None: ...


class Transport(Protocol):
    """What a gateway sends with."""

    async def send(self, request: UpstreamRequest) -> _Answer:
        """Send, and wait for the head; raises `UpstreamError`."""
        ...


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse a URL that nobody should be sent to; raises `ValueError`.

    It is `https`, or, where private addresses are allowed, `http`; without user information and fragment.
    """
    parts = urlsplit(url)
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError("a URL must begin with https://, or http:// where allow_private is true, and hold no user")


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Carries the requests of an httpx2 client.  `allow_private`: loopback and private addresses may be dialled."""

    def __init__(self, transport: Transport, *, allow_private: bool) -> None:
        self._transport = transport
        self._allow_private = allow_private

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send; raises `Unavailable`, with what went wrong in its detail."""
        url, body = str(request.url), await request.aread()
        host = request.url.host
        try:
            check_url(url, allow_private=self._allow_private)
        except ValueError as exc:
            raise away(host, str(exc)) from None
        headers = [(name.lower(), value) for name, value in request.headers.raw if name.lower() in _SENT]
        sent = [*headers, (b"accept-encoding", b"identity")]
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._transport.send(
                    UpstreamRequest(request.method, url, sent, body, self._allow_private)
                )
                try:
                    content = await answer.read(LONGEST_ANSWER)
                finally:
                    await answer.close()
        except TimeoutError:
            raise away(host, f"it did not answer within {PATIENCE_S:g} s") from None
        except UpstreamError as exc:
            raise away(host, exc.detail or exc.message) from None
        kinds = [(name, value) for name, value in answer.headers if name == b"content-type"]
        return httpx2.Response(answer.status, headers=kinds, content=content, request=request)


def away(who: str, why: str) -> Unavailable:
    """Say that a provider cannot be asked; why is for the log."""
    return Unavailable("the provider cannot be reached now; try again later", detail=f"{who}: {why}")
