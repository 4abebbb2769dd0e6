"""Embeddings as numbers and as base64 of 32-bit floats, little endian, each from the other."""

import binascii
import math
import struct
from base64 import b64encode
from decimal import Decimal

from tollbridge import UpstreamError
from tollbridge.formats import JSON, Vector

_LARGEST = 1e6
"""No embedding has a number beyond: bytes that make one as floats are something else."""
_NO_VECTOR = "the provider's answer holds an embedding that is none"


def is_packed_floats(text: str) -> bool:
    """Whether a text is base64 of 32-bit floats such as embeddings are made of."""
    data = _unpacked(text)
    return len(data) % 4 == 0 and all(abs(number) <= _LARGEST for number in _floats(data))


def signed_bytes(text: str) -> list[int]:
    """Give the signed 8-bit integers a text holds; raises `UpstreamError` for what is no base64."""
    data = _unpacked(text)
    return list(struct.unpack(f"<{len(data)}b", data))


def numbers_of(given: JSON) -> list[JSON]:
    """Give the numbers of an embedding, with nine digits for those that were packed, which name a 32-bit float.

    Raises `UpstreamError` for what is no embedding.
    """
    if isinstance(given, str):
        data = _unpacked(given)
        numbers = _floats(data) if len(data) % 4 == 0 else ()
        if not numbers or not all(map(math.isfinite, numbers)):
            raise UpstreamError(_NO_VECTOR)
        return [Decimal(f"{number:.9g}") for number in numbers]
    if isinstance(given, list) and all(type(number) in _NUMBERS for number in given):
        return given
    raise UpstreamError(_NO_VECTOR)


def pack(vector: Vector) -> str:
    """Give an embedding as base64 of 32-bit floats; raises `UpstreamError` for numbers that are no such floats."""
    if vector.values is None and vector.base64 is not None:
        return vector.base64
    try:
        numbers = [float(number) for number in numbers_of(vector.values)]
        if not all(map(math.isfinite, numbers)):
            raise UpstreamError(_NO_VECTOR)
        return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode("ascii")
    except OverflowError as exc:
        raise UpstreamError(_NO_VECTOR) from exc


_NUMBERS = frozenset((int, float, Decimal))


def _floats(data: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(data) // 4}f", data)


def _unpacked(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError as exc:
        raise UpstreamError(_NO_VECTOR) from exc
