"""Embeddings as numbers and as base64 of 32-bit floats, little endian, each from the other."""

import binascii
import math
import struct
from base64 import b64encode
from decimal import Decimal

from tollbridge.errors import UpstreamError
from tollbridge.formats.embedding import Vector
from tollbridge.formats.values import JSON

_NO_VECTOR = "the provider's answer holds an embedding that is none"


def vector_numbers(vector: Vector) -> list[JSON]:
    """Give the numbers of an embedding, nine digits of those that were packed; raises `UpstreamError` for none."""
    if isinstance(vector.values, list):
        return vector.values
    try:
        data = binascii.a2b_base64((vector.base64 or "").encode("ascii"), strict_mode=True)
        numbers = struct.unpack(f"<{len(data) // 4}f", data)
    except (ValueError, struct.error) as exc:
        raise UpstreamError(_NO_VECTOR) from exc
    if not all(map(math.isfinite, numbers)):
        raise UpstreamError(_NO_VECTOR)
    return [Decimal(f"{number:.9g}") for number in numbers]


def packed_vector(vector: Vector) -> str:
    """Give an embedding as base64; raises `UpstreamError` for one that is none."""
    if vector.base64 is not None and not isinstance(vector.values, list):
        return vector.base64
    numbers = vector_numbers(vector)
    if not all(type(number) in (int, Decimal) for number in numbers):
        raise UpstreamError(_NO_VECTOR)
    try:
        return b64encode(struct.pack(f"<{len(numbers)}f", *map(float, numbers))).decode("ascii")
    except OverflowError as exc:
        raise UpstreamError(_NO_VECTOR) from exc
