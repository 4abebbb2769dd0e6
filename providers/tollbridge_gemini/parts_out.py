"""Writing the parts of a content (https://ai.google.dev/api/caching#Part, read 2026-11)."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollbridge import GatewayError
from tollbridge.formats import (
    JSON,
    AnyPart,
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
    decode_json,
    object_text,
    present,
)
from tollbridge_gemini.models import Generation
from tollbridge_gemini.signatures import (
    STAND_IN,
    is_foreign,
    own_signature,
    pack_call,
    pack_state,
    pack_thought,
)

_MADE = re.compile(r"call_[0-9a-f]{20}_[0-9]+")
"""Ids that the bridge made where Gemini gave none (`new_call_id`)."""
_URL_ALPHABET = str.maketrans("+/", "-_")
_VIDEO_HOSTS = ("https://www.youtube.com/", "https://youtube.com/", "https://youtu.be/")
_TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "csv": "text/csv",
    "html": "text/html",
    "md": "text/markdown",
    "json": "application/json",
}
_USUAL = {
    MediaKind.IMAGE: "image/jpeg",
    MediaKind.AUDIO: "audio/mpeg",
    MediaKind.VIDEO: "video/mp4",
    MediaKind.FILE: "application/pdf",
}
_WHERE = "messages[].content[]"


@dataclass(slots=True)
class PartWriter:
    """Writes parts: of a request, or of an `answer`, where nothing is refused.  `native`: they came in this dialect.

    `names` are the names of tools by the ids of calls to them. `url_safe` writes data in the URL's alphabet; the
    `results` that are counted in `bare`, from 0, are written without ids.
    """

    notes: Notes
    native: bool
    generation: Generation = field(default_factory=Generation)
    answer: bool = False
    names: dict[str, str] = field(default_factory=dict)
    url_safe: bool = False
    bare: frozenset[int] = frozenset()
    results: int = 0

    def write(self, parts: Sequence[AnyPart]) -> list[dict[str, JSON]]:
        """Give the parts of one content; what cannot be said is noted."""
        written: list[dict[str, JSON]] = []
        calls = 0
        thought: list[Reasoning] = []
        for part in parts:
            if isinstance(part, ToolCall):
                written.append(self.call(part, thought, first=not calls))
                calls += 1
                continue
            if isinstance(part, Reasoning):
                thought.append(part)
            written += self.one(part)
        return written

    def one(self, part: AnyPart) -> Iterator[dict[str, JSON]]:
        """Give what a part that is no tool call becomes."""
        return _WRITE[type(part)](self, part)

    def signature(self, state: State | None, packed: Callable[[], str | None]) -> str | None:
        """Give a part's signature: Gemini's own, or in an answer the state of another provider, packed."""
        if not is_foreign(state):
            return own_signature(state)
        if self.answer:
            return packed()
        self.notes.drop(f"{_WHERE}.state")
        return None

    def call(self, part: ToolCall, thought: Sequence[Reasoning], *, first: bool) -> dict[str, JSON]:
        """Write a tool call; the `first` of a content has to have a signature where the model asks for one."""
        self.names[part.id] = part.name
        args = arguments_of(part)
        inner = present(
            id=self._id(part.id),
            name=part.name or None,
            args=None if self.native and not part.arguments else args,
        )
        signed = own_signature(part.state)
        if signed is None and self.answer:
            signed = pack_call(part.state, thought if first else (), self.notes.seal)
        elif signed is None:
            if is_foreign(part.state):
                self.notes.drop("messages[].tool_calls[].state")
            signed = STAND_IN if first and self.generation.signed and not self.native else None
        members = {"functionCall": inner, **present(thoughtSignature=signed)}
        return self._own(members, part.extras, "messages[].tool_calls[]")

    def _id(self, id_: str) -> str | None:
        made = _MADE.fullmatch(id_) is not None and (self.native or not self.answer)
        return None if made or not id_ else id_

    def _own(self, members: dict[str, JSON], extras: Mapping[str, JSON], where: str) -> dict[str, JSON]:
        if self.native:
            return add_extras(members, extras)
        self.notes.drop_extras(extras, where)
        return members

    def _marks(self, part: AnyPart) -> None:
        if part.cache is not None:
            self.notes.drop(f"{_WHERE}.cache")

    def text(self, part: Text) -> Iterator[dict[str, JSON]]:
        self._marks(part)
        if part.citations and not self.answer:
            self.notes.drop(f"{_WHERE}.citations")
        signed = self.signature(part.state, lambda: pack_state(part.state, self.notes.seal))
        if part.text or signed or self.native:
            members: dict[str, JSON] = {"text": part.text, **present(thoughtSignature=signed)}
            yield self._own(members, part.extras, _WHERE)

    def refusal(self, part: Refusal) -> Iterator[dict[str, JSON]]:
        yield from self.text(Text(text=part.text, state=part.state, extras=part.extras))

    def reasoning(self, part: Reasoning) -> Iterator[dict[str, JSON]]:
        if is_foreign(part.state) and not self.answer:
            self.notes.drop(f"{_WHERE}.reasoning")
            return
        signed = self.signature(part.state, lambda: pack_thought(part, self.notes.seal))
        members = {"text": part.text, "thought": True, **present(thoughtSignature=signed)}
        if part.text or signed or self.native:
            yield self._own(members, part.extras, _WHERE)

    def media(self, part: Media) -> Iterator[dict[str, JSON]]:
        self._marks(part)
        signed = self.signature(part.state, lambda: pack_state(part.state, self.notes.seal))
        inner = self._file(part) if part.data is None and part.text is None else self._data(part)
        yield self._own({**inner, **present(thoughtSignature=signed)}, part.extras, _WHERE)

    def _data(self, part: Media) -> dict[str, JSON]:
        data, mime = part.data, part.mime
        if data is None:
            data = b64encode((part.text or "").encode("utf-8", "surrogatepass")).decode("ascii")
            mime = mime or "text/plain"
        if self.native:
            told = present(data=data.translate(_URL_ALPHABET) if self.url_safe else data, mimeType=mime)
            return {"inlineData": {**told, **present(displayName=part.name)}}
        self._untold(part)
        return {"inlineData": {"mimeType": mime or type_of(part), "data": data}}

    def _untold(self, part: Media) -> None:
        """Note what is said about media and Gemini has no place for; only Vertex takes names."""
        detail = None if part.detail == "auto" else part.detail
        self.notes.drop_given(
            _WHERE, name=part.name, detail=detail, context=part.context, citations=part.citations or None
        )

    def _file(self, part: Media) -> dict[str, JSON]:
        if self.native:
            told = present(fileUri=part.file_id or part.url, mimeType=part.mime, displayName=part.name)
            return {"fileData": told}
        self._untold(part)
        if part.file_id is not None:
            self._refuse(f"{_WHERE}.file_id", "a file kept by one provider is unknown to another")
        url = part.url or ""
        if not url.startswith(("https://", "gs://")):
            self._refuse(f"{_WHERE}.url", "Gemini fetches files by https only; send the bytes")
        elif not self.generation.urls and not url.startswith(("gs://", *_VIDEO_HOSTS)):
            self._refuse(f"{_WHERE}.url", "models before Gemini 2.5 fetch no files; send the bytes")
        return {"fileData": {"mimeType": part.mime or type_of(part), "fileUri": url}}

    def _refuse(self, field_: str, why: str) -> None:
        if self.answer:
            self.notes.drop(field_)
        else:
            self.notes.refuse(field_, why)

    def result(self, part: ToolResult) -> Iterator[dict[str, JSON]]:
        """Write a tool's result; pictures in it go beside it where the model takes none inside."""
        self._marks(part)
        name = part.name if self.native else self.names.get(part.call_id, part.name)
        if name is None and not self.native:
            self._refuse("messages[].tool_call_id", f"no tool was called as {part.call_id[:80]!r} before")
        words = [item for item in part.content if not isinstance(item, Media)]
        shown = [written for item in part.content if isinstance(item, Media) for written in self.media(item)]
        inside = self.native or self.generation.shown_results
        inner = present(
            id=None if self.results in self.bare else self._id(part.call_id),
            name=name,
            response=self._response(part, words),
            parts=(shown or None) if inside else None,
        )
        self.results += 1
        signed = self.signature(part.state, lambda: None)
        yield self._own({"functionResponse": inner, **present(thoughtSignature=signed)}, part.extras, _WHERE)
        if not inside:
            yield from shown

    def _response(self, part: ToolResult, words: Sequence[AnyPart]) -> JSON:
        said = []
        for item in words:
            if isinstance(item, Text | Refusal):
                said.append(item.text)
            else:
                self.notes.drop(f"{_WHERE}.content[]")
        text = "\n".join(said)
        if self.native:
            if not words:
                return None
            return decode_json(text) if part.listed and object_text(text) else _answered(part, text)
        return _answered(part, text)

    def raw(self, part: ServerCall | Opaque) -> Iterator[dict[str, JSON]]:
        if not self.native or not isinstance(part.raw, dict):
            kind = part.kind if isinstance(part, Opaque) else "server_tool"
            self.notes.drop(f"{_WHERE}.{kind}")
            return
        yield {**part.raw, **present(thoughtSignature=own_signature(part.state))}


_WRITE: Mapping[type, Callable[[PartWriter, Any], Iterator[dict[str, JSON]]]] = {
    Text: PartWriter.text,
    Refusal: PartWriter.refusal,
    Reasoning: PartWriter.reasoning,
    Media: PartWriter.media,
    ToolResult: PartWriter.result,
    ServerCall: PartWriter.raw,
    Opaque: PartWriter.raw,
}


def arguments_of(part: ToolCall) -> dict[str, JSON]:
    """Give the arguments of a call as an object, also where they are none."""
    if not part.arguments.strip():
        return {}
    try:
        found = decode_json(part.arguments)
    except GatewayError:
        found = None
    return found if isinstance(found, dict) else {"INVALID_JSON": part.arguments}


def _answered(part: ToolResult, text: str) -> dict[str, JSON]:
    return {"error" if part.error else "output": text}


def type_of(part: Media) -> str:
    """Give the media type, by the end of a URL or a name where it is not said, else the usual one of its kind."""
    if part.mime:
        return part.mime
    place = (part.url or part.name or "").partition("?")[0].partition("#")[0]
    return _TYPES.get(place.rpartition(".")[2].lower(), _USUAL[part.kind])
