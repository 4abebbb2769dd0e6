"""What the tests of streams of chat chunks share: chunks in a few words, and what is read of them."""

import json
from typing import Any

from tollbridge.formats import AnyEvent, AnyPart, Request, fold
from tollbridge.testing.conversation_contract import notes
from tollbridge_openai.chat_codec import ChatCodec

CODEC = ChatCodec()
ASKED = Request(origin="openai-chat", model="m", messages=(), stream_usage=True)
DONE = b"data: [DONE]\n\n"


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **fields: Any) -> bytes:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish, **fields}
    return b"data: %b\n\n" % json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode()


def call(index: int | None, id_: str | None = None, name: str | None = None, arguments: str | None = None) -> Any:
    inner = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    told = {"index": index, "id": id_, "function": inner}
    return {"tool_calls": [{key: value for key, value in told.items() if value is not None}]}


def events(*chunks: bytes) -> list[AnyEvent]:
    reader = CODEC.stream_reader(notes())
    found: list[AnyEvent] = []
    for piece in (*chunks, b""):
        found += reader.feed(piece)
    return found


def parts(*chunks: bytes) -> tuple[AnyPart, ...]:
    return fold(events(*chunks)).choices[0].parts
