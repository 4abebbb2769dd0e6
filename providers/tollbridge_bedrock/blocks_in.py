"""Reading content blocks, each an object with one member that says what it is.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html, read 2026-11. What only Converse
has is kept in `extras` under the block's own name: `guardContent`, `searchResult`, `json`, `citationsContent`.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from tollbridge import BadRequest
from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Citation,
    Extras,
    Fields,
    Notes,
    Opaque,
    Reasoning,
    Role,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    carried,
    json_text,
)
from tollbridge_bedrock.media import KINDS, read_media
from tollbridge_bedrock.words import NAME, SERVER_USE, SYSTEM_TOOLS

_TTLS = frozenset((None, "5m", "1h"))


class BlockReader:
    """Reads the blocks of a caller's messages, or of a provider's `answer`."""

    def __init__(self, notes: Notes, *, answer: bool) -> None:
        self.notes = notes
        self.answer = answer

    def read(self, items: Sequence[JSON], where: str, role: Role) -> list[AnyPart]:
        """Read blocks; a `cachePoint` marks the part before it.  Raises `BadRequest` for a caller's that is none."""
        parts: list[AnyPart] = []
        for place, item in enumerate(items):
            mark = read_mark(item) if parts and parts[-1].cache is None else None
            if mark is not None:
                parts[-1] = replace(parts[-1], cache=mark)
            else:
                parts.append(self._block(item, f"{where}[{place}]", role))
        return parts

    def _block(self, item: JSON, where: str, role: Role) -> AnyPart:
        found = Fields(item, where, wrong=None if self.answer else BadRequest)
        kind = next((name for name in _READ if name in found), "")
        part = _READ[kind](self, found, role) if kind else None
        if part is not None:
            return part
        named = next((name for name, value in item.items() if value is not None), "") if isinstance(item, dict) else ""
        return Opaque(kind=kind or named, raw=item)

    def text(self, found: Fields, role: Role) -> AnyPart | None:
        text = found.text("text")
        return None if text is None else Text(text=text, extras=found.rest())

    def media(self, block: str, found: Fields) -> AnyPart | None:
        return read_media(block, found)

    def call(self, found: Fields, role: Role) -> AnyPart | None:
        raw = dict(found.rest())
        inner = found.inner("toolUse")
        if inner is None:
            return None
        id_ = inner.need("toolUseId", inner.text("toolUseId"))
        name = inner.need("name", inner.text("name"))
        if inner.peek("type") == SERVER_USE:
            return ServerCall(tool=SYSTEM_TOOLS.get(name, ""), id=id_, raw=raw)
        given = inner.take("input")
        arguments = "" if given is None else json_text(given)
        if given is not None and not isinstance(given, dict):
            inner.put_back("input", given)
        bare, state, _ = carried(id_, self.notes.seal)
        return ToolCall(id=bare, name=name, arguments=arguments, state=state, extras=_around(found, "toolUse", inner))

    def result(self, found: Fields, role: Role) -> AnyPart | None:
        raw = dict(found.rest())
        inner = found.inner("toolResult")
        if inner is None:
            return None
        id_ = inner.need("toolUseId", inner.text("toolUseId"))
        if role is Role.ASSISTANT:
            return ServerCall(tool=_tool_of(inner.peek("type")), id=id_, raw=raw, result=True)
        items = inner.items("content")
        parts = self.read(items or (), inner.path("content"), Role.TOOL)
        said = inner.peek("status")
        if said in ("success", "error"):
            inner.take("status")
        bare, _, _ = carried(id_, self.notes.seal)
        return ToolResult(
            call_id=bare,
            content=tuple(parts),
            error=None if said not in ("success", "error") else said == "error",
            listed=items is not None,
            extras=_around(found, "toolResult", inner),
        )

    def json(self, found: Fields, role: Role) -> AnyPart | None:
        """Read what a tool gave as JSON: text for everybody else, marked by a null."""
        if role is not Role.TOOL:
            return None
        return Text(text=json_text(found.take("json")), extras={**found.rest(), "json": None})

    def search(self, found: Fields, role: Role) -> AnyPart | None:
        inner = Fields(found.peek("searchResult"), wrong=None)
        told = (inner.text("title"), inner.text("source"), *_texts(inner.items("content")))
        return Text(text="\n".join(line for line in told if line), extras=found.rest())

    def guarded(self, found: Fields, role: Role) -> AnyPart | None:
        """Read what only a guardrail looks at otherwise: words or an image of the user's."""
        inner = found.inner("guardContent")
        told = inner.inner("text") if inner is not None and "text" in inner else None
        if inner is None:
            return None
        if told is None:
            part = read_media("image", inner)
            return None if part is None else replace(part, extras={**found.rest(), "guardContent": part.extras})
        text = told.need("text", told.text("text"))
        rest = {**inner.rest(), **({"text": told.rest()} if told.rest() else {})}
        return Text(text=text, extras={**found.rest(), "guardContent": rest})

    def cited(self, found: Fields, role: Role) -> AnyPart | None:
        inner = found.inner("citationsContent") or Fields({})
        content = inner.peek("content")
        if not isinstance(content, list):
            return None
        text = "".join(_texts(content))
        if content == [{"text": text}]:
            inner.take("content")
        given = inner.peek("citations")
        citations: tuple[Citation, ...] = ()
        if isinstance(given, list) and given:
            inner.take("citations")
            citations = tuple(read_citation(each) for each in given)
        marked = inner.rest() or not citations
        extras = {**found.rest(), **({"citationsContent": inner.rest()} if marked else {})}
        return Text(text=text, citations=citations, extras=extras)

    def reasoning(self, found: Fields, role: Role) -> AnyPart | None:
        inner = found.inner("reasoningContent")
        if inner is None:
            return None
        told = inner.inner("reasoningText")
        if told is None:
            hidden = inner.text("redactedContent")
            if hidden is None:
                return None
            state = hidden_state(hidden, self.notes)
            return Reasoning(state=state, extras=_around(found, "reasoningContent", inner))
        text, signature = told.text("text"), told.text("signature")
        signed = None if signature is None else signed_state(signature, self.notes)
        if told.rest():
            inner.put_back("reasoningText", told.rest())
        return Reasoning(text=text or "", state=signed, extras=_around(found, "reasoningContent", inner))


