"""Running a gateway under uvicorn, in this process or in several."""

import asyncio
import errno
import gc
import logging
import os
import socket
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from tollbridge import logs
from tollbridge.config import Config, load_config
from tollbridge.errors import ConfigError, SetupError
from tollbridge.gateway import Gateway
from tollbridge.handshake import PromptHandshake
from tollbridge.leftovers import end_leftovers
from tollbridge.metrics import prepare_multiprocess
from tollbridge.server.http1 import Http1
from tollbridge.wrapping import Tollbridge

__all__ = ["base_url", "bind", "configure_logs", "run_server", "serve_one"]

_BACKLOG = 2048
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_OTHER_HOST = "choose an address of this machine with --host, such as 127.0.0.1, or 0.0.0.0 for all of them"
_WAYS_OUT: dict[int | None, str] = {
    errno.EADDRINUSE: "stop what uses the port, or choose another with --port",
    errno.EACCES: "choose another port with --port, 1024 or above",
}
_OVERRIDES = "TOLLBRIDGE_SERVER__"


def run_server(path: Path | None, changes: dict[str, Any]) -> None:
    """Serve until a signal; raises `SetupError` for what prevents the start, before anything is written."""
    config = load_config(path)
    config = replace(config, server=replace(config.server, **changes))
    gateway = Gateway(config)
    listener = bind(config.server.host, config.server.port)
    configure_logs(config)
    try:
        if config.server.workers == 1:
            serve_one(gateway, listener)
        else:
            _serve_many(config, changes, listener)
    finally:
        listener.close()


def bind(host: str, port: int) -> socket.socket:
    """Take the address and listen there; raises `ConfigError` saying what to do where that fails.

    Two programs may bind one address as long as neither listens: of two that start at once, one must learn it here.
    """
    try:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except (OSError, UnicodeError):
            listener.close()
            raise
    except (OSError, UnicodeError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        way_out = _WAYS_OUT.get(getattr(exc, "errno", None), _OTHER_HOST)
        raise ConfigError(f"cannot listen on {host}:{port}: {reason}; {way_out}") from exc
    listener.set_inheritable(True)
    return listener


def configure_logs(config: Config) -> None:
    """Set up logs as `[logging]` says."""
    logs.configure(level=config.logging.level, format=config.logging.format)
    logging.getLogger("uvicorn.access").disabled = True  # ours says more, and less of what is private
    logging.getLogger("uvicorn.error").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Leave out what uvicorn says of every upgrade that is refused with an HTTP answer (0.54.0, read 2026-11)."""
    return record.msg != "ASGI callable returned without completing handshake."


def uvicorn_config(app: Any, config: Config, **more: Any) -> uvicorn.Config:
    """Give uvicorn's settings: our HTTP, no trust in forwarded headers, no access log of its own, no server header."""
    http: Any = Http1(
        head_timeout_s=config.server.head_timeout_s,
        max_head_bytes=2 * config.server.max_header_bytes,  # what is over the limit itself is told by the chain
    )
    return uvicorn.Config(
        app,
        http=http,
        host=config.server.host,
        port=config.server.port,
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level=None,
        proxy_headers=False,
        server_header=False,
        ws=PromptHandshake,
        timeout_graceful_shutdown=max(1, int(config.server.shutdown_grace_s)),
        **more,
    )


Ready = Callable[[str], Coroutine[Any, Any, None]]
"""What runs beside the server once it listens; called with its base URL, cancelled when the server ends."""


def spare_collections() -> None:
    """Have what start-up made left out of garbage collections, as it stays, and have them seldom.

    Calls leave next to no cycles, and make thousands of objects at once.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


class Server(uvicorn.Server):
    """uvicorn, saying where it listens once it does."""

    def __init__(
        self, settings: uvicorn.Config, gateway: Gateway, listener: socket.socket, ready: Ready | None = None
    ) -> None:
        super().__init__(settings)
        self._gateway = gateway
        self._listener = listener
        self._ready = ready
        self._beside: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)  # exits where it fails
        spare_collections()
        announce(self._gateway, self._listener)
        if self._ready is not None:
            self._beside = asyncio.create_task(self._ready(base_url(self._listener)))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._beside is not None:
            self._beside.cancel()
            await asyncio.wait([self._beside])
        await super().shutdown(sockets)
        await end_leftovers()


def announce(gateway: Gateway, listener: socket.socket) -> None:
    """Print where the gateway listens, and what plugins have to say: secrets of theirs to a terminal alone."""
    base = base_url(listener)
    lines = [("listening", base), *gateway.announcements(base, kept=not sys.stderr.isatty())]
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        print(f"tollbridge  {name.ljust(width)}  {text}", file=sys.stderr, flush=True)


def base_url(listener: socket.socket) -> str:
    """Give a URL of a listening socket that opens on this machine."""
    host, port = listener.getsockname()[:2]
    host = _LOOPBACK.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve_one(gateway: Gateway, listener: socket.socket, *, ready: Ready | None = None) -> None:
    """Serve in this process until a signal; raises `SetupError` where the start fails."""
    settings = uvicorn_config(Tollbridge(gateway.app, gateway=gateway), gateway.config)
    server = Server(settings, gateway, listener, ready)
    log = logging.getLogger("uvicorn.error")

    def said(record: logging.LogRecord) -> bool:
        """Until it serves, uvicorn only tells what is not raised below."""
        return server.started or (record.levelno >= logging.ERROR and gateway.failure is None)

    log.addFilter(said)
    try:
        server.run(sockets=[listener])
    except SystemExit:  # uvicorn's way to say that the start failed
        raise gateway.failure or SetupError("the gateway did not start; its log says why") from None
    finally:
        log.removeFilter(said)


def _serve_many(config: Config, changes: dict[str, Any], listener: socket.socket) -> None:
    """Serve in several processes that share the socket; each builds its gateway from the same configuration."""
    if config.path is not None:
        os.environ["TOLLBRIDGE_CONFIG"] = str(config.path.absolute())
    os.environ["TOLLBRIDGE_DATA"] = str(config.data.absolute())
    for name, value in changes.items():
        os.environ[f"{_OVERRIDES}{name.upper()}"] = str(value)
    asyncio.run(_try_start(config, listener))
    with prepare_multiprocess(config.data / "metrics", config.server.workers):
        settings = uvicorn_config("tollbridge.cli.worker:make_app", config, factory=True, workers=config.server.workers)
        Multiprocess(settings, sockets=[listener]).run()


async def _try_start(config: Config, listener: socket.socket) -> None:
    """Start and stop once in the parent: the database is migrated, mistakes are said once, and so is the greeting."""
    async with Gateway(config) as gateway:
        announce(gateway, listener)
