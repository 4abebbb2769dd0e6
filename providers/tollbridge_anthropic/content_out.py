"""Writing content blocks of what is in this dialect's own terms already: see `fit_parts` and `sealing`."""

from collections.abc import Callable, Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    ServerCall,
    Text,
    ToolCall,
    ToolResult,
    decode_json,
    object_text,
    present,
)
from tollbridge_anthropic.citations import write_citations

INVALID = "INVALID_JSON"
"""The member that holds arguments which are no JSON object."""


def write_content(parts: Sequence[AnyPart], *, listed: bool) -> JSON:
    """Write parts as the text they were, or as blocks."""
    if not listed and len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [write_block(part) for part in parts] if listed or parts else None


def write_block(part: AnyPart) -> dict[str, JSON]:
    """Write one part."""
    return _WRITERS[type(part)](part)


def write_cache(cache: CacheMark | None) -> JSON:
    return None if cache is None else present(type="ephemeral", ttl=cache.ttl or None)


def arguments_of(call: ToolCall) -> dict[str, JSON]:
    """Give a call's arguments as an object, whatever the model wrote."""
    text = call.arguments.strip()
    if not text:
        return {}
    if object_text(text):
        found: dict[str, JSON] = decode_json(text)
        return found
    return {INVALID: call.arguments}


def _text(part: Text) -> dict[str, JSON]:
    block: dict[str, JSON] = {"type": "text", "text": part.text}
    if part.citations:
        block["citations"] = write_citations(part.citations)
    return _marked(block, part)


def _marked(block: dict[str, JSON], part: AnyPart) -> dict[str, JSON]:
    """Add what any block may have."""
    if part.cache is not None:
        block["cache_control"] = write_cache(part.cache)
    return block | dict(part.extras) if part.extras else block


def _refusal(part: Refusal) -> dict[str, JSON]:
    return _marked({"type": "text", "text": part.text}, part)


def _reasoning(part: Reasoning) -> dict[str, JSON]:
    block = part.state.data if part.state is not None else {"type": "thinking", "thinking": part.text, "signature": ""}
    return {**block, **part.extras}


def _source(media: Media) -> dict[str, JSON]:
    if media.text is not None:
        return present(type="text", media_type=media.mime, data=media.text)
    if media.url is not None:
        return present(type="url", url=media.url, media_type=media.mime)
    if media.file_id is not None:
        return present(type="file", file_id=media.file_id, media_type=media.mime)
    return present(type="base64", media_type=media.mime, data=media.data)


def _media(part: Media) -> dict[str, JSON]:
    extras = dict(part.extras)
    more = extras.pop("source", {})
    settings = extras.pop("citations", None)
    if part.citations is not None:
        settings = {"enabled": part.citations, **(settings or {})}
    block = present(
        type="image" if part.kind is MediaKind.IMAGE else "document",
        source={} if "type" in more else _source(part),
        title=part.name,
        context=part.context,
        cache_control=write_cache(part.cache),
    )
    block["source"] |= more
    if settings is not None or "citations" in part.extras:
        block["citations"] = settings
    return block | extras


def _tool_use(part: ToolCall) -> dict[str, JSON]:
    return _marked({"type": "tool_use", "id": part.id, "name": part.name, "input": arguments_of(part)}, part)


def _tool_result(part: ToolResult) -> dict[str, JSON]:
    content = write_content(part.content, listed=part.listed)
    return _marked(present(type="tool_result", tool_use_id=part.call_id, content=content, is_error=part.error), part)


def _raw(part: ServerCall | Opaque) -> dict[str, JSON]:
    raw: dict[str, JSON] = part.raw
    return raw


_WRITERS: Mapping[type, Callable[..., dict[str, JSON]]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    Media: _media,
    ToolCall: _tool_use,
    ToolResult: _tool_result,
    ServerCall: _raw,
    Opaque: _raw,
}
