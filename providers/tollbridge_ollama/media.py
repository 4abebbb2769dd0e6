"""Pictures and sounds of a message: base64 alone, whose first bytes tell what they are.

Ollama looks for the same marks (its `llm/media.go`, 2026-08): a sound goes where pictures go.
"""

import binascii
from base64 import b64decode
from collections.abc import Sequence

from tollbridge.formats import AnyPart, Media, MediaKind, Notes

_MARKS: Sequence[tuple[int, bytes, MediaKind, str]] = (
    (0, b"\x89PNG", MediaKind.IMAGE, "image/png"),
    (0, b"\xff\xd8\xff", MediaKind.IMAGE, "image/jpeg"),
    (0, b"GIF8", MediaKind.IMAGE, "image/gif"),
    (8, b"WEBP", MediaKind.IMAGE, "image/webp"),
    (0, b"BM", MediaKind.IMAGE, "image/bmp"),
    (8, b"WAVE", MediaKind.AUDIO, "audio/wav"),
    (0, b"ID3", MediaKind.AUDIO, "audio/mpeg"),
    (0, b"\xff\xfb", MediaKind.AUDIO, "audio/mpeg"),
    (0, b"\xff\xf3", MediaKind.AUDIO, "audio/mpeg"),
)
_WHY = "the model behind this name takes pictures and sounds as data alone; send the data itself"


def read_media(data: str) -> Media:
    """Make the part; what shows no mark is taken for a picture of no known type."""
    try:
        head = b64decode(data[:16].encode("ascii", "replace"))
    except (binascii.Error, ValueError):
        head = b""
    for at, mark, kind, mime in _MARKS:
        if head.startswith(mark, at):
            return Media(kind=kind, data=data, mime=mime)
    return Media(kind=MediaKind.IMAGE, data=data)


def write_media(parts: Sequence[AnyPart], notes: Notes, *, native: bool) -> tuple[list[str], list[str]]:
    """Give the data of pictures and sounds, and the words of text documents; refuses what can be neither."""
    data: list[str] = []
    words: list[str] = []
    for part in parts:
        if not isinstance(part, Media):
            continue
        if not native:
            notes.drop_given("messages[].content[]", detail=part.detail if part.detail != "auto" else None)
            notes.drop_given("messages[].content[]", context=part.context, citations=part.citations or None)
            notes.drop_extras(part.extras, "messages[].content[]")
        if part.text is not None:
            words.append(part.text)
        elif part.kind not in (MediaKind.IMAGE, MediaKind.AUDIO):
            notes.refuse(f"messages[].content[].{part.kind}")
        elif part.data is None:
            notes.refuse(f"messages[].content[].{part.kind}", _WHY)
        else:
            data.append(part.data)
    return data, words
