"""The API in this process, for commands on the machine: no guard, no token, and all rights.

What a request is refused for, an `Idempotency-Key`, `If-Match` and the audit log work as they do over HTTP; the log has
`operator:<user>` by way of `cli`.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
import structlog
from starlette.types import ASGIApp, Message

from tollbridge import Gateway, GatewayError, Principal, ScopeSet
from tollbridge.administering import NoDatabase, open_call, operator, redact
from tollbridge.cli.asking import JSON, Asking, Query, Reply, written
from tollbridge_admin.app import make_operators_app
from tollbridge_admin.problems import KIND, write_problem
from tollbridge_admin.routes import GET, HEAD

_LOOKING = frozenset(("/explain", "/openapi-drafts", "/app-drafts"))
"""Paths that are asked with POST and change nothing."""
EVERYTHING = ScopeSet(("admin:*", "ai:*", "model:*", "service:*"))


@contextmanager
def logged_aside() -> Iterator[None]:
    """Have warnings go to standard error within a `with` block, where nobody has said where logs go.

    What a command prints is its answer alone.
    """
    if structlog.is_configured():
        yield
        return
    structlog.configure(
        processors=[structlog.processors.add_log_level, redact, structlog.processors.LogfmtRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        yield
    finally:
        structlog.reset_defaults()


class Operating(Asking):
    """Asks the API of the gateway of a configuration, opened for administration until the `with` block ends.

    Where there is no database yet, the first request that writes makes it; `send` raises `NoDatabase` for any other.
    """

    def __init__(self, config: Path | None) -> None:
        self._gateway = Gateway(config, serves=False)
        user = operator().id
        self._principal = Principal(id=user, name=user, scopes=EVERYTHING)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self._ways = ExitStack()
        self._ways.enter_context(logged_aside())
        self._missing: NoDatabase | None = None
        try:
            self._open(makes=False)
        except NoDatabase as exc:
            self._missing = exc
        except BaseException:
            self._ways.close()
            self._runner.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            self._ways.close()
        finally:
            self._runner.close()

    def _open(self, *, makes: bool) -> None:
        opened = self._gateway.administered(makes=makes)
        self._runner.run(opened.__aenter__())
        self._ways.callback(lambda: self._runner.run(opened.__aexit__(None, None, None)))
        self._app: ASGIApp = make_operators_app(self._gateway)

    def send(
        self, method: str, path: str, body: Any = None, query: Query | None = None, *, headers: Mapping[str, str] = {}
    ) -> Reply:
        """Send a request and give its answer, a refusal too."""
        if self._missing is not None:
            if method in (GET, HEAD) or path in _LOOKING:
                raise self._missing
            self._open(makes=True)
            self._missing = None
        content = b"" if body is None else msgspec.json.encode(body)
        kind = {} if body is None else {"content-type": JSON}
        named = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in {**kind, **headers}.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": written(query).encode("ascii"),
            "headers": named,
        }
        return self._runner.run(self._carried(scope, content))

    async def _carried(self, scope: dict[str, Any], content: bytes) -> Reply:
        call = scope["tollbridge"] = open_call(scope, self._gateway.clock)
        call.principal = self._principal
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            await self._app(scope, receive, send)
        except GatewayError as exc:
            return Reply(exc.status, {"content-type": KIND}, write_problem(call, exc)[1])
        head, *parts = sent
        found = {name.decode("latin-1"): value.decode("latin-1") for name, value in head["headers"]}
        return Reply(head["status"], found, b"".join(part["body"] for part in parts))
