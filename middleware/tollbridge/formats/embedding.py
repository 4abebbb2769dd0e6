"""Embeddings, whatever dialect they are asked in."""

import msgspec

from tollbridge.formats.parts import AnyPart
from tollbridge.formats.values import JSON, NO_EXTRAS, Extras
from tollbridge.metering.usage import Usage


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be embedded: each input is a text, a list of token ids, or parts that are embedded as one.

    `alone`: one input was given, not a list of one. `encodings` are the forms wanted: `float`, `base64` (of 32-bit
    floats, little endian), `int8`, `uint8`, `binary`, `ubinary`. `task` is what the vectors are for, in our words:
    `query`, `document`, `similarity`, `classification`, `clustering`, or the caller's own. `truncate` is `start`, `end`
    or `none`.
    """

    origin: str
    model: str
    inputs: "tuple[str | tuple[int, ...] | tuple[AnyPart, ...], ...]"
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
