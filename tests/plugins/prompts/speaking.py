"""Models that say what they are told to, and callers of a prompt API."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tollbridge import Call, GatewayError, Principal, ScopeSet, Usage
from tollbridge.administering import open_call
from tollbridge.formats import (
    AnyEvent,
    Choice,
    Message,
    Ping,
    Refusal,
    Request,
    Response,
    Role,
    Stop,
    Text,
    unfold,
)
from tollbridge.testing import FixedClock
from tollbridge_prompts.app import PromptApp
from tollbridge_prompts.asking import Answered, Paid
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.prompt import Prompt

USAGE = Usage(input=100, output=10)
COST = 2_000
"""Nano-dollars that each answer costs, unless it says otherwise."""


@dataclass
class Says:
    """An answer: words, or pieces of them; `late_s` moves the clock, `cost` None is one that is not known."""

    words: str = ""
    pieces: Sequence[str] = ()
    stop: Stop = Stop.END
    cost: int | None = COST
    refusal: str = ""
    pings: int = 0
    breaks: GatewayError | None = None
    dropped: tuple[str, ...] = ()


@dataclass
class Models:
    """Answers one after the other; what is left of the script when it ends is a failed test."""

    script: list[Says | GatewayError] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    closed: int = 0

    def says(self, *answers: Says | GatewayError | str) -> "Models":
        """Go on with these."""
        self.script += [Says(one) if isinstance(one, str) else one for one in answers]
        return self

    async def ask(self, request: Request) -> Answered:
        said = self._next(request)
        return Answered(_response(request, said), said.cost, said.dropped)

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        said = self._next(request)
        try:
            for _ in range(said.pings):
                yield Ping()
            events = list(unfold(_response(request, said)))
            for event in _cut(events, said.pieces):
                yield event
                if said.breaks is not None and type(event).__name__ == "Delta":
                    raise said.breaks
            yield Paid(said.cost, said.dropped)
        finally:
            self.closed += 1

    def _next(self, request: Request) -> Says:
        self.asked.append(request)
        said = self.script.pop(0)
        if isinstance(said, GatewayError):
            raise said
        return said


@dataclass
class Silent:
    """A model that says nothing, however long it is waited for."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    left: bool = False

    async def ask(self, request: Request) -> Answered:
        await self._wait()
        raise AssertionError("it says nothing")

    async def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        await self._wait()
        yield Ping()

    async def _wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left = True


def _response(request: Request, said: Says) -> Response:
    words = "".join(said.pieces) or said.words
    parts = (Refusal(text=said.refusal),) if said.refusal else (Text(text=words),)
    choice = Choice(parts=parts, stop=said.stop)
    return Response(origin="test", id="1", model=f"real-{request.model}", choices=(choice,), usage=USAGE)


def _cut(events: Sequence[AnyEvent], pieces: Sequence[str]) -> list[AnyEvent]:
    """Cut the words of a stream into pieces."""
    found: list[AnyEvent] = []
    for event in events:
        if type(event).__name__ == "Delta" and pieces:
            found += [msgspec.structs.replace(event, text=piece) for piece in pieces]
        else:
            found.append(event)
    return found


def words(request: Request) -> list[tuple[Role, str]]:
    """Give what a request says, message by message."""
    return [(one.role, "".join(part.text for part in one.parts if isinstance(part, Text))) for one in request.messages]


def said(role: Role, text: str) -> Message:
    """Make a message."""
    return Message(role=role, parts=(Text(text=text),))


def defined(**members: Any) -> PromptDefinition:
    """Make a definition as the core does, from JSON; one text in and one out unless said otherwise."""
    usual = {"model": "small", "user": "{{text}}", "variables": {"text": {"type": "string", "maxLength": 1000}}}
    return msgspec.convert({**usual, **members}, PromptDefinition)


JSON_OUT: dict[str, Any] = {
    "type": "json",
    "schema": {
        "type": "object",
        "properties": {"label": {"enum": ["good", "bad"]}},
        "required": ["label"],
        "additionalProperties": False,
    },
}


@dataclass
class Reply:
    """What a caller got."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[bytes]

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[tuple[str, Any]]:
        """Give the events of a stream, comments left out."""
        blocks = [one for one in self.body.decode().split("\n\n") if one.startswith("event:")]
        lines = [one.split("\n") for one in blocks]
        return [(one.removeprefix("event: "), json.loads(two.removeprefix("data: "))) for one, two in lines]


class Caller:
    """Calls one release as its app is called behind the gateway, and waits for the answer until it `leaves`."""

    def __init__(self, definition: PromptDefinition, *says: Says | GatewayError | str) -> None:
        self.models: Any = Models().says(*says)
        self.clock = FixedClock()
        self.calls: list[Call] = []
        self.leaves = asyncio.Event()
        self.app = PromptApp(Prompt(definition), self._account, self.clock, release="rel_1", version="1.2")

    def _account(self, call: Call) -> Any:
        self.calls.append(call)
        return self.models

    async def post(self, body: Any = None, *, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        kind = {"content-type": "application/json"}
        return await self.send("POST", content, headers={**kind, **(headers or {})}, **more)

    async def get(self, query: str = "", *, headers: Mapping[str, str] | None = None, **more: Any) -> Reply:
        return await self.send("GET", b"", query=query, headers=headers or {}, **more)

    async def send(
        self,
        method: str,
        body: bytes = b"",
        *,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        token: str = "tok_1",
    ) -> Reply:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": "/v1/apis/it",
            "root_path": "/v1/apis/it",
            "query_string": query.encode(),
            "headers": raw,
        }
        scope["tollbridge"] = call = open_call(scope, self.clock)
        call.principal = Principal(id=token, name=token, scopes=ScopeSet()) if token else None
        left = [body[:7], body[7:]]
        sent: list[Any] = []

        async def receive() -> Any:
            if not left:
                await self.leaves.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

        async def send(message: Any) -> None:
            sent.append(message)

        self.sent = sent
        await self.app(scope, receive, send)
        return reply_of(sent)


def reply_of(sent: Sequence[Any]) -> Reply:
    """Put together what was sent; a status of 0 where that is nothing."""
    if not sent:
        return Reply(0, {}, b"", [])
    start, *rest = sent
    assert start["type"] == "http.response.start"
    assert [one.get("more_body", False) for one in rest][-1] is False
    chunks = [one.get("body", b"") for one in rest]
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    assert len(headers) == len(start["headers"])
    return Reply(start["status"], headers, b"".join(chunks), chunks)
