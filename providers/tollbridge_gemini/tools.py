"""Tools and the choice among them (https://ai.google.dev/api/caching#Tool, read 2026-11).

One object of Google's holds several tools. Which stood together is noted in `Request.spelling`.
"""

from collections.abc import Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyTool,
    ChoiceMode,
    Notes,
    Request,
    ServerTool,
    Tool,
    ToolChoice,
    add_extras,
    known_choice,
    present,
)
from tollbridge_gemini.models import generation_of
from tollbridge_gemini.names import Members
from tollbridge_gemini.schemas import lowered, read_schema, write_schema

_FUNCTIONS = "functionDeclarations"
_SERVER_TOOLS: Mapping[str, str] = {
    "googleSearch": "web_search",
    "googleSearchRetrieval": "web_search",
    "enterpriseWebSearch": "web_search",
    "urlContext": "web_fetch",
    "codeExecution": "code_execution",
    "fileSearch": "file_search",
    "computerUse": "computer",
    "mcpServers": "mcp",
}
_OURS = {"web_search": "googleSearch", "web_fetch": "urlContext", "code_execution": "codeExecution"}
_MODES = {"AUTO": ChoiceMode.AUTO, "ANY": ChoiceMode.REQUIRED, "NONE": ChoiceMode.NONE}
_WORDS = {
    ChoiceMode.AUTO: "AUTO",
    ChoiceMode.REQUIRED: "ANY",
    ChoiceMode.NAMED: "ANY",
    ChoiceMode.NONE: "NONE",
}


def read_tools(found: Members) -> tuple[tuple[AnyTool, ...] | None, str]:
    """Take `tools`; and how many of them stood in each object."""
    if "tools" not in found:
        return None, ""
    objects, single = found.one_or_each("tools")
    tools: list[AnyTool] = []
    sizes = []
    for item in objects:
        before = len(tools)
        tools += [_read_tool(each) for each in item.each(_FUNCTIONS) or ()] if item.peek(_FUNCTIONS) else ()
        tools += [_read_server_tool(name, value) for name, value in item.rest().items()]
        sizes.append(len(tools) - before)
    return tuple(tools), ("one" if single else ",".join(map(str, sizes)))


def _read_tool(found: Members) -> Tool:
    name = found.need("name", found.text("name"))
    description = found.text("description")
    spelling = ""
    if "parametersJsonSchema" in found:
        schema = found.take("parametersJsonSchema")
    else:
        given = found.members("parameters")
        schema, spelling = read_schema(given) if given is not None else (None, "")
    return Tool(name=name, description=description, schema=schema, spelling=spelling, extras=found.rest())


def _read_server_tool(name: str, value: JSON) -> ServerTool:
    blocked = value.get("excludeDomains", value.get("exclude_domains")) if isinstance(value, dict) else None
    strings = isinstance(blocked, list) and all(isinstance(domain, str) for domain in blocked)
    return ServerTool(
        tool=_SERVER_TOOLS.get(name, ""),
        raw={name: value},
        blocked_domains=tuple(blocked) if strings and isinstance(blocked, list) else None,
    )


def write_own_tools(tools: Sequence[AnyTool], sizes: str) -> JSON:
    """Give the tools as they stood."""
    if sizes == "one":
        return _together(tools)
    counts = [int(size) for size in sizes.split(",")] if sizes else []
    if sum(counts) != len(tools):
        counts = [len(tools)]
    objects, begin = [], 0
    for count in counts:
        objects.append(_together(tools[begin : begin + count]))
        begin += count
    return objects


def _together(tools: Sequence[AnyTool]) -> dict[str, JSON]:
    members: dict[str, JSON] = {}
    functions = [_own_function(tool) for tool in tools if isinstance(tool, Tool)]
    if functions:
        members[_FUNCTIONS] = functions
    for tool in tools:
        if isinstance(tool, ServerTool) and isinstance(tool.raw, dict):
            members.update(tool.raw)
    return members


def _own_function(tool: Tool) -> dict[str, JSON]:
    members = present(name=tool.name, description=tool.description)
    if tool.schema is not None:
        if tool.spelling:
            members["parameters"] = write_schema(tool.schema, tool.spelling)
        else:
            members["parametersJsonSchema"] = tool.schema
    return add_extras(members, tool.extras)


