"""Tools and the choice among them, both ways."""

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
from tollbridge_openai.chat_content import read_cache, write_cache

_MODES = {"auto": ChoiceMode.AUTO, "none": ChoiceMode.NONE, "required": ChoiceMode.REQUIRED}


def read_tools(found: Fields) -> tuple[AnyTool, ...] | None:
    """Take `tools`, the older `functions` and `web_search_options`; None where nothing was said."""
    listed = found.each("tools")
    older = found.each("functions")
    search = found.inner("web_search_options")
    if listed is None and older is None and search is None:
        return None
    tools: list[AnyTool] = [_read_tool(tool) for tool in listed or ()]
    tools += [_read_function(tool, "functions") for tool in older or ()]
    if search is not None:
        tools.append(_read_search(search))
    return tuple(tools)


def _read_tool(found: Fields) -> AnyTool:
    kind = found.need("type", found.text("type"))
    inner = found.inner(kind) if kind in ("function", "custom") else None
    if inner is None:
        return ServerTool(tool="", raw={"type": kind, **found.rest()})
    if kind == "function":
        return _read_function(inner, "", found)
    name = inner.need("name", inner.text("name"))
    description, grammar = inner.text("description"), inner.members("format")
    extras = {**found.rest(), **({"custom": inner.rest()} if inner.rest() else {})}
    return Tool(name=name, description=description, custom=True, grammar=grammar, extras=extras)


def _read_function(inner: Fields, spelling: str, outer: Fields | None = None) -> Tool:
    name = inner.need("name", inner.text("name"))
    description, schema, strict = inner.text("description"), inner.take("parameters"), inner.flag("strict")
    cache = read_cache(outer) if outer is not None else None
    extras = inner.rest()
    if outer is not None:
        extras = {**outer.rest(), **({"function": extras} if extras else {})}
    return Tool(
        name=name,
        description=description,
        schema=schema,
        strict=strict,
        cache=cache,
        spelling=spelling,
        extras=extras,
    )


def _read_search(found: Fields) -> ServerTool:
    size, given = found.text("search_context_size"), found.members("user_location")
    about = given.get("approximate") if given is not None else None
    location = None
    if isinstance(about, dict):
        told = Fields(about, found.path("user_location.approximate"))
        location = Location(
            city=told.text("city"),
            region=told.text("region"),
            country=told.text("country"),
            timezone=told.text("timezone"),
        )
    raw = {"web_search_options": {**found.rest(), **present(search_context_size=size, user_location=given)}}
    return ServerTool(tool="web_search", raw=raw, location=location, context_size=size)


def write_tools(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give the members that hold the tools."""
    members: dict[str, list[JSON]] = {}
    search: dict[str, JSON] = {}
    if native:
        members = {name: [] for name in ("tools", "functions") if name in request.spelling}
    for tool in request.tools or ():
        if isinstance(tool, ServerTool):
            if native and not tool.tool:
                members.setdefault("tools", []).append(tool.raw)
            else:
                search.update(_write_server_tool(tool, notes, native=native))
        elif tool.spelling and native:
            members.setdefault(tool.spelling, []).append(add_extras(_function(tool), tool.extras))
        else:
            members.setdefault("tools", []).append(_write_tool(tool, notes, native=native))
    return {**members, **search}


def _write_server_tool(tool: ServerTool, notes: Notes, *, native: bool) -> dict[str, JSON]:
    if native:
        return dict(tool.raw)
    if tool.tool != "web_search":
        kind = tool.tool or (tool.raw.get("type") if isinstance(tool.raw, dict) else "") or "server_tool"
        notes.drop(f"tools[].{kind}")
        return {}
    notes.drop_given(
        "tools[].web_search",
        allowed_domains=tool.allowed_domains,
        blocked_domains=tool.blocked_domains,
        max_uses=tool.max_uses,
    )
    place = tool.location
    about = None
    if place is not None:
        told = present(city=place.city, region=place.region, country=place.country, timezone=place.timezone)
        about = {"type": "approximate", "approximate": told}
    return {"web_search_options": present(search_context_size=tool.context_size, user_location=about)}


def _function(tool: Tool) -> dict[str, JSON]:
    return present(name=tool.name, description=tool.description, parameters=tool.schema, strict=tool.strict)


def _write_tool(tool: Tool, notes: Notes, *, native: bool) -> dict[str, JSON]:
    if tool.custom:
        inner = present(name=tool.name, description=tool.description, format=tool.grammar)
        members: dict[str, JSON] = {"type": "custom", "custom": inner}
    else:
        members = {"type": "function", "function": _function(tool)}
    if native:
        members.update(present(cache_control=write_cache(tool.cache)))
        return add_extras(members, tool.extras)
    if tool.cache is not None:
        notes.drop("tools[].cache")
    notes.drop_extras(tool.extras, "tools[]")
    return members


def read_choice(found: Fields) -> ToolChoice | None:
    """Take `tool_choice`, or the older `function_call`."""
    older = "tool_choice" not in found and "function_call" in found
    name = "function_call" if older else "tool_choice"
    given = found.peek(name)
    if isinstance(given, str):
        found.take(name)
        mode = _MODES.get(given)
        return ToolChoice(mode=mode) if mode is not None else ToolChoice(mode=ChoiceMode.AUTO, raw=given)
    choice = found.inner(name)
    if choice is None:
        return None
    raw = dict(choice.rest())
    kind = "function_call" if older else choice.text("type") or ""
    if kind == "allowed_tools":
        return _read_allowed(choice, raw)
    inner = choice if older else choice.inner(kind) if kind in ("function", "custom") else None
    if inner is None:
        return ToolChoice(mode=ChoiceMode.REQUIRED, raw=raw)
    named = inner.need("name", inner.text("name"))
    extras = choice.rest() if older or not inner.rest() else {**choice.rest(), kind: inner.rest()}
    return ToolChoice(mode=ChoiceMode.NAMED, names=(named,), custom=kind == "custom", extras=extras)


def _read_allowed(choice: Fields, raw: JSON) -> ToolChoice:
    allowed = choice.inner("allowed_tools")
    if allowed is None:
        return ToolChoice(mode=ChoiceMode.AUTO, raw=raw)
    mode = _MODES.get(allowed.text("mode") or "auto", ChoiceMode.AUTO)
    names = []
    for tool in allowed.each("tools") or ():
        inner = tool.inner(tool.text("type") or "function")
        if inner is not None:
            names.append(inner.need("name", inner.text("name")))
    return ToolChoice(mode=mode, names=tuple(names), raw=raw)


def write_choice(request: Request, choice: ToolChoice, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give the member that holds the choice of a tool."""
    name = "function_call" if native and "function_call" in request.spelling else "tool_choice"
    if native and choice.raw is not None:
        return {name: choice.raw}
    if not native:
        notes.drop_extras(choice.extras, "choice")
        if known_choice(request, notes) is None:
            return {}
    if choice.mode is ChoiceMode.NAMED:
        return {name: add_extras(_named(choice, older=name == "function_call"), choice.extras if native else {})}
    if not native and not request.tools:
        return {}
    if choice.names and choice.mode is not ChoiceMode.NONE:
        tools = [{"type": "function", "function": {"name": name}} for name in choice.names]
        mode = "required" if choice.mode is ChoiceMode.REQUIRED else "auto"
        return {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}}
    return {name: choice.mode.value}


def _named(choice: ToolChoice, *, older: bool) -> dict[str, JSON]:
    named: dict[str, JSON] = {"name": choice.names[0]}
    kind = "custom" if choice.custom else "function"
    return named if older else {"type": kind, kind: named}
