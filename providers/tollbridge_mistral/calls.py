"""Tool calls of Mistral's, both ways, and their ids, which have nine letters and digits.

mistral-common's validators (github.com/mistralai/mistral-common, read 2026-11) refuse any other id. Callers of the SDK
send members they never thought of: nulls among the extras stand for a `type` that is absent, and for an `index` that
is the call's place.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

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
    fit_id,
    json_text,
)
from tollbridge_mistral.content import is_foreign

_NINE = re.compile(r"[a-zA-Z0-9]{9}")


def nine(id_: str) -> str:
    """Give an id Mistral takes, always the same for the same."""
    return fit_id(id_, _NINE, lambda digest: digest[:9])


def read_calls(found: Fields) -> list[ToolCall]:
    """Take `tool_calls`; none at all stay where they are."""
    calls = found.each("tool_calls") if found.peek("tool_calls") else None
    return [read_call(call, place) for place, call in enumerate(calls or ())]


def read_call(found: Fields, place: int) -> ToolCall:
    """Read one call; arguments that are an object become text."""
    id_, kind = found.need("id", found.text("id")), found.text("type")
    extras: dict[str, JSON] = {} if kind == "function" else {"type": kind}
    if type(found.peek("index")) is int and found.peek("index") == place:
        found.put_back("index", None)
    inner, name, arguments = found.inner("function"), "", ""
    if inner is not None:
        name, given = inner.need("name", inner.text("name")), inner.take("arguments")
        arguments = given if isinstance(given, str) else "" if given is None else json_text(given)
        extras |= {"function": inner.rest()} if inner.rest() else {}
    return ToolCall(id=id_, name=name, arguments=arguments, extras={**extras, **found.rest()})


def write_call(call: ToolCall, id_: str, place: int, *, native: bool) -> dict[str, JSON]:
    """Write one call under this id."""
    arguments = call.arguments if native else call.arguments or "{}"
    members: dict[str, JSON] = {
        "id": id_,
        "type": "function",
        "function": {"name": call.name, "arguments": arguments},
    }
    if not native:
        return members
    extras = dict(call.extras)
    if "type" in extras and extras["type"] is None:
        del extras["type"], members["type"]
    if "index" in extras and extras["index"] is None:
        extras["index"] = place
    return add_extras(members, extras)


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
            part = replace(part, id=id_, state=own)
        whole.append(part)
    return tuple(whole)


def shown_id(call: ToolCall, before: Sequence[Reasoning], notes: Notes) -> str:
    """Give the id a caller sees: what must come back with the call is behind it, and the thinking before it."""
    own = call.state if is_foreign(call) else None
    return carry(call.id, own, [part for part in before if is_foreign(part)], notes.seal)
