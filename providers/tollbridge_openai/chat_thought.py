"""Reasoning in chat messages, for which OpenAI has no place and other hosts have three.

`reasoning_content` (DeepSeek, vLLM, llama.cpp) or `reasoning` (OpenRouter, Groq) hold its words; `reasoning_details`
(https://openrouter.ai/docs/use-cases/reasoning-tokens, read 2026-11) holds what must be sent back with a tool's result.
"""

from collections.abc import Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Notes,
    Reasoning,
    State,
    ToolCall,
    carried,
    pack_thinking,
    unpack_thinking,
)
from tollbridge_openai.chat_content import NAME, is_foreign

_PLACES = ("reasoning_content", "reasoning")
_OURS = "tollbridge"
_WORDS = {"reasoning.text": "text", "reasoning.summary": "summary"}
"""Where the words of a detail are, by its type."""


def read_thought(found: Fields, notes: Notes) -> list[Reasoning]:
    """Take the reasoning of a message or of a piece of one, in whichever place it is."""
    place = next((name for name in _PLACES if isinstance(found.peek(name), str)), "")
    text = (found.text(place) or "") if place else ""
    details = found.items("reasoning_details")
    ours = [part for item in details or () for part in unpack_thinking(_packed(item), notes.seal)]
    if ours:
        return ours
    if not text and not details and not place:
        return []
    data: dict[str, JSON] = {"in": place} if place not in ("", _PLACES[0]) else {}
    if details is not None:
        data["reasoning_details"] = details
    return [Reasoning(text=text, state=State(NAME, data) if data else None)]


class DetailPieces:
    """Puts `reasoning_details` of a stream together: pieces of one have its type and its index (recorded, 2026-11)."""

    def __init__(self) -> None:
        self._held: list[tuple[JSON, list[str]]] = []

    def add(self, items: Sequence[JSON]) -> None:
        """Take the details of a piece."""
        for item in items:
            place = _place_of_words(item)
            if not place:
                self._held.append((item, []))
                continue
            if not self._held or not _same_detail(self._held[-1][0], item):
                self._held.append((dict.fromkeys(item), []))
            last, words = self._held[-1]
            last.update({name: value for name, value in item.items() if value is not None})
            if isinstance(item.get(place), str):
                words.append(item[place])

    def whole(self) -> list[JSON]:
        """Give the details as they are in an answer that comes whole."""
        return [{**item, _place_of_words(item): "".join(words)} if words else item for item, words in self._held]


def _place_of_words(item: JSON) -> str:
    kind = item.get("type") if isinstance(item, dict) else None
    return _WORDS.get(kind, "") if isinstance(kind, str) else ""


def _same_detail(one: JSON, other: dict[str, JSON]) -> bool:
    return isinstance(one, dict) and all(one.get(name) == other.get(name) for name in ("type", "index"))


def _packed(item: JSON) -> str:
    ours = isinstance(item, dict) and item.get("format") == _OURS and isinstance(item.get("data"), str)
    return item["data"] if ours else ""


def place_of(state: State | None) -> str:
    """Say where the words of reasoning go: where they were, for what is this dialect's own."""
    if state is None or state.dialect != NAME:
        return _PLACES[0]
    return str(state.data.get("in", _PLACES[0]))


def write_thought(thought: Sequence[Reasoning], notes: Notes, *, answer: bool) -> dict[str, JSON]:
    """Give the members that hold reasoning.

    In an `answer` the words are shown and foreign state is packed. In a request nothing foreign is written: its state
    is nobody's business there, and its words would be taken for something the model said.
    """
    if not thought:
        return {}
    native = [part for part in thought if not is_foreign(part)]
    foreign = [part for part in thought if is_foreign(part)]
    if not answer:
        if foreign:
            notes.drop("messages[].content[].reasoning")
        thought = native
    members: dict[str, JSON] = {}
    place = next((found for part in native if (found := place_of(part.state)) != _PLACES[0]), _PLACES[0])
    details: list[JSON] = []
    for part in native:
        details += (part.state.data.get("reasoning_details") or []) if part.state is not None else []
    packed = pack_thinking(foreign, notes.seal) if answer else None
    if packed is not None:
        details.append({"type": "reasoning.encrypted", "data": packed, "format": _OURS})
    text = "".join(part.text for part in thought)
    if text or (thought and not details):
        members[place] = text
    if details or any(part.state is not None and "reasoning_details" in part.state.data for part in native):
        members["reasoning_details"] = details
    return members


def recalled(parts: Sequence[AnyPart], notes: Notes) -> tuple[AnyPart, ...]:
    """Take out of tool call ids what an answer put there, and put back the reasoning nobody else sent back."""
    known = any(isinstance(part, Reasoning) and part.state is not None for part in parts)
    whole: list[AnyPart] = []
    for part in parts:
        if isinstance(part, ToolCall):
            id_, own, before = carried(part.id, notes.seal)
            if before and not known:
                whole = [other for other in whole if not isinstance(other, Reasoning)]
                whole[:0] = before
                known = True
            part = ToolCall(
                id=id_,
                name=part.name,
                arguments=part.arguments,
                custom=part.custom,
                state=own or part.state,
                extras=part.extras,
            )
        whole.append(part)
    return tuple(whole)
