"""What stands beside the words of an answer, both ways: pictures, citations, and how likely each token was."""

from collections.abc import Sequence

from tollbridge.formats import JSON, AnyPart, Citation, Fields, Logprob, Media, MediaKind, Notes, Text


def read_pictures(found: Fields) -> list[AnyPart]:
    """Take `images` (https://openrouter.ai/docs/features/multimodal/image-generation, read 2026-11)."""
    pictures: list[AnyPart] = []
    for item in found.each("images") or ():
        inner = item.inner("image_url")
        url = (inner.text("url") if inner is not None else None) or ""
        head, comma, data = url.partition(";base64,")
        if comma and head.startswith("data:"):
            pictures.append(Media(kind=MediaKind.IMAGE, data=data, mime=head[5:]))
        elif url:
            pictures.append(Media(kind=MediaKind.IMAGE, url=url))
    return pictures


def write_pictures(pictures: Sequence[Media], notes: Notes) -> JSON:
    """Give `images`, None where there are none."""
    for picture in pictures:
        if picture.kind is not MediaKind.IMAGE:
            notes.drop(f"choices[].message.{picture.kind}")
    urls = [
        f"data:{part.mime or 'image/png'};base64,{part.data}" if part.data is not None else part.url
        for part in pictures
        if part.kind is MediaKind.IMAGE
    ]
    return [{"type": "image_url", "image_url": {"url": url}} for url in urls] or None


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


def write_citations(text: Text, before: int, notes: Notes, *, native: bool) -> list[JSON]:
    """Write the citations of a text that has `before` characters of the message before it."""
    if native:
        return [citation.raw for citation in text.citations]
    written = []
    for citation in text.citations:
        if citation.url is None:
            notes.drop("citations")
            continue
        start = before + (citation.start or 0)
        end = before + (len(text.text) if citation.end is None else citation.end)
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
