"""The content of Mistral's messages, both ways (https://docs.mistral.ai/api; types of mistralai 3.7, read 2026-11).

Nulls among the extras stand for what is said without meaning anything to others: `image_url` for an image that came as
a bare URL where others have an object, `closed` for a thought that is closed, as all are.
"""

from collections.abc import Callable, Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Extras,
    Fields,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    State,
    Text,
    add_extras,
    items_of,
    present,
    read_url,
    write_url,
)

NAME = "mistral-chat"
_WEB = ("http://", "https://")
_DETAILS = ("auto", "low", "high")


def read_content(content: JSON, found: Fields, notes: Notes) -> tuple[AnyPart, ...]:
    """Read the content of a message, a text or a list of parts; `found` is for errors."""
    if isinstance(content, str):
        return (Text(text=content),)
    if not isinstance(content, list):
        raise found.error("content", "must be a text or a list of parts")
    where = found.path("content")
    return tuple(read_part(Fields(item, f"{where}[{place}]"), notes) for place, item in enumerate(content))


def read_part(found: Fields, notes: Notes) -> AnyPart:
    """Read one part of a content; what only Mistral knows, such as a reference, is opaque."""
    kind = found.need("type", found.text("type"))
    read = _READ.get(kind)
    part = None if read is None else read(found, notes)
    return Opaque(kind=kind, raw={"type": kind, **found.rest()}) if part is None else part


def _read_text(found: Fields, notes: Notes) -> AnyPart | None:
    return Text(text=found.need("text", found.text("text")), extras=found.rest())


def _read_thinking(found: Fields, notes: Notes) -> AnyPart | None:
    """Read a thought: texts, which are joined, and a signature, which may be the state of another dialect."""
    pieces = found.peek("thinking")
    if not isinstance(pieces, list):
        return None
    plain = [piece for piece in pieces if isinstance(piece, dict) and isinstance(piece.get("text"), str)]
    text = "".join(piece["text"] for piece in plain)
    if len(pieces) <= 1 and all(piece == {"type": "text", "text": text} for piece in pieces) and (text or not pieces):
        found.take("thinking")
    signature, state = found.peek("signature"), None
    if isinstance(signature, str):
        found.take("signature")
        state = notes.seal.unpack(signature) or State(NAME, {"signature": signature})
    if found.peek("closed") is True:
        found.put_back("closed", None)
    return Reasoning(text=text, state=state, extras=found.rest())


def _read_image(found: Fields, notes: Notes) -> AnyPart | None:
    url = found.peek("image_url")
    if isinstance(url, str):
        found.put_back("image_url", None)
        return _image(url, None, found.rest())
    inner = found.inner("image_url") if isinstance(url, dict) else None
    if inner is None:
        return None
    url, detail = inner.need("url", inner.text("url")), inner.text("detail")
    return _image(url, detail, {**found.rest(), **({"image_url": inner.rest()} if inner.rest() else {})})


def _image(url: str, detail: str | None, extras: dict[str, JSON]) -> Media:
    data, place, mime = read_url(url)
    return Media(kind=MediaKind.IMAGE, data=data, url=place, mime=mime, detail=detail, extras=extras)


def _read_document(found: Fields, notes: Notes) -> AnyPart | None:
    data, url, mime = read_url(found.need("document_url", found.text("document_url")))
    name = found.text("document_name")
    return Media(kind=MediaKind.FILE, data=data, url=url, mime=mime, name=name, extras=found.rest())


def _read_file(found: Fields, notes: Notes) -> AnyPart | None:
    return Media(kind=MediaKind.FILE, file_id=found.need("file_id", found.text("file_id")), extras=found.rest())


def _read_audio(found: Fields, notes: Notes) -> AnyPart | None:
    """Read a sound: base64, a data URL or the URL of a file."""
    given = found.peek("input_audio")
    if not isinstance(given, str):
        return None
    found.take("input_audio")
    data, url, mime = read_url(given)
    if url is not None and not url.startswith(_WEB):
        data, url = given, None
    return Media(kind=MediaKind.AUDIO, data=data, url=url, mime=mime, extras=found.rest())


_READ: Mapping[str, Callable[[Fields, Notes], AnyPart | None]] = {
    "text": _read_text,
    "thinking": _read_thinking,
    "image_url": _read_image,
    "document_url": _read_document,
    "file": _read_file,
    "input_audio": _read_audio,
}


