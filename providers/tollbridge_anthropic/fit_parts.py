"""Fitting parts of a conversation that came in another dialect: what Anthropic takes, and what stays behind.

Sources: https://docs.anthropic.com/en/docs/build-with-claude, "Vision", "PDF support", "Extended thinking" (read
2026-11). An image is JPEG, PNG, GIF or WebP; a document is PDF or plain text; a text block is never empty.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from tollbridge.formats import (
    NO_EXTRAS,
    AnyPart,
    CacheMark,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Role,
    ServerCall,
    Text,
    ToolCall,
    ToolResult,
    fit_id,
)
from tollbridge_anthropic.citations import is_linked
from tollbridge_anthropic.words import NAME

_WHERE = "messages[].content[]"
_TTLS = frozenset(("", "5m", "1h"))
_BEGINNINGS: Mapping[str, str] = {
    "/9j/": "image/jpeg",
    "iVBORw0KGgo": "image/png",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi0": "application/pdf",
}
"""How base64 of a kind of file begins."""


def fit_parts(parts: Iterable[AnyPart], role: Role, notes: Notes) -> tuple[AnyPart, ...]:
    """Fit the parts of one message; those with nothing in them are left out."""
    return tuple(_fitted(parts, role, notes))


def fit_cache(cache: CacheMark | None, where: str, notes: Notes) -> CacheMark | None:
    """Fit a cache mark: for five minutes or an hour."""
    if cache is None or cache.ttl in _TTLS:
        return cache
    notes.drop(f"{where}.cache.ttl" if where else "cache.ttl")
    return CacheMark()


def _fitted(parts: Iterable[AnyPart], role: Role, notes: Notes) -> Iterator[AnyPart]:
    for part in parts:
        if part.extras or part.cache is not None:
            notes.drop_extras(part.extras, _WHERE)
            part = replace(part, cache=fit_cache(part.cache, _WHERE, notes), extras=NO_EXTRAS)
        found = _FITTING[type(part)](part, role, notes)
        if found is not None:
            yield found


def _text(part: Text, role: Role, notes: Notes) -> AnyPart | None:
    if part.citations:
        notes.drop(f"{_WHERE}.citations")
    if part.citations or part.logprobs is not None:
        part = replace(part, citations=(), logprobs=None)
    return part if part.text.strip() else None


def _refusal(part: Refusal, role: Role, notes: Notes) -> AnyPart | None:
    return part if part.text.strip() else None


def _reasoning(part: Reasoning, role: Role, notes: Notes) -> AnyPart | None:
    if part.state is None:
        if part.text:
            notes.drop("messages[].reasoning")
        return None
    return part


def _media(part: Media, role: Role, notes: Notes) -> AnyPart | None:
    name = f"{_WHERE}.{part.kind}"
    if part.kind not in (MediaKind.IMAGE, MediaKind.FILE):
        notes.refuse(name, "the model behind this name takes text, images and documents")
    if role is Role.ASSISTANT:
        notes.drop(name)
        return None
    if part.file_id is not None:
        notes.refuse(f"{_WHERE}.file_id", "the file is kept by another provider; send what is in it")
    if part.detail not in (None, "auto"):
        notes.drop(f"{_WHERE}.detail")
    part = replace(part, detail=None)
    if part.kind is MediaKind.FILE:
        return _document(part, notes)
    notes.drop_given(_WHERE, name=part.name, context=part.context)
    part = replace(part, name=None, context=None, citations=None)
    return _with_mime(part) if part.data is not None else replace(part, mime=None)


def _with_mime(part: Media) -> Media:
    if part.mime is not None:
        return replace(part, mime="image/jpeg") if part.mime == "image/jpg" else part
    data = part.data or ""
    mime = next((mime for start, mime in _BEGINNINGS.items() if data.startswith(start)), None)
    return replace(part, mime=mime)


def _document(part: Media, notes: Notes) -> Media:
    if part.text is not None:
        return replace(part, mime="text/plain")
    if part.data is None:
        return replace(part, mime=None)
    part = _with_mime(part)
    mime = (part.mime or "").partition(";")[0].strip().lower()
    if mime == "application/pdf":
        return replace(part, mime=mime)
    if mime.startswith("text/") or mime == "application/json":
        try:
            return replace(part, data=None, text=b64decode(part.data or "").decode("utf-8"), mime="text/plain")
        except (binascii.Error, ValueError):
            notes.refuse(f"{_WHERE}.file", "it is said to be text and is no base64 of UTF-8")
    notes.refuse(f"{_WHERE}.file", "the model behind this name takes documents as PDF and plain text")


def _tool_call(part: ToolCall, role: Role, notes: Notes) -> AnyPart | None:
    return replace(part, id=fit_id(part.id))


def _tool_result(part: ToolResult, role: Role, notes: Notes) -> AnyPart | None:
    content = fit_parts(part.content, Role.TOOL, notes)
    listed = part.listed or len(content) > 1 or any(inner.cache is not None for inner in content)
    return replace(part, call_id=fit_id(part.call_id), content=content, listed=listed and bool(content))


def _opaque(part: Opaque, role: Role, notes: Notes) -> AnyPart | None:
    if role is not Role.ASSISTANT:
        notes.refuse(f"{_WHERE}.{part.kind}")
    notes.drop(f"{_WHERE}.{part.kind}")
    return None


def _server_call(part: ServerCall, role: Role, notes: Notes) -> AnyPart | None:
    notes.drop(f"{_WHERE}.{part.tool or 'server_call'}")
    return None


_FITTING: Mapping[type, Callable[..., AnyPart | None]] = {
    Text: _text,
    Refusal: _refusal,
    Reasoning: _reasoning,
    Media: _media,
    ToolCall: _tool_call,
    ToolResult: _tool_result,
    ServerCall: _server_call,
    Opaque: _opaque,
}


def settle_states(parts: Iterable[AnyPart], notes: Notes) -> tuple[AnyPart, ...]:
    """Give back to Anthropic what is its own, and to nobody what is another provider's."""
    settled: list[AnyPart] = []
    for part in parts:
        foreign = part.state is not None and part.state.dialect != NAME
        if foreign:
            notes.drop(f"messages[].{'reasoning' if isinstance(part, Reasoning) else 'content[]'}.state")
        if not isinstance(part, Reasoning):
            settled.append(_without_links(part))
        elif foreign:
            notes.drop_given("messages[]", reasoning=part.text or None)
        else:
            settled.append(part)
    return tuple(settled)


def _without_links(part: AnyPart) -> AnyPart:
    if isinstance(part, Text) and part.citations and any(map(is_linked, part.citations)):
        part = replace(part, citations=tuple(found for found in part.citations if not is_linked(found)))
    return replace(part, state=None) if part.state is not None else part