def write_foreign_tools(tools: Sequence[AnyTool], notes: Notes) -> JSON:
    """Give tools of another dialect: functions in one object, each of Google's own in another."""
    functions: list[JSON] = []
    objects: list[JSON] = []
    for tool in tools:
        if isinstance(tool, ServerTool):
            objects += _server_tool(tool, notes)
        else:
            functions.append(_function(tool, notes))
    if functions:
        objects.append({_FUNCTIONS: functions})
    return objects or None


def _function(tool: Tool, notes: Notes) -> dict[str, JSON]:
    notes.drop_given("tools[]", cache=tool.cache)
    notes.drop_extras(tool.extras, "tools[]")
    schema = lowered(tool.schema, notes, "tools[].parameters")
    if schema == {"type": "object", "properties": {}}:
        schema = None
    return present(name=tool.name, description=tool.description, parametersJsonSchema=schema)


def _server_tool(tool: ServerTool, notes: Notes) -> list[JSON]:
    name = _OURS.get(tool.tool)
    if name is None:
        kind = tool.tool or (tool.raw.get("type") if isinstance(tool.raw, dict) else "") or "server_tool"
        notes.drop(f"tools[].{kind}")
        return []
    notes.drop_given(
        f"tools[].{tool.tool}",
        allowed_domains=tool.allowed_domains,
        blocked_domains=tool.blocked_domains,
        max_uses=tool.max_uses,
        location=tool.location,
        context_size=tool.context_size,
    )
    return [{name: {}}]


def read_choice(found: Members) -> tuple[ToolChoice | None, dict[str, JSON], str]:
    """Take `toolConfig`: the choice, what else is in it, and how its mode was spelled."""
    config = found.inner("toolConfig")
    if config is None:
        return None, {}, ""
    if not config.rest():
        found.put_back("toolConfig", {})
    given = config.peek("functionCallingConfig")
    inner = config.inner("functionCallingConfig") if isinstance(given, dict) and given else None
    if inner is None:
        return None, config.rest(), ""
    word = inner.text("mode")
    names = inner.items("allowedFunctionNames")
    if names is not None and (not names or not all(isinstance(name, str) for name in names)):
        inner.put_back("allowedFunctionNames", names)
        names = None
    mode = _MODES.get((word or "AUTO").upper())
    if word is not None and mode is None:
        inner.put_back("mode", word)  # VALIDATED, say: as AUTO, but no other dialect has it
    choice = ToolChoice(mode=mode or ChoiceMode.AUTO, names=tuple(names or ()), extras=inner.rest())
    if choice.mode is ChoiceMode.REQUIRED and len(choice.names) == 1:
        choice = ToolChoice(mode=ChoiceMode.NAMED, names=choice.names, extras=choice.extras)
    return choice, config.rest(), "-" if word is None else word if mode and word != _WORDS[mode] else ""


def write_own_choice(choice: ToolChoice, word: str) -> dict[str, JSON]:
    """Give `functionCallingConfig` as it was."""
    mode = None if word == "-" else word or _WORDS[choice.mode]
    told = present(mode=mode, allowedFunctionNames=list(choice.names) or None)
    return add_extras(told, choice.extras)


def write_foreign_choice(request: Request, notes: Notes) -> JSON:
    """Give `functionCallingConfig` for a choice of another dialect; VALIDATED holds all tools to their schemas."""
    choice = known_choice(request, notes)
    functions = [tool for tool in request.tools or () if isinstance(tool, Tool)]
    strict = [tool.strict for tool in functions if tool.strict]
    generation = generation_of(request.model)
    newer = bool(generation.levels or generation.budgets)
    validated = newer and bool(strict) and len(strict) == len(functions)
    if strict and not validated:
        notes.drop("tools[].strict")
    notes.drop_given(parallel_tools=request.parallel_tools)
    if choice is not None:
        notes.drop_extras(choice.extras, "choice")
    if not functions:
        if choice is not None and (choice.names or choice.mode is ChoiceMode.REQUIRED):
            notes.drop("choice")
        return None
    mode = ChoiceMode.AUTO if choice is None else choice.mode
    word = "VALIDATED" if validated and mode is ChoiceMode.AUTO else _WORDS[mode]
    names = list(choice.names) if choice is not None and mode is not ChoiceMode.NONE else []
    if names and mode is ChoiceMode.AUTO:  # which takes no names
        word = "VALIDATED"
    if choice is None and word == "AUTO":
        return None
    return {"mode": word, **present(allowedFunctionNames=names or None)}
