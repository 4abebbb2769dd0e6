"""Tools and the choice among them, both ways (https://platform.openai.com/docs/guides/tools, read 2026-11)."""

from collections.abc import Mapping

from tollbridge.formats import (
    JSON,
    AnyTool,
    ChoiceMode,
    Fields,
    Location,
    Notes,
    Request,
    ServerTool,
    Tool,
    ToolChoice,
    add_extras,
    known_choice,
    present,
)
from tollbridge_openai.responses_content import NAME

_SERVED: Mapping[str, str] = {
    "web_search": "web_search",
    "web_search_2025_08_26": "web_search",
    "web_search_preview": "web_search",
    "web_search_preview_2025_03_11": "web_search",
    "file_search": "file_search",
    "code_interpreter": "code_execution",
    "computer": "computer",
    "computer_use_preview": "computer",
    "image_generation": "image_generation",
    "mcp": "mcp",
    "tool_search": "tool_search",
}
_GIVEN: Mapping[str, dict[str, JSON]] = {
    "code_execution": {"type": "code_interpreter", "container": {"type": "auto"}},
    "image_generation": {"type": "image_generation"},
}
"""Tools of other providers that OpenAI has too, and that need nothing of the caller's."""
_MODES = {"auto": ChoiceMode.AUTO, "none": ChoiceMode.NONE, "required": ChoiceMode.REQUIRED}
_SIZES = ("low", "medium", "high")


def read_tools(found: Fields) -> tuple[AnyTool, ...] | None:
    """Take `tools`; None where nothing was said."""
    listed = found.each("tools")
    return None if listed is None else tuple(map(_read_tool, listed))


def _read_tool(found: Fields) -> AnyTool:
    kind = found.need("type", found.text("type"))
    if kind not in ("function", "custom"):
        return _read_served(found, kind)
    name, description = found.need("name", found.text("name")), found.text("description")
    if kind == "custom":
        grammar = found.members("format")
        return Tool(name=name, description=description, custom=True, grammar=grammar, extras=found.rest())
    schema, strict = found.take("parameters"), found.flag("strict")
    return Tool(name=name, description=description, schema=schema, strict=strict, extras=found.rest())


def _read_served(found: Fields, kind: str) -> ServerTool:
    raw = {"type": kind, **found.rest()}
    if _SERVED.get(kind) != "web_search":
        return ServerTool(tool=_SERVED.get(kind, ""), raw=raw)
    told = Fields(raw, wrong=None)
    filters = told.inner("filters") or Fields({}, wrong=None)
    return ServerTool(
        tool="web_search",
        raw=raw,
        allowed_domains=_names(filters.items("allowed_domains")),
        blocked_domains=_names(filters.items("blocked_domains")),
        location=_read_location(told.inner("user_location")),
        context_size=told.text("search_context_size"),
    )


def _names(listed: list[JSON] | None) -> tuple[str, ...] | None:
    return None if listed is None else tuple(name for name in listed if isinstance(name, str))


def _read_location(told: Fields | None) -> Location | None:
    if told is None:
        return None
    return Location(
        city=told.text("city"),
        region=told.text("region"),
        country=told.text("country"),
        timezone=told.text("timezone"),
    )


def write_tools(request: Request, notes: Notes, *, native: bool) -> JSON:
    """Give `tools`, None where there are none."""
    if request.tools is None:
        return None
    written = [_write_tool(tool, notes, native=native) for tool in request.tools]
    kept = [tool for tool in written if tool is not None]
    return kept if kept or native else None


def _write_tool(tool: AnyTool, notes: Notes, *, native: bool) -> JSON:
    if isinstance(tool, ServerTool):
        return tool.raw if native else _write_served(tool, notes)
    if tool.custom:
        grammar = tool.grammar if native else _flat(tool.grammar)
        members = {"type": "custom", **present(name=tool.name, description=tool.description, format=grammar)}
    else:
        told = present(name=tool.name, description=tool.description, parameters=tool.schema, strict=tool.strict)
        members = {"type": "function", **told}
    if native:
        return add_extras(members, tool.extras)
    if not tool.custom:
        # Without these, functions are strict here and a schema that does not fit is changed; nowhere else they are
        # (https://platform.openai.com/docs/guides/migrate-to-responses, read 2026-11).
        members.setdefault("parameters", {"type": "object", "properties": {}})
        members.setdefault("strict", False)
    if tool.cache is not None:
        notes.drop("tools[].cache")
    notes.drop_extras(tool.extras, "tools[]")
    return members


