"""Texts that follow each other: a stream cannot tell them apart, so a whole answer does not either."""

from collections.abc import Sequence

from msgspec.structs import replace

from tollbridge.formats import AnyPart, Citation, Logprob, Opaque, Reasoning, Refusal, ServerCall, Text


def with_marks(part: AnyPart, *, citations: Sequence[Citation] = (), logprobs: Sequence[Logprob] = ()) -> AnyPart:
    """Give a text with more citations and probabilities; any other part as it is."""
    if not isinstance(part, Text):
        return part
    tokens = (*(part.logprobs or ()), *logprobs) if logprobs else part.logprobs
    return replace(part, citations=(*part.citations, *citations), logprobs=tokens)


def as_text(part: AnyPart) -> AnyPart:
    """Give the words by which a model declines as text: Gemini has no other place for them."""
    return Text(text=part.text, state=part.state, extras=part.extras) if isinstance(part, Refusal) else part


def goes_on(part: AnyPart) -> bool:
    """Whether a part's words may be followed by more of it: nothing has closed it yet."""
    return isinstance(part, Text | Reasoning) and part.state is None and not part.extras


def together(parts: Sequence[AnyPart], *, native: bool) -> list[AnyPart]:
    """Put texts of a kind together; what no answer of Gemini's has, and parts that say nothing, are left out.

    In an answer of Gemini's own (`native`) everything stays.
    """
    joined: list[AnyPart] = []
    for part in parts:
        part = as_text(part)
        if not native and isinstance(part, Text) and part.citations:
            held = [placed(citation, 0, len(part.text)) for citation in part.citations] if part.text else []
            part = replace(part, citations=tuple(held))
        before = joined[-1] if joined else None
        if not native and (says_nothing(part) or isinstance(part, ServerCall | Opaque)):
            continue
        if before is not None and type(before) is type(part) and goes_on(before):
            joined[-1] = _joined(before, part)
        else:
            joined.append(part)
    return joined


def says_nothing(part: AnyPart) -> bool:
    return isinstance(part, Text | Reasoning) and not part.text and part.state is None


def _joined(before: AnyPart, part: AnyPart) -> AnyPart:
    if isinstance(before, Text) and isinstance(part, Text):
        moved = [placed(citation, len(before.text), len(part.text)) for citation in part.citations]
        whole = replace(before, text=before.text + part.text, state=part.state, extras=part.extras)
        return with_marks(whole, citations=moved, logprobs=part.logprobs or ())
    if isinstance(before, Reasoning) and isinstance(part, Reasoning):
        return replace(before, text=before.text + part.text, state=part.state, extras=part.extras)
    return before


def placed(citation: Citation, shift: int, length: int) -> Citation:
    """Give a citation of a text of this length behind as many characters; one without a place is about all of it."""
    start, end = sorted(min(max(0, place), length) for place in (citation.start or 0, citation.end or 0))
    if start == end:
        start, end = 0, length
    return replace(citation, start=start + shift, end=end + shift)
