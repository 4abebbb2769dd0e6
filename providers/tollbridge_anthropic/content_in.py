"""Reading content blocks, of requests and of answers alike.

Which kinds are known depends on where a block stands; any other is kept whole, as `Opaque` or `ServerCall`. Thinking
keeps its whole block as `State`: its signature holds for these words alone, whatever becomes of them on the way.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Fields,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Seal,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    carried,
    json_text,
)
from tollbridge_anthropic.citations import take_citations
from tollbridge_anthropic.recalled import Recalled
from tollbridge_anthropic.words import NAME, server_tool

Reader = Callable[[Fields, dict[str, JSON], Seal], AnyPart]
Kinds = Mapping[str, Reader]
"""How the kinds of blocks are read that are known in one place."""


def read_content(fields: Fields, kinds: Kinds, seal: Seal, name: str = "content") -> tuple[tuple[AnyPart, ...], bool]:
    """Take a text or blocks; say whether it was a list.  What is neither stays where it is."""
    if isinstance(fields.peek(name), str):
        return (Text(text=fields.text(name) or ""),), False
    blocks = fields.each(name) if isinstance(fields.peek(name), list) else None
    parts: list[AnyPart] = []
    recalled = Recalled(parts)
    for block in blocks or ():
        thought = _carried_before(block, seal)
        if thought:
            recalled.put(thought)
        parts.append(read_block(block, kinds, seal))
    return tuple(parts), blocks is not None


def _carried_before(fields: Fields, seal: Seal) -> list[Reasoning]:
    """Give the reasoning that a call's id holds."""
    id_ = fields.peek("id")
    return carried(id_, seal)[2] if fields.peek("type") == "tool_use" and isinstance(id_, str) else []


def read_block(fields: Fields, kinds: Kinds, seal: Seal) -> AnyPart:
    """Read one block."""
    raw = dict(fields.rest())
    kind = fields.need("type", fields.text("type"))
    if kind in kinds:
        return kinds[kind](fields, raw, seal)
    if kind in ("server_tool_use", "mcp_tool_use"):
        tool = "mcp" if kind == "mcp_tool_use" else server_tool(fields.text("name") or "")
        return ServerCall(tool=tool, id=fields.text("id") or "", raw=raw)
    if kind.endswith("_tool_result"):
        return ServerCall(tool=server_tool(kind), id=fields.text("tool_use_id") or "", raw=raw, result=True)
    return Opaque(kind=kind, raw=raw)


def take_cache(fields: Fields) -> CacheMark | None:
    """Take a cache mark; one that says more than a lifetime stays among the rest."""
    found = fields.peek("cache_control")
    if not isinstance(found, dict) or found.get("type") != "ephemeral" or not {"type", "ttl"} >= found.keys():
        return None
    ttl = found.get("ttl", "")
    if not isinstance(ttl, str) or ("ttl" in found and not ttl):
        return None
    fields.take("cache_control")
    return CacheMark(ttl=ttl)


def _text(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    text = fields.need("text", fields.text("text"))
    return Text(text=text, citations=take_citations(fields), cache=take_cache(fields), extras=fields.rest())


def _thinking(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    words = fields.need("thinking", fields.text("thinking"))
    signature = fields.text("signature") or ""
    state = signed_state(words, signature, seal) if signature else None
    return Reasoning(text=words, state=state, extras=fields.rest())


def signed_state(words: str, signature: str, seal: Seal) -> State:
    """Give the state of signed thinking: another provider's where that was packed as the signature."""
    return seal.unpack(signature) or thinking_state(words, signature)


def thinking_state(words: str, signature: str) -> State:
    """Make the state of thinking that Anthropic signed."""
    return State(NAME, {"type": "thinking", "thinking": words, "signature": signature})


def _redacted(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    data = fields.need("data", fields.text("data"))
    return Reasoning(
        state=seal.unpack(data) or State(NAME, {"type": "redacted_thinking", "data": data}), extras=fields.rest()
    )


_PLACES: Mapping[str, tuple[str, str]] = {
    "base64": ("data", "data"),
    "url": ("url", "url"),
    "file": ("file_id", "file_id"),
    "text": ("data", "text"),
}
"""For each type of source, the member that holds it and what a `Media` calls it."""


def _media(kind: MediaKind, fields: Fields, raw: dict[str, JSON]) -> AnyPart:
    source = fields.peek("source")
    if not isinstance(source, dict):
        fields.inner("source")
        return Opaque(kind=str(raw["type"]), raw=raw)
    inner = Fields(source, fields.path("source"), wrong=None)
    member, field = _PLACES.get(inner.text("type") or "", ("", ""))
    found = inner.text(member)
    if found is None:
        return _composed(fields, raw, source)
    fields.take("source")
    mime = inner.text("media_type")
    if inner.rest():
        fields.put_back("source", inner.rest())
    return _document(fields, replace(Media(kind=kind, mime=mime), **{field: found}))


def _composed(fields: Fields, raw: dict[str, JSON], source: dict[str, JSON]) -> AnyPart:
    """Read a document made of texts; any other source is for Anthropic alone."""
    content = source.get("content")
    blocks = [{"text": content}] if isinstance(content, str) else content if isinstance(content, list) else [None]
    texts = [block.get("text") if isinstance(block, dict) else None for block in blocks]
    if source.get("type") != "content" or not all(isinstance(text, str) for text in texts):
        return Opaque(kind=str(raw["type"]), raw=raw)
    return _document(fields, Media(kind=MediaKind.FILE, text="\n\n".join(map(str, texts)), mime="text/plain"))


def _document(fields: Fields, media: Media) -> Media:
    settings = fields.inner("citations")
    enabled = settings.flag("enabled") if settings is not None else None
    if settings is not None and (settings.rest() or enabled is None):
        fields.put_back("citations", settings.rest())
    return replace(
        media,
        name=fields.text("title"),
        context=fields.text("context"),
        citations=enabled,
        cache=take_cache(fields),
        extras=fields.rest(),
    )


def _image_block(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    return _media(MediaKind.IMAGE, fields, raw)


def _document_block(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    return _media(MediaKind.FILE, fields, raw)


def _tool_use(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    id_ = fields.need("id", fields.text("id"))
    id_, state, _ = carried(id_, seal)
    name = fields.need("name", fields.text("name"))
    given = fields.members("input")
    return ToolCall(
        id=id_,
        name=name,
        arguments=json_text(given) if given is not None else "",
        state=state,
        cache=take_cache(fields),
        extras=fields.rest(),
    )


def _tool_result(fields: Fields, raw: dict[str, JSON], seal: Seal) -> AnyPart:
    id_ = fields.need("tool_use_id", fields.text("tool_use_id"))
    content, listed = read_content(fields, OF_RESULTS, seal)
    return ToolResult(
        call_id=carried(id_, seal)[0],
        content=content,
        listed=listed,
        error=fields.flag("is_error"),
        cache=take_cache(fields),
        extras=fields.rest(),
    )


OF_SYSTEM: Kinds = {"text": _text}
OF_RESULTS: Kinds = {"text": _text, "image": _image_block, "document": _document_block}
OF_USERS: Kinds = {**OF_RESULTS, "tool_result": _tool_result}
OF_ASSISTANTS: Kinds = {**OF_RESULTS, "thinking": _thinking, "redacted_thinking": _redacted, "tool_use": _tool_use}
