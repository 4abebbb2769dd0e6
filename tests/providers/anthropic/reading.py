"""Requests as the codec reads them, for tests of what they become."""

import json
from typing import Any

from tollbridge.formats import (
    AnyPart,
    Envelope,
    KeyedSeal,
    Notes,
    Request,
)
from tollbridge_anthropic.codec import MessagesCodec

CODEC = MessagesCodec()
OWN = "anthropic-messages"
SEAL = KeyedSeal(b"k" * 32)
HI: list[Any] = [{"role": "user", "content": "hi"}]
NEWS = {"type": "web_search_result_location", "cited_text": "It is.", "encrypted_index": "E", "title": "N", "url": "u"}


def read(body: dict[str, Any]) -> Request:
    """Read a body, and make sure that it is written as it was."""
    full = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": HI, **body}
    request = CODEC.read_request(json.dumps(full).encode(), Envelope("m"), Notes(SEAL))

    assert json.loads(CODEC.write_request(request, Notes(SEAL, strict=True))) == full
    return request


def said(role: str, *blocks: dict[str, Any]) -> tuple[AnyPart, ...]:
    """Give the parts of one message with these blocks."""
    (message,) = read({"messages": [{"role": role, "content": list(blocks)}]}).messages
    return message.parts
