"""The codec of `feature-extraction`, which is how Hugging Face embeds.

Requests are as its types have them (huggingface_hub 2.4.0, `FeatureExtractionInput`, made from the description of
text-embeddings-inference). An answer is a list of vectors and nothing else: no usage, no name.
"""

import binascii
import math
import struct
from collections.abc import Mapping
from decimal import Decimal

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    EMBEDDINGS,
    JSON,
    AnyPart,
    Codec,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Fields,
    Notes,
    Text,
    Vector,
    add_extras,
    decode_json,
    encode_json,
    failure,
    present,
)

NAME = "huggingface-features"
_NUMBERS = frozenset((int, float, Decimal))
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
        inputs = [_write_input(item, notes) for item in request.inputs]
        members = present(
            inputs=inputs[0] if request.alone and len(inputs) == 1 else inputs,
            dimensions=request.dimensions,
            **_write_truncate(request, native=native),
        )
        if native:
            members.update(present(encoding_format=request.encodings[0] if request.encodings else None))
            return encode_json(add_extras(members, request.extras))
        if request.encodings and not {"float", "base64"} & {*request.encodings}:
            notes.refuse("encodings", f"{request.encodings[0]!r} is not to be had; ask for float or base64")
        notes.drop_given(task=request.task, title=request.title, user=request.user)
        notes.drop_extras(request.extras)
        return encode_json(members)

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
        vectors = [value] if _are_numbers(value) and value else value
        if not isinstance(vectors, list) or not all(map(_are_numbers, vectors)):
            raise UpstreamError(
                "the provider's answer is no list of vectors", detail="models that give one a token are not embedded by"
            )
        return EmbeddingResponse(
            origin=NAME, vectors=tuple(Vector(index=place, values=values) for place, values in enumerate(vectors))
        )

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        notes.drop_extras(response.extras)
        first: dict[int, JSON] = {}
        for vector in response.vectors:
            if vector.encoding in ("float", "base64"):
                first.setdefault(vector.index, _numbers_of(vector))
        return encode_json([first[index] for index in sorted(first)])

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


def _write_input(item: str | tuple[int, ...] | tuple[AnyPart, ...], notes: Notes) -> str:
    """Give one input; texts that are embedded as one are joined by a line end."""
    if isinstance(item, str):
        return item
    texts = [part.text for part in item if isinstance(part, Text)]
    if len(texts) < len(item):
        notes.refuse("inputs", "the model behind this name embeds nothing but text")
    return "\n".join(texts)


def _are_numbers(value: JSON) -> bool:
    return isinstance(value, list) and all(type(number) in _NUMBERS for number in value)


def _numbers_of(vector: Vector) -> JSON:
    """Give an embedding as numbers, nine digits for a 32-bit float; raises `UpstreamError` for what is none."""
    if vector.base64 is None:
        return vector.values
    try:
        data = binascii.a2b_base64(vector.base64.encode("ascii"), strict_mode=True)
        numbers = struct.unpack(f"<{len(data) // 4}f", data)
    except (ValueError, struct.error) as exc:
        raise UpstreamError("the provider's answer holds an embedding that is none") from exc
    if not all(map(math.isfinite, numbers)):
        raise UpstreamError("the provider's answer holds an embedding that is none")
    return [Decimal(f"{number:.9g}") for number in numbers]


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
