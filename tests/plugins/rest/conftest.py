"""A REST service over real sockets: a front that does what the chain does, and upstreams on free ports."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import msgspec
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import GatewayError, NotFound, Principal, ScopeSet, Unavailable
from tollbridge.call import open_call
from tollbridge.clock import SystemClock
from tollbridge.sanity import with_escaped_slashes
from tollbridge.services.kinds import OPERATION, Running
from tollbridge.testing import FixedClock
from tollbridge.transport.guard import Guard
from tollbridge_rest.definition import Definition
from tollbridge_rest.kind import RestKind
from tollbridge_rest.serving import ServedRest

ROOT = "/v1/apis/shop"


@dataclass
class Settings:
    allow_private: bool = True


@dataclass
class FakeConfig:
    services: Settings = field(default_factory=Settings)


class FakeGateway:
    """What of a gateway a kind asks for."""

    def __init__(self, *, clock: Any = None, keys: Mapping[str, str] | None = None, private: bool = True) -> None:
        self.clock = clock or SystemClock()
        self.config = FakeConfig(Settings(private))
        self.keys = dict(keys or {})
        self.service_secrets = self

    async def read(self, reference: str, where: str) -> str:
        if reference not in self.keys:
            raise Unavailable("a secret is missing", code="secret_missing", detail=f"{where}: {reference} is not there")
        return self.keys[reference]


def define(upstreams: Any = None, routes: Any = (), **more: Any) -> Definition:
    """Make a definition of what is written as JSON."""
    return msgspec.convert({"upstreams": upstreams or {}, "routes": routes, **more}, Definition)


def upstream(*urls: str, **more: Any) -> dict[str, Any]:
    """Write an upstream of nodes at these URLs, which may be private."""
    nodes = [{"url": url} for url in urls]
    return {"nodes": nodes, "allow_private": True, "retries": 0, **more}


def running(definition: Definition) -> Running:
    return Running("svc_1", "shop", "team", "rel_1", 1, "1.0", definition)


class Front:
    """Does for a service what the chain does: knows who calls, finds the operation, turns errors into answers."""

    def __init__(self, served: ServedRest) -> None:
        self.served = served
        self.principal: Principal | None = Principal("tok_1", "caller", ScopeSet(["service:*"]))
        self.identity = b""
        self.broke_off = asyncio.Event()
        self.ended = asyncio.Event()
        self.errors: list[GatewayError] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = open_call(scope, SystemClock())
        call.principal = self.principal
        headers = [pair for pair in scope["headers"] if pair[0] not in (b"x-tollbridge-identity",)]
        if self.identity:
            headers.append((b"x-tollbridge-identity", self.identity))
        scope = {**scope, "tollbridge": call, "headers": headers, "root_path": ROOT}
        done, refused = False, list[tuple[bytes, bytes]]()

        async def say(message: Any) -> None:
            nonlocal done
            await send(message)
            done = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            below = with_escaped_slashes(scope["path"], scope["raw_path"]).removeprefix(ROOT)
            scope["path"] = ROOT + below
            found = self.served.find(scope["method"], below, headers, scope["query_string"])
            if found is None:
                raise NotFound("there is nothing here")
            refused.extend(found.refused)
            await self.served({**scope, OPERATION: found}, receive, say)
            if not done:
                self.broke_off.set()
        except GatewayError as exc:
            self.errors.append(exc)
            body = json.dumps({"code": exc.code, "message": exc.message, "param": exc.param}).encode()
            head = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
            await send(
                {"type": "http.response.start", "status": exc.status, "headers": [*head, *exc.headers(), *refused]}
            )
            await send({"type": "http.response.body", "body": body})
        finally:
            self.ended.set()


@dataclass
class Live:
    """A service that serves.  `client` calls it below `ROOT`."""

    front: Front
    client: httpx2.AsyncClient
    port: int

    @property
    def served(self) -> ServedRest:
        return self.front.served


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an app on a port of this machine; gives the port."""
    options: Any = {"lifespan": "off", "ws": "none", "proxy_headers": False, "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(app, port=0, log_config=None, **options)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())  # `serve` takes the process's signals
    while not server.started:
        assert not serving.done()
        await asyncio.sleep(0)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class RawNode:
    """A node that says byte by byte what a test wants; `heads` are the heads of requests it got."""

    def __init__(self, answer: Answering | bytes) -> None:
        self._answer = answer
        self.heads: list[bytes] = []
        self.connections = 0
        self.closed = asyncio.Event()
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                if isinstance(self._answer, bytes):
                    length = re.search(rb"content-length: (\d+)", self.heads[-1])
                    await reader.readexactly(int(length[1]) if length else 0)
                    writer.write(self._answer)
                    await writer.drain()
                else:
                    await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.closed.set()


class World:
    """Makes nodes and services, and ends them all."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def app(self, app: ASGIApp) -> str:
        """Serve an app; gives its URL."""
        return f"http://127.0.0.1:{await self._stack.enter_async_context(listening(app))}"

    async def raw(self, answer: Answering | bytes) -> RawNode:
        """Run a node that answers so."""
        node = RawNode(answer)
        server = await asyncio.start_server(node, "127.0.0.1", 0)
        await self._stack.enter_async_context(server)
        node.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return node

    async def serve(
        self,
        definition: Definition,
        *,
        clock: Any = None,
        guard: Guard | None = None,
        wait: Any = asyncio.sleep,
        **more: Any,
    ) -> Live:
        """Serve a definition behind a front."""
        problems = [problem for problem in RestKind().check(definition) if not problem.warning]
        assert problems == []
        gateway: Any = FakeGateway(clock=clock, **more)
        served = RestKind(guard, wait=wait).serve(gateway, running(definition))
        assert isinstance(served, ServedRest)
        front = Front(served)
        port = await self._stack.enter_async_context(listening(front))
        client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}{ROOT}", trust_env=False, timeout=30)
        await self._stack.enter_async_context(client)
        self._stack.push_async_callback(served.close)
        return Live(front, client, port)


@pytest.fixture
async def world(anyio_backend: str) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(stack)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def head(status: int = 200, *headers: str, body: bytes = b"") -> bytes:
    """Write an answer of a node."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def route(path: str = "/{rest*}", **more: Any) -> dict[str, Any]:
    """Write a route to the upstream `main`."""
    return {"name": "all", "path": path, "upstream": "main", **more}
