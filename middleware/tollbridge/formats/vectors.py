"""Embeddings as numbers and as base64 of 32-bit floats, little endian, each from the other."""

import binascii
import math
import struct
from base64 import b64encode
from collections.abc import Iterable
from decimal import Decimal

from tollbridge.errors import UpstreamError
from tollbridge.formats.embedding import Vector
from tollbridge.formats.notes import Notes
from tollbridge.formats.values import JSON

_NUMBERS = frozenset((int, float, Decimal))
_NO_VECTOR = "the provider's answer holds an embedding that is none"


def listed_numbers(given: JSON) -> list[JSON]:
    """Insist on a list of numbers; raises `UpstreamError` for anything else."""
    if isinstance(given, list) and all(type(number) in _NUMBERS for number in given):
        return given
    raise UpstreamError(_NO_VECTOR)


def unpacked_bytes(packed: str) -> bytes:
    """Give what base64 holds; raises `UpstreamError` for text that is none."""
    try:
        return binascii.a2b_base64(packed.encode("ascii"), strict_mode=True)
    except ValueError as exc:
        raise UpstreamError(_NO_VECTOR) from exc


def vector_numbers(vector: Vector) -> list[JSON]:
    """Give the numbers of an embedding; raises `UpstreamError` for one that is none.

    Those that were packed get nine digits, which name a 32-bit float.
    """
    if vector.base64 is None or isinstance(vector.values, list):
        return listed_numbers(vector.values)
    data = unpacked_bytes(vector.base64)
    numbers = struct.unpack(f"<{len(data) // 4}f", data) if len(data) % 4 == 0 else ()
    if not numbers or not all(map(math.isfinite, numbers)):
        raise UpstreamError(_NO_VECTOR)
    return [Decimal(f"{number:.9g}") for number in numbers]


def packed_vector(vector: Vector) -> str:
    """Give an embedding as base64; raises `UpstreamError` for one that is none."""
    if vector.base64 is not None and not isinstance(vector.values, list):
        return vector.base64
    try:
        numbers = [float(number) for number in vector_numbers(vector)]
        if not all(map(math.isfinite, numbers)):
            raise UpstreamError(_NO_VECTOR)
        return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode("ascii")
    except OverflowError as exc:
        raise UpstreamError(_NO_VECTOR) from exc


def one_vector_each(vectors: Iterable[Vector], wanted: str, notes: Notes, where: str) -> list[Vector]:
    """Choose one vector for each input, in the order of the inputs; the others are dropped by the name `where`.

    The encoding `wanted` comes first, then floats, then packed ones, then any.
    """
    order = (wanted, "float", "base64")
    best: dict[int, Vector] = {}
    for vector in sorted(vectors, key=lambda one: order.index(one.encoding) if one.encoding in order else len(order)):
        if vector.index in best:
            notes.drop(where)
        best.setdefault(vector.index, vector)
    return [best[index] for index in sorted(best)]
