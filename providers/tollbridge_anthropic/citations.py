"""Where a statement comes from: the five kinds of location that Anthropic tells, and links of other dialects.

https://docs.anthropic.com/en/docs/build-with-claude/citations (read 2026-11).
"""

from collections.abc import Iterable

from tollbridge.formats import JSON, Citation, Fields

_FOUND = "web_search_result_location"


def read_citation(raw: JSON) -> Citation:
    """Read a citation of any kind; what it is made of stays whole in `raw`."""
    fields = Fields(raw, wrong=None)
    title = fields.text("title")
    return Citation(
        url=fields.text("url") or fields.text("source"),
        title=fields.text("document_title") if title is None else title,
        cited=fields.text("cited_text"),
        file_id=fields.text("file_id"),
        document=fields.whole("document_index"),
        raw=raw,
    )


def take_citations(fields: Fields) -> tuple[Citation, ...]:
    """Take the citations of a text; an empty list, or what is none, stays among the rest."""
    found = fields.peek("citations")
    if not isinstance(found, list) or not found or not all(isinstance(raw, dict) for raw in found):
        return ()
    fields.take("citations")
    return tuple(read_citation(raw) for raw in found)


def write_citations(citations: Iterable[Citation]) -> list[JSON] | None:
    """Write citations that are in this dialect's own words."""
    return [citation.raw for citation in citations] or None


def linked(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Say those citations of another dialect here that name a link; nothing else of theirs has a place.

    Their `encrypted_index` is empty: `is_linked` knows them by it when they come back.
    """
    return tuple(
        Citation(
            url=citation.url,
            title=citation.title,
            cited=citation.cited,
            raw={
                "type": _FOUND,
                "cited_text": citation.cited or "",
                "encrypted_index": "",
                "title": citation.title,
                "url": citation.url,
            },
        )
        for citation in citations
        if citation.url is not None
    )


def is_linked(citation: Citation) -> bool:
    """Whether a citation was made by `linked`: Anthropic itself would refuse it."""
    raw = citation.raw
    return isinstance(raw, dict) and raw.get("type") == _FOUND and raw.get("encrypted_index") == ""
