"""The codec of `feature-extraction`, which is how Hugging Face embeds.

Requests are as its types have them (huggingface_hub 2.4.0, `FeatureExtractionInput`, made from the description of
text-embeddings-inference). An answer is a list of vectors and nothing else: no usage, no name.
"""

from collections.abc import Mapping

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    EMBEDDINGS,
    JSON,
    Codec,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Fields,
    Notes,
    Vector,
    add_extras,
    decode_json,
    encode_json,
    failure,
    float_encoding,
    input_text,
    listed_numbers,
    one_vector_each,
    present,
    vector_numbers,
)
from tollbridge_huggingface.names import NAME

_SIDES = {"left": "start", "right": "end"}


class FeaturesCodec:
    """Reads and writes `POST /models/{model}/pipeline/feature-extraction`."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {"encodings": "encoding_format", "truncate": "truncation_direction"}

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        given = found.take("inputs")
        alone = isinstance(given, str)
        inputs = [given] if alone else given
        if not isinstance(inputs, list) or not all(isinstance(item, str) for item in inputs):
            raise found.error("inputs", "must be a text or a list of texts")
        encoding = found.text("encoding_format")
        truncate, spelling = _read_truncate(found)
        return EmbeddingRequest(
            origin=NAME,
            model=envelope.model,
            inputs=tuple(inputs),
            alone=alone,
            dimensions=found.whole("dimensions"),
            encodings=() if encoding is None else (encoding,),
            truncate=truncate,
            spelling=spelling,
            extras=found.rest(),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = request.origin == NAME
        inputs = [input_text(item, notes) for item in request.inputs]
        members = present(
            inputs=inputs[0] if request.alone and len(inputs) == 1 else inputs,
            dimensions=request.dimensions,
            **_write_truncate(request, native=native),
        )
        if native:
            members.update(present(encoding_format=request.encodings[0] if request.encodings else None))
            return encode_json(add_extras(members, request.extras))
        float_encoding(request.encodings, notes)
        notes.drop_given(task=request.task, title=request.title, user=request.user)
        notes.drop_extras(request.extras)
        return encode_json(members)

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        """Read a list of vectors, or one vector; raises `UpstreamError`, also where a model gives one a token."""
        given = decode_json(body, wrong=UpstreamError, what="the provider's answer")
        many = isinstance(given, list) and all(isinstance(item, list) for item in given)
        vectors = map(listed_numbers, given if many else [given])
        return EmbeddingResponse(
            origin=NAME, vectors=tuple(Vector(index=place, values=values) for place, values in enumerate(vectors))
        )

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        notes.drop_extras(response.extras)
        best = one_vector_each(response.vectors, "float", notes, "vectors")
        return encode_json([vector_numbers(vector) for vector in best])

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _read_truncate(found: Fields) -> tuple[str | None, tuple[str, ...]]:
    """Take whether and where a text that is too long is cut; the words stay as they were spelt."""
    cut = found.peek("truncate")
    side = found.peek("truncation_direction")
    if not isinstance(cut, bool):
        return None, ()
    if not cut:
        found.take("truncate")
        return "none", ()
    if side is None:
        found.take("truncate")
        return "end", ()
    where = _SIDES.get(side.lower()) if isinstance(side, str) else None
    if where is None:
        return None, ()
    found.take("truncate")
    found.take("truncation_direction")
    return where, (side,)


def _write_truncate(request: EmbeddingRequest, *, native: bool) -> dict[str, JSON]:
    if request.truncate is None:
        return {}
    if native:
        side = request.spelling[0] if request.spelling else None
    else:
        side = "left" if request.truncate == "start" else None
    return {"truncate": request.truncate != "none", "truncation_direction": side}


def read_error(status: int, body: bytes) -> GatewayError:
    """Read a refusal: `{"error", "error_type"}`, or with an object for the error."""
    try:
        found = Fields(decode_json(body), wrong=None)
    except GatewayError:
        found = Fields({}, wrong=None)
    inner = found.inner("error") or found
    message = inner.text("message") or found.text("error") or found.text("message") or ""
    return failure(status, message, code=found.text("error_type") or inner.text("code"))


_: type[Codec[EmbeddingRequest, EmbeddingResponse]] = FeaturesCodec
