"""What the tests of Cohere's codecs share."""

import json
from collections.abc import Iterable
from typing import Any

from tollbridge.formats import AnyEvent, Envelope, KeyedSeal, Notes, Request, StreamReader, encode_json
from tollbridge_cohere.chat_codec import CHAT_CODEC

CODEC = CHAT_CODEC
ENVELOPE = Envelope("command-a-03-2025")
SEAL = KeyedSeal(b"a key for tests")


def notes(*, strict: bool = False) -> Notes:
    return Notes(SEAL, strict=strict, now=1_700_000_000, call_id="req_1")


def read(body: object) -> Request:
    return CODEC.read_request(encode_json(body), ENVELOPE, notes())


def written(request: Any, taken: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, taken or notes()))


def asked(**fields: Any) -> Any:
    return {"model": "command-a-03-2025", "messages": [{"role": "user", "content": "Hi"}], **fields}


def events_of(reader: StreamReader, chunks: Iterable[bytes]) -> list[AnyEvent]:
    return [event for chunk in (*chunks, b"") for event in reader.feed(chunk)]


def sse(*events: Any) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def bare(value: Any) -> Any:
    """Give a JSON value without its nulls: an answer says nothing by them."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if item is not None}
    return [bare(item) for item in value] if isinstance(value, list) else value
