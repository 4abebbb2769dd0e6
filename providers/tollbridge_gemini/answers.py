"""Whole answers, both ways (https://ai.google.dev/api/generate-content#generatecontentresponse, read 2026-11)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    AnyPart,
    Choice,
    Citation,
    Logprob,
    Notes,
    Opaque,
    Request,
    Response,
    ServerCall,
    Stop,
    Text,
    ToolCall,
    add_extras,
    items_of,
    present,
)
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.errors import read_error_object
from tollbridge_gemini.grounding import Said, cited_in, cited_texts, fetched_for
from tollbridge_gemini.joining import together, with_marks
from tollbridge_gemini.names import NAME, Members
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.parts_out import PartWriter
from tollbridge_gemini.searches import Searches
from tollbridge_gemini.usage import read_usage, write_usage

STOPS: Mapping[str, Stop] = {
    "STOP": Stop.END,
    "MAX_TOKENS": Stop.LENGTH,
    "SAFETY": Stop.FILTER,
    "RECITATION": Stop.FILTER,
    "BLOCKLIST": Stop.FILTER,
    "PROHIBITED_CONTENT": Stop.FILTER,
    "SPII": Stop.FILTER,
    "MODEL_ARMOR": Stop.FILTER,
    "ESCALATION": Stop.FILTER,
    "IMAGE_SAFETY": Stop.FILTER,
    "IMAGE_PROHIBITED_CONTENT": Stop.FILTER,
    "IMAGE_RECITATION": Stop.FILTER,
    "MALFORMED_FUNCTION_CALL": Stop.BROKEN_CALL,
    "UNEXPECTED_TOOL_CALL": Stop.BROKEN_CALL,
}
"""Words that have one of ours; LANGUAGE, OTHER, NO_IMAGE, TOO_MANY_TOOL_CALLS and what is yet to come are `OTHER`."""
_SAID: Mapping[Stop, str] = {
    Stop.END: "STOP",
    Stop.STOP_SEQUENCE: "STOP",
    Stop.TOOL_CALLS: "STOP",
    Stop.LENGTH: "MAX_TOKENS",
    Stop.CONTEXT: "MAX_TOKENS",
    Stop.FILTER: "SAFETY",
    Stop.REFUSAL: "SAFETY",
    Stop.BROKEN_CALL: "MALFORMED_FUNCTION_CALL",
}
TIERS = {"standard": "default", "flex": "flex", "priority": "priority"}
_WIRE_TIERS = {ours: wire for wire, ours in TIERS.items()}


def stop_of(said: str | None, *, calls: bool) -> Stop | None:
    """Give why a model stopped; an answer that calls tools stops as any other does."""
    if said is None:
        return None
    stop = STOPS.get(said, Stop.OTHER)
    return Stop.TOOL_CALLS if calls and stop is Stop.END else stop


def said_of(choice_stop: Stop | None, said: str | None, *, native: bool) -> str | None:
    """Give `finishReason`."""
    if native:
        return said
    return "OTHER" if choice_stop is None else _SAID.get(choice_stop, "OTHER")


def read_response(value: JSON, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none, and the error that stands in its place."""
    found = Members(value, wrong=None)
    if isinstance(found.peek("error"), dict):
        raise read_error_object(found.peek("error"))
    feedback = found.peek("promptFeedback")
    candidates = found.each("candidates")
    wire = found.members("usageMetadata")
    if candidates is None and not isinstance(feedback, dict) and wire is None:
        raise UpstreamError("the provider's answer holds no candidates")
    searches = Searches()
    searches.add(found.peek("modelVersion"), (item.peek("groundingMetadata") for item in candidates or ()))
    ids = CallIds(notes.call_id)
    choices = [_choice(item, place, PartReader(notes, ids)) for place, item in enumerate(candidates or ())]
    blocked = block_reason(feedback)
    if not choices and blocked is not None:
        choices = [Choice(stop=Stop.FILTER, said=blocked)]
    return Response(
        origin=NAME,
        id=found.text("responseId") or "",
        model=found.text("modelVersion") or "",
        created=created_at(found.peek("createTime")),
        choices=tuple(choices),
        usage=read_usage(wire, searches.count),
        wire_usage=wire,
        tier=tier_of(wire),
        extras=found.rest(),
    )


def block_reason(feedback: JSON) -> str | None:
    """Give why a prompt was refused, None where it was not."""
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    return reason if isinstance(reason, str) else None


def tier_of(wire: JSON) -> str | None:
    """Give the quality of service, which is said among the usage."""
    tier = wire.get("serviceTier") if isinstance(wire, dict) else None
    return TIERS.get(tier.lower(), tier) if isinstance(tier, str) else None


def created_at(text: JSON) -> int | None:
    """Read `createTime`, which Vertex says (RFC 3339)."""
    try:
        return int(datetime.fromisoformat(text).timestamp()) if isinstance(text, str) else None
    except (ValueError, OverflowError):
        return None