def is_foreign(part: AnyPart) -> bool:
    """Whether a part has the state of another dialect."""
    return part.state is not None and part.state.dialect != NAME


def write_thinking(part: Reasoning, sealed: str | None) -> dict[str, JSON]:
    """Write a thought; `sealed` is the state of another dialect, for a caller."""
    own = part.state.data.get("signature") if part.state is not None and part.state.dialect == NAME else None
    pieces = [{"type": "text", "text": part.text}] if part.text else []
    return {"type": "thinking", "thinking": pieces, **present(signature=own if sealed is None else sealed)}


class PartWriter:
    """Writes the parts of a request's messages; `native`: they came in this dialect."""

    def __init__(self, notes: Notes, *, native: bool) -> None:
        self._notes = notes
        self._native = native

    def content(self, parts: Sequence[AnyPart], *, listed: bool) -> JSON:
        """Give a text or a list of parts, None for no parts."""
        if len(parts) == 1 and isinstance(parts[0], Text) and not (listed and self._native) and not parts[0].extras:
            self._cache(parts[0])
            return parts[0].text
        written = [found for part in parts if (found := self._part(part)) is not None]
        return written if written or (listed and self._native) else None

    def _cache(self, part: AnyPart) -> None:
        if part.cache is not None:
            self._notes.drop("messages[].content[].cache")

    def _part(self, part: AnyPart) -> JSON:
        self._cache(part)
        if isinstance(part, Opaque) and self._native:
            return part.raw
        if isinstance(part, Text | Refusal):
            members: dict[str, JSON] = {"type": "text", "text": part.text}
        elif isinstance(part, Reasoning):
            members = write_thinking(part, None)
        elif isinstance(part, Media):
            members = self._media(part)
        else:
            kind = part.kind if isinstance(part, Opaque) else str(part.__struct_config__.tag)
            self._notes.drop(f"messages[].content[].{kind}")
            return None
        if not self._native:
            self._notes.drop_extras(part.extras, "messages[].content[]")
            return members
        return own_members(members, part.extras)

    def _media(self, part: Media) -> dict[str, JSON]:
        if not self._native:
            self._notes.drop_given("messages[].content[]", context=part.context, citations=part.citations)
        url = write_url(part, _MIMES.get(part.kind, ""))
        if part.kind is MediaKind.FILE:
            return self._file(part, url)
        if part.kind is MediaKind.IMAGE and url is not None:
            detail = part.detail if self._native or part.detail in _DETAILS else None
            return {"type": "image_url", "image_url": present(url=url, detail=detail)}
        if part.kind is MediaKind.AUDIO and url is not None:
            bare = part.data is not None and (part.mime is None or not self._native)
            return {"type": "input_audio", "input_audio": part.data if bare else url}
        self._notes.refuse(f"messages[].content[].{part.kind}")

    def _file(self, part: Media, url: str | None) -> dict[str, JSON]:
        if part.file_id is not None:
            if not self._native:
                self._notes.refuse("messages[].content[].file_id", "a file kept by one provider is unknown to another")
            return {"type": "file", "file_id": part.file_id}
        if url is None:
            text = part.text or ""
            return {"type": "text", "text": text if part.name is None else f"{part.name}\n\n{text}"}
        return {"type": "document_url", "document_url": url, **present(document_name=part.name)}


_MIMES = {MediaKind.IMAGE: "image/png", MediaKind.FILE: "application/pdf", MediaKind.AUDIO: "audio/mpeg"}


def own_members(members: dict[str, JSON], extras: Extras) -> dict[str, JSON]:
    """Put a part's own extras among its members; what stands for something becomes that again."""
    rest = dict(extras)
    image = members.get("image_url")
    if isinstance(image, dict) and rest.get("image_url", "") is None:
        del rest["image_url"]
        members["image_url"] = image["url"]
    if "thinking" in members and rest.get("closed", "") is None:
        rest["closed"] = True
    return add_extras(members, rest)


def pieces_of(value: JSON) -> str:
    """Give the words of a piece of thinking."""
    return "".join(item["text"] for item in items_of(value) if isinstance(item, dict) and _has_text(item))


def _has_text(item: dict[str, JSON]) -> bool:
    return isinstance(item.get("text"), str)
