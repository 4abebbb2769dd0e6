"""The seam to the models: one request out, one answer in, as bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from tollbridge.errors import UpstreamError


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds.  `first_byte` runs from request to the answer's head, `idle` between two chunks, `total` over all."""

    connect_s: float = 10.0
    first_byte_s: float = 300.0
    idle_s: float = 120.0
    total_s: float = 900.0


class UpstreamRequest(msgspec.Struct, frozen=True, gc=False):
    """One request to a provider.

    `headers` may hold a credential, so `__repr__` leaves them and the body out.  `allow_private`: loopback and private
    addresses may be dialled, because the operator said so for this provider.  `tls_outside`: what is neither is dialled
    with TLS alone.
    """

    method: str
    url: str
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    allow_private: bool = False
    tls_outside: bool = False

    def __repr__(self) -> str:
        return f"UpstreamRequest({self.method} {self.url})"


class UpstreamResponse(Protocol):
    """An answer whose head has arrived."""

    status: int
    headers: list[tuple[bytes, bytes]]
    """Lower-case names, in order; hop-by-hop headers are still there."""

    async def read(self, limit: int) -> bytes:
        """Read the whole body; raises `UpstreamError` over `limit` bytes, `UpstreamTruncated` if it broke off."""
        ...

    async def next_chunk(self) -> bytes:
        """Give the next bytes, or `b""` at the clean end; raises `UpstreamTruncated` if it broke off."""
        ...

    async def close(self) -> None:
        """Let go of the connection; one that was not read to its end is closed, never pooled.  May be called twice."""
        ...


async def read_all(response: UpstreamResponse, limit: int) -> bytes:
    """Read an answer chunk by chunk to its end; raises `UpstreamError` over `limit` bytes."""
    parts, size = [], 0
    while chunk := await response.next_chunk():
        size += len(chunk)
        if size > limit:
            raise UpstreamError(f"the provider's answer is over {limit} bytes")
        parts.append(chunk)
    return b"".join(parts)


class Transport(Protocol):
    """Sends requests to providers.

    No redirects, no proxies from the environment, no cookies, no decompression (the caller asks for `identity`).
    Cancelling a pending call closes its connection at once.
    """

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        """Send, and wait for the head; raises `UpstreamUnreachable` or `UpstreamTimeout` (connect timeout only).

        The other timeouts are kept by whoever calls.  Raises `UpstreamUnreachable` with a `detail` for an address that
        `transport.guard` refuses.
        """
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
