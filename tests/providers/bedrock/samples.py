"""Short ways to read and write Converse, for these tests."""

import json
from collections.abc import Iterable
from typing import Any

from tollbridge.formats import (
    AnyEvent,
    AnyPart,
    Choice,
    Conversation,
    Envelope,
    Message,
    Notes,
    Request,
    Response,
    Role,
)
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import events_of
from tollbridge_bedrock.codec import CONVERSE_CODEC
from tollbridge_bedrock.frames import write_event

CODEC: Conversation = CONVERSE_CODEC
USAGE = {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}
CLAUDE = "us.anthropic.claude-sonnet-4-20250514-v1:0"
CLAUDE_45 = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
CLAUDE_47 = "anthropic.claude-opus-4-7"
NOVA_2 = "us.amazon.nova-2-lite-v1:0"
ASKED = Request(origin=CODEC.name, model="m", messages=())
USER = Message(role=Role.USER, parts=())


def read(body: dict[str, Any], model: str = "m") -> Request:
    return CODEC.read_request(json.dumps(body).encode(), Envelope(model), notes())


def written(request: Request, left: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, left or notes()))


def same(body: dict[str, Any]) -> Request:
    """Read a request, see that it is written as it was, and give it."""
    left = notes(strict=True)
    request = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), left)
    assert json.loads(CODEC.write_request(request, left)) == body
    return request


def blocks(*content: Any, role: str = "user") -> tuple[AnyPart, ...]:
    """Read blocks of one message, see that they are written as they were, and give their parts."""
    request = same({"messages": [{"role": role, "content": list(content)}]})
    return tuple(part for message in request.messages for part in message.parts)


def foreign(*messages: Message, model: str = CLAUDE, **more: Any) -> Request:
    return Request(origin="another", model=model, messages=messages, **more)


def said_by(role: Role, *parts: AnyPart, **more: Any) -> Message:
    return Message(role=role, parts=parts, **more)


def content_of(*parts: AnyPart, left: Notes | None = None, model: str = CLAUDE) -> Any:
    """Give the blocks in which parts of another dialect's user are written."""
    body = written(foreign(said_by(Role.USER, *parts), model=model), left)
    return body["messages"][0]["content"]


def answer(body: dict[str, Any]) -> Response:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def shown(response: Response, left: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, ASKED, left or notes()))


def answered(*content: Any, **more: Any) -> dict[str, Any]:
    """Give an answer with these blocks."""
    return {
        "output": {"message": {"role": "assistant", "content": list(content)}},
        "stopReason": "end_turn",
        "usage": USAGE,
        "metrics": {"latencyMs": 5},
        **more,
    }


def response(*parts: AnyPart, **more: Any) -> Response:
    return Response(origin="another", id="a", model="m", choices=(Choice(parts=parts),), **more)


def stream_of(*events: tuple[str, dict[str, Any]]) -> bytes:
    return b"".join(write_event(name, json.dumps(payload).encode()) for name, payload in events)


def delta(index: int, /, **what: Any) -> tuple[str, dict[str, Any]]:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": what, "p": "abc"}


def started(index: int, /, **what: Any) -> tuple[str, dict[str, Any]]:
    return "contentBlockStart", {"contentBlockIndex": index, "start": what, "p": "abcd"}


def stopped(index: int) -> tuple[str, dict[str, Any]]:
    return "contentBlockStop", {"contentBlockIndex": index, "p": "a"}


BEGIN = ("messageStart", {"role": "assistant", "p": "abcdef"})
STOP = ("messageStop", {"stopReason": "end_turn", "p": "ab"})
TOLD = ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}, "p": ""})


def events(stream: bytes, size: int = 999) -> list[AnyEvent]:
    return events_of(CODEC.stream_reader(notes()), stream, size)


def rewritten(happened: Iterable[AnyEvent], left: Notes | None = None) -> bytes:
    writer = CODEC.stream_writer(ASKED, left or notes())
    return b"".join(writer.write(event) for event in happened)
