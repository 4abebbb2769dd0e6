"""The codec of Cohere's embeddings (https://docs.cohere.com/reference/embed, read 2026-11).

Inputs come as `texts`, as `images` (data URLs), or as `inputs` of both; an answer holds a list of vectors an encoding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    EMBEDDINGS,
    JSON,
    AnyPart,
    Codec,
    EmbeddingInput,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Fields,
    Media,
    Notes,
    Text,
    Vector,
    add_extras,
    decode_json,
    encode_json,
    packed_vector,
    present,
    vector_numbers,
)
from tollbridge_cohere.content import PartWriter, read_part
from tollbridge_cohere.errors import read_error
from tollbridge_cohere.usage import read_usage

NAME = "cohere-embed"
_PLACES = ("texts", "images", "inputs")
_TASKS: Mapping[str, str] = {
    "search_query": "query",
    "search_document": "document",
    "classification": "classification",
    "clustering": "clustering",
    "image": "image",
}
_INPUT_TYPES = {task: said for said, task in _TASKS.items()} | {"similarity": "clustering"}
_TRUNCATE: Mapping[str, str] = {"START": "start", "END": "end", "NONE": "none"}
_ENCODINGS = ("float", "base64", "int8", "uint8", "binary", "ubinary")


class EmbedCodec:
    """Reads and writes `POST /v2/embed`."""

    name = NAME
    kind = EMBEDDINGS
    spelled: Mapping[str, str] = {
        "inputs": "texts",
        "dimensions": "output_dimension",
        "encodings": "embedding_types",
        "task": "input_type",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
        found = Fields(decode_json(body))
        given = [name for name in _PLACES if name in found]
        if len(given) != 1:
            raise found.error("texts", "is missing" if not given else f"cannot stand beside {given[-1]!r}")
        task, cut = found.text("input_type"), found.text("truncate")
        if cut is not None and cut not in _TRUNCATE:
            found.put_back("truncate", cut)
        if task is not None and task not in _TASKS:
            found.put_back("input_type", task)
        encodings = found.items("embedding_types")
        if not all(isinstance(item, str) for item in encodings or ()):
            raise found.error("embedding_types", "must be a list of texts")
        return EmbeddingRequest(
            origin=NAME,
            model=found.need("model", found.text("model")),
            inputs=_read_inputs(found, given[0], notes),
            dimensions=found.whole("output_dimension"),
            encodings=tuple(encodings or ()),
            task=_TASKS.get(task or ""),
            truncate=_TRUNCATE.get(cut or ""),
            spelling=(given[0], *(("embedding_types",) if encodings is not None else ())),
            extras=found.rest(),
        )

    def write_request(self, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = request.origin == NAME
        members: dict[str, JSON] = {"model": request.model, **_write_inputs(request, notes, native=native)}
        members.update(present(output_dimension=request.dimensions, input_type=_task(request, notes, native=native)))
        encodings = list(request.encodings)
        if not native:
            encodings = [encoding for encoding in encodings if encoding in _ENCODINGS] or ["float"]
        if not native or "embedding_types" in request.spelling:
            members["embedding_types"] = encodings
        cut = next((said for said, ours in _TRUNCATE.items() if ours == request.truncate), None)
        members.update(present(truncate=cut))
        if native:
            return encode_json(add_extras(members, request.extras))
        for encoding in request.encodings:
            if encoding not in _ENCODINGS:
                notes.drop(f"encodings.{encoding}")
        notes.drop_given(title=request.title, user=request.user)
        notes.drop_extras(request.extras)
        return encode_json(members)

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
        by_kind = found.members("embeddings")
        if by_kind is None:
            listed = found.items("embeddings")
            if listed is None:
                raise UpstreamError("the provider's answer holds no embeddings")
            by_kind = {"float": listed}
        meta = found.members("meta")
        vectors = [
            _read_vector(kind, index, value)
            for kind, values in by_kind.items()
            if isinstance(values, list)
            for index, value in enumerate(values)
        ]
        return EmbeddingResponse(
            origin=NAME,
            id=found.text("id") or "",
            vectors=tuple(vectors),
            usage=read_usage(meta),
            wire_usage=meta,
            extras=found.rest(),
        )

    def write_response(self, response: EmbeddingResponse, request: EmbeddingRequest, notes: Notes) -> bytes:
        native = response.origin == NAME
        vectors = _by_kind(response.vectors) if native else _wanted(response.vectors, request.encodings, notes)
        embeddings: JSON = vectors["float"] if response.extras.get("response_type") == "embeddings_floats" else vectors
        members: dict[str, JSON] = {"id": response.id or notes.call_id, "embeddings": embeddings}
        if native:
            members.update(present(meta=response.wire_usage))
            return encode_json(add_extras(members, response.extras))
        texts = [item for item in request.inputs if isinstance(item, str)]
        billed = None if response.usage is None else {"input_tokens": response.usage.input_total}
        meta = {"api_version": {"version": "2"}, **present(billed_units=billed)}
        members.update(texts=texts, meta=meta, response_type="embeddings_by_type")
        notes.drop_extras(response.extras)
        return encode_json(members)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def _read_inputs(found: Fields, place: str, notes: Notes) -> tuple[EmbeddingInput, ...]:
    if place == "inputs":
        items = found.each(place) or []
        return tuple(_read_parts(item, notes) for item in items)
    texts = found.items(place) or []
    if not all(isinstance(text, str) for text in texts):
        raise found.error(place, "must be a list of texts")
    if place == "texts":
        return tuple(texts)
    return tuple((read_part(Fields({"type": "image_url", "image_url": {"url": url}}, place), notes),) for url in texts)


def _read_parts(found: Fields, notes: Notes) -> tuple[AnyPart, ...]:
    parts = found.each("content")
    if parts is None:
        raise found.error("content", "is missing")
    if any(value is not None for value in found.rest().values()):
        raise found.error(next(iter(found.rest())), "is not known beside 'content'")
    return tuple(read_part(part, notes) for part in parts)


def _write_inputs(request: EmbeddingRequest, notes: Notes, *, native: bool) -> dict[str, JSON]:
    texts = [item for item in request.inputs if isinstance(item, str)]
    spelling = next(iter(request.spelling), "") if native else ""
    if len(texts) == len(request.inputs) and spelling in ("", "texts"):
        return {"texts": texts}
    if spelling == "images":
        return {"images": [_data_url(part) for item in request.inputs for part in item]}
    writer = PartWriter(notes, native=native)
    return {"inputs": [{"content": _write_parts(item, writer, notes)} for item in request.inputs]}


def _data_url(part: Any) -> str | None:
    """Give the URL an image came in."""
    if not isinstance(part, Media):
        return None
    return part.url if part.data is None else f"data:{part.mime};base64,{part.data}"


def _write_parts(item: EmbeddingInput, writer: PartWriter, notes: Notes) -> list[JSON]:
    if isinstance(item, str):
        return [{"type": "text", "text": item}]
    written = []
    for part in item:
        if isinstance(part, int):
            notes.refuse("inputs", "the model behind this name embeds texts and images, no tokens")
        if not isinstance(part, Text | Media) and writer.written(part) is None:
            notes.refuse("inputs", "the model behind this name embeds texts and images")
        written.append(writer.written(part))
    return written


def _task(request: EmbeddingRequest, notes: Notes, *, native: bool) -> str | None:
    """Give `input_type`, which models since the third version insist on."""
    if native:
        return _INPUT_TYPES.get(request.task or "")
    said = _INPUT_TYPES.get(request.task or "document")
    if said is None or request.task == "similarity":
        notes.drop("task")
    return said or "search_document"


def _read_vector(kind: str, index: int, value: JSON) -> Vector:
    if isinstance(value, str):
        return Vector(index=index, encoding=kind, base64=value)
    if not isinstance(value, list):
        raise UpstreamError("the provider's answer holds an embedding that is none")
    return Vector(index=index, encoding=kind, values=value)


def _by_kind(vectors: Sequence[Vector]) -> dict[str, list[JSON]]:
    kinds: dict[str, list[JSON]] = {}
    for vector in vectors:
        kinds.setdefault(vector.encoding, []).append(vector.values if vector.base64 is None else vector.base64)
    return kinds


def _wanted(vectors: Sequence[Vector], wanted: Sequence[str], notes: Notes) -> dict[str, list[JSON]]:
    """Give the vectors in the encodings that were asked for, in floats where one is not to be had."""
    kinds: dict[str, list[JSON]] = {}
    for kind in wanted or ("float",):
        had = [vector for vector in vectors if vector.encoding == kind]
        usable = [vector for vector in vectors if vector.encoding in ("float", "base64")]
        if had:
            kinds[kind] = [vector.values if vector.values is not None else vector.base64 for vector in had]
        elif kind == "base64":
            kinds[kind] = [packed_vector(vector) for vector in usable or vectors]
        else:
            if kind != "float":
                notes.drop(f"encodings.{kind}")
            kinds["float"] = [vector_numbers(vector) for vector in usable or vectors]
    return kinds


_: type[Codec[EmbeddingRequest, EmbeddingResponse]] = EmbedCodec
