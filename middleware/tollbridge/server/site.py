"""What the connections of one server share: its app, its options, the usual header lines, and one look a second.

A timer for each connection or request would cost more than the requests it watches.
"""

import asyncio
import logging
from typing import Any, Protocol

import uvicorn
from uvicorn.server import ServerState

from tollbridge.server.answer import Heads

logger = logging.getLogger("uvicorn.error")

EVERY_S = 1.0


class Looked(Protocol):
    """What is looked at each second."""

    def look(self) -> None: ...


class Held(Protocol):
    """What keeps something back until the end of this turn of the event loop."""

    def flush(self) -> None: ...


class Site:
    """One running server, seen from its connections.  Times in seconds, in whole looks."""

    def __init__(
        self,
        config: uvicorn.Config,
        state: ServerState,
        app_state: dict[str, Any],
        *,
        head_timeout_s: float,
        max_head_bytes: int,
    ) -> None:
        if not config.loaded:
            config.load()
        self.config = config
        self.state = state
        self.app_state = app_state
        self.app = config.loaded_app
        self.asgi_version = config.asgi_version
        self.root_path = config.root_path
        self.raw_root_path = config.root_path.encode("ascii")
        self.head_timeout_s = head_timeout_s
        self.max_head_bytes = max_head_bytes
        self.keep_alive_s = config.timeout_keep_alive
        self.heads = Heads()
        self.loop = asyncio.get_running_loop()
        self._looked: set[Looked] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._held: list[Held] = []
        self._usual: list[tuple[bytes, bytes]] = []
        self._usual_lines = b""
        self._usual_names: frozenset[bytes] = frozenset()

    def join(self, connection: Any) -> None:
        """Count a connection, and look at it from now on."""
        self.state.connections.add(connection)
        self._looked.add(connection)
        if self._timer is None:
            self._timer = self.loop.call_later(EVERY_S, self.look)

    def leave(self, connection: Any) -> None:
        """Forget a connection."""
        self.state.connections.discard(connection)
        self._looked.discard(connection)

    def look(self) -> None:
        """Let every connection see whether its time is over; sleep once there is none."""
        self._timer = self.loop.call_later(EVERY_S, self.look) if self._looked else None
        for connection in tuple(self._looked):
            connection.look()

    def hold(self, held: Held) -> None:
        """Flush it when all that is ready now has run."""
        if not self._held:
            self.loop.call_soon(self._flush)
        self._held.append(held)

    def _flush(self) -> None:
        all_held, self._held = self._held, []
        for held in all_held:
            held.flush()

    def usual(self, own: frozenset[bytes] = frozenset()) -> bytes:
        """Give the lines that every answer has, such as its date, but for what it has itself."""
        usual = self.state.default_headers
        if usual is not self._usual:
            self._usual = usual
            self._usual_lines = b"".join([b"%b: %b\r\n" % header for header in usual])
            self._usual_names = frozenset(name for name, _ in usual)
        if self._usual_names.isdisjoint(own):
            return self._usual_lines
        return b"".join([b"%b: %b\r\n" % (name, value) for name, value in usual if name not in own])
