"""Requests for vectors, both ways (https://ai.google.dev/api/embeddings, read 2026-11).

On Vertex, what is asked of the vectors stands in `embedContentConfig`. Both are read.
"""

from collections.abc import Mapping, Sequence

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    EmbeddingInput,
    EmbeddingRequest,
    Envelope,
    Notes,
    Text,
    add_extras,
    float_encoding,
    present,
)
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.models import generation_of
from tollbridge_gemini.names import NAME, Members, marks, spelt
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.parts_out import PartWriter
from tollbridge_gemini.vertex import CONFIG, is_vertex

_TASKS: Mapping[str, str] = {
    "RETRIEVAL_QUERY": "query",
    "RETRIEVAL_DOCUMENT": "document",
    "SEMANTIC_SIMILARITY": "similarity",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
}
_WORDS = {ours: wire for wire, ours in _TASKS.items()}
_CUTS = {"end": True, "none": False}


def read_single(found: Members, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
    """Read a request for one vector; raises `BadRequest`."""
    item, input_ = _read_one(found, PartReader(notes, CallIds(notes.call_id)))
    return _request(envelope.model, [input_], item, found.rest(), alone=True)


def read_batch(found: Members, envelope: Envelope, notes: Notes) -> EmbeddingRequest:
    """Read a list of requests that ask alike; raises `BadRequest`."""
    reader = PartReader(notes, CallIds(notes.call_id))
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


def _request(
    model: str, inputs: Sequence[EmbeddingInput], told: Mapping[str, JSON], extras: Mapping[str, JSON], *, alone: bool
) -> EmbeddingRequest:
    task = told["taskType"]
    spelling = spelt(told["spelling"])
    return EmbeddingRequest(
        origin=NAME,
        model=model,
        inputs=tuple(inputs),
        alone=alone,
        dimensions=told["outputDimensionality"],
        task=None if task is None else _TASKS.get(task, task),
        title=told["title"],
        truncate=told["truncate"],
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
    told = _told(found, spelling)
    text = parts[0] if len(parts) == 1 else None
    plain = isinstance(text, Text) and text.state is None and not text.extras
    return told, text.text if plain and isinstance(text, Text) else parts


def _told(found: Members, spelling: dict[str, str]) -> dict[str, JSON]:
    """Take what is asked of the vectors, and note in `spelling` where it stood."""
    config = found.inner(CONFIG)
    asked_of = found if config is None else config
    cut = asked_of.flag("autoTruncate")
    told: dict[str, JSON] = {
        "taskType": asked_of.text("taskType"),
        "title": asked_of.text("title"),
        "outputDimensionality": asked_of.whole("outputDimensionality"),
        "truncate": None if cut is None else "end" if cut else "none",
        "spelling": spelling,
    }
    if config is not None:
        spelling["config"] = ""
        if config.rest():
            found.put_back(CONFIG, config.rest())
    return told


def write_asked(request: EmbeddingRequest, notes: Notes, *, batch: bool) -> dict[str, JSON]:
    """Give the body of a request; several inputs are a batch in any case."""
    native = request.origin == NAME
    spelling = marks(request.spelling[0]) if native and request.spelling else {}
    writer = PartWriter(notes, native=native, generation=generation_of(request.model))
    writer.url_safe = "data" in spelling
    settings = _own_settings(request, spelling) if native else _settings(request, notes)
    extras = request.extras if native else NO_EXTRAS
    inner = {name.partition(".")[2]: value for name, value in extras.items() if name[:9] == "requests."}
    outer = {name: value for name, value in extras.items() if name[:9] != "requests."}
    contents = [_content(item, writer, spelling, notes) for item in request.inputs]
    if not batch and len(contents) == 1:
        return add_extras({"content": contents[0], **settings}, outer)
    items = [add_extras({"content": content, **settings}, inner) for content in contents]
    return {"requests": items, **outer}


def _own_settings(request: EmbeddingRequest, spelling: Mapping[str, str]) -> dict[str, JSON]:
    """Give what is asked of the vectors where it stood."""
    told = _asked(request, _CUTS.get(request.truncate or ""))
    members: dict[str, JSON] = {CONFIG: told} if "config" in spelling else told
    return {**members, **present(model=spelling.get("model"))}


def _settings(request: EmbeddingRequest, notes: Notes) -> dict[str, JSON]:
    """Give what another dialect asks of the vectors where the host takes it; what it cannot be told is noted.

    Texts that are too long are cut at their end unless Vertex is told otherwise. Base64 is made of the numbers by the
    caller's own dialect.
    """
    float_encoding(request.encodings, notes)
    vertex = is_vertex(notes.quirks)
    kept = vertex and request.truncate == "none"
    notes.drop_given(user=request.user, truncate=None if kept or request.truncate == "end" else request.truncate)
    notes.drop_extras(request.extras)
    told = _asked(request, False if kept else None)
    if vertex:
        return {CONFIG: told} if told else {}
    return {**told, "model": f"models/{request.model.removeprefix('models/')}"}


def _asked(request: EmbeddingRequest, cut: bool | None) -> dict[str, JSON]:
    return present(
        taskType=_WORDS.get(request.task or "", request.task),
        title=request.title,
        outputDimensionality=request.dimensions,
        autoTruncate=cut,
    )


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
