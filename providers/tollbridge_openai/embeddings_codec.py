"""The codec of embeddings (https://platform.openai.com/docs/api-reference/embeddings, read 2026-11).

A vector is written as the caller asked for it, whatever its provider gave: as numbers, or as base64 of 32-bit floats.
Who asks for another encoding by its host's own word gets what comes.
"""

from collections.abc import Mapping, Sequence

from tollbridge import GatewayError, Usage
from tollbridge.formats import (
    EMBEDDINGS,
    JSON,
    Codec,
    EmbeddingInput,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Fields,
    Notes,
    Opaque,
    Vector,
    add_extras,
    decode_json,
    encode_json,
    float_encoding,
    input_text,
    listed_numbers,
    one_vector_each,
    packed_vector,
    present,
    read_listed,
    vector_numbers,
)
from tollbridge_openai.chat_errors import read_error
from tollbridge_openai.vectors import is_packed_floats, signed_bytes

NAME = "openai-embeddings"

_FLOATS = ("float", "base64")
"""What OpenAI's clients ask for: numbers, or base64 of them."""
_TASKS = ("query", "document")
"""What Voyage and others take as `input_type` (https://docs.voyageai.com/reference/embeddings-api, read 2026-11)."""


class EmbeddingsCodec:
    """Reads and writes `POST /v1/embeddings`."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {"inputs": "input", "encodings": "encoding_format", "task": "input_type"}

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        given = found.take("input")
        inputs, alone = _read_inputs(given, found)
        encoding = found.text("encoding_format")
        task = found.text("input_type") if found.peek("input_type") in _TASKS else None
        return EmbeddingRequest(
            origin=NAME,
            model=found.need("model", found.text("model")),
            inputs=inputs,
            alone=alone,
            dimensions=found.whole("dimensions"),
            encodings=() if encoding is None else (encoding,),
            task=task,
            user=found.text("user"),
            extras=found.rest(),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = request.origin == NAME
        inputs = [_write_input(item, notes, native=native) for item in request.inputs]
        members = present(
            model=request.model,
            input=inputs[0] if request.alone and len(inputs) == 1 else inputs,
            dimensions=request.dimensions,
            encoding_format=_encoding(request, notes, native=native),
            user=request.user,
        )
        if native:
            members.update(present(input_type=request.task))
            add_extras(members, request.extras)
        else:
            notes.drop_given(task=request.task, title=request.title, truncate=request.truncate)
            notes.drop_extras(request.extras)
        return encode_json(members)

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        return read_listed(body, NAME, _read_vector, read_usage)

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = response.origin == NAME
        wanted = request.encodings[0] if request.encodings else "float"
        vectors = response.vectors if native else one_vector_each(response.vectors, wanted, notes, "data[].embedding")
        usage = response.wire_usage if native else None
        if usage is None and response.usage is not None:
            usage = {"prompt_tokens": response.usage.input_total, "total_tokens": response.usage.total}
        members = {
            **present(id=(response.id or None) if native else None, object="list"),
            "data": [_write_vector(vector, wanted, notes, native=native) for vector in vectors],
            **present(model=response.model or (None if native else request.model), usage=usage),
        }
        if native:
            add_extras(members, response.extras)
        else:
            notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _read_inputs(given: JSON, found: Fields) -> tuple[tuple[EmbeddingInput, ...], bool]:
    """Read `input`: a text, a list of tokens, or a list of either; and whether it was one alone."""
    if given is None:
        raise found.error("input", "is missing")
    if isinstance(given, str):
        return (given,), True
    if not isinstance(given, list):
        raise found.error("input", "must be a text, a list of texts, or lists of tokens")
    if given and _are_tokens(given):
        return (tuple(given),), True
    return tuple(_read_input(item, f"input[{place}]", found) for place, item in enumerate(given)), False


def _read_input(item: JSON, where: str, found: Fields) -> EmbeddingInput:
    if isinstance(item, str):
        return item
    if isinstance(item, list) and _are_tokens(item):
        return tuple(item)
    if isinstance(item, dict):  # text and pictures to be embedded as one, as several hosts have it, each its own way
        return (Opaque(kind="input", raw=item),)
    raise found.error(where, "must be a text or a list of tokens")


def _are_tokens(items: Sequence[JSON]) -> bool:
    return all(type(item) is int for item in items)


def _write_input(item: EmbeddingInput, notes: Notes, *, native: bool) -> JSON:
    if isinstance(item, str):
        return item
    if all(isinstance(part, int) for part in item):
        return list(item)
    return item[0].raw if native and isinstance(item[0], Opaque) else input_text(item, notes)


def _encoding(request: EmbeddingRequest, notes: Notes, *, native: bool) -> str | None:
    """Give `encoding_format`; nothing for numbers, which come unasked: Voyage takes no other word than `base64`.

    It answers 400 and says so (https://github.com/vectorize-io/hindsight/issues/925, read 2026-11).
    """
    if native:
        return request.encodings[0] if request.encodings else None
    return "base64" if float_encoding(request.encodings, notes) == "base64" else None


def _read_vector(found: Fields, place: int) -> Vector:
    """Read one embedding; raises `UpstreamError` where there is none.

    Text that makes no 32-bit floats is taken for signed 8-bit integers, which are Perplexity's default
    (https://docs.perplexity.ai/api-reference/embeddings-post, read 2026-11).
    """
    given, index = found.take("embedding"), found.whole("index")
    found.text("object")
    at, rest = place if index is None else index, found.rest()
    if isinstance(given, str):
        if is_packed_floats(given):
            return Vector(index=at, encoding="base64", base64=given, extras=rest)
        return Vector(index=at, encoding="int8", values=signed_bytes(given), base64=given, extras=rest)
    return Vector(index=at, values=listed_numbers(given), extras=rest)


def _write_vector(vector: Vector, wanted: str, notes: Notes, *, native: bool) -> JSON:
    if native and wanted not in _FLOATS:
        embedding = vector.base64 if vector.base64 is not None else vector.values
    else:
        embedding = packed_vector(vector) if wanted == "base64" else vector_numbers(vector)
    members: dict[str, JSON] = {"object": "embedding", "index": vector.index, "embedding": embedding}
    if native:
        return add_extras(members, vector.extras)
    notes.drop_extras(vector.extras, "data[]")
    return members


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage`: all of it is input.  Voyage says `total_tokens` alone (recorded answers, 2026-11)."""
    found = Fields(wire, wrong=None)
    prompt, total = found.whole("prompt_tokens"), found.whole("total_tokens")
    if prompt is None and total is None:
        return None
    return Usage(input=max(0, prompt or 0, total or 0))


_: type[Codec[EmbeddingRequest, EmbeddingResponse]] = EmbeddingsCodec
