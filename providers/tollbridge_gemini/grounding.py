"""What an answer rests on: `groundingMetadata` and its like as citations of the text, and back.

A segment's place is counted in bytes of UTF-8 (https://ai.google.dev/api/generate-content#groundingmetadata, read
2026-11), in recorded answers from the begin of all text that is no thought. It is trusted where the segment's own text
stands there.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tollbridge.formats import JSON, Citation, Notes, Text, items_of, present
from tollbridge_gemini.joining import placed

SOURCES = ("web", "retrievedContext", "maps", "image")


_STEP = 1024
"""Bytes of text between two places that are known in characters."""
_MOST_SOUGHT = 1_000
"""Segments of an answer that are looked for where they are not said to be; each takes a look through all text."""
_FOLLOWING = bytes(range(0x80, 0xC0))
"""Bytes of UTF-8 that begin no character."""


@dataclass(slots=True)
class Said:
    """The text of an answer so far, in bytes, and which part each stretch of it is."""

    text: bytearray = field(default_factory=bytearray)
    _parts: list[int] = field(default_factory=list)
    _begins: list[int] = field(default_factory=list)
    _counted: list[int] = field(default_factory=lambda: [0])
    _sought: int = 0

    def begin(self, part: int) -> None:
        self._parts.append(part)
        self._begins.append(len(self.text))

    def add(self, words: str) -> None:
        self.text += words.encode("utf-8", "surrogatepass")
        for at in range(len(self._counted) * _STEP, len(self.text) + 1, _STEP):
            self._counted.append(self._counted[-1] + _characters(self.text[at - _STEP : at]))

    def place(self, start: int, end: int) -> tuple[int, int, int] | None:
        """Give the part that holds these bytes, and where they are in it, in characters."""
        index = bisect_right(self._begins, start) - 1
        limits = [*self._begins[index + 1 : index + 2], len(self.text)]
        if index < 0 or not start <= end <= limits[0]:
            return None
        before = self._before(self._begins[index])
        return self._parts[index], self._before(start) - before, self._before(end) - before

    def stands(self, words: bytes, start: int, end: int) -> bool:
        """Whether these bytes are there, and are these words if any are given."""
        if not 0 <= start <= end <= len(self.text):
            return False
        return not words or (end - start == len(words) and self.text.startswith(words, start))

    def seek(self, words: bytes) -> int:
        """Find words in the text, -1 where they do not stand there or too many were looked for."""
        self._sought += 1
        return self.text.find(words) if self._sought <= _MOST_SOUGHT else -1

    def _before(self, at: int) -> int:
        """Count the characters before a byte."""
        step = at // _STEP
        return self._counted[step] + _characters(self.text[step * _STEP : at])


def _characters(data: bytearray) -> int:
    return len(data.translate(None, _FOLLOWING))


Found = tuple[int | None, Citation]
"""A citation, and the part it is about, None where that is not to be found."""


def _chunks(grounding: JSON) -> list[dict[str, JSON]]:
    chunks = grounding.get("groundingChunks") if isinstance(grounding, dict) else None
    return [chunk if isinstance(chunk, dict) else {} for chunk in items_of(chunks)]


def cited_in(candidate: Mapping[str, JSON], said: Said) -> Iterator[Found]:
    """Give what a candidate, or a piece of one, says of its text."""
    grounding = candidate.get("groundingMetadata")
    chunks = _chunks(grounding)
    grounding = grounding if isinstance(grounding, dict) else {}
    seen: set[int] = set()
    for support in items_of(grounding.get("groundingSupports")):
        if isinstance(support, dict):
            place = _place(support.get("segment"), said)
            for index in items_of(support.get("groundingChunkIndices")):
                if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(chunks):
                    seen.add(index)
                    yield _cited(place, _source(chunks[index]), chunks[index])
    for index, chunk in enumerate(chunks):
        if index not in seen and any(name in chunk for name in SOURCES):
            yield _cited(None, _source(chunk), chunk)
    yield from _recited(candidate.get("citationMetadata"), said)


def fetched_for(candidate: Mapping[str, JSON]) -> Iterator[Found]:
    """Give the pages that were read for a whole candidate and are no other source of it."""
    known = {_source(chunk).get("url") for chunk in _chunks(candidate.get("groundingMetadata"))}
    metadata = candidate.get("urlContextMetadata")
    for page in items_of(metadata.get("urlMetadata")) if isinstance(metadata, dict) else ():
        url, state = (page.get("retrievedUrl"), page.get("urlRetrievalStatus")) if isinstance(page, dict) else ("", "")
        if isinstance(url, str) and url not in known and state == "URL_RETRIEVAL_STATUS_SUCCESS":
            yield _cited(None, {"url": url}, page)


def _cited(place: tuple[int, int, int] | None, source: Mapping[str, str | None], raw: JSON) -> Found:
    told = Citation(
        url=source.get("url"),
        title=source.get("title"),
        cited=source.get("cited"),
        start=place[1] if place is not None else None,
        end=place[2] if place is not None else None,
        raw=raw,
    )
    return place[0] if place is not None else None, told


def _source(chunk: Mapping[str, JSON]) -> dict[str, str | None]:
    name = next((name for name in SOURCES if isinstance(chunk.get(name), dict)), None)
    source = chunk[name] if name is not None else {}
    told = {"url": source.get("uri") or source.get("sourceUri"), "title": source.get("title"), "cited": None}
    if name in ("retrievedContext", "maps"):
        told["cited"] = source.get("text")
    return {key: value if isinstance(value, str) else None for key, value in told.items()}


def _place(segment: JSON, said: Said) -> tuple[int, int, int] | None:
    """Find a segment: where it says, or else where its text stands."""
    if not isinstance(segment, dict):
        return None
    start, end, text = segment.get("startIndex", 0), segment.get("endIndex"), segment.get("text")
    words = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else b""
    if isinstance(start, int) and isinstance(end, int) and said.stands(words, start, end):
        return said.place(start, end)
    found = said.seek(words) if words else -1
    return said.place(found, found + len(words)) if found >= 0 else None


def _recited(metadata: JSON, said: Said) -> Iterator[Found]:
    """Give `citationMetadata`: `citations`, or `citationSources` as the Gemini API calls them."""
    if isinstance(metadata, dict):
        for source in (*items_of(metadata.get("citations")), *items_of(metadata.get("citationSources"))):
            if isinstance(source, dict):
                uri, title = source.get("uri"), source.get("title")
                told = {
                    "url": uri if isinstance(uri, str) else None,
                    "title": title if isinstance(title, str) else None,
                }
                yield _cited(_place(source, said), told, source)


def gather(held: dict[str, JSON], more: Mapping[str, JSON]) -> None:
    """Add what a piece of a stream says of a candidate to what those before said; lists of sources and tokens go on."""
    for name, value in more.items():
        before = held.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            _lengthen(before, _behind(before, value) if name == "groundingMetadata" else value)
        else:
            held[name] = value


def _lengthen(held: dict[str, JSON], more: Mapping[str, JSON]) -> None:
    for name, value in more.items():
        before = held.get(name)
        if isinstance(before, list) and isinstance(value, list):
            before.extend(value)
        else:
            held[name] = value


def _behind(held: Mapping[str, JSON], more: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """Let the supports of a later piece point at the chunks behind those of the earlier."""
    count = len(items_of(held.get("groundingChunks")))
    given = items_of(more.get("groundingSupports"))
    if not given:
        return more
    return {**more, "groundingSupports": [_moved(support, count) for support in given]}


def _moved(support: JSON, count: int) -> JSON:
    indices = support.get("groundingChunkIndices") if isinstance(support, dict) else None
    if not isinstance(indices, list):
        return support
    moved = [index + count if isinstance(index, int) else index for index in indices]
    return {**support, "groundingChunkIndices": moved}


def write_grounding(text: Text, before: int, notes: Notes) -> dict[str, JSON]:
    """Give `groundingMetadata` for a text that has `before` bytes of text before it; empty where nothing is cited."""
    chunks: list[JSON] = []
    supports: list[JSON] = []
    for citation in text.citations if text.text else ():
        source = _written_source(citation, notes)
        if source is None:
            continue
        found = placed(citation, 0, len(text.text))
        words = text.text[found.start : found.end]
        begin = before + _bytes(text.text[: found.start])
        segment = {"startIndex": begin, "endIndex": begin + _bytes(words), "text": words}
        supports.append({"segment": segment, "groundingChunkIndices": [len(chunks)]})
        chunks.append(source)
    return present(groundingChunks=chunks or None, groundingSupports=supports or None)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _written_source(citation: Citation, notes: Notes) -> JSON:
    if citation.cited is not None or citation.url is None:
        notes.drop_given("citations", document=citation.document, file_id=citation.file_id)
        told = present(uri=citation.url, title=citation.title, text=citation.cited)
        return {"retrievedContext": told} if told else None
    return {"web": present(uri=citation.url, title=citation.title)}


def cited_texts(texts: Sequence[Text], notes: Notes) -> dict[str, JSON]:
    """Give `groundingMetadata` for all the texts of an answer."""
    found: dict[str, JSON] = {}
    before = 0
    for text in texts:
        more = write_grounding(text, before, notes)
        _lengthen(found, _behind(found, more))
        before += _bytes(text.text)
    return found
