"""What carries requests to outside servers: as much of the gateway's transport as is used of it."""

from collections.abc import Sequence
from typing import Protocol

from tollbridge import UpstreamRequest


class Upstream(Protocol):
    """An answer whose head is here."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[bytes, bytes]]: ...
    async def next_chunk(self) -> bytes: ...
    async def close(self) -> None: ...


class Transport(Protocol):
    """What a gateway sends with."""

    async def send(self, request: UpstreamRequest) -> Upstream:
        """Send, and wait for the head; raises `UpstreamError`."""
        ...
