"""The content of chat messages: parts both ways (https://platform.openai.com/docs/api-reference/chat, 2026-11)."""

from collections.abc import Callable, Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Fields,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Refusal,
    Text,
    add_extras,
    items_of,
    present,
    read_url,
    write_url,
)

NAME = "openai-chat"
BARE, DECLINED, FUNCTION = "bare", "declined", "function"
"""What the spelling of a message says of it, in words.

Its images stand without an object around them; its last refusal stands beside its content; it has the older
`function_call`, or is its result. The name of a list in it says that the list is there, and empty.
"""
LISTS = ("annotations", "reasoning_details", "tool_calls")
"""Lists of a message that clients send back empty as they got them: nothing is lost with one."""
_NOTHING = (None, None, None)
_AUDIO = {"mp3": "audio/mpeg", "wav": "audio/wav"}
_AUDIO_FORMATS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
}


def is_foreign(part: AnyPart) -> bool:
    """Whether a part has a state that is another dialect's."""
    return part.state is not None and part.state.dialect != NAME


def read_cache(found: Fields) -> CacheMark | None:
    """Take `cache_control`, as OpenRouter and others take it in chat (https://openrouter.ai/docs, read 2026-11)."""
    mark = found.peek("cache_control")
    if not isinstance(mark, dict) or mark.get("type") != "ephemeral" or not mark.keys() <= {"type", "ttl"}:
        return None
    found.take("cache_control")
    ttl = mark.get("ttl")
    return CacheMark(ttl) if isinstance(ttl, str) else CacheMark()


def write_cache(cache: CacheMark | None) -> JSON:
    """Give `cache_control`, None for no mark."""
    return None if cache is None else present(type="ephemeral", ttl=cache.ttl or None)


def read_content(content: JSON, found: Fields) -> tuple[AnyPart, ...]:
    """Read the content of a message, a text or a list of parts; `found` is for errors."""
    if isinstance(content, str):
        return (Text(text=content),)
    if not isinstance(content, list):
        raise found.error("content", "must be a text or a list of parts")
    where = found.path("content")
    return tuple(_read_part(Fields(item, f"{where}[{place}]")) for place, item in enumerate(content))


def has_bare_images(content: JSON) -> bool:
    """Whether the URL of each image stands where an object with it should."""
    shown = [item["image_url"] for item in items_of(content) if isinstance(item, dict) and "image_url" in item]
    return bool(shown) and all(isinstance(image, str) for image in shown)


def _read_part(found: Fields) -> AnyPart:
    kind = found.need("type", found.text("type"))
    read = _READ.get(kind)
    if kind == "image_url" and isinstance(found.peek(kind), str):  # as Mistral's SDK writes it
        data, url, mime = read_url(found.text(kind) or "")
        return Media(kind=MediaKind.IMAGE, data=data, url=url, mime=mime, cache=read_cache(found), extras=found.rest())
    if read is None or (kind not in ("text", "refusal") and not isinstance(found.peek(kind), dict)):
        return Opaque(kind=kind, raw={"type": kind, **found.rest()})
    return read(found)


def _read_text(found: Fields) -> AnyPart:
    text = found.need("text", found.text("text"))
    return Text(text=text, cache=read_cache(found), extras=found.rest())


def _read_refusal(found: Fields) -> AnyPart:
    return Refusal(text=found.need("refusal", found.text("refusal")), extras=found.rest())


def _read_image(found: Fields) -> AnyPart:
    inner = Fields(found.members("image_url"), found.path("image_url"))
    data, url, mime = read_url(inner.need("url", inner.text("url")))
    detail = inner.text("detail")
    cache = read_cache(found)
    extras = {**found.rest(), **({"image_url": inner.rest()} if inner.rest() else {})}
    return Media(kind=MediaKind.IMAGE, data=data, url=url, mime=mime, detail=detail, cache=cache, extras=extras)


def _read_audio(found: Fields) -> AnyPart:
    inner = Fields(found.members("input_audio"), found.path("input_audio"))
    data = inner.need("data", inner.text("data"))
    form = inner.need("format", inner.text("format"))
    cache = read_cache(found)
    extras = {**found.rest(), **({"input_audio": inner.rest()} if inner.rest() else {})}
    mime = _AUDIO.get(form, f"audio/{form}")
    return Media(kind=MediaKind.AUDIO, data=data, mime=mime, cache=cache, extras=extras)


