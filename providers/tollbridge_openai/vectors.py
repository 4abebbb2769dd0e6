"""Text in place of an embedding: 32-bit floats for most hosts, signed bytes for Perplexity."""

import struct

from tollbridge.formats import unpacked_bytes

_LARGEST = 1e6
"""No embedding has a number beyond: bytes that make one as floats are something else."""


def is_packed_floats(text: str) -> bool:
    """Whether a text is base64 of 32-bit floats such as embeddings are made of."""
    data = unpacked_bytes(text)
    return len(data) % 4 == 0 and all(abs(number) <= _LARGEST for (number,) in struct.iter_unpack("<f", data))


def signed_bytes(text: str) -> list[int]:
    """Give the signed 8-bit integers a text holds; raises `UpstreamError` for what is no base64."""
    data = unpacked_bytes(text)
    return list(struct.unpack(f"<{len(data)}b", data))
