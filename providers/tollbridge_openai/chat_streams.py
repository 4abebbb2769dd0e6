"""Reading a stream of chat chunks (https://platform.openai.com/docs/api-reference/chat/streaming, read 2026-11)."""

from collections.abc import Iterable, Mapping

import msgspec

from tollbridge.formats import UNREADABLE, AnyEvent, Notes, PieceReader, Plain
from tollbridge_openai.chat_answers import FORMAT
from tollbridge_openai.chat_stream_choice import StreamedChoice


class _PlainDelta(Plain):
    content: str
    role: str | None = None
    refusal: None = None


class _PlainChoice(Plain):
    delta: _PlainDelta
    index: int = 0
    logprobs: None = None
    finish_reason: None = None


class _PlainPiece(Plain):
    """A piece that holds more words and nothing else, as most do."""

    choices: tuple[_PlainChoice]
    id: str = ""
    object: str = ""
    created: int = 0
    model: str = ""
    system_fingerprint: str | None = None
    service_tier: str | None = None
    obfuscation: str | None = None
    usage: None = None


_decode_plain = msgspec.json.Decoder(_PlainPiece).decode


def _more_words(data: bytes, choices: Mapping[int, StreamedChoice]) -> Iterable[AnyEvent] | None:
    """Read a piece at once, None for one that may hold more than words."""
    try:
        (plain,) = _decode_plain(data).choices
    except UNREADABLE:
        return None
    choice = choices.get(plain.index)
    return None if choice is None else choice.words(plain.delta.content)


def chat_stream_reader(notes: Notes) -> PieceReader[StreamedChoice]:
    """Make the reader of one stream."""
    return PieceReader(FORMAT, lambda index: StreamedChoice(index, notes), quick=_more_words)
