"""The codecs of embeddings: `/api/embed`, and `/api/embeddings`, which it replaced and which takes one text.

https://docs.ollama.com/api/embed, read 2026-11.
"""

from collections.abc import Mapping, Sequence

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
    float_encoding,
    input_text,
    listed_numbers,
    one_vector_each,
    present,
    vector_numbers,
)
from tollbridge_ollama.errors import read_error, read_error_line
from tollbridge_ollama.usage import take_counts

NAME = "ollama-embed"
_TEXTS = "must be a text or a list of texts"


class EmbedCodec:
    """Reads and writes `POST /api/embed`."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {"inputs": "input"}

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        given = found.take("input")
        if not isinstance(given, str | list):
            raise found.error("input", "is missing" if given is None else _TEXTS)
        inputs = [given] if isinstance(given, str) else given
        if not all(isinstance(item, str) for item in inputs):
            raise found.error("input", _TEXTS)
        truncate = found.flag("truncate")
        return EmbeddingRequest(
            origin=NAME,
            model=found.need("model", found.text("model")),
            inputs=tuple(inputs),
            alone=isinstance(given, str),
            dimensions=found.whole("dimensions"),
            truncate=None if truncate is None else "end" if truncate else "none",
            extras=found.rest(),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        inputs = [input_text(item, notes) for item in request.inputs]
        if request.truncate == "start":
            notes.drop("truncate")
        truncate = {"end": True, "none": False}.get(request.truncate or "")
        members: dict[str, JSON] = {
            "model": request.model,
            "input": inputs[0] if request.alone and len(inputs) == 1 else inputs,
            **present(dimensions=request.dimensions, truncate=truncate),
        }
        return encode_json(_rest_of(request, members, notes))

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        found = read_answer(body)
        vectors = found.items("embeddings")
        if vectors is None:
            raise UpstreamError("the provider's answer holds no embeddings")
        usage, wire = take_counts(found)
        return EmbeddingResponse(
            origin=NAME,
            model=found.text("model") or "",
            vectors=tuple(Vector(index=index, values=listed_numbers(vector)) for index, vector in enumerate(vectors)),
            usage=usage,
            wire_usage=wire,
            extras=found.rest(),
        )

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = response.origin == NAME
        counts = {} if response.usage is None else {"prompt_eval_count": response.usage.input_total}
        members: dict[str, JSON] = {
            "model": response.model or request.model,
            "embeddings": write_vectors(response.vectors, notes),
            **((response.wire_usage or {}) if native else counts),
        }
        if native:
            return encode_json(add_extras(members, response.extras))
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


class OldEmbedCodec:
    """Reads and writes `POST /api/embeddings`: one text, one vector, no counts."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {"inputs": "prompt"}

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        return EmbeddingRequest(
            origin=NAME,
            model=found.need("model", found.text("model")),
            inputs=(found.need("prompt", found.text("prompt")),),
            alone=True,
            extras=found.rest(),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        if len(request.inputs) != 1:
            notes.refuse("inputs", "the model behind this name embeds one text at a time")
        notes.drop_given(dimensions=request.dimensions, truncate=request.truncate)
        members = {"model": request.model, "prompt": input_text(request.inputs[0], notes)}
        return encode_json(_rest_of(request, members, notes))

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        found = read_answer(body)
        vector = Vector(index=0, values=listed_numbers(found.items("embedding")))
        return EmbeddingResponse(origin=NAME, vectors=(vector,), extras=found.rest())

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        vectors = write_vectors(response.vectors, notes)
        members: dict[str, JSON] = {"embedding": vectors[0] if vectors else []}
        if response.origin == NAME:
            return encode_json(add_extras(members, response.extras))
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _rest_of(request: EmbeddingRequest, members: dict[str, JSON], notes: Notes) -> dict[str, JSON]:
    """Add what Ollama's own callers may send; note what others sent and Ollama has no place for."""
    if request.origin == NAME:
        return add_extras(members, request.extras)
    float_encoding(request.encodings, notes)
    notes.drop_given(task=request.task, title=request.title, user=request.user)
    notes.drop_extras(request.extras)
    return members


def read_answer(body: bytes) -> Fields:
    """Decode an answer; raises `UpstreamError` for what is no object, and the error that came in its place."""
    value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
    if isinstance(value, dict) and value.get("error") is not None:
        raise read_error_line(value)
    return Fields(value, wrong=None)


def write_vectors(vectors: Sequence[Vector], notes: Notes) -> list[JSON]:
    """Give the vectors as numbers, one for each input; raises `UpstreamError` for what is no embedding."""
    return [vector_numbers(vector) for vector in one_vector_each(vectors, "float", notes, "embeddings")]


_: tuple[type[Codec[EmbeddingRequest, EmbeddingResponse]], ...] = (EmbedCodec, OldEmbedCodec)
