"""A gateway under other servers than its own: the same worker's app, another parser of HTTP."""

import signal
import socket
import sys
import time
from pathlib import Path
from typing import Self

from tests.support.live import TIMEOUT_S, LiveGateway

APP = "tollbridge.cli.worker:make_app"


class UnderUvicorn(LiveGateway):
    """uvicorn with its own HTTP."""

    http = "httptools"
    app = APP

    def command(self) -> list[str]:
        quiet = ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
        return [sys.executable, "-m", "uvicorn", "--http", self.http, "--port", "0", *quiet, "--factory", self.app]


class UnderH11(UnderUvicorn):
    """uvicorn with h11, as it is where httptools is not installed."""

    http = "h11"


class UnderGranian(LiveGateway):
    """granian, which reads HTTP with hyper.  It says port 0 where it was told so, and is given one that is held."""

    app = APP

    def command(self) -> list[str]:
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian's own: both may have the port
        self._held.bind(("127.0.0.1", 0))
        port = self._held.getsockname()[1]
        return [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "--factory", self.app]

    def __enter__(self) -> Self:
        super().__enter__()
        end = time.monotonic() + TIMEOUT_S
        while not self._listens():  # it says so before it does
            assert time.monotonic() < end, self.text
            time.sleep(0.02)
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except ConnectionRefusedError:
            return False
        return True

    def stop(self, how: int = signal.SIGTERM) -> int:
        status = super().stop(how)
        self._held.close()
        return status


SERVERS: dict[str, type[LiveGateway]] = {
    "ours": LiveGateway,
    "httptools": UnderUvicorn,
    "h11": UnderH11,
    "granian": UnderGranian,
}


def under(server: str, folder: Path, config: str) -> LiveGateway:
    """Make a gateway under one of `SERVERS`."""
    gateway = SERVERS[server](folder, config)
    gateway.env["TOLLBRIDGE_CONFIG"] = str(gateway.config)
    return gateway
