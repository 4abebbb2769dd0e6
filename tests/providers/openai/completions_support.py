"""What the tests of completions share: requests and answers in a few words."""

import json
from typing import Any

from openai.types import Completion
from tests.support.shapes import sse_data, typed_problems

from tollbridge.formats import (
    AnyEvent,
    AnyPart,
    Choice,
    Envelope,
    Request,
    Response,
    Stop,
    Text,
    unfold,
)
from tollbridge.metering.usage import Usage
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import events_of
from tollbridge_openai.completions_codec import COMPLETIONS_CODEC

CODEC = COMPLETIONS_CODEC
DONE = b"data: [DONE]\n\n"


def asked(**members: Any) -> Request:
    return CODEC.read_request(json.dumps({"model": "m", "prompt": "Once", **members}).encode(), Envelope("m"), notes())


def answer(*parts: AnyPart, **more: Any) -> Response:
    choice = Choice(parts=parts or (Text(text=" upon"),), **{"stop": Stop.END, **more})
    usage = Usage(input=3, cache_read=2, output=7, reasoning=4)
    return Response(origin="stranger", model="real", created=7, choices=(choice,), usage=usage)


def written(response: Response, request: Request | None = None, left: Any = None) -> Any:
    body = CODEC.write_response(response, request or asked(), left or notes())
    assert typed_problems(Completion, body) == []
    return json.loads(body)


def streamed(response: Response, request: Request) -> list[Any]:
    writer = CODEC.stream_writer(request, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))
    assert stream.endswith(DONE)
    return [json.loads(data) for data in sse_data(stream)]


def piece(text: str = "", finish: str | None = None, index: int = 0, **more: Any) -> bytes:
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": finish, **more}
    return (
        b"data: %b\n\n"
        % json.dumps({"id": "1", "object": "x", "created": 1, "model": "m", "choices": [choice]}).encode()
    )


def read(*pieces: bytes) -> list[AnyEvent]:
    return events_of(CODEC.stream_reader(notes()), b"".join(pieces), 9)


def said_in(pieces: list[Any]) -> dict[int, str]:
    said: dict[int, str] = {}
    for choice in (choice for piece in pieces for choice in piece["choices"]):
        said[choice["index"]] = said.get(choice["index"], "") + choice["text"]
    return said
