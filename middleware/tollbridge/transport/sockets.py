"""The seam to sessions with the models: one request out, then messages both ways."""

from collections.abc import Sequence
from typing import Protocol

from tollbridge.transport.base import UpstreamRequest

LONGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes of one message, either way."""
BROKEN_OFF = 1006
"""The code of a session that ended without a close (RFC 6455 section 7.1.5)."""


class SocketEnded(Exception):
    """The provider has closed the session, or the connection is gone: `BROKEN_OFF`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class UpstreamSocket(Protocol):
    """A session with a provider."""

    subprotocol: str | None

    async def receive(self) -> str | bytes:
        """Give the next message; raises `SocketEnded`."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Send a message; waits while the provider is slow, raises `SocketEnded`."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the session; a second time does nothing."""
        ...


class Sockets(Protocol):
    """Opens sessions."""

    async def open(self, request: UpstreamRequest, subprotocols: Sequence[str]) -> UpstreamSocket:
        """Open a session at a URL of HTTP; raises `UpstreamUnreachable`, `UpstreamTimeout`, or what a refusal means."""
        ...
