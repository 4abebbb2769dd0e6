"""The content of Cohere's messages, both ways (https://docs.cohere.com/reference/chat; types of cohere 7.3, 2026-11).

A document is a set of texts under names. Its `text` is what all dialects know, its `title` the name; one without a
`text` is known to Cohere alone.
"""

import binascii
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Text,
    add_extras,
    present,
    read_url,
    write_url,
)

NAME = "cohere-v2"
_TEXTS = ("text/", "application/json", "application/xml", "application/yaml")
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
    """Read one part of a content; what only Cohere knows is opaque."""
    kind = found.need("type", found.text("type"))
    read = _READ.get(kind)
    part = None if read is None else read(found, notes)
    return Opaque(kind=kind, raw={"type": kind, **found.rest()}) if part is None else part


def _read_text(found: Fields, notes: Notes) -> AnyPart | None:
    return Text(text=found.need("text", found.text("text")), extras=found.rest())


def _read_thinking(found: Fields, notes: Notes) -> AnyPart | None:
    """Read a thought; what we put beside it holds the state of another dialect."""
    text, sealed, state = found.need("thinking", found.text("thinking")), found.peek("signature"), None
    if isinstance(sealed, str):
        state = notes.seal.unpack(sealed)
        if state is not None:
            found.take("signature")
    return Reasoning(text=text, state=state, extras=found.rest())


def _read_image(found: Fields, notes: Notes) -> AnyPart | None:
    inner = found.inner("image_url")
    if inner is None:
        return None
    data, url, mime = read_url(inner.need("url", inner.text("url")))
    detail = inner.text("detail")
    extras = {**found.rest(), **({"image_url": inner.rest()} if inner.rest() else {})}
    return Media(kind=MediaKind.IMAGE, data=data, url=url, mime=mime, detail=detail, extras=extras)


def _read_document(found: Fields, notes: Notes) -> AnyPart | None:
    document = read_document(found.peek("document"))
    if document is None:
        return None
    found.take("document")
    return replace(document, extras={**document.extras, **found.rest()}) if found.rest() else document


def read_document(document: JSON, *, citations: bool | None = None) -> Media | None:
    """Read a document that has a text, None for any other; what else it has is in `extras["document"]`."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        return None
    title = data.get("title")
    used = ("text", "title") if isinstance(title, str) else ("text",)
    rest = {name: value for name, value in document.items() if name != "data"}
    more = {name: value for name, value in data.items() if name not in used}
    if more:
        rest["data"] = more
    return Media(
        kind=MediaKind.FILE,
        text=data["text"],
        name=title if isinstance(title, str) else None,
        citations=citations,
        extras={"document": rest} if rest else {},
    )


def write_document(part: Media, *, native: bool) -> dict[str, JSON]:
    """Write a document that has a text."""
    told: dict[str, JSON] = {"data": present(text=text_of(part), title=part.name)}
    rest = part.extras.get("document") if native else None
    return add_extras(told, rest) if isinstance(rest, dict) else told


def text_of(part: Media) -> str | None:
    """Give the text of a file, None for one that is no text."""
    if part.text is not None or part.data is None or not (part.mime or "").startswith(_TEXTS):
        return part.text
    try:
        return binascii.a2b_base64(part.data, strict_mode=True).decode("utf-8")
    except ValueError:
        return None


_READ: Mapping[str, Callable[[Fields, Notes], AnyPart | None]] = {
    "text": _read_text,
    "thinking": _read_thinking,
    "image_url": _read_image,
    "document": _read_document,
}


class PartWriter:
    """Writes the parts of a request's messages; `native`: they came in this dialect."""

    def __init__(self, notes: Notes, *, native: bool) -> None:
        self._notes = notes
        self._native = native

    def written(self, part: AnyPart, *, result: bool = False) -> JSON:
        """Give an item of a content, None for what is left behind; `result`: it is one of a tool's result."""
        if part.cache is not None:
            self._notes.drop("messages[].content[].cache")
        if isinstance(part, Opaque) and self._native:
            return part.raw
        if isinstance(part, Text | Refusal):
            members: dict[str, JSON] = {"type": "text", "text": part.text}
        elif isinstance(part, Reasoning):
            members = {"type": "thinking", "thinking": part.text}
        elif isinstance(part, Media):
            members = self._media(part, result=result)
        else:
            kind = part.kind if isinstance(part, Opaque) else str(part.__struct_config__.tag)
            self._notes.drop(f"messages[].content[].{kind}")
            return None
        if self._native:
            extras = part.extras
            if "document" in members:  # written with its extras
                extras = {name: value for name, value in extras.items() if name != "document"}
            return add_extras(members, extras)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members

    def _media(self, part: Media, *, result: bool) -> dict[str, JSON]:
        if part.kind is MediaKind.IMAGE and (part.data is not None or part.url is not None):
            detail = part.detail if self._native or part.detail in _DETAILS else None
            return {"type": "image_url", "image_url": present(url=write_url(part, "image/png"), detail=detail)}
        text = text_of(part) if part.kind is MediaKind.FILE else None
        if text is None:
            self._notes.refuse(f"messages[].content[].{part.kind}", "the model behind this name reads texts and images")
        self._notes.drop_given("messages[].content[]", context=part.context)
        if result or self._native:
            return {"type": "document", "document": write_document(part, native=self._native)}
        return {"type": "text", "text": text if part.name is None else f"{part.name}\n\n{text}"}
