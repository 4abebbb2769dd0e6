"""What an answer's parts become for a caller of this dialect.

A foreign state of reasoning is packed as the signature of a thinking block, one of a tool call behind the call's id;
both come back with the conversation.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tollbridge.formats import (
    NO_EXTRAS,
    AnyPart,
    Media,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    join_id,
)
from tollbridge_anthropic.citations import linked
from tollbridge_anthropic.content_in import thinking_state
from tollbridge_anthropic.words import NAME


def shown_part(part: AnyPart, notes: Notes, *, own: bool) -> AnyPart | None:
    """Say a part of an answer in this dialect's terms, None where it has none; `own`: it came in them."""
    if not own and (part.extras or part.cache is not None):
        part = replace(part, cache=None, extras=NO_EXTRAS)
    return _SHOWN[type(part)](part, notes, own)


def _text(part: Text, notes: Notes, own: bool) -> AnyPart | None:
    if own or not part.citations:
        return part if part.text or own else None
    citations = linked(part.citations)
    if len(citations) < len(part.citations):
        notes.drop("content[].citations")
    return replace(part, citations=citations) if part.text else None


def _refusal(part: Refusal, notes: Notes, own: bool) -> AnyPart | None:
    return part if part.text else None


def _reasoning(part: Reasoning, notes: Notes, own: bool) -> AnyPart | None:
    if not part.text and part.state is None and not own:
        return None
    state = sealed_thought(part.text, part.state, notes)
    return None if state is None and not part.text and not own else replace(part, state=state)


def sealed_thought(words: str, state: State | None, notes: Notes) -> State | None:
    """Give a state of reasoning as this dialect says it: its own as it is, another one packed."""
    if state is None or (state.dialect == NAME and not (words and state.data.get("type") == "redacted_thinking")):
        return state
    packed = notes.seal.pack(state)
    if packed is None:
        notes.drop("content[].reasoning.state")
        return None
    return thinking_state(words, packed)


def _tool_call(part: ToolCall, notes: Notes, own: bool) -> AnyPart | None:
    state = part.state if part.state is not None and part.state.dialect != NAME else None
    return replace(part, id=join_id(part.id, state, notes.seal), state=None)


def _media(part: Media, notes: Notes, own: bool) -> AnyPart | None:
    return part if own else _left(f"content[].{part.kind}", notes)


def _server_call(part: ServerCall, notes: Notes, own: bool) -> AnyPart | None:
    return part if own else _left(f"content[].{part.tool or 'server_call'}", notes)


def _opaque(part: Opaque, notes: Notes, own: bool) -> AnyPart | None:
    return part if own else _left(f"content[].{part.kind}", notes)


def _tool_result(part: ToolResult, notes: Notes, own: bool) -> AnyPart | None:
    return _left("content[].tool_result", notes)


def _left(name: str, notes: Notes) -> AnyPart | None:
    notes.drop(name)
    return None


_SHOWN: Mapping[type, Callable[..., AnyPart | None]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    Media: _media,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    ServerCall: _server_call,
    Opaque: _opaque,
}
