"""A provider may nest what it says deeper than anybody reads: it passes all the same, and is not counted."""

import pytest

from tollbridge.formats import Dialect, Envelope
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.frames import write_event
from tollbridge_cohere.dialects import ChatDialect as CohereDialect
from tollbridge_gemini.dialect import GeminiDialect
from tollbridge_mistral.dialects import ChatDialect as MistralDialect
from tollbridge_ollama.dialects import ChatDialect as OllamaDialect

DEEP = b"[" * 5_000 + b"]" * 5_000
PIECES: dict[str, tuple[Dialect, bytes]] = {
    "bedrock": (ConverseDialect(), write_event("metadata", b'{"usage":{},"x":%b}' % DEEP)),
    "cohere": (CohereDialect(), b'event: message-end\ndata: {"type":"message-end","x":%b}\n\n' % DEEP),
    "gemini": (GeminiDialect(), b'data: {"usageMetadata":{},"x":%b}\n\n' % DEEP),
    "mistral": (MistralDialect(), b'data: {"usage":{},"x":%b}\n\n' % DEEP),
    "ollama": (OllamaDialect(), b'{"done":true,"x":%b}\n' % DEEP),
}


@pytest.mark.parametrize("name", PIECES)
def test_piece_that_is_nested_too_deep_passes_unread(name: str) -> None:
    dialect, piece = PIECES[name]
    reader = dialect.answer_reader(Envelope("m", stream=True), streamed=True)

    assert b"".join(reader.feed(piece)) == piece
    assert reader.usage is None
