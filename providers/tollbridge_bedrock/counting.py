"""Counting tokens (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html, read 2026-11).

What is counted is a Converse request, or a body for InvokeModel, which is in a model's own words and stays as it is.
"""

from msgspec.structs import replace

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
from tollbridge_bedrock.codec import CONVERSE_CODEC
from tollbridge_bedrock.errors import read_error
from tollbridge_bedrock.requests_in import read_conversation
from tollbridge_bedrock.requests_out import conversation
from tollbridge_bedrock.words import NAME

_COUNTED = ("messages", "system", "toolConfig", "additionalModelRequestFields")
_WRAPPED = "input"
_INVOKED = ("input.invokeModel",)


class CountCodec:
    """Reads and writes `POST /model/{model}/count-tokens`."""

    name = NAME
    kind = COUNT
    spelled = CONVERSE_CODEC.spelled

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        found = Fields(decode_json(body))
        wrapped = found.inner(_WRAPPED)
        if wrapped is None:
            raise found.error(_WRAPPED, "is missing")
        inner = wrapped.inner("converse")
        rest = {**found.rest(), **({_WRAPPED: wrapped.rest()} if wrapped.rest() else {})}
        if inner is None:
            return Request(origin=NAME, model=envelope.model, messages=(), essential=_INVOKED, extras=rest)
        request = read_conversation(inner, envelope.model, notes)
        extras = add_extras({_WRAPPED: {"converse": request.extras}} if request.extras else {}, rest)
        return replace(request, extras=extras)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        if request.origin != NAME:
            told = conversation(request, notes)
            return encode_json({_WRAPPED: {"converse": {name: told[name] for name in _COUNTED if name in told}}})
        if request.essential == _INVOKED:
            return encode_json(dict(request.extras))
        converse = conversation(replace(request, extras={}), notes)
        return encode_json(add_extras({_WRAPPED: {"converse": converse}}, request.extras))

    def read_response(self, body: bytes, notes: Notes) -> CountResponse:
        found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
        tokens = found.whole("inputTokens")
        if tokens is None or tokens < 0:
            raise UpstreamError("the provider's answer is no count of tokens")
        return CountResponse(origin=NAME, tokens=tokens, extras=found.rest())

    def write_response(self, response: CountResponse, request: Request, notes: Notes) -> bytes:
        members = {"inputTokens": response.tokens}
        if response.origin == NAME:
            return encode_json(add_extras(members, response.extras))
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Codec[Request, CountResponse]] = CountCodec
