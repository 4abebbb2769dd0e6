"""What the tests of Mistral's codecs share."""

import json
from collections.abc import Iterable
from typing import Any

from tollbridge.formats import AnyEvent, Envelope, KeyedSeal, Notes, Request, StreamReader, encode_json
from tollbridge_mistral.chat_codec import CHAT_CODEC

CODEC = CHAT_CODEC
ENVELOPE = Envelope("mistral-small-latest")
SEAL = KeyedSeal(b"a key for tests")


def notes(*, strict: bool = False) -> Notes:
    return Notes(SEAL, strict=strict, now=1_700_000_000, call_id="req_1")


def read(body: object) -> Request:
    return CODEC.read_request(encode_json(body), ENVELOPE, notes())


def written(request: Any, taken: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, taken or notes()))


def asked(**fields: Any) -> Any:
    return {"model": "mistral-small-latest", "messages": [{"role": "user", "content": "Hi"}], **fields}


def events_of(reader: StreamReader, chunks: Iterable[bytes]) -> list[AnyEvent]:
    return [event for chunk in (*chunks, b"") for event in reader.feed(chunk)]


def sse(*chunks: Any, done: bool = True) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks) + b"data: [DONE]\n\n" * done


def chunk(delta: Any, finish: str | None = None, **more: Any) -> Any:
    told = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "created": 5, "model": "m", "choices": [told], **more}


def bare(value: Any) -> Any:
    """Give a JSON value without its nulls: an answer says nothing by them."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value
