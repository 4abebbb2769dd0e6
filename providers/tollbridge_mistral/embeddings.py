"""The codec of Mistral's embeddings (https://docs.mistral.ai/api, types of mistralai 3.7, read 2026-11).

`output_dtype` and `encoding_format` are one thing in two fields here: what numbers, and whether they are packed.
"""

from collections.abc import Mapping, Sequence

from tollbridge import GatewayError, Usage
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
    input_text,
    listed_numbers,
    one_vector_each,
    packed_vector,
    present,
    read_listed,
    vector_numbers,
)
from tollbridge_mistral.errors import read_error
from tollbridge_mistral.usage import read_usage

NAME = "mistral-embeddings"
_DTYPES = ("float", "int8", "uint8", "binary", "ubinary")


class EmbeddingsCodec:
    """Reads and writes `POST /v1/embeddings` as Mistral has it."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {
        "inputs": "input",
        "dimensions": "output_dimension",
        "encodings": "encoding_format",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        given = found.take("input")
        alone = isinstance(given, str)
        texts = [given] if alone else given
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise found.error("input", "is missing" if given is None else "must be a text or a list of texts")
        said = {name: word for name in ("encoding_format", "output_dtype") if (word := found.text(name)) is not None}
        return EmbeddingRequest(
            origin=NAME,
            model=found.need("model", found.text("model")),
            inputs=tuple(texts),
            alone=alone,
            dimensions=found.whole("output_dimension"),
            encodings=_encodings(**said),
            spelling=tuple(f"{name}={word}" for name, word in said.items()),
            extras=found.rest(),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = request.origin == NAME
        inputs = [input_text(item, notes) for item in request.inputs]
        members = present(
            model=request.model,
            input=inputs[0] if request.alone and len(inputs) == 1 else inputs,
            output_dimension=request.dimensions,
        )
        if native:
            members.update({name: word for name, _, word in (said.partition("=") for said in request.spelling)})
            return encode_json(add_extras(members, request.extras))
        members.update(_wanted(request.encodings, notes))
        notes.drop_given(task=request.task, title=request.title, truncate=request.truncate, user=request.user)
        notes.drop_extras(request.extras)
        return encode_json(members)

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        return read_listed(body, NAME, _read_vector, read_usage)

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = response.origin == NAME
        wanted = request.encodings[0] if request.encodings else "float"
        usage = response.wire_usage if native else _write_usage(response.usage)
        vectors = response.vectors if native else one_vector_each(response.vectors, wanted, notes, "data[].embedding")
        members: dict[str, JSON] = {
            "id": response.id or notes.call_id,
            "object": "list",
            "data": [_write_vector(vector, wanted, notes, native=native) for vector in vectors],
            "model": response.model or request.model,
            **present(usage=usage),
        }
        if native:
            return encode_json(add_extras(members, response.extras))
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _encodings(encoding_format: str | None = None, output_dtype: str | None = None) -> tuple[str, ...]:
    """Say in our words what is asked for."""
    told = output_dtype if output_dtype not in (None, "float") else encoding_format or output_dtype
    return () if told is None else (told,)


def _wanted(encodings: Sequence[str], notes: Notes) -> dict[str, JSON]:
    """Say in Mistral's words what is asked for first."""
    for encoding in encodings[1:]:
        notes.drop(f"encodings.{encoding}")
    first = next(iter(encodings), None)
    if first in (None, "float", "base64"):
        return present(encoding_format=first)
    if first in _DTYPES:
        return {"output_dtype": first}
    notes.refuse("encodings", f"{first!r} is not to be had; ask for float or base64")


def _write_usage(usage: Usage | None) -> dict[str, JSON]:
    """Write usage, empty where nothing is known: Mistral's SDK takes no answer without it (mistralai 3.7)."""
    if usage is None:
        return {}
    return {"prompt_tokens": usage.input_total, "total_tokens": usage.total, "completion_tokens": 0}


def _read_vector(found: Fields, place: int) -> Vector:
    given, index = found.take("embedding"), found.whole("index")
    found.text("object")
    at = place if index is None else index
    if isinstance(given, str):
        return Vector(index=at, encoding="base64", base64=given, extras=found.rest())
    return Vector(index=at, values=listed_numbers(given), extras=found.rest())


def _write_vector(vector: Vector, wanted: str, notes: Notes, *, native: bool) -> JSON:
    if native:
        embedding: JSON = vector.values if vector.base64 is None else vector.base64
    else:
        embedding = packed_vector(vector) if wanted == "base64" else vector_numbers(vector)
    members: dict[str, JSON] = {"object": "embedding", "embedding": embedding, "index": vector.index}
    if native:
        return add_extras(members, vector.extras)
    notes.drop_extras(vector.extras, "data[]")
    return members


_: type[Codec[EmbeddingRequest, EmbeddingResponse]] = EmbeddingsCodec
