"""The ends of a scripted upstream's connections: noticed, and made as no well-behaved server makes them."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

_BUFFER = 64 * 1024 * 1024


class Link(asyncio.StreamReaderProtocol):
    """One connection: says when the client leaves it, and when both sides have."""

    def __init__(
        self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any], changed: Callable[[], None]
    ) -> None:
        super().__init__(asyncio.StreamReader(limit=_BUFFER), serve)
        self.gone = threading.Event()
        self.ended_here = False
        self._changed = changed

    def eof_received(self) -> bool | None:
        self._note()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._note()
        super().connection_lost(exc)

    def _note(self) -> None:
        if not self.ended_here and not self.gone.is_set():
            self.gone.set()
            self._changed()


def cork(writer: asyncio.StreamWriter) -> None:
    """Hold back what is less than a full segment until the connection is closed; systems but Linux cannot."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_CORK", socket.TCP_NODELAY), 1)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with RST: closing with a linger time of zero."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
