"""URLs that hold their data themselves, as base64 (RFC 2397)."""

import re

from tollbridge.formats.parts import Media

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,", re.ASCII)


def read_url(url: str) -> tuple[str | None, str | None, str | None]:
    """Give what a `Media` says of a URL: its data, the URL, the media type; the URL is None where it holds data."""
    match = _DATA_URL.match(url)
    return (None, url, None) if match is None else (url[match.end() :], None, match[1])


def write_url(part: Media, mime: str) -> str | None:
    """Give the URL of some media, one that holds its data where there is such; `mime` where nobody said its type."""
    return part.url if part.data is None else f"data:{part.mime or mime};base64,{part.data}"
