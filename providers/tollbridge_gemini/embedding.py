"""The codecs of `:embedContent` and `:batchEmbedContents` (https://ai.google.dev/api/embeddings, read 2026-11).

On Vertex, what is asked of the vectors stands in `embedContentConfig` (google-genai 3.6, `models.py`).
"""

from collections.abc import Mapping, Sequence

from tollbridge import BadRequest, GatewayError, UpstreamError, Usage
from tollbridge.formats import (
    EMBEDDINGS,
    JSON,
    Codec,
    EmbeddingInput,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Notes,
    Text,
    Vector,
    add_extras,
    encode_json,
    float_encoding,
    one_vector_each,
    present,
    vector_numbers,
)
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.codec import answered, asked, bounded
from tollbridge_gemini.counting import is_vertex
from tollbridge_gemini.errors import read_error
from tollbridge_gemini.models import generation_of
from tollbridge_gemini.names import NAME, Members, marks, spelt
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.parts_out import PartWriter
from tollbridge_gemini.usage import read_usage, write_usage

_TASKS: Mapping[str, str] = {
    "RETRIEVAL_QUERY": "query",
    "RETRIEVAL_DOCUMENT": "document",
    "SEMANTIC_SIMILARITY": "similarity",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
}
_WORDS = {ours: wire for wire, ours in _TASKS.items()}
_ALIKE = ("model", "taskType", "title", "outputDimensionality")


class EmbedCodec:
    """Reads and writes one of the two: a single content, or `batch`, a list of requests that are alike."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {"inputs": "requests", "dimensions": "outputDimensionality", "task": "taskType"}

    def __init__(self, *, batch: bool) -> None:
        self._batch = batch

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        return bounded(BadRequest, lambda: self._read(asked(body), envelope, notes))

    def _read(self, found: Members, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        reader = PartReader(notes, CallIds(notes.call_id))
        if not self._batch:
            item, input_ = _read_one(found, reader)
            return _request(envelope.model, [input_], item, found.rest(), alone=True)
        items = found.each("requests")
        if not items:
            raise found.error("requests", "is missing")
        read = [_read_one(item, reader) for item in items]
        first = read[0][0]
        for place, (told, _) in enumerate(read):
            if told != first or items[place].rest() != items[0].rest():
                raise items[place].error("", "must ask for the same as the first request to reach this model")
        extras = {f"requests.{name}": value for name, value in items[0].rest().items()}
        return _request(envelope.model, [input_ for _, input_ in read], first, {**found.rest(), **extras}, alone=False)

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        return bounded(BadRequest, lambda: encode_json(self._write(request, notes)))

    def _write(self, request: EmbeddingRequest, notes: Notes) -> JSON:
        native = request.origin == NAME
        if not native:
            _note(request, notes)
        spelling = marks(request.spelling[0]) if native and request.spelling else {}
        writer = PartWriter(notes, native=native, generation=generation_of(request.model))
        writer.url_safe = "data" in spelling
        settings = present(
            taskType=_WORDS.get(request.task or "", request.task),
            title=request.title,
            outputDimensionality=request.dimensions,
        )
        if not native and is_vertex(notes):
            settings = {"embedContentConfig": settings} if settings else {}
        elif not native:
            settings["model"] = f"models/{request.model.removeprefix('models/')}"
        elif "model" in spelling:
            settings["model"] = spelling["model"]
        inner = {name.partition(".")[2]: value for name, value in request.extras.items() if name[:9] == "requests."}
        outer = {name: value for name, value in request.extras.items() if name[:9] != "requests."}
        contents = [_content(item, writer, spelling, notes) for item in request.inputs]
        if not self._batch and len(contents) == 1:
            single = {"content": contents[0], **settings}
            return add_extras(single, outer) if native else {**single}
        items = [{"content": content, **settings, **(inner if native else {})} for content in contents]
        return {"requests": items, **(outer if native else {})}

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


def _request(
    model: str, inputs: Sequence[EmbeddingInput], told: Mapping[str, JSON], extras: Mapping[str, JSON], *, alone: bool
) -> EmbeddingRequest:
    task = told["taskType"]
    spelling = spelt({name: value or "" for name, value in told["spelling"].items()})
    return EmbeddingRequest(
        origin=NAME,
        model=model,
        inputs=tuple(inputs),
        alone=alone,
        dimensions=told["outputDimensionality"],
        task=None if task is None else _TASKS.get(task, task),
        title=told["title"],
        spelling=(spelling,) if spelling else (),
        extras=extras,
    )


def _read_one(found: Members, reader: PartReader) -> tuple[dict[str, JSON], EmbeddingInput]:
    """Take one request: what it asks for, and the content, which is a text where it is nothing else."""
    content = found.inner("content")
    if content is None:
        raise found.error("content", "is missing")
    items, single = content.one_or_each("parts")
    parts = reader.content(items)
    spelling = {"parts": "one"} if single else {}
    if reader.url_safe:
        spelling["data"] = "url"
    for name, value in (("role", content.text("role")), ("model", found.text("model"))):
        if value is not None:
            spelling[name] = value
    if content.rest():
        found.put_back("content", content.rest())
    told: dict[str, JSON] = {
        "taskType": found.text("taskType"),
        "title": found.text("title"),
        "outputDimensionality": found.whole("outputDimensionality"),
        "spelling": spelling,
    }
    text = parts[0] if len(parts) == 1 else None
    plain = isinstance(text, Text) and text.state is None and not text.extras
    return told, text.text if plain and isinstance(text, Text) else parts


def _content(item: EmbeddingInput, writer: PartWriter, spelling: Mapping[str, str], notes: Notes) -> dict[str, JSON]:
    if isinstance(item, str):
        parts: list[JSON] = [{"text": item}]
    else:
        told = [part for part in item if not isinstance(part, int)]
        if len(told) < len(item):
            notes.refuse("inputs", "the model behind this name embeds texts, not tokens")
        parts = [*writer.write(told)]
    one = spelling.get("parts") == "one" and len(parts) == 1
    return {"parts": parts[0] if one else parts, **present(role=spelling.get("role"))}


def _note(request: EmbeddingRequest, notes: Notes) -> None:
    """Note what Gemini cannot be told; base64 is made of its numbers by the caller's own dialect."""
    float_encoding(request.encodings, notes)
    notes.drop_given(user=request.user, truncate=None if request.truncate == "end" else request.truncate)
    notes.drop_extras(request.extras)


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
