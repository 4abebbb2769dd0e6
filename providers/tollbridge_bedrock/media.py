"""Images, documents, films and sounds of Converse, both ways.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html and its neighbours, read 2026-11.
A place in S3 is known to AWS alone: it is a `file_id`.
"""

import re
from collections.abc import Mapping
from typing import Any

from tollbridge.formats import JSON, Fields, Media, MediaKind, Notes, present

_FORMATS: Mapping[MediaKind, Mapping[str, str]] = {
    MediaKind.IMAGE: {"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"},
    MediaKind.FILE: {
        "pdf": "application/pdf",
        "csv": "text/csv",
        "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls": "application/vnd.ms-excel",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "html": "text/html",
        "txt": "text/plain",
        "md": "text/markdown",
    },
    MediaKind.VIDEO: {
        "mp4": "video/mp4",
        "mov": "video/quicktime",
        "mkv": "video/x-matroska",
        "webm": "video/webm",
        "flv": "video/x-flv",
        "mpeg": "video/mpeg",
        "wmv": "video/x-ms-wmv",
        "three_gp": "video/3gpp",
    },
    MediaKind.AUDIO: {
        "mp3": "audio/mpeg",
        "wav": "audio/wav",
        "aac": "audio/aac",
        "flac": "audio/flac",
        "ogg": "audio/ogg",
        "opus": "audio/opus",
        "mp4": "audio/mp4",
        "m4a": "audio/x-m4a",
        "mkv": "audio/x-matroska",
        "webm": "audio/webm",
        "pcm": "audio/pcm",
    },
}
_ALIASES: Mapping[str, str] = {
    "image/jpg": "jpeg",
    "audio/mp3": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/m4a": "m4a",
    "audio/x-aac": "aac",
    "audio/x-flac": "flac",
    "video/matroska": "mkv",
    "text/x-markdown": "md",
    "application/xhtml+xml": "html",
}
_BLOCKS: Mapping[MediaKind, str] = {
    MediaKind.IMAGE: "image",
    MediaKind.FILE: "document",
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
}
KINDS: Mapping[str, MediaKind] = {block: kind for kind, block in _BLOCKS.items()}
_DEFAULTS: Mapping[MediaKind, str] = {
    MediaKind.IMAGE: "png",
    MediaKind.FILE: "pdf",
    MediaKind.VIDEO: "mp4",
    MediaKind.AUDIO: "wav",
}
_TO_FORMAT: Mapping[MediaKind, Mapping[str, str]] = {
    kind: {mime: form for form, mime in formats.items()} for kind, formats in _FORMATS.items()
}
_S3 = "s3://"
_UNFIT = re.compile(r"[^A-Za-z0-9\s\-()\[\]]")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_LONGEST_NAME = 200
_LONGEST_STEM = 190
"""Of a name that gets a number, so that it has room."""


def read_media(block: str, found: Fields) -> Media | None:
    """Take a block of this kind; None, and the block is left, where it is none that is known."""
    value = found.peek(block)
    source = value.get("source") if isinstance(value, dict) else None
    kind = KINDS[block]
    chosen = _chosen(source, kind) if isinstance(source, dict) else ""
    if not chosen:
        return None
    inner = found.inner(block) or Fields({})
    rest: dict[str, JSON] = {}
    told = inner.inner("source") or Fields({})
    place = told.inner("s3Location") if chosen == "s3Location" else None
    file_id = place.text("uri") if place is not None else None
    data, text = (told.text(name) if chosen == name else None for name in ("bytes", "text"))
    if place is not None and place.rest():
        told.put_back("s3Location", place.rest())
    if chosen == "content":
        text = _joined(told.peek("content"))
    if told.rest():
        rest["source"] = told.rest()
    form = inner.text("format")
    mime = _mime(kind, form)
    if form is not None and _format(kind, mime) != form:
        rest["format"] = form
    introduced = _introduction(inner, rest) if kind is MediaKind.FILE else {}
    rest.update(inner.rest())
    extras = {**found.rest(), **({block: rest} if rest else {})}
    return Media(kind=kind, data=data, text=text, file_id=file_id, mime=mime, extras=extras, **introduced)


