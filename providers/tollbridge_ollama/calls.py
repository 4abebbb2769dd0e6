"""Tool calls, both ways.  Arguments are objects; ids came in 2025, and Ollama's own Python client drops them still."""

from collections import defaultdict, deque
from collections.abc import Sequence

from tollbridge import BadRequest
from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Notes,
    Reasoning,
    ToolCall,
    add_extras,
    carried,
    carry,
    decode_json,
    json_text,
    new_call_id,
    present,
)

UNNAMED, UNNUMBERED = "(no id)", "(no index)"
"""Among the extras of a call or a result: it came without one.  Null, so that no other dialect misses it."""


def read_asked(found: Fields, notes: Notes, *, earlier: int) -> list[ToolCall]:
    """Take the `tool_calls` of a message; `earlier` counts the calls of the conversation before it."""
    calls = found.each("tool_calls") or ()
    return [_read_call(call, place, earlier, BadRequest, notes) for place, call in enumerate(calls)]


def read_answered(found: Fields, notes: Notes, *, before: int = 0) -> list[ToolCall]:
    """Take the `tool_calls` of an answer; `before` counts those that came already."""
    calls = found.each("tool_calls") or ()
    return [_read_call(call, before + place, 0, None, notes) for place, call in enumerate(calls)]


def _read_call(found: Fields, place: int, earlier: int, wrong: type[BadRequest] | None, notes: Notes) -> ToolCall:
    extras: dict[str, JSON] = {}
    id_ = found.text("id")
    if id_ is None:
        id_ = new_call_id(notes.call_id, earlier + place)
        extras[UNNAMED] = None
    inner = found.inner("function") or Fields({}, found.path("function"), wrong=wrong)
    index = inner.whole("index")
    if index is None:
        extras[UNNUMBERED] = None
    elif index != place:
        inner.put_back("index", index)
    name = inner.need("name", inner.text("name"))
    arguments = inner.members("arguments")
    if inner.rest():
        extras["function"] = inner.rest()
    return ToolCall(
        id=id_,
        name=name,
        arguments="" if arguments is None else json_text(arguments),
        extras={**found.rest(), **extras},
    )


class OpenCalls:
    """The calls of a conversation that no result has answered yet.  Each step costs the same, however many are open."""

    def __init__(self) -> None:
        self.count = 0
        """How many there were."""
        self._open: dict[int, ToolCall] = {}
        self._places: dict[tuple[str, str], deque[int]] = defaultdict(deque)

    def add(self, call: ToolCall) -> None:
        self._open[self.count] = call
        for key in (("", ""), ("id", call.id), ("name", call.name)):
            self._places[key].append(self.count)
        self.count += 1

    def answer(self, what: str = "", value: str = "") -> ToolCall | None:
        """Take the first whose `id` or `name` this is, or the first of all; None where there is none."""
        places = self._places.get((what, value), ())
        while places:
            call = self._open.pop(places.popleft(), None)
            if call is not None:
                return call
        return None


def recalled(parts: Sequence[AnyPart], notes: Notes) -> tuple[AnyPart, ...]:
    """Take out of the ids of calls what an answer put there: their state, and the thinking before them."""
    known = any(isinstance(part, Reasoning) and part.state is not None for part in parts)
    whole: list[AnyPart] = []
    for part in parts:
        if isinstance(part, ToolCall):
            id_, own, before = carried(part.id, notes.seal)
            if before and not known:
                known = True
                whole = [*before, *(other for other in whole if not isinstance(other, Reasoning))]
            part = ToolCall(id=id_, name=part.name, arguments=part.arguments, state=own, extras=part.extras)
        whole.append(part)
    return tuple(whole)


def write_asked(calls: Sequence[ToolCall], notes: Notes, *, native: bool) -> list[JSON]:
    """Write the calls of a message for a provider."""
    written = []
    for place, call in enumerate(calls):
        if call.state is not None:
            notes.drop("messages[].tool_calls[].state")
        if not native:
            notes.drop_extras(call.extras, "messages[].tool_calls[]")
        written.append(_written(call, call.id, place, native=native))
    return written


def write_answered(
    calls: Sequence[ToolCall], thought: Sequence[Reasoning], notes: Notes, *, native: bool
) -> list[JSON]:
    """Write the calls of an answer for a caller: what must come back with them is behind their ids."""
    written = []
    for place, call in enumerate(calls):
        id_ = carry(call.id, call.state, thought if place == 0 else (), notes.seal)
        written.append(_written(call, id_, place, native=native))
    return written


def _written(call: ToolCall, id_: str, place: int, *, native: bool) -> dict[str, JSON]:
    named = not (native and UNNAMED in call.extras)
    numbered = not (native and UNNUMBERED in call.extras)
    arguments = None if native and not call.arguments else arguments_of(call.arguments)
    function = present(index=place if numbered else None, name=call.name, arguments=arguments)
    members = present(id=id_ if named else None, function=function)
    if not native:
        return members
    return add_extras(members, {name: value for name, value in call.extras.items() if name not in _MARKS})


_MARKS = (UNNAMED, UNNUMBERED)


def arguments_of(text: str) -> JSON:
    """Give arguments as an object; a text that holds none is kept in one."""
    try:
        value = decode_json(text) if text else {}
    except BadRequest:
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": text}
