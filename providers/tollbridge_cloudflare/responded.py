"""Answers of models that were asked in the way of OpenAI's Responses: `input` in the request, `output` in the result.

The gpt-oss models took nothing else on `/run` when they came; now they take `messages` too, and answer those as a chat
completion (their schema in cloudflare-docs, `workers-ai-models/gpt-oss-120b.json`, read 2026-11). So requests are
written with messages, and this is for callers who still send `input`.
"""

from collections.abc import Mapping

from tollbridge.formats import AnyPart, Fields, Notes, Reasoning, Refusal, Text, ToolCall, new_call_id

_STOPS: Mapping[str | None, str] = {"max_output_tokens": "length", "content_filter": "content_filter"}


def read_output(items: list[Fields], notes: Notes) -> tuple[AnyPart, ...]:
    """Read what was thought, said and called; what is of another kind stays unread."""
    return tuple(part for place, item in enumerate(items) for part in _read_item(item, place, notes))


def _read_item(item: Fields, place: int, notes: Notes) -> list[AnyPart]:
    kind = item.text("type")
    if kind == "function_call":
        id_ = item.text("call_id") or new_call_id(notes.call_id, place)
        return [ToolCall(id=id_, name=item.text("name") or "", arguments=item.text("arguments") or "")]
    if kind == "reasoning":
        said = [*(item.each("summary") or []), *(item.each("content") or [])]
        words = "".join(each.text("text") or "" for each in said)
        return [Reasoning(text=words)] if words else []
    said = (item.each("content") or []) if kind == "message" else []
    return [part for each in said if (part := _read_words(each)) is not None]


def _read_words(found: Fields) -> Text | Refusal | None:
    text, declined = found.text("text"), found.text("refusal")
    if text:
        return Text(text=text)
    return Refusal(text=declined) if declined else None


def read_ending(result: Fields) -> str | None:
    """Give the `finish_reason` that says the same as an answer's status; None where it says nothing."""
    details = result.inner("incomplete_details")
    return None if details is None else _STOPS.get(details.text("reason"))
