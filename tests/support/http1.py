"""A server's connection without a socket: bytes go in by hand, and what it writes is kept."""

import asyncio
from collections.abc import Sequence
from typing import Any

import uvicorn
from httptools import HttpResponseParser
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from tollbridge.server.connection import Connection
from tollbridge.server.http1 import Http1

Headers = Sequence[tuple[bytes, bytes]]
GET = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"


class Wire(asyncio.Transport):
    """What asyncio hands to a protocol: remembers every write, and how it was closed."""

    def __init__(self, protocol: Connection, names: dict[str, Any] | None = None) -> None:
        super().__init__(names or {"sockname": ("127.0.0.1", 80), "peername": ("192.0.2.1", 4711)})
        self.protocol: Any = protocol
        self.writes: list[bytes] = []
        self.paused = self.closed = self.aborted = self.half_closed = False
        self.half_closes = True
        self.unsent = 0

    @property
    def written(self) -> bytes:
        return b"".join(self.writes)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.half_closed
        if not self.closed:
            self.writes.append(bytes(data))

    def can_write_eof(self) -> bool:
        return self.half_closes

    def write_eof(self) -> None:
        self.half_closed = True

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.aborted = True
        self.close()

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        assert not self.paused
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused
        self.paused = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol


class Talk:
    """A connection to `app`, driven by hand."""

    def __init__(self, app: ASGIApp, *, names: dict[str, Any] | None = None, **options: Any) -> None:
        http: Any = Http1(head_timeout_s=options.pop("head_timeout_s", 3.0), max_head_bytes=1_000)
        options = {"proxy_headers": False, "server_header": False, "log_config": None, "lifespan": "off", **options}
        self.config = uvicorn.Config(app, http=http, **options)
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"today")]
        self.app_state: dict[str, Any] = {"kept": 1}
        self.config.load()
        self.connection: Connection = http(self.config, self.state, self.app_state)
        self.wire = Wire(self.connection, names)
        self.connection.connection_made(self.wire)

    def say(self, *pieces: bytes) -> None:
        """Let bytes arrive, in these pieces."""
        for piece in pieces:
            self.connection.data_received(piece)

    async def turn(self, times: int = 12) -> None:
        """Let all that is ready run."""
        for _ in range(times):
            await asyncio.sleep(0)

    async def ask(self, *pieces: bytes) -> bytes:
        """Let bytes arrive, and give what has been written after some turns of the loop."""
        self.say(*pieces)
        await self.turn()
        return self.wire.written

    def look(self, times: int) -> None:
        """Let so many seconds pass."""
        for _ in range(times):
            self.connection.site.look()


class Answers:
    """Answers as llhttp reads them."""

    def __init__(self, data: bytes) -> None:
        self.statuses: list[int] = []
        self.headers: list[list[tuple[bytes, bytes]]] = []
        self.bodies: list[bytes] = []
        self.complete = 0
        self._parser = HttpResponseParser(self)
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.headers.append([])
        self.bodies.append(b"")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[-1].append((name, value))

    def on_headers_complete(self) -> None:
        self.statuses.append(self._parser.get_status_code())

    def on_body(self, body: bytes) -> None:
        self.bodies[-1] += body

    def on_message_complete(self) -> None:
        self.complete += 1


def answering(body: bytes = b"hello", *, status: int = 200, headers: Headers | None = None) -> ASGIApp:
    """Make an app that reads no body and sends this at once."""
    own = [(b"content-length", b"%d" % len(body))] if headers is None else headers

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": own})
        await send({"type": "http.response.body", "body": body})

    return app


class Echo:
    """An app that keeps every request as it got it, and answers with its body."""

    def __init__(self) -> None:
        self.seen: list[tuple[Scope, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            assert message["type"] == "http.request"
            body, more = body + message["body"], message["more_body"]
        self.seen.append((scope, body))
        await answering(body)(scope, receive, send)


class Steps:
    """An app that stops before each of its steps until the test lets it go on."""

    def __init__(self, *messages: Any) -> None:
        self.messages = messages
        self.gates = [asyncio.Event() for _ in messages]
        self.received: list[Any] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for gate, message in zip(self.gates, self.messages, strict=True):
            await gate.wait()
            if isinstance(message, BaseException):
                raise message
            if message == "receive":
                self.received.append(await receive())
            else:
                await send(message)


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": body, "more_body": more}
