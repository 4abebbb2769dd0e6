"""The content of messages and of tool outputs: parts both ways.

https://platform.openai.com/docs/api-reference/responses/create, read 2026-11.
"""

from collections.abc import Callable, Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    CacheMark,
    Fields,
    Media,
    MediaKind,
    Opaque,
    Refusal,
    Text,
    read_url,
)
from tollbridge_openai.responses_marks import read_citations, read_logprobs

NAME = "openai-responses"
INPUT, OUTPUT = "input_text", "output_text"
"""What text is called in what a caller says and in what a model says."""
AUDIO: Mapping[str, str] = {"mp3": "audio/mpeg", "wav": "audio/wav"}
BREAKPOINT: Mapping[str, JSON] = {"mode": "explicit"}


def read_parts(items: Sequence[JSON], where: str, usual: str) -> tuple[AnyPart, ...]:
    """Read a caller's list of parts; `usual` is what text is called there.  Raises `BadRequest`."""
    return tuple(read_part(Fields(item, f"{where}[{place}]"), usual) for place, item in enumerate(items))


def read_part(found: Fields, usual: str) -> AnyPart:
    """Read one part.  A kind that others do not know stays whole."""
    kind = found.need("type", found.text("type"))
    if kind in (INPUT, OUTPUT):
        return _read_text(found, kind, usual)
    read = _READ.get(kind)
    return Opaque(kind=kind, raw=_raw(found, kind)) if read is None else read(found)


def _raw(found: Fields, kind: str) -> dict[str, JSON]:
    return {"type": kind, **found.rest()} if kind else found.rest()


def _read_text(found: Fields, kind: str, usual: str) -> AnyPart:
    text = found.need("text", found.text("text"))
    citations, logprobs, cache = read_citations(found), read_logprobs(found), _read_cache(found)
    extras = found.rest()
    if kind != usual:
        extras["type"] = kind
    return Text(text=text, citations=citations, logprobs=logprobs, cache=cache, extras=extras)


def _read_cache(found: Fields) -> CacheMark | None:
    """Take `prompt_cache_breakpoint` (gpt-5.6 and newer: https://platform.openai.com/docs/guides/prompt-caching)."""
    if found.peek("prompt_cache_breakpoint") != BREAKPOINT:
        return None
    found.take("prompt_cache_breakpoint")
    return CacheMark()


def _read_refusal(found: Fields) -> AnyPart:
    return Refusal(text=found.need("refusal", found.text("refusal")), extras=found.rest())


def _read_image(found: Fields) -> AnyPart:
    given = found.text("image_url")
    data, url, mime = read_url(given) if given is not None else (None, None, None)
    file_id, detail, cache = found.text("file_id"), found.text("detail"), _read_cache(found)
    return Media(
        kind=MediaKind.IMAGE,
        data=data,
        url=url,
        file_id=file_id,
        mime=mime,
        detail=detail,
        cache=cache,
        extras=found.rest(),
    )


def _read_file(found: Fields) -> AnyPart:
    given, url = found.text("file_data"), found.text("file_url")
    data, mime = given, None
    if given is not None and given.startswith("data:"):
        data, rest, mime = read_url(given)
        if rest is not None:
            found.put_back("file_data", given)
    file_id, name, detail = found.text("file_id"), found.text("filename"), found.text("detail")
    cache = _read_cache(found)
    return Media(
        kind=MediaKind.FILE,
        data=data,
        url=url,
        file_id=file_id,
        mime=mime,
        name=name,
        detail=detail,
        cache=cache,
        extras=found.rest(),
    )


def _read_audio(found: Fields) -> AnyPart:
    inner = found.inner("input_audio")
    if inner is None:
        return Opaque(kind="input_audio", raw=_raw(found, "input_audio"))
    data, form = inner.need("data", inner.text("data")), inner.need("format", inner.text("format"))
    cache = _read_cache(found)
    extras = {**found.rest(), **({"input_audio": inner.rest()} if inner.rest() else {})}
    mime = AUDIO.get(form, f"audio/{form}")
    return Media(kind=MediaKind.AUDIO, data=data, mime=mime, cache=cache, extras=extras)


_READ: Mapping[str, Callable[[Fields], AnyPart]] = {
    "refusal": _read_refusal,
    "input_image": _read_image,
    "input_file": _read_file,
    "input_audio": _read_audio,
}
