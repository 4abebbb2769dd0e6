"""Tools and the choice among them (https://docs.mistral.ai/capabilities/function_calling, read 2026-11)."""

from collections.abc import Mapping

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

KEYWORDS = Keywords()
"""Mistral takes JSON Schema as it is (mistral-common checks it by the draft of 2013, read 2026-11)."""
_MODES: Mapping[str, ChoiceMode] = {
    "auto": ChoiceMode.AUTO,
    "none": ChoiceMode.NONE,
    "any": ChoiceMode.REQUIRED,
    "required": ChoiceMode.REQUIRED,
}
MUST = "required"
"""The spelling of a request that says so, and not `any`, which means the same."""
_SAID = {ChoiceMode.AUTO: "auto", ChoiceMode.NONE: "none", ChoiceMode.REQUIRED: "any"}


def read_tools(found: Fields) -> tuple[AnyTool, ...] | None:
    """Take `tools`."""
    listed = found.each("tools")
    return None if listed is None else tuple(_read_tool(tool) for tool in listed)


def _read_tool(found: Fields) -> AnyTool:
    kind = found.text("type")
    inner = found.inner("function") if kind in (None, "function") else None
    if inner is None:
        return ServerTool(tool="", raw={**present(type=kind), **found.rest()})
    name = inner.need("name", inner.text("name"))
    description, schema, strict = inner.text("description"), inner.take("parameters"), inner.flag("strict")
    extras = {**found.rest(), **({"function": inner.rest()} if inner.rest() else {})}
    spelling = "" if kind is None else kind
    return Tool(name=name, description=description, schema=schema, strict=strict, spelling=spelling, extras=extras)


def read_choice(found: Fields) -> ToolChoice | None:
    """Take `tool_choice`: a word, or an object that names a function."""
    given = found.peek("tool_choice")
    if isinstance(given, str):
        found.take("tool_choice")
        mode = _MODES.get(given)
        return ToolChoice(mode=ChoiceMode.AUTO, raw=given) if mode is None else ToolChoice(mode=mode)
    choice = found.inner("tool_choice")
    if choice is None:
        return None
    raw = dict(choice.rest())
    inner = choice.inner("function")
    if inner is None:
        return ToolChoice(mode=ChoiceMode.REQUIRED, raw=raw)
    return ToolChoice(mode=ChoiceMode.NAMED, names=(inner.need("name", inner.text("name")),), raw=raw)


def write_tools(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give `tools` and `tool_choice`; where a choice is narrowed, the tools that are out of it are left out."""
    choice = request.choice if native else known_choice(request, notes)
    allowed = choice.names if not native and choice is not None and choice.mode is not ChoiceMode.NAMED else ()
    written: list[JSON] = []
    for tool in request.tools or ():
        if isinstance(tool, ServerTool):
            written += write_special(tool, notes, native=native)
        elif not allowed or tool.name in allowed:
            written.append(_write_tool(tool, notes, native=native))
    members: dict[str, JSON] = {"tools": written} if written or (native and request.tools is not None) else {}
    said = _own_choice(request) if native else _choice(choice, notes, some=bool(written))
    return {**members, **present(tool_choice=said)}


def _write_tool(tool: Tool, notes: Notes, *, native: bool) -> dict[str, JSON]:
    schema = tool.schema
    if not native:
        empty = {"type": "object", "properties": {}}
        schema = lower(empty if schema is None else schema, KEYWORDS, notes, "tools[].function.parameters")
    function = present(name=tool.name, description=tool.description, parameters=schema, strict=tool.strict)
    if native:
        kind = {"type": tool.spelling} if tool.spelling else {}
        return add_extras({**kind, "function": function}, tool.extras)
    notes.drop_given("tools[]", cache=tool.cache)
    notes.drop_extras(tool.extras, "tools[]")
    return {"type": "function", "function": function}


def _own_choice(request: Request) -> JSON:
    choice = request.choice
    if choice is None or choice.raw is not None:
        return None if choice is None else choice.raw
    return MUST if MUST in request.spelling else _SAID[choice.mode]


def _choice(choice: ToolChoice | None, notes: Notes, *, some: bool) -> JSON:
    if choice is None:
        return None
    notes.drop_extras(choice.extras, "choice")
    if not some:
        if choice.names or choice.mode is ChoiceMode.REQUIRED:
            notes.drop("choice")
        return None
    if choice.mode is ChoiceMode.NAMED:
        return {"type": "function", "function": {"name": choice.names[0]}}
    return _SAID[choice.mode]
