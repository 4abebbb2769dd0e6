"""Writing the content of messages and of tool outputs."""

from base64 import b64encode
from collections.abc import Mapping, Sequence

from tollbridge.formats import JSON, AnyPart, Media, MediaKind, Notes, Opaque, Part, Refusal, Text, add_extras, present
from tollbridge_openai.responses_content import AUDIO, BREAKPOINT, INPUT, NAME, OUTPUT
from tollbridge_openai.responses_marks import write_citations, write_logprobs

WHERE = "messages[].content[]"
_FORMATS: Mapping[str, str] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    **{mime: form for form, mime in AUDIO.items()},
}
_DETAILS = ("auto", "low", "high")


class ContentWriter:
    """Writes parts; `native`: they came in this dialect."""

    def __init__(self, notes: Notes, *, native: bool) -> None:
        self._notes = notes
        self._native = native

    def content(
        self, parts: Sequence[AnyPart], *, listed: bool, usual: str, empty: Sequence[dict[str, JSON]] = ()
    ) -> JSON:
        """Give a text or a list of parts; `usual` is what text is called here, `empty` the empty lists on each part."""
        if len(parts) == 1 and isinstance(parts[0], Text) and not listed:
            part = self.part(parts[0], usual)
            if part is not None and part.keys() == {"type", "text"} and part["type"] == usual:
                return parts[0].text
        written = [told for part in parts if (told := self.part(part, usual)) is not None]
        for members, lists in zip(written, empty, strict=False):
            members.update(lists)
        return list(written)

    def part(self, part: AnyPart, usual: str) -> dict[str, JSON] | None:
        """Write one part, None for what cannot be said."""
        if isinstance(part, Text):
            members = self._text(part, usual)
        elif isinstance(part, Refusal):
            members = {"type": "refusal", "refusal": part.text}
        elif isinstance(part, Media) and (self._native or usual == INPUT):
            members = self._media(part)
        elif isinstance(part, Opaque) and self._native:
            return dict(part.raw)
        else:
            self._notes.drop(f"{WHERE}.{_kind(part)}")
            return None
        return self._with_extras(members, part)

    def _with_extras(self, members: dict[str, JSON], part: Part) -> dict[str, JSON]:
        if self._native:
            if part.cache is not None:
                members["prompt_cache_breakpoint"] = dict(BREAKPOINT)
            return add_extras(members, part.extras)
        if part.cache is not None:
            self._notes.drop(f"{WHERE}.cache")
        if part.state is not None and part.state.dialect != NAME:
            self._notes.drop(f"{WHERE}.state")
        self._notes.drop_extras(part.extras, WHERE)
        return members

    def _text(self, part: Text, usual: str) -> dict[str, JSON]:
        members: dict[str, JSON] = {"type": usual, "text": part.text}
        if part.citations and (self._native or usual == OUTPUT):
            members["annotations"] = write_citations(part, self._notes, native=self._native, where=WHERE)
        elif part.citations:
            self._notes.drop(f"{WHERE}.citations")
        if part.logprobs is not None and self._native:
            members["logprobs"] = write_logprobs(part.logprobs)
        return members

    def _media(self, part: Media) -> dict[str, JSON]:
        if self._native:
            return _MEDIA[part.kind](part, part.mime)
        self._notes.drop_given(WHERE, context=part.context, citations=part.citations)
        if part.kind is MediaKind.VIDEO:
            self._notes.refuse(f"{WHERE}.video")
        if part.file_id is not None:
            self._notes.refuse(f"{WHERE}.file_id", "a file kept by one provider is unknown to another")
        if part.kind is MediaKind.AUDIO and part.data is None:
            self._notes.refuse(f"{WHERE}.audio", "send the sound itself instead of its URL")
        if part.data is None and part.url is None and part.text is None:
            self._notes.refuse(f"{WHERE}.{part.kind}", "it must come as data or as a URL")
        members = _MEDIA[part.kind](part, part.mime or _GUESSED[part.kind])
        if members.get("detail", "auto") not in _DETAILS:
            self._notes.drop(f"{WHERE}.detail")
            del members["detail"]
        if part.kind is MediaKind.IMAGE:
            members.setdefault("detail", "auto")  # required by the official schema
        if "file_data" in members:
            members.setdefault("filename", _NAMES.get(part.mime or "", "file"))
        return members


_GUESSED = {MediaKind.IMAGE: "image/png", MediaKind.AUDIO: "audio/wav", MediaKind.FILE: "application/pdf"}
_NAMES = {"application/pdf": "file.pdf", "text/plain": "file.txt"}


def _image(part: Media, mime: str | None) -> dict[str, JSON]:
    url = f"data:{mime};base64,{part.data}" if part.data is not None else part.url
    return {"type": "input_image", **present(image_url=url, file_id=part.file_id, detail=part.detail)}


def _audio(part: Media, mime: str | None) -> dict[str, JSON]:
    form = _FORMATS.get(mime or "") or (mime or "").partition("/")[2]
    return {"type": "input_audio", "input_audio": {"data": part.data, "format": form}}


def _file(part: Media, mime: str | None) -> dict[str, JSON]:
    data = part.data
    if part.text is not None:
        data, mime = b64encode(part.text.encode("utf-8", "replace")).decode("ascii"), "text/plain"
    if data is not None and mime is not None:
        data = f"data:{mime};base64,{data}"
    return {
        "type": "input_file",
        **present(
            file_data=data,
            file_url=part.url if data is None or part.data is not None else None,
            file_id=part.file_id,
            filename=part.name,
            detail=part.detail,
        ),
    }


_MEDIA = {MediaKind.IMAGE: _image, MediaKind.AUDIO: _audio, MediaKind.FILE: _file, MediaKind.VIDEO: _file}


def _kind(part: AnyPart) -> str:
    if isinstance(part, Media | Opaque):
        return str(part.kind)
    return str(part.__struct_config__.tag)