def _flat(grammar: JSON) -> JSON:
    """Give a grammar as it is written here: chat has it one level deeper."""
    inner = grammar.get("grammar") if isinstance(grammar, dict) else None
    return {"type": "grammar", **inner} if isinstance(inner, dict) else grammar


def _write_served(tool: ServerTool, notes: Notes) -> JSON:
    if tool.tool != "web_search":
        if tool.tool not in _GIVEN:
            kind = tool.raw.get("type") if isinstance(tool.raw, dict) else None
            notes.drop(f"tools[].{tool.tool or kind or 'server_tool'}")
        return _GIVEN.get(tool.tool)
    notes.drop_given("tools[].web_search", blocked_domains=tool.blocked_domains, max_uses=tool.max_uses)
    members: dict[str, JSON] = {"type": "web_search"}
    if tool.allowed_domains is not None:
        members["filters"] = {"allowed_domains": list(tool.allowed_domains)}
    place = tool.location
    if place is not None:
        told = present(city=place.city, region=place.region, country=place.country, timezone=place.timezone)
        members["user_location"] = {"type": "approximate", **told}
    if tool.context_size in _SIZES:
        members["search_context_size"] = tool.context_size
    return members


def read_choice(found: Fields) -> ToolChoice | None:
    """Take `tool_choice`."""
    given = found.peek("tool_choice")
    if isinstance(given, str):
        mode = _MODES.get(given)
        if mode is None:
            raise found.error("tool_choice", f"cannot be {given[:40]!r}; use auto, none, required or an object")
        found.take("tool_choice")
        return ToolChoice(mode=mode)
    choice = found.inner("tool_choice")
    if choice is None:
        return None
    raw = dict(choice.rest())
    kind = choice.need("type", choice.text("type"))
    if kind in ("function", "custom"):
        name = choice.need("name", choice.text("name"))
        return ToolChoice(mode=ChoiceMode.NAMED, names=(name,), custom=kind == "custom", extras=choice.rest())
    return _read_allowed(choice, raw) if kind == "allowed_tools" else ToolChoice(mode=ChoiceMode.REQUIRED, raw=raw)


def _read_allowed(choice: Fields, raw: JSON) -> ToolChoice:
    """Read a narrowed choice; one among more than functions stays whole too."""
    mode = _MODES.get(choice.need("mode", choice.text("mode")), ChoiceMode.AUTO)
    allowed = choice.each("tools") or []
    names = [tool.peek("name") for tool in allowed]
    plain = tuple(name for name in names if isinstance(name, str))
    told = _allowed(mode, plain)
    if told == raw:
        return ToolChoice(mode=mode, names=plain)
    return ToolChoice(mode=mode, names=plain, raw=raw)


def _allowed(mode: ChoiceMode, names: tuple[str, ...]) -> JSON:
    tools = [{"type": "function", "name": name} for name in names]
    return {"type": "allowed_tools", "mode": mode.value, "tools": tools}


def write_choice(request: Request, notes: Notes, *, native: bool) -> JSON:
    """Give `tool_choice`, None where it says nothing."""
    choice = request.choice
    if choice is None:
        return None
    if native:
        return choice.raw if choice.raw is not None else _with_extras(_choice(choice, request), choice)
    notes.drop_extras(choice.extras, "choice")
    if known_choice(request, notes) is None:
        return None
    if not any(isinstance(tool, Tool) for tool in request.tools or ()):
        return None
    return _choice(choice, request)


def _with_extras(written: JSON, choice: ToolChoice) -> JSON:
    """Put a choice's extras into what was written of it, where that is an object."""
    return add_extras(written, choice.extras) if isinstance(written, dict) else written


def _choice(choice: ToolChoice, request: Request) -> JSON:
    if choice.mode is ChoiceMode.NAMED and choice.names:
        name = choice.names[0]
        custom = choice.custom or (request.origin != NAME and name in _customs(request))
        return {"type": "custom" if custom else "function", "name": name}
    if choice.mode is ChoiceMode.NAMED:
        return ChoiceMode.REQUIRED.value
    narrowed = bool(choice.names) and choice.mode is not ChoiceMode.NONE
    return _allowed(choice.mode, choice.names) if narrowed else choice.mode.value


def _customs(request: Request) -> frozenset[str]:
    return frozenset(tool.name for tool in request.tools or () if isinstance(tool, Tool) and tool.custom)
