"""Writing content blocks from parts, for a provider or, in an answer, for a caller."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tollbridge import GatewayError
from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Citation,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    add_extras,
    carry,
    decode_json,
    fit_id,
    present,
)
from tollbridge_bedrock.media import MediaWriter
from tollbridge_bedrock.models import EVERY_TTL, cached_for, tools_cached_for
from tollbridge_bedrock.words import NAME, OWN_ID, TOOL_NAME

WHERE = "messages[].content[]"
_CACHE = f"{WHERE}.cache"
_IN_RESULTS = frozenset((MediaKind.IMAGE, MediaKind.FILE, MediaKind.VIDEO))


def write_mark(cache: CacheMark, ttls: frozenset[str], notes: Notes, name: str = _CACHE) -> list[JSON]:
    """Give a `cachePoint` for a model that keeps one for `ttls`; what of it is left behind is called `name`."""
    if not ttls:
        notes.drop(name)
        return []
    taken = cache.ttl in ttls
    if not taken:
        notes.drop(f"{name}.ttl")
    return [{"cachePoint": present(type="default", ttl=(cache.ttl or None) if taken else None)}]


def call_input(arguments: str) -> dict[str, JSON]:
    """Give a call's arguments as an object; what a model wrote that is none is said to be so."""
    if not arguments.strip():
        return {}
    try:
        value = decode_json(arguments)
    except GatewayError:
        value = None
    return value if isinstance(value, dict) else {"INVALID_JSON": arguments}


def write_citation(citation: Citation) -> JSON:
    """Write a citation of another dialect."""
    location: JSON = None
    if citation.url is not None:
        location = {"web": {"url": citation.url}}
    elif citation.document is not None:
        location = {"documentChar": {"documentIndex": citation.document}}
    cited = None if citation.cited is None else [{"text": citation.cited}]
    return present(title=citation.title, sourceContent=cited, location=location)


def citations_of(part: Text, *, native: bool) -> list[JSON]:
    """Write the citations of a text."""
    return [each.raw if native else write_citation(each) for each in part.citations]


