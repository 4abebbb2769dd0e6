"""What a model thought, in places where Cohere keeps it: a content of its own, or the plan before its tool calls."""

from collections.abc import Sequence

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Notes,
    Reasoning,
    State,
    ToolCall,
    carried,
    carry,
)
from tollbridge_cohere.content import NAME

_PLAN = State(NAME, {"tool_plan": True})


def plan(text: str) -> Reasoning:
    """Make the part that a `tool_plan` is."""
    return Reasoning(text=text, summary=True, state=_PLAN)


def is_plan(part: AnyPart) -> bool:
    """Whether a part came as a `tool_plan`."""
    return isinstance(part, Reasoning) and part.state is not None and part.state.dialect == NAME


def foreign(part: Reasoning | ToolCall) -> State | None:
    """Give a part's state if it is another dialect's."""
    return part.state if part.state is not None and part.state.dialect != NAME else None


def read_calls(found: Fields) -> list[ToolCall]:
    """Take `tool_calls`; none at all stay where they are."""
    calls = found.each("tool_calls") if found.peek("tool_calls") else None
    return [read_call(call) for call in calls or ()]


def read_call(found: Fields) -> ToolCall:
    """Read one call; the text of its arguments stays as the model wrote it."""
    id_ = found.need("id", found.text("id"))
    kind = found.text("type") or "function"
    inner, name, arguments = found.inner("function"), "", None
    extras: dict[str, JSON] = {} if kind == "function" else {"type": kind}
    if inner is not None:
        name, arguments = inner.need("name", inner.text("name")), inner.text("arguments")
        extras |= {"function": inner.rest()} if inner.rest() else {}
    return ToolCall(id=id_, name=name, arguments=arguments or "", extras={**found.rest(), **extras})


def write_call(call: ToolCall, id_: str, *, native: bool) -> dict[str, JSON]:
    """Write one call under an id; its extras are the caller's to add."""
    arguments = call.arguments if native else call.arguments or "{}"
    return {"id": id_, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def recalled(parts: Sequence[AnyPart], notes: Notes) -> tuple[AnyPart, ...]:
    """Take out of tool call ids what an answer put there, and put back the thinking nobody else sent back."""
    known = any(isinstance(part, Reasoning) and part.state is not None for part in parts)
    whole: list[AnyPart] = []
    for part in parts:
        if isinstance(part, ToolCall):
            id_, own, before = carried(part.id, notes.seal)
            if before and not known:
                whole = [*before, *(other for other in whole if not isinstance(other, Reasoning))]
                known = True
            part = replace(part, id=id_, state=own or part.state)
        whole.append(part)
    return tuple(whole)


def shown_id(call: ToolCall, before: Sequence[Reasoning], notes: Notes) -> str:
    """Give the id a caller sees: what must come back with the call is behind it, and the thinking before it."""
    return carry(call.id, foreign(call), [part for part in before if foreign(part) is not None], notes.seal)