def _introduction(found: Fields, rest: dict[str, JSON]) -> dict[str, Any]:
    """Take what a document is introduced with, and whether it may be cited; what else that says goes to the rest."""
    marked = found.inner("citations")
    citations = marked.flag("enabled") if marked is not None else None
    if marked is not None and (marked.rest() or citations is None):
        rest["citations"] = marked.rest()
    return {"name": found.text("name"), "context": found.text("context"), "citations": citations}


def _chosen(source: dict[str, JSON], kind: MediaKind) -> str:
    """Say which of its members holds the matter; empty where none that is known does."""
    place = source.get("s3Location")
    if isinstance(place, dict) and isinstance(place.get("uri"), str):
        return "s3Location"
    if isinstance(source.get("bytes"), str):
        return "bytes"
    if kind is MediaKind.FILE and isinstance(source.get("text"), str):
        return "text"
    return "content" if kind is MediaKind.FILE and isinstance(source.get("content"), list) else ""


def _joined(content: JSON) -> str:
    items = content if isinstance(content, list) else []
    texts = [item.get("text") for item in items if isinstance(item, dict)]
    return "\n\n".join(text for text in texts if isinstance(text, str))


def _mime(kind: MediaKind, form: str | None) -> str | None:
    if form is None:
        return None
    return _FORMATS[kind].get(form) or f"{kind.value if kind is not MediaKind.FILE else 'application'}/{form}"


def _format(kind: MediaKind, mime: str | None) -> str:
    if mime is None:
        return ""
    bare = mime.partition(";")[0].strip().lower()
    return _TO_FORMAT[kind].get(bare) or _ALIASES.get(bare) or bare.rpartition("/")[2]


class MediaWriter:
    """Writes the media of one request or answer; names of documents come once, as Bedrock asks.

    `native`: they came in this dialect, and are written as they were.
    """

    def __init__(self, notes: Notes, *, native: bool) -> None:
        self._notes = notes
        self._native = native
        self._names: set[str] = set()
        self._counts: dict[str, int] = {}

    def write(self, part: Media, where: str) -> dict[str, JSON]:
        """Give the block; raises `Untranslatable` for what Converse has no way to take."""
        block = _BLOCKS[part.kind]
        source = self._source(part, where)
        members: dict[str, JSON] = {}
        form = self._format(part)
        if form:
            members["format"] = form
        if part.kind is MediaKind.FILE:
            members.update(present(name=part.name if self._native else self._name(part)))
            marked = None if part.citations is None else {"enabled": part.citations}
            members.update(present(context=part.context, citations=marked))
        elif not self._native:
            self._notes.drop_given(where, context=part.context, detail=_detail(part.detail))
        members["source"] = source
        return {block: members}

    def _source(self, part: Media, where: str) -> dict[str, JSON]:
        if part.data is not None:
            return {"bytes": part.data}
        place = part.file_id if part.file_id is not None else part.url
        if place is not None and (self._native or place.startswith(_S3)):
            return {"s3Location": {"uri": place}}
        if part.text is not None and part.kind is MediaKind.FILE:
            listed = self._native and "content" in ((part.extras.get("document") or {}).get("source") or {})
            return {} if listed else {"text": part.text}
        if part.file_id is not None:
            self._notes.refuse(f"{where}.file_id", "a file kept by one provider is unknown to another")
        self._notes.refuse(f"{where}.{part.kind}", "Bedrock takes it as data, not by its URL")

    def _format(self, part: Media) -> str:
        form = _format(part.kind, part.mime)
        if self._native or form in _FORMATS[part.kind]:
            return form
        if part.text is not None or (part.mime or "").startswith("text/"):
            return "txt"
        ending = (part.name or "").rpartition(".")[2].lower()
        return ending if ending in _FORMATS[part.kind] else form or _DEFAULTS[part.kind]

    def _name(self, part: Media) -> str:
        """Give a name that Bedrock takes, and that no other document of the request has."""
        bare = _UNFIT.sub(" ", _ENDING.sub("", part.name or ""))
        name = " ".join(bare.split())[:_LONGEST_NAME].strip() or "document"
        found, stem = name, name[:_LONGEST_STEM]
        while found.casefold() in self._names:
            count = self._counts[stem.casefold()] = self._counts.get(stem.casefold(), 1) + 1
            found = f"{stem} {count}"
        self._names.add(found.casefold())
        return found


def _detail(detail: str | None) -> str | None:
    return None if detail == "auto" else detail
