"""A gateway under other servers than its own: the same worker's app, another parser of HTTP."""

import socket
import sys
from pathlib import Path

from tests.support.live import LiveGateway

APP = "tollbridge.cli.worker:make_app"


class UnderUvicorn(LiveGateway):
    """uvicorn with its own HTTP."""

    http = "httptools"

    def command(self) -> list[str]:
        quiet = ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
        return [sys.executable, "-m", "uvicorn", "--http", self.http, "--port", "0", *quiet, "--factory", APP]


class UnderH11(UnderUvicorn):
    """uvicorn with h11, as it is where httptools is not installed."""

    http = "h11"


class UnderGranian(LiveGateway):
    """granian, which reads HTTP with hyper."""

    def command(self) -> list[str]:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]  # granian says port 0 where it was told so
        return [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "--factory", APP]


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