def time_of(created: int) -> str | None:
    """Write `createTime`; None for a time beyond all calendars."""
    try:
        return datetime.fromtimestamp(created, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def _choice(found: Members, place: int, reader: PartReader) -> Choice:
    index, said = found.whole("index"), found.text("finishReason")
    content = found.inner("content")
    items = content.each("parts") if content is not None else None
    parts: tuple[AnyPart, ...] = reader.content(items) if items else ()
    if content is not None:
        if items == []:
            content.put_back("parts", [])
        if items and content.peek("role") == "model":
            content.take("role")
        if content.rest():
            found.put_back("content", content.rest())
        elif not items:
            found.put_back("content", {})
    calls = any(isinstance(part, ToolCall) for part in parts)
    return Choice(
        index=place if index is None else index,
        parts=_marked(parts, found.rest()),
        stop=stop_of(said, calls=calls),
        said=said,
        extras=found.rest(),
    )


def _marked(parts: Sequence[AnyPart], candidate: Mapping[str, JSON]) -> tuple[AnyPart, ...]:
    """Say of the texts where they come from and how likely they were."""
    texts = [index for index, part in enumerate(parts) if isinstance(part, Text)]
    if not texts:
        return tuple(parts)
    said = Said()
    for index in texts:
        part = parts[index]
        said.begin(index)
        said.add(part.text if isinstance(part, Text) else "")
    citations: dict[int, list[Citation]] = {}
    for at, citation in (*cited_in(candidate, said), *fetched_for(candidate)):
        citations.setdefault(texts[-1] if at is None else at, []).append(citation)
    marked = list(parts)
    for at, found in citations.items():
        marked[at] = with_marks(marked[at], citations=found)
    logprobs = read_logprobs(candidate.get("logprobsResult"))
    marked[texts[-1]] = with_marks(marked[texts[-1]], logprobs=logprobs)
    return tuple(marked)


def read_logprobs(result: JSON) -> tuple[Logprob, ...]:
    """Read `logprobsResult`: the tokens that were chosen, each with the likeliest in its place."""
    found = Members(result, wrong=None)
    tops = [Members(item, wrong=None).each("candidates") for item in items_of(found.peek("topCandidates"))]
    return tuple(
        _logprob(Members(token, wrong=None), tops[place] if place < len(tops) else None)
        for place, token in enumerate(items_of(found.peek("chosenCandidates")))
    )


def _logprob(found: Members, top: list[Members] | None) -> Logprob:
    chance = found.number("logProbability")
    likeliest = tuple(_logprob(item, None) for item in top or ())
    return Logprob(found.text("token") or "", 0 if chance is None else chance, None, likeliest)


def write_logprobs(tokens: Sequence[Logprob]) -> dict[str, JSON]:
    """Write `logprobsResult`."""
    return {
        "chosenCandidates": [_written(token) for token in tokens],
        "topCandidates": [{"candidates": [_written(other) for other in token.top]} for token in tokens],
    }


def _written(token: Logprob) -> dict[str, JSON]:
    return {"token": token.token, "logProbability": token.logprob}


def write_response(response: Response, request: Request, notes: Notes) -> dict[str, JSON]:
    """Write a whole answer for the caller of `request`."""
    native = response.origin == NAME
    blocked = native and is_blocked(response)
    members: dict[str, JSON] = {
        "candidates": [_candidate(choice, notes, native=native) for choice in response.choices],
        **present(usageMetadata=write_wire_usage(response, native=native)),
        **head_of(response.id, response.model, None if native else response.created),
    }
    if blocked or (native and not response.choices):
        del members["candidates"]
    if native:
        return add_extras(members, response.extras)
    notes.drop_extras(response.extras)
    return members


def is_blocked(response: Response) -> bool:
    """Whether an answer of Gemini's is a refusal of the prompt: it had no candidates."""
    reason = block_reason(response.extras.get("promptFeedback"))
    choices = response.choices
    return reason is not None and len(choices) == 1 and not choices[0].parts and choices[0].said == reason


def head_of(id_: str, model: str, created: int | None) -> dict[str, JSON]:
    """Give what says which answer it is, in every piece of a stream too."""
    time = time_of(created) if created is not None else None
    return present(modelVersion=model or None, createTime=time, responseId=id_ or None)


def write_wire_usage(response: Response, *, native: bool) -> JSON:
    """Give `usageMetadata`: as it was said, or from the buckets."""
    if native and response.wire_usage is not None:
        return response.wire_usage
    if response.usage is None:
        return None
    return {**write_usage(response.usage), **present(serviceTier=_WIRE_TIERS.get(response.tier or ""))}


def _candidate(choice: Choice, notes: Notes, *, native: bool) -> dict[str, JSON]:
    parts = together(choice.parts, native=native)
    written = PartWriter(notes, native=native, answer=True).write(parts)
    said = said_of(choice.stop, choice.said, native=native)
    content: JSON = {"parts": written, "role": "model"} if written else None
    members = present(content=content, finishReason=said, index=choice.index)
    if native:
        return add_extras(members, choice.extras)
    if any(isinstance(part, ServerCall | Opaque) for part in choice.parts):
        notes.drop("choices[].server_tool")
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(choice.extras, "choices[]")
    texts = [part for part in parts if isinstance(part, Text)]
    tokens = [token for text in texts for token in text.logprobs or ()]
    members.update(
        present(
            groundingMetadata=cited_texts(texts, notes) or None,
            logprobsResult=write_logprobs(tokens) if tokens else None,
        )
    )
    return members
