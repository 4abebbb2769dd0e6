"""Tools and the choice among them (https://docs.cohere.com/docs/tool-use-usage-patterns, read 2026-11).

Cohere has no way to name a tool that must be called: those that may not be called are left out instead.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

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
    ToolChoice,
    add_extras,
    known_choice,
    lower,
    present,
    write_special,
)

_MODES: Mapping[str, ChoiceMode] = {"REQUIRED": ChoiceMode.REQUIRED, "NONE": ChoiceMode.NONE}
_WHERE = "tools[].function.parameters"
KEYWORDS = Keywords()
"""Cohere takes any schema, and heeds of it what it can where it is strict (docs.cohere.com/docs/structured-outputs)."""
_SAID = {mode: said for said, mode in _MODES.items()}


def read_tools(found: Fields) -> tuple[AnyTool, ...] | None:
    """Take `tools` and `strict_tools`, which holds for all of them."""
    listed = found.each("tools")
    if listed is None:
        return None
    tools = [_read_tool(tool) for tool in listed]
    strict = found.flag("strict_tools") if any(isinstance(tool, Tool) for tool in tools) else None
    return tuple(replace(tool, strict=strict) if isinstance(tool, Tool) else tool for tool in tools)


def _read_tool(found: Fields) -> AnyTool:
    kind = found.need("type", found.text("type"))
    inner = found.inner("function") if kind == "function" else None
    if inner is None:
        return ServerTool(tool="", raw={"type": kind, **found.rest()})
    name = inner.need("name", inner.text("name"))
    description, schema = inner.text("description"), inner.take("parameters")
    extras = {**found.rest(), **({"function": inner.rest()} if inner.rest() else {})}
    return Tool(name=name, description=description, schema=schema, extras=extras)


def read_choice(found: Fields) -> ToolChoice | None:
    """Take `tool_choice`."""
    said = found.text("tool_choice")
    if said is None:
        return None
    mode = _MODES.get(said)
    return ToolChoice(mode=ChoiceMode.AUTO, raw=said) if mode is None else ToolChoice(mode=mode)


def write_tools(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give `tools`, `strict_tools` and `tool_choice`."""
    choice = request.choice if native else known_choice(request, notes)
    allowed = choice.names if choice is not None and choice.mode is not ChoiceMode.NONE else ()
    written: list[JSON] = []
    kept: list[Tool] = []
    for tool in request.tools or ():
        if isinstance(tool, ServerTool):
            written += write_special(tool, notes, native=native)
        elif not allowed or tool.name in allowed:
            kept.append(tool)
            written.append(_write_tool(tool, notes, native=native))
    members: dict[str, JSON] = {"tools": written} if written or (native and request.tools is not None) else {}
    return {
        **members,
        **_strict(kept, notes, native=native),
        **_choice(choice, notes, some=bool(written), native=native),
    }


def _write_tool(tool: Tool, notes: Notes, *, native: bool) -> dict[str, JSON]:
    schema = tool.schema
    if not native:
        schema = lower({"type": "object", "properties": {}} if schema is None else schema, KEYWORDS, notes, _WHERE)
    function = present(name=tool.name, description=tool.description, parameters=schema)
    members: dict[str, JSON] = {"type": "function", "function": function}
    if native:
        return add_extras(members, tool.extras)
    notes.drop_given("tools[]", cache=tool.cache)
    notes.drop_extras(tool.extras, "tools[]")
    return members


def _strict(tools: Sequence[Tool], notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give `strict_tools`, which holds for all tools and takes none without a parameter that must be there."""
    if native:
        return present(strict_tools=tools[0].strict) if tools else {}
    if tools and all(tool.strict and _requires(tool.schema) for tool in tools):
        return {"strict_tools": True}
    if any(tool.strict for tool in tools):
        notes.drop("tools[].strict")
    return {}


def _requires(schema: JSON) -> bool:
    return isinstance(schema, dict) and bool(schema.get("required"))


def _choice(choice: ToolChoice | None, notes: Notes, *, some: bool, native: bool) -> dict[str, JSON]:
    if choice is None:
        return {}
    if native:
        return {"tool_choice": _SAID.get(choice.mode, choice.raw)}
    notes.drop_extras(choice.extras, "choice")
    if not some:
        if choice.names or choice.mode is ChoiceMode.REQUIRED:
            notes.drop("choice")
        return {}
    return present(tool_choice=_SAID.get(ChoiceMode.REQUIRED if choice.mode is ChoiceMode.NAMED else choice.mode))
