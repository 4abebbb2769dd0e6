"""The codec of `:countTokens` (https://ai.google.dev/api/tokens, read 2026-11).

Beside `contents` alone, the Gemini API takes a whole request as `generateContentRequest`, Vertex its members one by
one. Both are read.
"""

from msgspec.structs import replace

from tollbridge import BadRequest, GatewayError, UpstreamError
from tollbridge.formats import (
    COUNT,
    JSON,
    Codec,
    CountResponse,
    Envelope,
    Notes,
    Request,
    add_extras,
    encode_json,
    present,
)
from tollbridge_gemini.codec import SPELLED, answered, asked, bounded
from tollbridge_gemini.errors import read_error
from tollbridge_gemini.names import NAME, Members
from tollbridge_gemini.requests_in import read_request
from tollbridge_gemini.requests_out import write_request
from tollbridge_gemini.vertex import WHOLE, is_vertex


class CountCodec:
    """Reads and writes `POST /v1beta/models/{model}:countTokens`."""

    name = NAME
    kind = COUNT
    spelled = SPELLED

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return bounded(BadRequest, lambda: _read(asked(body), envelope, notes))

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return bounded(BadRequest, lambda: encode_json(_write(request, notes)))

    def read_response(self, body: bytes, notes: Notes) -> CountResponse:
        found = Members(answered(body), wrong=None)
        tokens = found.whole("totalTokens")
        if tokens is None and "promptTokensDetails" not in found and "totalBillableCharacters" not in found:
            raise UpstreamError("the provider's answer holds no count")
        return CountResponse(
            origin=NAME,
            tokens=max(0, tokens or 0),
            cached=found.whole("cachedContentTokenCount"),
            extras=found.rest(),
        )

    def write_response(self, response: CountResponse, request: Request, notes: Notes) -> bytes:
        members = present(totalTokens=response.tokens, cachedContentTokenCount=response.cached)
        if response.origin == NAME:
            return encode_json(add_extras(members, response.extras))
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _read(found: Members, envelope: Envelope, notes: Notes) -> Request:
    inner = found.inner(WHOLE)
    if inner is None:
        return read_request(found, envelope, notes)
    request = read_request(inner, envelope, notes)
    outer = {f"{WHOLE} {name}": value for name, value in found.rest().items()}
    return replace(request, spelling=(*request.spelling, "whole:"), extras={**request.extras, **outer})


def _write(request: Request, notes: Notes) -> dict[str, JSON]:
    """Write what is to be counted; what only says how an answer is made is left out without a word."""
    native = request.origin == NAME
    if native and "whole:" in request.spelling:
        mark = f"{WHOLE} "
        own = {name: value for name, value in request.extras.items() if not name.startswith(mark)}
        outer = {name.removeprefix(mark): value for name, value in request.extras.items() if name.startswith(mark)}
        return {WHOLE: write_request(replace(request, extras=own), notes), **outer}
    if native:
        return write_request(request, notes)
    counted = Request(
        origin=request.origin,
        model=request.model,
        messages=request.messages,
        tools=request.tools,
        choice=request.choice,
        essential=request.essential,
    )
    members = write_request(counted, notes)
    if members.keys() == {"contents"} or is_vertex(notes.quirks):
        members.pop("toolConfig", None)
        return members
    name = request.model if request.model.startswith(("models/", "tunedModels/")) else f"models/{request.model}"
    return {WHOLE: {"model": name, **members}}


_: type[Codec[Request, CountResponse]] = CountCodec
