"""Tools, both ways (https://docs.ollama.com/capabilities/tool-calling, read 2026-11).

The server reads a tool's parameters into a form of its own, in which `$ref` has no place: references are put in.
"""

from tollbridge.formats import (
    JSON,
    AnyTool,
    ChoiceMode,
    Fields,
    Keywords,
    Notes,
    Request,
    ServerTool,
    Tool,
    add_extras,
    known_choice,
    lower,
    present,
)

_KEYWORDS = Keywords(inline_refs=True)
_NONE: JSON = {"type": "object", "properties": {}}


def read_tools(found: Fields) -> tuple[AnyTool, ...] | None:
    """Take `tools`; None where nothing was said."""
    tools = found.each("tools")
    return None if tools is None else tuple(map(_read_tool, tools))


def _read_tool(found: Fields) -> AnyTool:
    kind = found.text("type")
    inner = found.inner("function") if kind in ("function", None) else None
    if inner is None:
        return ServerTool(tool="", raw={**present(type=kind), **found.rest()})
    name = inner.need("name", inner.text("name"))
    description, schema = inner.text("description"), inner.take("parameters")
    extras = {**found.rest(), **({"function": inner.rest()} if inner.rest() else {})}
    return Tool(
        name=name, description=description, schema=schema, spelling="" if kind is not None else "bare", extras=extras
    )


def write_tools(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give the member `tools`; the choice among them, which Ollama has none of, narrows it where that says the same."""
    tools = request.tools
    if tools is None:
        return {}
    if native:
        return {"tools": [_written(tool) for tool in tools]}
    choice = known_choice(request, notes)
    if choice is not None and choice.mode is ChoiceMode.NONE:
        return {}
    if choice is not None and choice.names:
        tools = tuple(tool for tool in tools if isinstance(tool, Tool) and tool.name in choice.names)
    if choice is not None and choice.mode is not ChoiceMode.AUTO:
        notes.drop("choice")
    written = [found for tool in tools if (found := _lowered(tool, notes)) is not None]
    return {"tools": written} if written else {}


def _written(tool: AnyTool) -> JSON:
    if isinstance(tool, ServerTool):
        return tool.raw
    function = present(name=tool.name, description=tool.description, parameters=tool.schema)
    members = {**present(type=None if tool.spelling else "function"), "function": function}
    return add_extras(members, tool.extras)


def _lowered(tool: AnyTool, notes: Notes) -> JSON:
    if isinstance(tool, ServerTool):
        kind = tool.tool or (tool.raw.get("type") if isinstance(tool.raw, dict) else "") or "server_tool"
        notes.drop(f"tools[].{kind}")
        return None
    notes.drop_given("tools[]", strict=tool.strict or None, cache=tool.cache)
    notes.drop_extras(tool.extras, "tools[]")
    schema = lower(tool.schema, _KEYWORDS, notes, "tools[].parameters")
    function = present(name=tool.name, description=tool.description, parameters=schema or _NONE)
    return {"type": "function", "function": function}
