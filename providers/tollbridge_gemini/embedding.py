"""The codecs of `:embedContent` and `:batchEmbedContents` (https://ai.google.dev/api/embeddings, read 2026-11)."""

from collections.abc import Mapping

from tollbridge import BadRequest, GatewayError, UpstreamError, Usage
from tollbridge.formats import (
    EMBEDDINGS,
    JSON,
    Codec,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Notes,
    Vector,
    add_extras,
    encode_json,
    one_vector_each,
    present,
    vector_numbers,
)
from tollbridge_gemini.codec import answered, asked, bounded
from tollbridge_gemini.embed_requests import read_batch, read_single, write_asked
from tollbridge_gemini.errors import read_error
from tollbridge_gemini.names import NAME, Members
from tollbridge_gemini.usage import read_usage, write_usage


class EmbedCodec:
    """Reads and writes one of the two: a single content, or `batch`, a list of requests that are alike."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {"inputs": "requests", "dimensions": "outputDimensionality", "task": "taskType"}

    def __init__(self, *, batch: bool) -> None:
        self._batch = batch

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        read = read_batch if self._batch else read_single
        return bounded(BadRequest, lambda: read(asked(body), envelope, notes))

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        return bounded(BadRequest, lambda: encode_json(write_asked(request, notes, batch=self._batch)))

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        return bounded(UpstreamError, lambda: _response(Members(answered(body), wrong=None)))

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = response.origin == NAME
        best = one_vector_each(response.vectors, "float", notes, "embeddings[].values")
        vectors = [_written(vector, notes, native=native) for vector in best]
        single = not self._batch and len(vectors) == 1
        usage = response.wire_usage if native else None
        if usage is None and response.usage is not None:
            usage = _usage(response.usage)
        members: dict[str, JSON] = {"embedding": vectors[0]} if single else {"embeddings": vectors}
        members.update(present(usageMetadata=usage))
        if native:
            return encode_json(add_extras(members, response.extras))
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _usage(usage: Usage) -> dict[str, JSON]:
    told = write_usage(usage)
    del told["candidatesTokenCount"], told["totalTokenCount"]
    return told


def _response(found: Members) -> EmbeddingResponse:
    items = found.each("embeddings")
    if items is None:
        single = found.inner("embedding")
        if single is None:
            raise UpstreamError("the provider's answer holds no embeddings")
        items = [single]
    wire = found.members("usageMetadata")
    vectors = []
    for place, item in enumerate(items):
        values = item.items("values")
        if values is None:
            raise UpstreamError("an embedding in the provider's answer holds no values")
        vectors.append(Vector(index=place, values=values, extras=item.rest()))
    return EmbeddingResponse(
        origin=NAME, vectors=tuple(vectors), usage=read_usage(wire), wire_usage=wire, extras=found.rest()
    )


def _written(vector: Vector, notes: Notes, *, native: bool) -> dict[str, JSON]:
    values = vector_numbers(vector)
    if native:
        return add_extras({"values": values}, vector.extras)
    notes.drop_extras(vector.extras, "embeddings[]")
    return {"values": values}


EMBED_CODEC, BATCH_CODEC = EmbedCodec(batch=False), EmbedCodec(batch=True)

_: type[Codec[EmbeddingRequest, EmbeddingResponse]] = EmbedCodec
