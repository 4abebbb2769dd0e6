"""What the tests of the Responses API share: requests and answers in a few words, and the codec between them."""

import json
from typing import Any

from tollbridge.formats import (
    AnyEvent,
    AnyPart,
    Choice,
    Envelope,
    KeyedSeal,
    Message,
    Notes,
    Request,
    Response,
    Role,
    Stop,
    Text,
    event_data,
    fold,
    split_events,
    unfold,
)
from tollbridge_openai.responses_codec import RESPONSES_CODEC

CODEC = RESPONSES_CODEC
SEAL = KeyedSeal(b"s" * 32)
STRANGER = "stranger"


def notes(*, strict: bool = False) -> Notes:
    return Notes(SEAL, strict=strict, now=1_700_000_000, call_id="req_1")


def read(left: Notes | None = None, /, **members: Any) -> Request:
    """Read a request of a caller of this dialect."""
    body = json.dumps({"model": "m", "input": "hi", **members}).encode()
    return CODEC.read_request(body, Envelope("m"), left or notes())


def written(request: Request, left: Notes | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CODEC.write_request(request, left or notes()))
    return found


def again(**members: Any) -> dict[str, Any]:
    """Give a caller's request as it goes to a provider of the same dialect; nothing may be dropped."""
    return written(read(**members), notes(strict=True))


def stranger(*messages: Message, **fields: Any) -> Request:
    """Make a request that came in another dialect."""
    return Request(origin=STRANGER, model="m", messages=messages, **fields)


def says(*parts: AnyPart, role: Role = Role.USER, **fields: Any) -> Message:
    return Message(role=role, parts=parts, **fields)


def answer(*parts: AnyPart, stop: Stop | None = Stop.END, **fields: Any) -> Response:
    """Make an answer that another provider gave."""
    choices = (Choice(parts=parts, stop=stop),)
    return Response(origin=STRANGER, id="answer_1", model="m", created=1_700_000_000, choices=choices, **fields)


def shown(response: Response, left: Notes | None = None, request: Request | None = None) -> dict[str, Any]:
    """Write an answer for a caller of this dialect."""
    found: dict[str, Any] = json.loads(CODEC.write_response(response, request or read(), left or notes()))
    return found


def streamed(response: Response, request: Request | None = None) -> bytes:
    writer = CODEC.stream_writer(request or read(), notes())
    return b"".join(writer.write(event) for event in unfold(response))


def lines(stream: bytes) -> list[dict[str, Any]]:
    """Give the objects of a stream's events."""
    return [json.loads(data) for event in split_events(stream) if (data := event_data(event)) is not None]


def stream_of(*events: dict[str, Any]) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def events_in(stream: bytes, size: int | None = None) -> list[AnyEvent]:
    reader = CODEC.stream_reader(notes())
    size = size or len(stream) or 1
    events: list[AnyEvent] = []
    for start in range(0, len(stream), size):
        events += reader.feed(stream[start : start + size])
    return events + reader.feed(b"")


def folded(stream: bytes) -> Response:
    return fold(events_in(stream))


def given(*output: Any, **members: Any) -> Response:
    """Read an answer of a provider of this dialect."""
    told = {"id": "resp_1", "object": "response", "status": "completed", "model": "m", "output": list(output)}
    return CODEC.read_response(json.dumps({**told, **members}).encode(), notes())


def parts_of(response: Response) -> tuple[AnyPart, ...]:
    return response.choices[0].parts


def hello() -> Text:
    return Text(text="hello")
