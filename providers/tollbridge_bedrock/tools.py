"""`toolConfig`, both ways (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolConfiguration.html).

Bedrock refuses a conversation in which tools were used without it (read 2026-11): it is made from the calls then.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyTool,
    ChoiceMode,
    Fields,
    Notes,
    Request,
    ServerTool,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    add_extras,
    fit_id,
    known_choice,
    present,
)
from tollbridge_bedrock.blocks_in import read_mark
from tollbridge_bedrock.blocks_out import write_mark
from tollbridge_bedrock.models import EVERY_TTL, can_be_forced, enforces, is_nova, tools_cached_for
from tollbridge_bedrock.schemas import enforceable
from tollbridge_bedrock.words import SYSTEM_TOOLS, TOOL_NAME

_ANY_OBJECT: JSON = {"type": "object", "properties": {}}
_CHOICES = {"auto": ChoiceMode.AUTO, "any": ChoiceMode.REQUIRED}
_NAMED = {tool: name for name, tool in SYSTEM_TOOLS.items()}


def read_tools(found: Fields) -> tuple[AnyTool, ...] | None:
    """Take `tools` out of a `toolConfig`; a `cachePoint` marks the tool before it."""
    items = found.each("tools")
    if items is None:
        return None
    tools: list[AnyTool] = []
    for item in items:
        last = tools[-1] if tools else None
        mark = read_mark(item.rest())
        if mark is not None and isinstance(last, Tool) and last.cache is None:
            tools[-1] = replace(last, cache=mark)
        else:
            tools.append(_read_tool(item))
    return tuple(tools)


def _read_tool(found: Fields) -> AnyTool:
    raw = dict(found.rest())
    spec = found.inner("toolSpec")
    if spec is None:
        system = raw.get("systemTool")
        name = system.get("name") if isinstance(system, dict) else None
        return ServerTool(tool=SYSTEM_TOOLS.get(name, "") if isinstance(name, str) else "", raw=raw)
    name = spec.need("name", spec.text("name"))
    description, strict = spec.text("description"), spec.flag("strict")
    wrapped = spec.inner("inputSchema")
    schema = wrapped.take("json") if wrapped is not None else None
    if wrapped is not None and (wrapped.rest() or schema is None):
        spec.put_back("inputSchema", wrapped.rest())
    extras = {**found.rest(), **({"toolSpec": spec.rest()} if spec.rest() else {})}
    return Tool(name=name, description=description, schema=schema, strict=strict, extras=extras)


def read_choice(found: Fields) -> ToolChoice | None:
    """Take `toolChoice`."""
    given = found.members("toolChoice")
    if given is None:
        return None
    kind = next((name for name, value in given.items() if isinstance(value, dict)), "")
    rest = {name: value for name, value in given.items() if name != kind}
    if kind in _CHOICES:
        extras = {**rest, **({kind: given[kind]} if given[kind] else {})}
        return ToolChoice(mode=_CHOICES[kind], extras=extras)
    name = given[kind].get("name") if kind == "tool" else None
    if not isinstance(name, str):
        return ToolChoice(mode=ChoiceMode.AUTO, raw=given)
    inner = {key: value for key, value in given[kind].items() if key != "name"}
    return ToolChoice(mode=ChoiceMode.NAMED, names=(name,), extras={**rest, **({kind: inner} if inner else {})})


class ToolWriter:
    """Writes the `toolConfig` of one request."""

    def __init__(self, request: Request, notes: Notes, *, native: bool) -> None:
        self._request = request
        self._notes = notes
        self._native = native
        self._ttls = EVERY_TTL if native else tools_cached_for(request.model)

    def config(self) -> dict[str, JSON] | None:
        """Give `toolConfig`, None where there is nothing to say."""
        request = self._request
        if self._native:
            listed = None if request.tools is None else self._listed(request.tools)
            found = present(tools=listed, toolChoice=self._own_choice(request.choice))
            return found if found or "toolConfig" in request.spelling else None
        used, choice = _used(request), known_choice(request, self._notes)
        mode = choice.mode if choice is not None else ChoiceMode.AUTO
        tools: list[JSON] = []
        if mode is not ChoiceMode.NONE or used:
            tools = self._listed(self._allowed(request.tools or ()))
        tools = tools or [_spec(Tool(name=name), _ANY_OBJECT) for name in used]
        if not tools:
            if choice is not None and (choice.names or mode is ChoiceMode.REQUIRED):
                self._notes.drop("choice")
            return None
        return present(tools=tools, toolChoice=self._choice(choice))

    def _allowed(self, tools: Sequence[AnyTool]) -> Sequence[AnyTool]:
        choice = self._request.choice
        if choice is None or not choice.names or choice.mode is ChoiceMode.NAMED:
            return tools
        names = frozenset(choice.names)
        return [tool for tool in tools if isinstance(tool, ServerTool) or tool.name in names]

    def _listed(self, tools: Sequence[AnyTool]) -> list[JSON]:
        written: list[JSON] = []
        for tool in tools:
            found = self._server(tool) if isinstance(tool, ServerTool) else self._tool(tool)
            if found is not None:
                written.append(found)
            mark = tool.cache if isinstance(tool, Tool) else None
            if mark is not None:
                written += write_mark(mark, self._ttls, self._notes, "tools[].cache")
        return written

    def _tool(self, tool: Tool) -> JSON:
        if self._native:
            return add_extras(_spec(tool, tool.schema), tool.extras)
        if not TOOL_NAME.fullmatch(tool.name):
            self._notes.refuse("tools[].name", "Bedrock takes letters, digits, _ and - in it, 64 at most")
        self._notes.drop_extras(tool.extras, "tools[]")
        schema = tool.schema if isinstance(tool.schema, dict) else _ANY_OBJECT
        schema = schema if "type" in schema else {"type": "object", **schema}
        strict = bool(tool.strict) and enforces(self._request.model)
        if strict:
            schema = enforceable(schema, self._notes, "tools[].schema")
        elif tool.strict:
            self._notes.drop("tools[].strict")
        return _spec(replace(tool, description=tool.description or None, strict=strict or None), schema)

    def _server(self, tool: ServerTool) -> JSON:
        if self._native:
            return tool.raw
        name = _NAMED.get(tool.tool) if is_nova(self._request.model) else None
        if name is None:
            self._notes.drop(f"tools[].{tool.tool or 'server_tool'}")
            return None
        self._notes.drop_given(
            f"tools[].{tool.tool}",
            allowed_domains=tool.allowed_domains,
            blocked_domains=tool.blocked_domains,
            max_uses=tool.max_uses,
            location=tool.location,
            context_size=tool.context_size,
        )
        return {"systemTool": {"name": name}}

    def _own_choice(self, choice: ToolChoice | None) -> JSON:
        if choice is None or choice.raw is not None:
            return None if choice is None else choice.raw
        return add_extras(_chosen(choice), choice.extras)

    def _choice(self, choice: ToolChoice | None) -> JSON:
        if choice is None:
            return None
        self._notes.drop_extras(choice.extras, "choice")
        if choice.mode is ChoiceMode.NONE:
            self._notes.drop("choice")
            return None
        if choice.mode is not ChoiceMode.AUTO and not can_be_forced(self._request.model):
            self._notes.drop("choice")
            return {"auto": {}}
        return _chosen(choice)


def _chosen(choice: ToolChoice) -> dict[str, JSON]:
    if choice.mode is ChoiceMode.NAMED and choice.names:
        return {"tool": {"name": choice.names[0]}}
    return {"auto" if choice.mode is ChoiceMode.AUTO else "any": {}}


def _spec(tool: Tool, schema: JSON) -> dict[str, JSON]:
    wrapped = None if schema is None else {"json": schema}
    return {"toolSpec": present(name=tool.name, description=tool.description, inputSchema=wrapped, strict=tool.strict)}


def _used(request: Request) -> list[str]:
    """Name the tools that were used in the conversation, each once."""
    parts = [part for message in request.messages for part in message.parts]
    names = {fit_id(part.name, TOOL_NAME): None for part in parts if isinstance(part, ToolCall)}
    if not names and any(isinstance(part, ToolResult) for part in parts):
        names["tool"] = None
    return list(names)