def _read_file(found: Fields) -> AnyPart:
    inner = Fields(found.members("file"), found.path("file"))
    given = inner.text("file_data")
    data, url, mime = read_url(given) if given is not None else (None, None, None)
    if url is not None and not url.startswith(("http://", "https://")):
        data, url = url, None
    name, file_id = inner.text("filename"), inner.text("file_id")
    cache = read_cache(found)
    extras = {**found.rest(), **({"file": inner.rest()} if inner.rest() else {})}
    return Media(
        kind=MediaKind.FILE, data=data, url=url, file_id=file_id, mime=mime, name=name, cache=cache, extras=extras
    )


_READ: Mapping[str, Callable[[Fields], AnyPart]] = {
    "text": _read_text,
    "refusal": _read_refusal,
    "image_url": _read_image,
    "input_audio": _read_audio,
    "file": _read_file,
}


class ContentWriter:
    """Writes the parts of messages for a provider; `native`: they came in this dialect.

    `bare`: the URL of an image is written without an object around it, as its caller did.
    """

    def __init__(self, notes: Notes, *, native: bool) -> None:
        self._notes = notes
        self._native = native
        self.bare = False

    def content(self, parts: Sequence[AnyPart], *, listed: bool, media: bool = True) -> JSON:
        """Give a text or a list of parts, None for no parts; without `media`, pictures and files are left behind."""
        if len(parts) == 1 and isinstance(parts[0], Text) and not listed and not parts[0].extras:
            self._note(parts[0])
            if parts[0].cache is None or not self._native:
                return parts[0].text
        written = [found for part in parts if (found := self._part(part, media=media)) is not None]
        return written if written or listed else None

    def _note(self, part: AnyPart) -> None:
        """Note what a part of another dialect loses, whatever its kind."""
        if self._native:
            return
        state = part.state if is_foreign(part) else None
        cited = (part.citations or None) if isinstance(part, Text) else None
        if (part.cache, state, cited) != _NOTHING:
            self._notes.drop_given("messages[].content[]", cache=part.cache, state=state, citations=cited)
        self._notes.drop_extras(part.extras, "messages[].content[]")

    def _cache(self, part: AnyPart) -> JSON:
        return write_cache(part.cache) if self._native else None

    def _part(self, part: AnyPart, *, media: bool) -> JSON:
        if isinstance(part, Text):
            members = present(type="text", text=part.text, cache_control=self._cache(part))
        elif isinstance(part, Refusal):
            members = present(type="refusal", refusal=part.text)
        elif isinstance(part, Media):
            if not media:
                self._notes.drop(f"messages[].content[].{part.kind}")
                return None
            members = self._media(part)
        elif isinstance(part, Opaque) and self._native:
            return part.raw
        else:
            self._notes.drop(f"messages[].content[].{part.kind if isinstance(part, Opaque) else _kind(part)}")
            return None
        self._note(part)
        return add_extras(members, part.extras) if self._native else members

    def _media(self, part: Media) -> dict[str, JSON]:
        if not self._native:
            self._notes.drop_given("messages[].content[]", context=part.context, citations=part.citations)
        cache = self._cache(part)
        if part.kind is MediaKind.IMAGE:
            url = write_url(part, "image/png")
            if url is None:
                self._notes.refuse("messages[].content[].image", "an image must come as data or as a URL")
            image = present(url=url, detail=part.detail if self._native or part.detail in _DETAILS else None)
            return present(type="image_url", image_url=url if self.bare else image, cache_control=cache)
        if part.kind is MediaKind.AUDIO and part.data is not None:
            form = _AUDIO_FORMATS.get(part.mime or "") or (part.mime or "audio/wav").partition("/")[2]
            return present(type="input_audio", input_audio={"data": part.data, "format": form}, cache_control=cache)
        if part.kind is MediaKind.FILE:
            return self._file(part, cache)
        self._notes.refuse(f"messages[].content[].{part.kind}")

    def _file(self, part: Media, cache: JSON) -> dict[str, JSON]:
        if part.text is not None:
            return present(type="text", text=part.text, cache_control=cache)
        if part.file_id is not None and not self._native:
            self._notes.refuse("messages[].content[].file_id", "a file kept by one provider is unknown to another")
        data = part.data if part.data is not None else part.url
        if part.data is not None and part.mime is not None:
            data = f"data:{part.mime};base64,{part.data}"
        elif part.url is not None and not self._native:
            self._notes.refuse("messages[].content[].file.url", "send the file itself instead of its URL")
        name = part.name if self._native or part.data is None else part.name or "file"
        file = present(file_data=data, filename=name, file_id=part.file_id)
        return present(type="file", file=file, cache_control=cache)


_DETAILS = ("auto", "low", "high")


def _kind(part: AnyPart) -> str:
    return str(part.__struct_config__.tag)
