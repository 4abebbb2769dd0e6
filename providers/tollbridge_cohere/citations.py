"""Citations of Cohere's answers, both ways (https://docs.cohere.com/docs/documents-and-citations, read 2026-11).

They stand beside the content: each names the part it belongs to by `content_index`, the first text without one.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from tollbridge.formats import JSON, AnyPart, Citation, Fields, Notes, Text, present

_HELD = ("document", "tool_output")
_WORDS = ("text", "snippet", "content")


def read_citation(raw: JSON) -> Citation:
    """Read one citation; its first source is what all dialects know of it."""
    found = Fields(raw, wrong=None)
    sources = found.each("sources") or []
    source = sources[0] if sources else Fields({}, wrong=None)
    told = next((held for name in _HELD if (held := source.inner(name)) is not None), Fields({}, wrong=None))
    kind, _, number = (source.text("id") or "").partition(":")
    return Citation(
        url=told.text("url"),
        title=told.text("title"),
        cited=next((text for name in _WORDS if (text := told.text(name)) is not None), None),
        document=int(number) if kind == "doc" and number.isascii() and number.isdigit() and len(number) < 7 else None,
        start=found.whole("start"),
        end=found.whole("end"),
        raw=raw,
    )


def _belongs_to(raw: JSON, contents: Sequence[AnyPart], first: int | None) -> int | None:
    """Give the place of the text a citation belongs to, None if it belongs to none; `first` is that of any text."""
    index = raw.get("content_index")
    if index is None:
        return first
    fits = type(index) is int and 0 <= index < len(contents) and isinstance(contents[index], Text)
    return index if fits else None


def read_citations(found: Fields, contents: Sequence[AnyPart]) -> list[AnyPart]:
    """Take `citations` and give the contents with them; all stay if one fits no text, or is out of order."""
    raws = found.peek("citations")
    if not isinstance(raws, list) or not raws or not all(isinstance(raw, dict) for raw in raws):
        return list(contents)
    first = next((place for place, part in enumerate(contents) if isinstance(part, Text)), None)
    cited: dict[int, list[Citation]] = {}
    last = -1
    for raw in raws:
        place = _belongs_to(raw, contents, first)
        if place is None or place < last:
            return list(contents)
        cited.setdefault(place, []).append(read_citation(raw))
        last = place
    found.take("citations")
    return [
        replace(part, citations=tuple(cited[place])) if place in cited and isinstance(part, Text) else part
        for place, part in enumerate(contents)
    ]


def write_citation(citation: Citation, text: str, place: int, notes: Notes, *, native: bool) -> JSON:
    """Write a citation of the text that is the content at this place; None for one that names no source."""
    if native:
        return citation.raw
    document = present(url=citation.url, title=citation.title, text=citation.cited)
    if citation.file_id is None and citation.document is None and not document:
        notes.drop("message.citations")
        return None
    start = citation.start or 0
    end = len(text) if citation.end is None else citation.end
    id_ = citation.file_id or (f"doc:{citation.document}" if citation.document is not None else citation.url)
    source = present(type="document", id=id_, document=document)
    told = {"start": start, "end": end, "text": text[start:end], "sources": [source], "content_index": place}
    return {**told, "type": "TEXT_CONTENT"}
