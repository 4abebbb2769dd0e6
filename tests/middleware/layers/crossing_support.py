"""Layers, apps and one request from the server's side, for the tests of the driver."""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge.atonce import GivesBody, TakesAnswer
from tollbridge.call import Call, Headers, Outcome, ResponseHead
from tollbridge.errors import Denied
from tollbridge.formats.dialect import Operation
from tollbridge.layers.layer import Layer


class Recorder(Layer):
    """Notes each phase, and fails in the one it is told to."""

    def __init__(self, app: ASGIApp, *, name: str = "a", fails: str = "", notes: list[str] | None = None) -> None:
        super().__init__(app)
        self.label = name
        self.fails = fails
        self.notes = [] if notes is None else notes

    def _note(self, phase: str) -> None:
        self.notes.append(f"{self.label}.{phase}")
        if self.fails == phase:
            raise RuntimeError(f"{phase} broke: tb_secret")
        if self.fails == f"deny {phase}":
            raise Denied("not today", code="closed")

    async def head(self, call: Call) -> None:
        self._note("head")

    async def body(self, call: Call) -> None:
        self._note("body")

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        self._note("response_head")

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        self._note("feed")
        return [chunk.upper()] if chunk else [b"!"]

    async def finish(self, call: Call, outcome: Outcome) -> None:
        self._note(f"finish {outcome.value}")


class ForServices(Recorder):
    feeds_services = True


class AsModelCall(Layer):
    """Declares every request a model call."""

    async def head(self, call: Call) -> None:
        call.operation = Operation("ai:chat", "chat")


def http_scope(**more: Any) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": "/x",
        "raw_path": b"/x",
        "query_string": b"",
        "headers": [(b"host", b"h")],
        "client": ("192.0.2.1", 1),
        **more,
    }


class Exchange:
    """One request from the server's side."""

    def __init__(self, *messages: Message) -> None:
        self.incoming = list(messages or ({"type": "http.request", "body": b"hi", "more_body": False},))
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return self.incoming.pop(0) if self.incoming else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self, app: ASGIApp, scope: Scope | None = None) -> None:
        await app(scope or http_scope(), self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


class Ready(Exchange, GivesBody):
    """One request of a server that gives a whole body at once."""

    def take_whole(self, most: int) -> bytes | None:
        body: bytes = self.incoming[0]["body"]
        if self.incoming[0]["more_body"] or len(body) > most:
            return None
        self.incoming.clear()
        return body


class Prompt(Exchange, TakesAnswer):
    """One request of a server that takes an answer in one piece, unless it is slow."""

    def __init__(self, *, slow: bool = False) -> None:
        super().__init__()
        self.slow = slow
        self.whole: list[tuple[int, bytes]] = []

    def send_whole(self, status: int, headers: Headers, body: bytes) -> bool:
        if self.slow:
            return False
        self.whole.append((status, body))
        return True


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    body = message["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"ab", "more_body": True})
    await send({"type": "http.response.body", "body": b"cd", "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
