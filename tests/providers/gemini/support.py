"""What the tests of Gemini's dialect share."""

import json
from typing import Any

from tollbridge.formats import (
    AnyEvent,
    Choice,
    Envelope,
    KeyedSeal,
    Message,
    Notes,
    Request,
    Response,
    Role,
    Text,
    event_data,
    fold,
    split_events,
)
from tollbridge_gemini.codec import GENERATE_CODEC
from tollbridge_gemini.names import json_name

CODEC = GENERATE_CODEC
SEAL = KeyedSeal(b"k" * 32)
ELSE = "another-dialect"
FREE = frozenset(
    ("args", "response", "parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema", "labels")
)
"""Members that hold the caller's own JSON."""


def notes(**options: Any) -> Notes:
    return Notes(SEAL, **{"call_id": "call-1", "now": 1_700_000_000, **options})


def read(body: Any, model: str = "gemini-2.5-flash", **options: Any) -> Request:
    """Read a request of Gemini's own."""
    return CODEC.read_request(json.dumps(body).encode(), Envelope(model), notes(**options))


def rewritten(body: Any) -> Any:
    """Read a request of Gemini's own and write it again."""
    return json.loads(CODEC.write_request(read(body), notes()))


def asked(*parts: Any, role: Role = Role.USER, model: str = "gemini-2.5-flash", **fields: Any) -> Request:
    """Make a request of another dialect with one message of these parts."""
    messages = fields.pop("messages", (Message(role=role, parts=parts or (Text(text="Hi"),)),))
    return Request(origin=ELSE, model=model, messages=messages, **fields)


def write(request: Request, told: Notes | None = None) -> Any:
    """Write a request for Gemini."""
    return json.loads(CODEC.write_request(request, told or notes()))


def dropped(request: Request) -> tuple[str, ...]:
    """Give what is left behind where a request is written for Gemini."""
    told = notes()
    CODEC.write_request(request, told)
    return told.dropped


def answer(*parts: Any, **fields: Any) -> dict[str, Any]:
    """Make an answer of Gemini's."""
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": "STOP", "index": 0, **fields}
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r1"}


def read_answer(body: Any) -> Response:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def answered(*parts: Any, **fields: Any) -> Response:
    """Make an answer of another dialect."""
    choice = Choice(parts=parts, **fields)
    return Response(origin=ELSE, id="id1", model="gpt-x", choices=(choice,))


def write_answer(response: Response, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, asked(), told or notes()))


def events_of(stream: bytes, size: int = 0) -> list[AnyEvent]:
    """Read a stream, whole or in pieces of a size."""
    reader = CODEC.stream_reader(notes())
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)] if size else [stream]
    return [event for piece in (*pieces, b"") for event in reader.feed(piece)]


def streamed(*chunks: Any) -> bytes:
    return b"".join(b"data: %b\r\n\r\n" % json.dumps(chunk).encode() for chunk in chunks)


def chunk(*parts: Any, **fields: Any) -> dict[str, Any]:
    """Make a piece of a stream."""
    candidate = {**({"content": {"role": "model", "parts": list(parts)}} if parts else {}), "index": 0, **fields}
    return {"candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r1"}


def folded(*chunks: Any) -> Response:
    return fold(events_of(streamed(*chunks)))


def written(events: Any) -> bytes:
    """Write events as a stream."""
    writer = CODEC.stream_writer(asked(), notes())
    return b"".join(writer.write(event) for event in events)


def pieces(stream: bytes) -> list[Any]:
    """Give the pieces of a stream that was written."""
    found = [event_data(event) for event in split_events(stream)]
    return [json.loads(data) for data in found if data is not None]


def by_json_names(value: Any) -> Any:
    """Give a body with Google's own members by their JSON names, so that bodies can be compared."""
    if isinstance(value, dict):
        named = {json_name(name): inner for name, inner in value.items()}
        return {name: inner if name in FREE else by_json_names(inner) for name, inner in named.items()}
    return [by_json_names(item) for item in value] if isinstance(value, list) else value
