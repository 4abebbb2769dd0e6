"""The codec of `POST /v1/responses/input_tokens`.

https://platform.openai.com/docs/api-reference/responses/input-tokens, read 2026-11: a request without what only says
how an answer is made; the answer is a number.
"""

from collections.abc import Mapping

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    COUNT,
    Codec,
    CountResponse,
    Envelope,
    Fields,
    Notes,
    Request,
    add_extras,
    decode_json,
    encode_json,
)
from tollbridge_openai.responses_codec import RESPONSES_CODEC
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_errors import read_error
from tollbridge_openai.responses_reading import read_request
from tollbridge_openai.responses_writing import write_request

_OBJECT = "response.input_tokens"
_COUNTED = (
    "model",
    "instructions",
    "input",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
)
"""What of a request of another dialect is counted, and may be sent."""


class CountCodec:
    """Reads and writes `POST /v1/responses/input_tokens`."""

    name = NAME
    kind = COUNT
    free_text = True

    def __init__(self, spelled: Mapping[str, str]) -> None:
        self.spelled = spelled

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_request(body, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        if request.origin == NAME:
            return write_request(request, notes)
        asked = Request(
            origin=request.origin,
            model=request.model,
            messages=request.messages,
            tools=request.tools,
            choice=request.choice,
            format=request.format,
            essential=request.essential,
        )
        written = Fields(decode_json(write_request(asked, notes)), wrong=None)
        return encode_json({name: written.take(name) for name in _COUNTED if name in written})

    def read_response(self, body: bytes, notes: Notes) -> CountResponse:
        found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
        tokens = found.whole("input_tokens")
        if tokens is None:
            raise UpstreamError("the provider's answer holds no count")
        found.text("object")
        return CountResponse(origin=NAME, tokens=max(0, tokens), extras=found.rest())

    def write_response(self, response: CountResponse, request: Request, notes: Notes) -> bytes:
        members = {"object": _OBJECT, "input_tokens": response.tokens}
        if response.origin == NAME:
            return encode_json(add_extras(members, response.extras))
        notes.drop_given(cached=response.cached)
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Codec[Request, CountResponse]] = CountCodec
COUNT_CODEC = CountCodec(RESPONSES_CODEC.spelled)
