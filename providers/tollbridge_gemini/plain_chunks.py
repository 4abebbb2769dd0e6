"""Reading plain pieces of a stream at once; what is in them is said in `streams_in`, which reads all others."""

from decimal import Decimal

import msgspec

from tollbridge.formats import UNREADABLE
from tollbridge_gemini.plain import UNSAID, Plain, PlainHead


class _Words(Plain):
    text: str
    thought: bool = UNSAID


class _Content(Plain):
    parts: tuple[_Words]
    role: str = ""


class PlainCandidate(Plain):
    """More words of one answer, or the reason why it stops, or both."""

    content: _Content = UNSAID
    finish_reason: str = UNSAID
    index: int = 0


class PlainChunk(PlainHead, kw_only=True):
    """A piece that says more of one answer, and perhaps the usage so far."""

    candidates: tuple[PlainCandidate]


_decode = msgspec.json.Decoder(PlainChunk, float_hook=Decimal).decode


def read_plain_chunk(data: bytes) -> PlainChunk | None:
    """Read a piece, None for one that is not plain; so is one that says of words that they are no thought."""
    try:
        found = _decode(data)
    except UNREADABLE:
        return None
    content = found.candidates[0].content
    return None if content is not None and content.parts[0].thought is False else found