class BlockWriter:
    """Writes the parts of one request or answer.

    `native`: they came in this dialect. `answer`: they go to a caller, so that foreign state is packed instead of left
    behind. `model` is who takes them.
    """

    def __init__(self, notes: Notes, *, native: bool, answer: bool, model: str = "") -> None:
        self.notes = notes
        self.native = native
        self.answer = answer
        self._model = model
        self._media = MediaWriter(notes, native=native)

    def blocks(self, parts: Sequence[AnyPart]) -> list[JSON]:
        """Write parts, each with its cache point behind it."""
        written: list[JSON] = []
        for part in parts:
            block = _WRITE[type(part)](self, part)
            if block is not None:
                written.append(block)
            mark = part.cache if self.native else _mark_of(part)
            if mark is not None and (written or self.native):
                written += write_mark(mark, self._ttls(part), self.notes)
        return written

    def _ttls(self, part: AnyPart) -> frozenset[str]:
        if self.native:
            return EVERY_TTL
        return tools_cached_for(self._model) if isinstance(part, ToolResult) else cached_for(self._model)

    def own(self, members: dict[str, JSON], part: AnyPart) -> dict[str, JSON]:
        """Put a part's extras back where they are this dialect's, else leave them behind."""
        if self.native:
            return add_extras(members, part.extras)
        self.notes.drop_extras(part.extras, WHERE)
        return members

    def text(self, part: Text) -> JSON:
        if not self.native:
            return self._foreign_text(part)
        extras = part.extras
        if "searchResult" in extras:
            return dict(extras)
        if "json" in extras:
            return {"json": decode_json(part.text), **{key: value for key, value in extras.items() if key != "json"}}
        if "guardContent" in extras:
            return add_extras({"guardContent": {"text": {"text": part.text}}}, extras)
        if part.citations or "citationsContent" in extras:
            cited = present(content=[{"text": part.text}], citations=citations_of(part, native=True) or None)
            return add_extras({"citationsContent": cited}, extras)
        return add_extras({"text": part.text}, extras)

    def _foreign_text(self, part: Text) -> JSON:
        self.notes.drop_extras(part.extras, WHERE)
        if part.logprobs:
            self.notes.drop("logprobs")
        if part.citations and self.answer:
            cited = citations_of(part, native=False)
            return {"citationsContent": {"content": [{"text": part.text}], "citations": cited}}
        if part.citations:
            self.notes.drop(f"{WHERE}.citations")
        return {"text": part.text} if self.answer or part.text.strip() else None

    def refusal(self, part: Refusal) -> JSON:
        self.notes.drop_extras(part.extras, WHERE)
        return {"text": part.text} if self.answer or part.text.strip() else None

    def media(self, part: Media) -> JSON:
        if self.answer and not self.native and part.data is None:
            self.notes.drop(f"{WHERE}.{part.kind}")
            return None
        guarded = self.native and "guardContent" in part.extras
        written = self._media.write(part, WHERE)
        return self.own({"guardContent": written} if guarded else written, part)

    def call(self, part: ToolCall) -> JSON:
        """Write a call whole."""
        return self.own({"toolUse": {**self.call_head(part), "input": call_input(part.arguments)}}, part)

    def call_head(self, part: ToolCall) -> dict[str, JSON]:
        """Give a call's id and name."""
        foreign = part.state if part.state is not None and part.state.dialect != NAME else None
        if self.answer:
            return {"toolUseId": carry(part.id, foreign, (), self.notes.seal), "name": part.name}
        if foreign is not None:
            self.notes.drop(f"{WHERE}.state")
        name = part.name if self.native else fit_id(part.name, TOOL_NAME)
        return {"toolUseId": self._id(part.id), "name": name}

    def _id(self, id_: str) -> str:
        return fit_id(id_, OWN_ID) if self.native else fit_id(id_)

    def result(self, part: ToolResult) -> JSON:
        content: list[JSON] = []
        for item in part.content:
            if not self.native and isinstance(item, Media) and item.kind not in _IN_RESULTS:
                self.notes.refuse(f"{WHERE}.{item.kind}", "Bedrock takes none in what a tool gave")
            written = _WRITE[type(item)](self, item)
            if written is not None:
                content.append(written)
            if self.native and item.cache is not None:
                content += write_mark(item.cache, EVERY_TTL, self.notes)
        status = None if part.error is None else ("error" if part.error else "success")
        shown = content if part.listed or not self.native else None
        inner = present(toolUseId=self._id(part.call_id), content=shown, status=status)
        return self.own({"toolResult": inner}, part)

    def reasoning(self, part: Reasoning) -> JSON:
        data = self.thought(part.state, shown=bool(part.text))
        if data is None:
            return None
        hidden = data.get("redactedContent")
        if hidden is not None:
            return self.own({"reasoningContent": {"redactedContent": hidden}}, part)
        return self.own({"reasoningContent": {"reasoningText": {"text": part.text, **data}}}, part)

    def thought(self, state: State | None, *, shown: bool) -> dict[str, JSON] | None:
        """Give what belongs to reasoning beside its words, None where it cannot go there.

        What another provider signed goes back to a caller packed: as a signature beside words that are `shown`, else as
        all there is.
        """
        if state is not None and state.dialect == NAME:
            return dict(state.data)
        if not self.answer:
            if self.native and state is None:
                return {}
            self.notes.drop(f"{WHERE}.reasoning")
            return None
        packed = None if state is None else self.notes.seal.pack(state)
        if packed is None:
            if state is not None:
                self.notes.drop(f"{WHERE}.reasoning.state")
            return {}
        return (
            {"signature": packed} if shown else {"redactedContent": b64encode(packed.encode("ascii")).decode("ascii")}
        )

    def server(self, part: ServerCall) -> JSON:
        if self.native:
            return part.raw
        self.notes.drop(f"{WHERE}.server_tools")
        return None

    def opaque(self, part: Opaque) -> JSON:
        if self.native:
            return part.raw
        self.notes.drop(f"{WHERE}.{part.kind or 'block'}")
        return None


def _mark_of(part: AnyPart) -> CacheMark | None:
    """Give a part's mark, or that of what a tool gave: it has to stand behind the result."""
    if part.cache is not None or not isinstance(part, ToolResult):
        return part.cache
    return next((item.cache for item in part.content if item.cache is not None), None)


_WRITE: Mapping[type, Callable[[BlockWriter, Any], JSON]] = {
    Text: BlockWriter.text,
    Refusal: BlockWriter.refusal,
    Media: BlockWriter.media,
    ToolCall: BlockWriter.call,
    ToolResult: BlockWriter.result,
    Reasoning: BlockWriter.reasoning,
    ServerCall: BlockWriter.server,
    Opaque: BlockWriter.opaque,
}
