"""A provider of sessions on a real socket, and a caller of them seen from the server."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.types import ASGIApp, Message
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Play = Callable[[ServerConnection], Awaitable[None]]
PATIENCE_S = 20.0


def response(number: int, *, tokens: tuple[int, int] = (100, 10), **usage: Any) -> str:
    """Write the event that ends an answer."""
    told = {"input_tokens": tokens[0], "output_tokens": tokens[1], "total_tokens": sum(tokens), **usage}
    return json.dumps({"type": "response.done", "response": {"id": f"resp_{number}", "usage": told}})


def begun(number: int) -> str:
    """Write the event that begins one."""
    return json.dumps({"type": "response.created", "response": {"id": f"resp_{number}"}})


async def echo(connection: ServerConnection) -> None:
    """Say everything back."""
    async for message in connection:
        await connection.send(message)


def _choose(connection: ServerConnection, names: Sequence[Subprotocol]) -> Subprotocol | None:
    return names[0] if names else None


class Provider:
    """What a provider has seen: its requests, and how each of its connections was closed."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Any] = []
        self.closes: list[tuple[int | None, str | None]] = []
        self.closed = asyncio.Event()


@asynccontextmanager
async def provider(play: Play = echo, **options: Any) -> AsyncIterator[Provider]:
    """Serve sessions on a free port of this machine; `play` says what happens in one."""
    seen = Provider()

    playing: set[asyncio.Task[None] | None] = set()

    async def handle(connection: ServerConnection) -> None:
        playing.add(asyncio.current_task())
        seen.requests.append(connection.request)
        try:
            with suppress(ConnectionClosed):
                await play(connection)
        finally:
            await connection.close()
            await connection.wait_closed()
            seen.closes.append((connection.close_code, connection.close_reason))
            seen.closed.set()

    options = {"select_subprotocol": _choose, "compression": None, **options}
    async with serve(handle, "127.0.0.1", 0, **options) as server:
        seen.url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        try:
            yield seen
        except BaseException:  # a test that fails must not wait for what it would have done
            for task in playing:
                if task is not None:
                    task.cancel()
            raise


class SocketCaller:
    """A caller's WebSocket: what it gets is in `sent`, `say` and `leave` are what it does."""

    def __init__(self, app: ASGIApp, path: str, token: str = "", **more: Any) -> None:
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._incoming.put_nowait({"type": "websocket.connect"})
        self.sent: list[Message] = []
        self._news = asyncio.Event()
        self.gone = False
        path, _, query = path.partition("?")
        credential = [(b"authorization", f"Bearer {token}".encode())] if token else []
        self.scope: dict[str, Any] = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"h"), (b"upgrade", b"websocket"), (b"connection", b"upgrade"), *credential],
            "client": ("192.0.2.1", 1),
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
            **more,
        }

    async def _send(self, message: Message) -> None:
        if self.gone:
            raise OSError("nobody")
        self.sent.append(message)
        self._news.set()

    def say(self, said: str | bytes) -> None:
        key = "text" if isinstance(said, str) else "bytes"
        self._incoming.put_nowait({"type": "websocket.receive", key: said})

    def leave(self, code: int = 1000, reason: str = "") -> None:
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    def start(self) -> "asyncio.Task[None]":
        return asyncio.ensure_future(self._app(self.scope, self._incoming.get, self._send))

    async def gets(self, kind: str, count: int = 1) -> list[Message]:
        """Wait until so many messages of this kind have come."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := [message for message in self.sent if message["type"] == kind]) < count:
                self._news.clear()
                await self._news.wait()
        return found

    @property
    def heard(self) -> list[Any]:
        """What was said to it."""
        said = [message for message in self.sent if message["type"] == "websocket.send"]
        return [message.get("text", message.get("bytes")) for message in said]

    @property
    def close(self) -> tuple[int, str]:
        (message,) = [message for message in self.sent if message["type"] == "websocket.close"]
        return message["code"], message["reason"]

    @property
    def refusal(self) -> tuple[int, str]:
        """The status and the code of an upgrade that was refused."""
        assert self.sent[0]["type"] == "websocket.http.response.start", self.sent
        return self.sent[0]["status"], json.loads(self.sent[1]["body"])["error"]["code"]
