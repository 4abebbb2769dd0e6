"""Embeddings, whatever dialect they are asked in."""

from collections.abc import Callable, Sequence

import msgspec

from tollbridge.errors import UpstreamError
from tollbridge.formats.fields import Fields
from tollbridge.formats.notes import Notes
from tollbridge.formats.parts import AnyPart, Text
from tollbridge.formats.values import JSON, NO_EXTRAS, Extras, decode_json
from tollbridge.metering.usage import Usage

EmbeddingInput = str | tuple[int, ...] | tuple[AnyPart, ...]
"""A text, a list of token ids, or parts that are embedded as one."""


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be embedded.

    `alone`: one input was given, not a list of one. `encodings` are the forms wanted: `float`, `base64` (of 32-bit
    floats, little endian), `int8`, `uint8`, `binary`, `ubinary`. `task` is what the vectors are for, in our words:
    `query`, `document`, `similarity`, `classification`, `clustering`, or the caller's own. `truncate` is `start`, `end`
    or `none`.
    """

    origin: str
    model: str
    inputs: tuple[EmbeddingInput, ...]
    alone: bool = False
    dimensions: int | None = None
    encodings: tuple[str, ...] = ()
    task: str | None = None
    title: str | None = None
    truncate: str | None = None
    user: str | None = None
    spelling: tuple[str, ...] = ()
    extras: Extras = NO_EXTRAS


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    """One embedding, in one encoding: `values` as numbers, or `base64`."""

    index: int
    encoding: str = "float"
    values: JSON = None
    base64: str | None = None
    extras: Extras = NO_EXTRAS


class EmbeddingResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The embeddings, by the index of their input."""

    origin: str
    id: str = ""
    model: str = ""
    vectors: tuple[Vector, ...] = ()
    usage: Usage | None = None
    wire_usage: JSON = None
    extras: Extras = NO_EXTRAS


def input_text(given: EmbeddingInput, notes: Notes) -> str:
    """Give an input as one text, its parts joined by a line end; refuses what is no text."""
    if isinstance(given, str):
        return given
    texts = [part.text for part in given if isinstance(part, Text)]
    if not texts or len(texts) < len(given):
        notes.refuse("inputs", "the model behind this name embeds nothing but text")
    return "\n".join(texts)


def float_encoding(encodings: Sequence[str], notes: Notes) -> str | None:
    """Say how floats are wanted, `float` before `base64`; None where nothing is said.

    For a provider that has nothing else: other encodings are dropped beside them, and refused alone. It need not have
    both, for each is made of the other.
    """
    spoken = [encoding for encoding in ("float", "base64") if encoding in encodings]
    if encodings and not spoken:
        notes.refuse("encodings", f"{encodings[0]!r} is not to be had; ask for float or base64")
    for encoding in encodings:
        if encoding not in spoken:
            notes.drop(f"encodings.{encoding}")
    return spoken[0] if spoken else None


def read_listed(
    body: bytes,
    origin: str,
    read_vector: Callable[[Fields, int], Vector],
    read_usage: Callable[[JSON], Usage | None],
) -> EmbeddingResponse:
    """Read an answer that lists its embeddings as `data`, as OpenAI's does; raises `UpstreamError` for what is none.

    `read_vector` is given an item and its place.
    """
    found = Fields(decode_json(body, wrong=UpstreamError, what="the provider's answer"), wrong=None)
    items = found.each("data")
    if items is None:
        raise UpstreamError("the provider's answer holds no embeddings")
    found.text("object")
    wire = found.members("usage")
    return EmbeddingResponse(
        origin=origin,
        id=found.text("id") or "",
        model=found.text("model") or "",
        vectors=tuple(read_vector(item, place) for place, item in enumerate(items)),
        usage=read_usage(wire),
        wire_usage=wire,
        extras=found.rest(),
    )
