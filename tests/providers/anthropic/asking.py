"""Requests of another dialect, for tests of what becomes of them."""

import json
from typing import Any

from tollbridge.formats import (
    AnyPart,
    KeyedSeal,
    Message,
    Notes,
    Request,
    Role,
    State,
    Text,
)
from tollbridge_anthropic.codec import MessagesCodec

CODEC = MessagesCodec()
OWN = "anthropic-messages"
SIGNED = State(OWN, {"type": "thinking", "thinking": "So.", "signature": "S"})
HI = (Message(role=Role.USER, parts=(Text(text="hi"),)),)
PDF = "JVBERi0xLjQ="


def request(*messages: Message, model: str = "claude-sonnet-4-5", **more: Any) -> Request:
    return Request(origin="another", model=model, messages=messages or HI, **more)


def written(asked: Request, *dropped: str) -> dict[str, Any]:
    """Write a request and make sure that just these fields were dropped."""
    notes = Notes(KeyedSeal(b"k" * 32))
    found: dict[str, Any] = json.loads(CODEC.write_request(asked, notes))
    assert notes.dropped == dropped
    return found


def turns(*messages: Message, dropped: tuple[str, ...] = ()) -> list[Any]:
    return list(written(request(*messages), *dropped)["messages"])


def user(*parts: AnyPart) -> Message:
    return Message(role=Role.USER, parts=parts)


def assistant(*parts: AnyPart) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)