def signed_state(signature: str, notes: Notes) -> State:
    """Read the signature of reasoning: Bedrock's own, or another provider's state that was packed into its place."""
    return notes.seal.unpack(signature) or State(NAME, {"signature": signature})


def hidden_state(hidden: str, notes: Notes) -> State:
    """Read reasoning that nobody can read: Bedrock's own, or another provider's."""
    try:
        packed = b64decode(hidden, validate=True).decode("ascii")
    except ValueError:
        packed = ""
    return notes.seal.unpack(packed) or State(NAME, {"redactedContent": hidden})


def _around(found: Fields, block: str, inner: Fields) -> Extras:
    return {**found.rest(), **({block: inner.rest()} if inner.rest() else {})}


def read_mark(item: JSON) -> CacheMark | None:
    """Read a `cachePoint` that says nothing but what is known."""
    point = item.get("cachePoint") if isinstance(item, dict) and len(item) == 1 else None
    if not isinstance(point, dict) or point.get("type") != "default" or not point.keys() <= {"type", "ttl"}:
        return None
    ttl = point.get("ttl")
    if "ttl" in point and (not isinstance(ttl, str) or ttl not in _TTLS):
        return None
    return CacheMark(ttl or "")


def _tool_of(kind: JSON) -> str:
    return SYSTEM_TOOLS.get(kind.removesuffix("_result"), "") if isinstance(kind, str) else ""


def _texts(items: Sequence[JSON] | None) -> list[str]:
    texts = [item.get("text") for item in items or () if isinstance(item, dict)]
    return [text for text in texts if isinstance(text, str)]


def read_citation(raw: JSON) -> Citation:
    """Read a citation of an answer; what does not fit stays in `raw` alone."""
    found = Fields(raw, wrong=None)
    location = found.inner("location") or Fields({}, wrong=None)
    web = location.inner("web") or Fields({}, wrong=None)
    places = (location.inner(name) for name in ("documentChar", "documentPage", "documentChunk"))
    place = next((each for each in places if each is not None), Fields({}, wrong=None))
    source = found.text("source")
    url = web.text("url") or (source if source is not None and source.startswith(("http://", "https://")) else None)
    return Citation(
        url=url,
        title=found.text("title"),
        cited="".join(_texts(found.items("sourceContent"))) or None,
        document=place.whole("documentIndex"),
        raw=raw,
    )


_Read = Callable[[BlockReader, Fields, Role], AnyPart | None]


def _media_of(block: str) -> _Read:
    return lambda reader, found, role: reader.media(block, found)


_READ: Mapping[str, _Read] = {
    "text": BlockReader.text,
    "toolUse": BlockReader.call,
    "toolResult": BlockReader.result,
    "reasoningContent": BlockReader.reasoning,
    "citationsContent": BlockReader.cited,
    "guardContent": BlockReader.guarded,
    "searchResult": BlockReader.search,
    "json": BlockReader.json,
    **{block: _media_of(block) for block in KINDS},
}
