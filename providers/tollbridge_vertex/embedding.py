"""The codec of text embeddings at `:predict`: instances that ask alike, and a prediction for each.

https://docs.cloud.google.com/gemini-enterprise-agent-platform/reference/models/text-embeddings-api (read 2026-11);
members are spelt as google-genai 3.6 writes them.
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
    one_vector_each,
    present,
    vector_numbers,
)
from tollbridge_vertex.errors import read_error
from tollbridge_vertex.names import NAME
from tollbridge_vertex.usage import read_usage, write_usage

_TASKS: Mapping[str, str] = {
    "RETRIEVAL_QUERY": "query",
    "RETRIEVAL_DOCUMENT": "document",
    "SEMANTIC_SIMILARITY": "similarity",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
}
_WORDS = {ours: wire for wire, ours in _TASKS.items()}
_MORE_TASKS = frozenset(("QUESTION_ANSWERING", "FACT_VERIFICATION", "CODE_RETRIEVAL_QUERY"))
_EACH, _ALL = "instances[].", "parameters."
"""What stands before the names of unknown members, by the object they are of."""
_MOST_TEXTS = 250
"""Texts that a request may hold (Google's page "Get text embeddings", read 2026-11); of `gemini-embedding-001`, one."""


class PredictCodec:
    """Reads and writes `POST .../models/{model}:predict`."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {
        "inputs": "instances[].content",
        "task": "instances[].task_type",
        "title": "instances[].title",
        "dimensions": "parameters.outputDimensionality",
        "truncate": "parameters.autoTruncate",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        items = found.each("instances")
        if not items:
            raise found.error("instances", "is missing")
        texts = [item.need("content", item.text("content")) for item in items]
        first, *others = [(item.text("task_type"), item.text("title"), item.rest()) for item in items]
        for item, other in zip(items[1:], others, strict=True):
            if other != first:
                raise item.error("", "must ask for the same as the first instance to reach this model")
        task, title, rest = first
        parameters = found.inner("parameters")
        asked = parameters or Fields({})
        cut = asked.flag("autoTruncate")
        return EmbeddingRequest(
            origin=NAME,
            model=envelope.model,
            inputs=tuple(texts),
            dimensions=asked.whole("outputDimensionality"),
            task=None if task is None else _TASKS.get(task, task),
            title=title,
            truncate=None if cut is None else "end" if cut else "none",
            spelling=() if parameters is None else ("parameters",),
            extras=found.rest() | _prefixed(_EACH, rest) | _prefixed(_ALL, asked.rest()),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = request.origin == NAME
        most = 1 if "gemini-embedding" in request.model else _MOST_TEXTS
        if len(request.inputs) > most:
            notes.refuse("inputs", f"the model behind this name embeds at most {most} in a request")
        if not native:
            _note(request, notes)
        asked = present(task_type=_task(request, notes, native=native), title=request.title)
        parameters = present(
            outputDimensionality=request.dimensions,
            autoTruncate={"end": True, "none": False}.get(request.truncate or ""),
        )
        outer: Mapping[str, JSON] = {}
        if native:
            asked |= _unprefixed(_EACH, request.extras)
            parameters |= _unprefixed(_ALL, request.extras)
            outer = {name: value for name, value in request.extras.items() if not name.startswith((_EACH, _ALL))}
        members: dict[str, JSON] = {
            "instances": [{"content": input_text(item, notes), **asked} for item in request.inputs]
        }
        if parameters or (native and request.spelling):
            members["parameters"] = parameters
        return encode_json(add_extras(members, outer))

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
        items = found.each("predictions")
        if items is None:
            raise UpstreamError("the provider's answer holds no predictions")
        vectors = [_read_vector(place, item) for place, item in enumerate(items)]
        statistics = [vector.extras["embeddings"].get("statistics") for vector in vectors]
        usage = read_usage(statistics, found.peek("usageMetadata"))
        return EmbeddingResponse(origin=NAME, vectors=tuple(vectors), usage=usage, extras=found.rest())

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        if response.origin == NAME:
            predictions = [_written(vector) for vector in response.vectors]
            return encode_json(add_extras({"predictions": predictions}, response.extras))
        best = one_vector_each(response.vectors, "float", notes, "predictions[].embeddings.values")
        notes.drop_extras(response.extras)
        return encode_json(_foreign(best, response))

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _prefixed(where: str, members: Mapping[str, JSON]) -> dict[str, JSON]:
    return {where + name: value for name, value in members.items()}


def _unprefixed(where: str, extras: Mapping[str, JSON]) -> dict[str, JSON]:
    return {name.removeprefix(where): value for name, value in extras.items() if name.startswith(where)}


def _note(request: EmbeddingRequest, notes: Notes) -> None:
    """Note what cannot be told here; base64 is made of the numbers by the caller's own dialect."""
    float_encoding(request.encodings, notes)
    notes.drop_given(user=request.user, truncate="start" if request.truncate == "start" else None)
    notes.drop_extras(request.extras)


def _task(request: EmbeddingRequest, notes: Notes, *, native: bool) -> str | None:
    """Give the task in Google's word; another vendor's own is dropped."""
    task = request.task
    if task is None or task in _WORDS:
        return _WORDS.get(task or "")
    if native or task in _MORE_TASKS:
        return task
    notes.drop("task")
    return None


def _read_vector(place: int, found: Fields) -> Vector:
    inner = found.inner("embeddings")
    values = None if inner is None else inner.items("values")
    if inner is None or values is None:
        raise UpstreamError("a prediction in the provider's answer holds no embedding")
    found.put_back("embeddings", inner.rest())
    return Vector(index=place, values=values, extras=found.rest())


def _written(vector: Vector) -> dict[str, JSON]:
    """Write a prediction of Vertex's with all that it came with."""
    return {**vector.extras, "embeddings": {"values": vector_numbers(vector), **vector.extras["embeddings"]}}


def _foreign(vectors: Sequence[Vector], response: EmbeddingResponse) -> dict[str, JSON]:
    """Write the answer of a provider of another dialect."""
    statistics: dict[str, JSON] = {}
    metadata: dict[str, JSON] | None = None
    if response.usage is not None:
        statistics, metadata = write_usage(response.usage, len(vectors))
    told = present(statistics=statistics or None)
    predictions = [{"embeddings": {"values": vector_numbers(vector), **told}} for vector in vectors]
    return {"predictions": predictions, **present(usageMetadata=metadata)}


_: type[Codec[EmbeddingRequest, EmbeddingResponse]] = PredictCodec
