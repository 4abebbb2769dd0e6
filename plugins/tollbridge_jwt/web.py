"""Asking an issuer, by the gateway's own guarded way out: resolved, checked, pinned, no redirects, no proxies."""

import asyncio
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from tollbridge import UpstreamError, UpstreamRequest

LONGEST_ANSWER = 256 * 1024
"""Bytes."""
PATIENCE_S = 4.0
"""Seconds for an answer and all of it: less than `[plugins] timeout_s` by default, so that its own reason is told."""

Headers = Sequence[tuple[bytes, bytes]]
_ACCEPT: Headers = ((b"accept", b"application/json"), (b"accept-encoding", b"identity"))


class _Answer(Protocol):
    @property
    def status(self) -> int: ...
    async def read(self, limit: int) -> bytes: ...
    async def close(self) -> None: ...


class Transport(Protocol):
    """What a gateway sends with."""

    async def send(self, request: UpstreamRequest) -> _Answer:
        """Send, and wait for the head; raises `UpstreamError`."""
        ...


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse a URL that keys or tokens should not cross by; raises `ValueError`.

    It is `https`, or, where private addresses are allowed, `http`; without user information and fragment.
    """
    parts = urlsplit(url)
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise ValueError("a URL must begin with https://, or http:// where allow_private is true, and hold no user")


class Web:
    """Asks over a gateway's transport.  `allow_private`: loopback and private addresses may be dialled."""

    def __init__(self, transport: Transport, *, allow_private: bool) -> None:
        self._transport = transport
        self._allow_private = allow_private

    async def get(self, url: str) -> bytes:
        """Get a document; raises `UpstreamError` for any answer but 200, and for none in time."""
        _, body = await self._ask(UpstreamRequest("GET", url, _ACCEPT, b"", self._allow_private), (200,))
        return body

    async def post(self, url: str, headers: Headers, form: bytes) -> tuple[int, bytes]:
        """Post a form and give status and body; raises as `get` does, but 400 is an answer too."""
        sent = (*_ACCEPT, (b"content-type", b"application/x-www-form-urlencoded"), *headers)
        return await self._ask(UpstreamRequest("POST", url, sent, form, self._allow_private), (200, 400))

    async def _ask(self, request: UpstreamRequest, statuses: tuple[int, ...]) -> tuple[int, bytes]:
        try:
            check_url(request.url, allow_private=self._allow_private)
        except ValueError:
            raise _failed("its URL", "it does not begin with https://") from None
        host = urlsplit(request.url).hostname
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._transport.send(request)
                try:
                    body = await answer.read(LONGEST_ANSWER)
                finally:
                    await answer.close()
        except TimeoutError:
            raise _failed(host, f"it did not answer within {PATIENCE_S:g} s") from None
        if answer.status not in statuses:
            raise _failed(host, f"it answered {answer.status}")
        return answer.status, body


def _failed(who: str | None, why: str) -> UpstreamError:
    return UpstreamError("an issuer cannot be asked", detail=f"{who}: {why}")
