"""Writing tools and the choice between them, and fitting those of another dialect.

https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs, "JSON Schema limitations" (read 2026-11), and
what Anthropic's Python SDK 2.14 makes of a schema.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    AnyTool,
    ChoiceMode,
    Keywords,
    Notes,
    Request,
    ServerTool,
    Tool,
    ToolChoice,
    known_choice,
    lower,
    present,
)
from tollbridge_anthropic.content_out import write_cache
from tollbridge_anthropic.fit_parts import fit_cache
from tollbridge_anthropic.models import Traits

KEYWORDS = Keywords(
    kept=frozenset(
        (
            *("type", "properties", "required", "additionalProperties", "items", "enum", "const"),
            *("anyOf", "allOf", "format", "description", "title", "default"),
        )
    ),
    inline_refs=True,  # a schema that leads back to itself is refused
    close_objects=True,
    formats=frozenset(("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")),
    renames={"oneOf": "anyOf"},
)
"""What is taken of a schema that an answer is held to."""

_TYPES: Mapping[ChoiceMode, str] = {
    ChoiceMode.AUTO: "auto",
    ChoiceMode.REQUIRED: "any",
    ChoiceMode.NAMED: "tool",
    ChoiceMode.NONE: "none",
}


def write_tool(tool: AnyTool) -> JSON:
    """Write a tool."""
    if isinstance(tool, ServerTool):
        return tool.raw
    return present(
        type=tool.spelling or None,
        name=tool.name,
        description=tool.description,
        input_schema=tool.schema,
        strict=tool.strict,
        cache_control=write_cache(tool.cache),
    ) | dict(tool.extras)


def write_choice(choice: ToolChoice | None, parallel: bool | None) -> JSON:
    """Write which tools may be called, and whether several at once."""
    if choice is None or choice.raw is not None:
        return None if choice is None else choice.raw
    return present(
        type=_TYPES[choice.mode],
        name=choice.names[0] if choice.names else None,
        disable_parallel_tool_use=None if parallel is None else not parallel,
    ) | dict(choice.extras)


def fit_tools(request: Request, traits: Traits, notes: Notes) -> Request:
    """Fit the tools of another dialect, and the choice between them."""
    choice = known_choice(request, notes)
    fitted = [_fitted(tool, notes) for tool in _allowed(request.tools or (), choice)]
    tools = tuple(tool for tool in fitted if tool is not None)
    if not tools:
        if choice is not None and (choice.names or choice.mode is ChoiceMode.REQUIRED):
            notes.drop("choice")
        return replace(request, tools=None, choice=None, parallel_tools=None)
    if choice is not None:
        notes.drop_extras(choice.extras, "choice")
        names = choice.names if choice.mode is ChoiceMode.NAMED else ()
        choice = ToolChoice(mode=choice.mode, names=names)
        if not traits.forced and choice.mode in (ChoiceMode.REQUIRED, ChoiceMode.NAMED):
            notes.drop("choice")
            choice = ToolChoice(mode=ChoiceMode.AUTO)
    parallel = request.parallel_tools
    if parallel is not None and choice is not None and choice.mode is ChoiceMode.NONE:
        notes.drop("parallel_tools")
        parallel = None
    if parallel is not None and choice is None:
        choice = ToolChoice(mode=ChoiceMode.AUTO)
    return replace(request, tools=tools, choice=choice, parallel_tools=parallel)


def _allowed(tools: Sequence[AnyTool], choice: ToolChoice | None) -> Sequence[AnyTool]:
    """Give only the tools that are allowed, where the choice is among some."""
    if choice is None or choice.mode is ChoiceMode.NAMED or not choice.names:
        return tools
    names = frozenset(choice.names)
    return [tool for tool in tools if (tool.name if isinstance(tool, Tool) else tool.tool) in names]


def _fitted(tool: AnyTool, notes: Notes) -> AnyTool | None:
    if isinstance(tool, ServerTool):
        return _server_tool(tool, notes)
    notes.drop_extras(tool.extras, "tools[]")
    schema = tool.schema if isinstance(tool.schema, dict) else {"type": "object", "properties": {}}
    if tool.strict:
        schema = lower(schema, KEYWORDS, notes, "tools[].schema")
    if "type" not in schema:
        schema = {"type": "object", **schema}
    return replace(
        tool,
        schema=schema,
        strict=tool.strict or None,
        description=tool.description or None,
        cache=fit_cache(tool.cache, "tools[]", notes),
        spelling="",
        extras=NO_EXTRAS,
    )


def _server_tool(tool: ServerTool, notes: Notes) -> ServerTool | None:
    write = _SERVER_TOOLS.get(tool.tool)
    if write is None:
        notes.refuse(f"tools[].{tool.tool or 'type'}", "the model behind this name has no such tool of its own")
    notes.drop_given("tools[]", context_size=tool.context_size)
    return write(tool, notes)


def _web(kind: str, name: str) -> "Callable[[ServerTool, Notes], ServerTool]":
    def write(tool: ServerTool, notes: Notes) -> ServerTool:
        blocked = tool.blocked_domains
        if tool.allowed_domains and blocked:
            notes.drop("tools[].blocked_domains")
            blocked = None
        place = tool.location if name == "web_search" else None
        location = place and present(
            type="approximate", city=place.city, region=place.region, country=place.country, timezone=place.timezone
        )
        raw = present(
            type=kind,
            name=name,
            max_uses=tool.max_uses,
            allowed_domains=_listed(tool.allowed_domains),
            blocked_domains=_listed(blocked),
            user_location=location,
        )
        return ServerTool(tool=tool.tool, raw=raw)

    return write


def _listed(domains: Iterable[str] | None) -> list[str] | None:
    return list(domains or ()) or None


def _code(tool: ServerTool, notes: Notes) -> ServerTool:
    return ServerTool(tool=tool.tool, raw={"type": "code_execution_20250825", "name": "code_execution"})


def _no_search(tool: ServerTool, notes: Notes) -> None:
    """Offer all tools at once: a search among them spares tokens and changes no answer."""
    notes.drop("tools[].tool_search")


_SERVER_TOOLS: Mapping[str, Callable[[ServerTool, Notes], ServerTool | None]] = {
    "web_search": _web("web_search_20250305", "web_search"),
    "web_fetch": _web("web_fetch_20250910", "web_fetch"),
    "code_execution": _code,
    "tool_search": _no_search,
}
"""The versions that every model takes which has the tool at all (types of the Python SDK 2.14, read 2026-11)."""
