"""What stands beside the words of an answer, both ways: pictures, citations, and how likely each token was."""

from collections.abc import Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Citation,
    Fields,
    Logprob,
    Media,
    MediaKind,
    Notes,
    read_url,
    write_url,
)


def read_pictures(found: Fields) -> list[AnyPart]:
    """Take `images` (https://openrouter.ai/docs/features/multimodal/image-generation, read 2026-11)."""
    pictures: list[AnyPart] = []
    for item in found.each("images") or ():
        inner = item.inner("image_url")
        shown = inner.text("url") if inner is not None else None
        if shown:
            data, url, mime = read_url(shown)
            pictures.append(Media(kind=MediaKind.IMAGE, data=data, url=url, mime=mime))
    return pictures


def write_pictures(pictures: Sequence[Media], notes: Notes) -> JSON:
    """Give `images`, None where there are none."""
    written = []
    for part in pictures:
        url = write_url(part, "image/png") if part.kind is MediaKind.IMAGE else None
        if url is None:
            notes.drop(f"choices[].message.{part.kind}")
        else:
            written.append({"type": "image_url", "image_url": {"url": url}})
    return written or None


def read_citations(found: Fields) -> tuple[Citation, ...]:
    """Take `annotations`; those of a kind that nobody else knows keep their whole text."""
    citations = []
    listed = found.each("annotations")
    if listed == []:
        found.put_back("annotations", [])
    for item in listed or ():
        raw = dict(item.rest())
        told = item.inner("url_citation") or Fields({}, wrong=None)
        citations.append(
            Citation(
                url=told.text("url"),
                title=told.text("title"),
                start=told.whole("start_index"),
                end=told.whole("end_index"),
                raw=raw,
            )
        )
    return tuple(citations)


def write_citations(citations: Sequence[Citation], place: tuple[int, int], notes: Notes, *, native: bool) -> list[JSON]:
    """Write the citations of a text, which stands from and to the characters `place` of the message."""
    if native:
        return [citation.raw for citation in citations]
    written = []
    for citation in citations:
        if citation.url is None:
            notes.drop("citations")
            continue
        start = place[0] + (citation.start or 0)
        end = place[1] if citation.end is None else place[0] + citation.end
        told = {"start_index": start, "end_index": end, "url": citation.url, "title": citation.title or ""}
        written.append({"type": "url_citation", "url_citation": told})
    return written


def read_logprobs(tokens: list[JSON] | None) -> tuple[Logprob, ...]:
    """Read the probabilities of tokens; what does not fit is left out."""
    return tuple(_read_logprob(Fields(token, wrong=None)) for token in tokens or () if isinstance(token, dict))


def _read_logprob(found: Fields) -> Logprob:
    token, chance, raw = found.text("token") or "", found.number("logprob"), found.items("bytes")
    top = read_logprobs(found.items("top_logprobs"))
    return Logprob(token, chance if chance is not None else 0, raw, top)


def write_logprobs(tokens: Sequence[Logprob]) -> list[JSON]:
    """Write the probabilities of tokens."""
    return [
        {
            "token": token.token,
            "logprob": token.logprob,
            "bytes": token.bytes,
            "top_logprobs": [
                {"token": other.token, "logprob": other.logprob, "bytes": other.bytes} for other in token.top
            ],
        }
        for token in tokens
    ]
