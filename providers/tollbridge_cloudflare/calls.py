"""Tool calls: flat, `{name, arguments}` with an object, or as OpenAI has them; with an id or without.

Both are seen in requests, answers and streams (workers-ai-provider 4.0.0, Cloudflare's own client, read 2026-11).
"""

from collections.abc import Collection, Sequence

from tollbridge.formats import (
    JSON,
    Fields,
    Notes,
    Reasoning,
    ToolCall,
    add_extras,
    carried,
    carry,
    decode_json,
    json_text,
    object_text,
)

NAME = "cloudflare-run"
FLAT, BARE, WHOLE, UNTYPED, EMPTY, SILENT = "flat", "bare", "whole", "untyped", "empty", "silent"
"""How calls were spelt: without a `function`, without ids, with an object for arguments, without a type; none at all;
beside an empty text, since there must be one."""


def spelling_of(call: Fields) -> set[str]:
    """Say how a call is spelt."""
    inner = call.peek("function")
    source = inner if isinstance(inner, dict) else {"arguments": call.peek("arguments")}
    holds = {
        FLAT: not isinstance(inner, dict),
        BARE: "id" not in call,
        WHOLE: isinstance(source.get("arguments"), dict),
        UNTYPED: "type" not in call,
    }
    return {word for word, said in holds.items() if said}


def read_call(found: Fields, id_: str) -> ToolCall:
    """Read one call; `id_` is for one that has none."""
    own = found.text("id")
    inner = found.inner("function")
    if inner is not None:
        found.text("type")
    if inner is None:
        name, arguments, extras = found.text("name"), found.take("arguments"), found.rest()
    else:
        name, arguments = inner.text("name"), inner.take("arguments")
        extras = {**found.rest(), **({"function": inner.rest()} if inner.rest() else {})}
    return ToolCall(id=own or id_, name=name or "", arguments=arguments_text(arguments), extras=extras)


def arguments_text(arguments: JSON) -> str:
    """Give arguments as text: they come as an object, or written out."""
    if arguments is None:
        return ""
    return arguments if isinstance(arguments, str) else json_text(arguments)


def arguments_object(arguments: str) -> JSON:
    """Give arguments as an object; text that is none is kept inside one."""
    if not arguments.strip():
        return {}
    return decode_json(arguments) if object_text(arguments.strip()) else {"INVALID_JSON": arguments}


def write_call(call: ToolCall, spelling: Collection[str] = (), *, native: bool = False) -> JSON:
    """Write one call of a request, as it was spelt if it came in this dialect."""
    members: dict[str, JSON] = {} if BARE in spelling else {"id": call.id}
    arguments: JSON = call.arguments if native else call.arguments or "{}"
    inner = {"name": call.name, "arguments": arguments_object(call.arguments) if WHOLE in spelling else arguments}
    if FLAT in spelling:
        members.update(inner)
    else:
        members.update({**({} if UNTYPED in spelling else {"type": "function"}), "function": inner})
    return add_extras(members, call.extras) if native else members


def answered_calls(calls: Sequence[ToolCall], thought: Sequence[Reasoning], notes: Notes) -> list[JSON]:
    """Write the calls of an answer, each with an id that holds what must come back with it."""
    foreign = [part for part in thought if part.state is not None and part.state.dialect != NAME]
    written = []
    for place, call in enumerate(calls):
        own = call.state if call.state is not None and call.state.dialect != NAME else None
        id_ = carry(call.id, own, foreign if place == 0 else (), notes.seal)
        written.append({"id": id_, "name": call.name, "arguments": arguments_object(call.arguments)})
    return written


def recalled(call: ToolCall, notes: Notes) -> tuple[ToolCall, list[Reasoning]]:
    """Take out of a call's id what an answer put there."""
    id_, own, before = carried(call.id, notes.seal)
    return ToolCall(id=id_, name=call.name, arguments=call.arguments, state=own, extras=call.extras), before
