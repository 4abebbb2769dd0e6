"""Reading the parts of a content (https://ai.google.dev/api/caching#Part, read 2026-11)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    AnyPart,
    Extras,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    carried,
    json_text,
)
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.names import Members
from tollbridge_gemini.plain import PlainCall, PlainPart, PlainResult
from tollbridge_gemini.signatures import is_foreign, unpack_call, unpack_state, unpack_thought

KINDS = (
    *("text", "functionCall", "functionResponse", "inlineData", "fileData"),
    *("executableCode", "codeExecutionResult", "toolCall", "toolResponse"),
)
"""Members of which a part has one; what else it has is said about that."""

TOOL_TYPES: Mapping[str, str] = {
    "GOOGLE_SEARCH_WEB": "web_search",
    "URL_CONTEXT": "web_fetch",
    "FILE_SEARCH": "file_search",
}
_STORED = ("gs://", "https://generativelanguage.googleapis.com/", "files/")
"""How URIs of files begin that only Google can read."""
_MEDIA = {"image": MediaKind.IMAGE, "audio": MediaKind.AUDIO, "video": MediaKind.VIDEO}
_TO_STANDARD = str.maketrans("-_", "+/")


@dataclass(slots=True)
class PartReader:
    """Reads the parts of one conversation.

    Of the content read last: `url_safe` is set where data came in the URL's alphabet, which other dialects do not read,
    `bare` counts, from 0, the results that came without their call's id, and `known` is set where the thinking of
    another provider is in it already.
    """

    notes: Notes
    ids: CallIds
    url_safe: bool = False
    bare: list[int] = field(default_factory=list)
    results: int = 0
    known: bool = False

    def content(self, items: Sequence[Members]) -> tuple[AnyPart, ...]:
        """Read the parts of one content."""
        return self._together(map(self.read, items))

    def plain(self, items: Sequence[PlainPart]) -> tuple[AnyPart, ...]:
        """Read the parts of one content that are all plain."""
        return self._together(map(self._plain, items))

    def _together(self, found_parts: Iterable[list[AnyPart]]) -> tuple[AnyPart, ...]:
        self.url_safe = self.known = False
        self.bare, self.results = [], 0
        parts: list[AnyPart] = []
        for found in found_parts:
            if isinstance(found[0], Reasoning) and is_foreign(found[0].state):
                parts = _without_words(parts, all_of_them=len(found) > 1)
            parts += found
        return tuple(parts)

    def read(self, found: Members) -> list[AnyPart]:
        """Read one part: what it is, and before it the thinking of another provider that was packed into it."""
        kinds = [kind for kind in KINDS if kind in found]
        signed = found.text("thoughtSignature")
        thought = found.peek("thought") is True
        if not kinds and signed is not None and not found.rest():
            kinds = ["text"]
        if len(kinds) != 1 or (thought and kinds != ["text"]):
            return [Opaque(kind=kinds[0] if kinds else "part", raw=_whole(found, signed))]
        kind = kinds[0]
        if kind == "text" and thought:
            return self._thought(found, signed)
        if kind == "functionCall":
            return self._call(found, signed)
        state = unpack_state(signed, self.notes.seal) if signed is not None else None
        return [_READ[kind](self, found, state)]

    def _plain(self, found: PlainPart) -> list[AnyPart]:
        signed = found.signed
        call, result = found.function_call or found.proto_call, found.function_response or found.proto_response
        if call is not None:
            return self._called(call, signed, NO_EXTRAS)
        if found.thought:
            return self._reasoning(found.text, signed, NO_EXTRAS)
        state = unpack_state(signed, self.notes.seal) if signed is not None else None
        if result is None:
            return [Text(text=found.text, state=state)]
        self._count(result)
        return [self._answered(result, (), state, NO_EXTRAS)]

    def _thought(self, found: Members, signed: str | None) -> list[AnyPart]:
        text = found.text("text")
        if text is None and "text" in found:
            return [Opaque(kind="text", raw=_whole(found, signed))]
        found.flag("thought")
        return self._reasoning(text or "", signed, found.rest())

    def _reasoning(self, text: str, signed: str | None, extras: Extras) -> list[AnyPart]:
        before = unpack_thought(signed, self.notes.seal) if signed is not None else []
        if before:
            self.known = True
            return [*before]
        state = unpack_state(signed, self.notes.seal) if signed is not None else None
        return [Reasoning(text=text, summary=True, state=state, extras=extras)]

    def _call(self, found: Members, signed: str | None) -> list[AnyPart]:
        inner = found.inner("functionCall")
        if inner is None:
            return [Opaque(kind="functionCall", raw=_whole(found, signed))]
        told: dict[str, JSON] = {
            "name": inner.text("name") or "",
            "args": inner.members("args"),
            "id": inner.text("id"),
        }
        return self._called(PlainCall(**told), signed, _with(found, functionCall=inner))

    def _called(self, given: PlainCall, signed: str | None, extras: Extras) -> list[AnyPart]:
        state, before = unpack_call(signed, self.notes.seal) if signed is not None else (None, [])
        id_, own, more = carried(self.ids.call(given.id, given.name), self.notes.seal)
        call = ToolCall(
            id=id_,
            name=given.name,
            arguments="" if given.args is None else json_text(given.args),
            state=state or own,
            extras=extras,
        )
        before = [] if self.known else before or more
        self.known = self.known or bool(before)
        return [*before, call]

    def text(self, found: Members, state: State | None) -> AnyPart:
        text = found.text("text")
        if text is None and "text" in found:
            return Opaque(kind="text", raw=found.rest())
        return Text(text=text or "", state=state, extras=found.rest())

    def data(self, found: Members, state: State | None) -> AnyPart:
        inner = found.inner("inlineData")
        if inner is None or not isinstance(inner.peek("data"), str):
            return Opaque(kind="inlineData", raw=_back(found, "inlineData", inner))
        data, mime, name = inner.text("data") or "", inner.text("mimeType"), inner.text("displayName")
        if "-" in data or "_" in data:
            self.url_safe = True
            data = data.translate(_TO_STANDARD)
        extras = _with(found, inlineData=inner)
        return Media(kind=kind_of(mime), data=data, mime=mime, name=name, state=state, extras=extras)

    def file(self, found: Members, state: State | None) -> AnyPart:
        inner = found.inner("fileData")
        if inner is None or not isinstance(inner.peek("fileUri"), str):
            return Opaque(kind="fileData", raw=_back(found, "fileData", inner))
        uri, mime, name = inner.text("fileUri") or "", inner.text("mimeType"), inner.text("displayName")
        stored = uri.startswith(_STORED)
        return Media(
            kind=kind_of(mime),
            url=None if stored else uri,
            file_id=uri if stored else None,
            mime=mime,
            name=name,
            state=state,
            extras=_with(found, fileData=inner),
        )

    def result(self, found: Members, state: State | None) -> AnyPart:
        inner = found.inner("functionResponse")
        if inner is None:
            return Opaque(kind="functionResponse", raw=found.rest())
        response = inner.members("response")
        told: dict[str, JSON] = {"name": inner.text("name"), "id": inner.text("id"), "response": response}
        given = PlainResult(**told)
        self._count(given)
        items = inner.each("parts")
        shown = [part for item in items or () for part in self.read(item)]
        if items == []:
            inner.put_back("parts", [])
        return self._answered(given, shown, state, _with(found, functionResponse=inner))

    def _count(self, given: PlainResult) -> None:
        if not given.id:
            self.bare.append(self.results)
        self.results += 1

    def _answered(
        self, given: PlainResult, shown: Sequence[AnyPart], state: State | None, extras: Extras
    ) -> ToolResult:
        text, listed, error = _said(given.response)
        words: list[AnyPart] = [] if given.response is None else [Text(text=text)]
        return ToolResult(
            call_id=carried(self.ids.result(given.id, given.name or ""), self.notes.seal)[0],
            name=given.name,
            content=(*words, *shown),
            error=error,
            listed=listed,
            state=state,
            extras=extras,
        )

    def code(self, found: Members, state: State | None) -> AnyPart:
        raw = found.rest()
        given = raw.get("executableCode") or raw.get("codeExecutionResult")
        id_ = given.get("id") if isinstance(given, dict) else None
        return ServerCall(
            tool="code_execution",
            id=id_ if isinstance(id_, str) else "",
            raw=raw,
            result="codeExecutionResult" in raw,
            state=state,
        )

    def server_tool(self, found: Members, state: State | None) -> AnyPart:
        raw = found.rest()
        given = raw.get("toolCall") or raw.get("toolResponse")
        told = Members(given, wrong=None)
        return ServerCall(
            tool=TOOL_TYPES.get(told.text("toolType") or "", ""),
            id=told.text("id") or "",
            raw=raw,
            result="toolResponse" in raw,
            state=state,
        )


_READ: Mapping[str, Callable[[PartReader, Members, State | None], AnyPart]] = {
    "text": PartReader.text,
    "inlineData": PartReader.data,
    "fileData": PartReader.file,
    "functionResponse": PartReader.result,
    "executableCode": PartReader.code,
    "codeExecutionResult": PartReader.code,
    "toolCall": PartReader.server_tool,
    "toolResponse": PartReader.server_tool,
}


def kind_of(mime: str | None) -> MediaKind:
    """Tell what media is by its type."""
    return _MEDIA.get((mime or "").partition("/")[0], MediaKind.FILE)


def _said(response: JSON) -> tuple[str, bool, bool | None]:
    """Give what a tool said, whether that is the whole object as JSON text, and whether it is an error.

    `output` and `error` are Google's own names for the two; anything else is output as a whole.
    """
    if isinstance(response, dict) and len(response) == 1:
        for name, error in (("output", None), ("error", True)):
            if isinstance(response.get(name), str):
                return response[name], False, error
    error = True if isinstance(response, dict) and response.keys() == {"error"} else None
    return json_text(response), True, error


def _with(found: Members, **inner: Members) -> dict[str, JSON]:
    """Give what is left of a part, and of the object in it."""
    left = found.rest()
    for name, members in inner.items():
        if members.rest():
            left[name] = members.rest()
    return left


def _back(found: Members, name: str, inner: Members | None) -> dict[str, JSON]:
    return found.rest() if inner is None else {**found.rest(), name: inner.rest()}


def _without_words(parts: list[AnyPart], *, all_of_them: bool) -> list[AnyPart]:
    """Leave out thinking that is words only, at the end or anywhere: what was packed has them too."""
    if all_of_them:
        return [part for part in parts if not _is_words_only(part)]
    while parts and _is_words_only(parts[-1]):
        parts.pop()
    return parts


def _is_words_only(part: AnyPart) -> bool:
    return isinstance(part, Reasoning) and part.state is None


def _whole(found: Members, signed: str | None) -> dict[str, JSON]:
    return found.rest() if signed is None else {**found.rest(), "thoughtSignature": signed}
