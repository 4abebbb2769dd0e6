"""Tool calls of chat messages, both ways."""

from collections.abc import Sequence

from tollbridge.formats import JSON, Fields, Notes, Request, State, ToolCall, add_extras, present
from tollbridge_openai.chat_content import NAME


def read_calls(found: Fields) -> list[ToolCall]:
    """Take `tool_calls`."""
    return [read_call(call) for call in found.each("tool_calls") or ()]


def read_call(found: Fields) -> ToolCall:
    """Read one call: of a function, or of a tool that takes free text."""
    kind = found.text("type") or ("custom" if "custom" in found else "function")
    id_ = found.need("id", found.text("id"))
    custom = kind == "custom"
    name, arguments = "", None
    extras: dict[str, JSON] = {} if kind in ("function", "custom") else {"type": kind}
    of = "custom" if custom else "function"
    inner = found.inner(of)
    if inner is None:
        found.need(of, None)
    else:
        name = inner.need("name", inner.text("name"))
        arguments = inner.text("input" if custom else "arguments")
        if inner.rest():
            extras[of] = inner.rest()
    state = None
    if isinstance(found.peek("extra_content"), dict):  # Google's signatures, in its OpenAI-compatible API
        state = State(NAME, {"extra_content": found.take("extra_content")})
    return ToolCall(
        id=id_, name=name, arguments=arguments or "", custom=custom, state=state, extras={**found.rest(), **extras}
    )


def write_calls(calls: Sequence[ToolCall], ids: Sequence[str], notes: Notes, *, native: bool) -> JSON:
    """Give `tool_calls` under these ids, None where there are none."""
    return [write_call(call, id_, notes, native=native) for call, id_ in zip(calls, ids, strict=True)] or None


def write_call(call: ToolCall, id_: str, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Write one call."""
    if call.custom:
        members: dict[str, JSON] = {"id": id_, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    else:
        arguments = call.arguments if native else call.arguments or "{}"
        members = {"id": id_, "type": "function", "function": {"name": call.name, "arguments": arguments}}
    if call.state is not None and call.state.dialect == NAME:
        members.update(present(extra_content=call.state.data.get("extra_content")))
    if native:
        return add_extras(members, call.extras)
    notes.drop_extras(call.extras, "messages[].tool_calls[]")
    return members


def write_function_call(call: ToolCall) -> dict[str, JSON]:
    """Write a call as the older `function_call`, for callers who gave `functions`."""
    return {"name": call.name, "arguments": call.arguments or "{}"}


def asks_functions(request: Request) -> bool:
    """Whether a caller knows `functions` alone."""
    return request.origin == NAME and "functions" in request.spelling and "tools" not in request.spelling
