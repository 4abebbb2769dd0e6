"""A transport and a caller that do what a test says, when it says so."""

import asyncio
import json
from typing import Any

from starlette.types import Message

from tollbridge.errors import GatewayError
from tollbridge.transport.base import UpstreamRequest
from tollbridge.wrapping import Tollbridge

ANSWER = b'{"id":"1","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":500}}'
CHUNK = b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
LAST = b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
JSON = [(b"content-type", b"application/json")]
EVENTS = [(b"content-type", b"text/event-stream; charset=utf-8")]


class Answer:
    """An answer whose parts come when the test says so; a part is bytes, an event to wait for, or an error."""

    def __init__(self, *parts: bytes | asyncio.Event | GatewayError, status: int = 200, headers: Any = None) -> None:
        self.status = status
        self.headers = list(EVENTS if headers is None else headers)
        self.parts = list(parts)
        self.waiting = asyncio.Event()
        self.cancelled = False
        self.closed = 0

    async def next_chunk(self) -> bytes:
        while self.parts:
            part = self.parts.pop(0)
            if isinstance(part, bytes):
                return part
            if isinstance(part, GatewayError):
                raise part
            self.waiting.set()
            try:
                await part.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        return b""

    async def read(self, limit: int) -> bytes:
        body = b""
        while chunk := await self.next_chunk():
            body += chunk
        return body

    async def close(self) -> None:
        self.closed += 1


Later = tuple[asyncio.Event, Answer | GatewayError]
"""What happens once an event is set."""


class Script:
    """A transport that takes one step a request: gives an answer, raises an error, or waits for an event first."""

    def __init__(self, *steps: Answer | GatewayError | asyncio.Event | Later) -> None:
        self.steps = list(steps)
        self.sent: list[UpstreamRequest] = []
        self.waiting = asyncio.Event()
        self.cancelled = False

    async def send(self, request: UpstreamRequest) -> Answer:
        self.sent.append(request)
        step = self.steps.pop(0)
        event, then = step if isinstance(step, tuple) else (step, None)
        if isinstance(event, asyncio.Event):
            self.waiting.set()
            try:
                await event.wait()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
            if then is None:
                raise AssertionError("nobody sets this event")
            step = then
        if isinstance(step, GatewayError):
            raise step
        assert isinstance(step, Answer)
        return step

    async def close(self) -> None:
        raise AssertionError("a transport that was given is not ours to close")

    @property
    def hosts(self) -> list[str]:
        return [request.url.split("/")[2].split(".")[0] for request in self.sent]


class Caller:
    """One HTTP client, seen from the server: what it gets is in `sent`, and `leave` hangs up."""

    def __init__(
        self,
        app: Tollbridge,
        token: str,
        *,
        path: str = "/v1/chat/completions",
        model: str = "one",
        stream: bool = True,
        **fields: Any,
    ) -> None:
        body = json.dumps({"model": model, "messages": [], "stream": stream, **fields}).encode()
        self._app = app
        self._incoming: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._left = asyncio.Event()
        self.takes = asyncio.Event()
        self.takes.set()
        self.got = asyncio.Event()
        self.sent: list[Message] = []
        self._scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"h"), (b"authorization", f"Bearer {token}".encode())],
            "client": ("192.0.2.1", 1),
        }

    async def _receive(self) -> Message:
        if self._incoming:
            return self._incoming.pop(0)
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        self.sent.append(message)
        await self.takes.wait()
        if message.get("body"):
            self.got.set()

    def leave(self) -> None:
        self._left.set()

    async def call(self) -> None:
        await self._app(self._scope, self._receive, self._send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])
