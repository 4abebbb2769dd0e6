"""The codecs of embeddings: `/api/embed`, and `/api/embeddings`, which it replaced and which takes one text.

https://docs.ollama.com/api/embed, read 2026-11.
"""

import struct
from base64 import b64decode
from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite

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
    present,
)
from tollbridge_ollama.errors import read_error, read_error_line
from tollbridge_ollama.usage import take_counts

NAME = "ollama-embed"
_NO_VECTOR = "the provider's answer holds an embedding that is none"
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
        inputs = [write_input(item, notes) for item in request.inputs]
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
            vectors=tuple(Vector(index=index, values=numbers_of(vector)) for index, vector in enumerate(vectors)),
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
        members = {"model": request.model, "prompt": write_input(request.inputs[0], notes)}
        return encode_json(_rest_of(request, members, notes))

    def read_response(self, body: bytes, notes: Notes) -> EmbeddingResponse:
        found = read_answer(body)
        vector = Vector(index=0, values=numbers_of(found.items("embedding")))
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
    if request.encodings and not {"float", "base64"} & set(request.encodings):
        notes.refuse("encodings", f"{request.encodings[0]!r} is not to be had; ask for float")
    notes.drop_given(task=request.task, title=request.title, user=request.user)
    notes.drop_extras(request.extras)
    return members


def write_input(item: str | tuple[int, ...] | tuple[AnyPart, ...], notes: Notes) -> str:
    """Give one input; texts that are embedded as one are joined by a line end."""
    if isinstance(item, str):
        return item
    texts = [part.text for part in item if isinstance(part, Text)]
    if not texts or len(texts) < len(item):
        notes.refuse("inputs", "the model behind this name embeds nothing but text")
    return "\n".join(texts)


def read_answer(body: bytes) -> Fields:
    """Decode an answer; raises `UpstreamError` for what is no object, and the error that came in its place."""
    value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
    if isinstance(value, dict) and value.get("error") is not None:
        raise read_error_line(value)
    return Fields(value, wrong=None)


def numbers_of(given: JSON) -> list[JSON]:
    """Insist on a list of numbers; raises `UpstreamError` for anything else."""
    if isinstance(given, list) and all(type(number) in (int, Decimal) for number in given):
        return given
    raise UpstreamError(_NO_VECTOR)


def write_vectors(vectors: Sequence[Vector], notes: Notes) -> list[JSON]:
    """Give the vectors as numbers, one for each input; raises `UpstreamError` for what is no embedding."""
    by_index: dict[int, JSON] = {}
    for vector in sorted(vectors, key=lambda vector: vector.encoding != "float"):
        if vector.index in by_index:
            notes.drop("embeddings")
            continue
        packed = vector.values is None
        by_index[vector.index] = _unpacked(vector.base64 or "") if packed else numbers_of(vector.values)
    return [by_index[index] for index in sorted(by_index)]


def _unpacked(text: str) -> list[JSON]:
    """Give the 32-bit floats that base64 holds, little endian, with the nine digits that name one."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
        numbers = struct.unpack(f"<{len(data) // 4}f", data)
    except (ValueError, struct.error) as exc:
        raise UpstreamError(_NO_VECTOR) from exc
    if not numbers or not all(map(isfinite, numbers)):
        raise UpstreamError(_NO_VECTOR)
    return [Decimal(f"{number:.9g}") for number in numbers]


_: tuple[type[Codec[EmbeddingRequest, EmbeddingResponse]], ...] = (EmbedCodec, OldEmbedCodec)
