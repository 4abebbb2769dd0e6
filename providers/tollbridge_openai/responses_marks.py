"""What hangs on a text: annotations and the probabilities of its tokens, both ways.

https://platform.openai.com/docs/api-reference/responses/object, read 2026-11.
"""

from collections.abc import Sequence

from tollbridge.formats import JSON, Citation, Fields, Logprob, Notes, Text


def read_citations(found: Fields) -> tuple[Citation, ...]:
    """Take `annotations`; an empty list stays where it is, to be there again."""
    listed = found.peek("annotations")
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        return ()
    found.take("annotations")
    return tuple(map(read_citation, listed))


def read_citation(raw: JSON) -> Citation:
    """Read one annotation: of a page, of a file, of a file in a container."""
    told = Fields(raw, wrong=None)
    return Citation(
        url=told.text("url"),
        title=told.text("title") or told.text("filename"),
        file_id=told.text("file_id"),
        start=told.whole("start_index"),
        end=told.whole("end_index"),
        raw=raw,
    )


def write_citations(text: Text, notes: Notes, *, native: bool, where: str) -> list[JSON]:
    """Write the annotations of a text."""
    written = [_citation(citation, text, native=native) for citation in text.citations]
    if None in written:
        notes.drop(f"{where}.citations")
    return [citation for citation in written if citation is not None]


def _citation(citation: Citation, text: Text, *, native: bool) -> JSON:
    if native:
        return citation.raw
    if citation.url is not None:
        return {
            "type": "url_citation",
            "url": citation.url,
            "title": citation.title or "",
            "start_index": citation.start or 0,
            "end_index": len(text.text) if citation.end is None else citation.end,
        }
    if citation.file_id is None:
        return None
    at = len(text.text) if citation.end is None else citation.end
    return {"type": "file_citation", "file_id": citation.file_id, "filename": citation.title or "", "index": at}


def read_logprobs(found: Fields) -> tuple[Logprob, ...] | None:
    """Take `logprobs`; what would not be written the same stays where it is too."""
    listed = found.peek("logprobs")
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        return None
    read = tuple(_read_logprob(Fields(item, wrong=None)) for item in listed)
    if write_logprobs(read) == listed:
        found.take("logprobs")
    return read


def _read_logprob(found: Fields) -> Logprob:
    token, chance, raw = found.text("token") or "", found.number("logprob"), found.items("bytes")
    top = tuple(_read_logprob(other) for other in found.each("top_logprobs") or ())
    return Logprob(token, 0 if chance is None else chance, raw, top)


def write_logprobs(tokens: Sequence[Logprob]) -> list[JSON]:
    """Write the probabilities of tokens."""
    return [{**_token(token), "top_logprobs": [_token(other) for other in token.top]} for token in tokens]


def _token(token: Logprob) -> dict[str, JSON]:
    told = list(token.token.encode("utf-8", "surrogatepass")) if token.bytes is None else token.bytes
    return {"token": token.token, "logprob": token.logprob, "bytes": told}
