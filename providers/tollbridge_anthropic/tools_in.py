"""Reading tools and the choice between them."""

from tollbridge.formats import AnyTool, ChoiceMode, Fields, Location, ServerTool, Tool, ToolChoice
from tollbridge_anthropic.content_in import take_cache
from tollbridge_anthropic.words import server_tool

MODES = {
    "auto": ChoiceMode.AUTO,
    "any": ChoiceMode.REQUIRED,
    "tool": ChoiceMode.NAMED,
    "none": ChoiceMode.NONE,
}


def read_tools(fields: Fields) -> tuple[AnyTool, ...] | None:
    """Take the tools."""
    tools = fields.each("tools")
    return None if tools is None else tuple(_tool(tool) for tool in tools)


def _tool(fields: Fields) -> AnyTool:
    if fields.peek("type") not in (None, "custom"):
        return _server_tool(fields)
    spelling = fields.text("type") or ""
    return Tool(
        name=fields.need("name", fields.text("name")),
        description=fields.text("description"),
        schema=fields.members("input_schema"),
        strict=fields.flag("strict"),
        cache=take_cache(fields),
        spelling=spelling,
        extras=fields.rest(),
    )


def _server_tool(fields: Fields) -> ServerTool:
    """Read a tool of Anthropic's; whatever is in it stays whole, so nothing of it can be wrong here."""
    raw = dict(fields.rest())
    kind = fields.text("type") or ""
    inner = Fields(raw, wrong=None)
    place = inner.inner("user_location")
    return ServerTool(
        tool=server_tool(kind),
        raw=raw,
        allowed_domains=_texts(inner, "allowed_domains"),
        blocked_domains=_texts(inner, "blocked_domains"),
        max_uses=inner.whole("max_uses"),
        location=None if place is None else _location(place),
    )


def _texts(fields: Fields, name: str) -> tuple[str, ...] | None:
    found = fields.items(name)
    return None if found is None else tuple(text for text in found if isinstance(text, str))


def _location(fields: Fields) -> Location:
    return Location(
        city=fields.text("city"),
        region=fields.text("region"),
        country=fields.text("country"),
        timezone=fields.text("timezone"),
    )


def read_choice(fields: Fields) -> tuple[ToolChoice | None, bool | None]:
    """Take the choice of a tool, and whether several may be called at once."""
    inner = fields.inner("tool_choice")
    if inner is None:
        return None, None
    raw = dict(inner.rest())
    mode = MODES.get(inner.need("type", inner.text("type")))
    if mode is None:
        return ToolChoice(mode=ChoiceMode.AUTO, raw=raw), None
    name = inner.text("name")
    alone = inner.flag("disable_parallel_tool_use")
    names = () if name is None else (name,)
    return ToolChoice(mode=mode, names=names, extras=inner.rest()), None if alone is None else not alone
