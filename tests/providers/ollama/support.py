"""Short ways to read and write, for these tests."""

import json
from typing import Any

from tollbridge.formats import Conversation, Envelope, Notes, Request, Response, fold
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import events_of
from tollbridge_ollama.codecs import CHAT_CODEC

CHAT: Conversation = CHAT_CODEC


def read(body: dict[str, Any], codec: Conversation = CHAT) -> Request:
    return codec.read_request(json.dumps(body).encode(), Envelope("m"), notes())


def written(request: Request, left: Notes | None = None, codec: Conversation = CHAT) -> Any:
    return json.loads(codec.write_request(request, left or notes()))


def answer(body: dict[str, Any], codec: Conversation = CHAT) -> Response:
    return codec.read_response(json.dumps(body).encode(), notes())


def shown(response: Response, left: Notes | None = None, codec: Conversation = CHAT) -> Any:
    asked = Request(origin=codec.name, model="m", messages=())
    return json.loads(codec.write_response(response, asked, left or notes()))


def folded(*lines: dict[str, Any], codec: Conversation = CHAT, size: int = 7) -> Response:
    stream = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    return fold(events_of(codec.stream_reader(notes()), stream, size))
