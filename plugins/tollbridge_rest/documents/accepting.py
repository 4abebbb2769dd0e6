"""What a caller would rather have: `Accept` (RFC 9110, 12.5.1) and `Prefer` (RFC 7240)."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from tollbridge import BadRequest
from tollbridge_rest.documents.bodies import base_of
from tollbridge_rest.documents.bounds import shown
from tollbridge_rest.documents.model import Media

_QUALITY = re.compile(r";\s*q\s*=\s*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_PREFERENCE = re.compile(r"""([A-Za-z0-9_-]{1,40})\s*(?:=\s*(?:"([^"]{0,200})"|([^\s",;]{0,200})))?""")
_MAX_RANGES = 50


class Preferred(msgspec.Struct, frozen=True, gc=False):
    """What `Prefer` says in Prism's words: `code=404`, `example=name`, `dynamic=true` (Prism 5, docs, read 2026-11).

    `made`: the answer is made of the schema though there are examples.
    """

    code: int | None = None
    example: str = ""
    made: bool = False


def read_prefer(values: Iterable[str]) -> Preferred:
    """Read all `Prefer` headers; raises `BadRequest` for what ends no request.  Other words mean nothing here."""
    said: dict[str, str] = {}
    for part in re.split(r"[,;]", ",".join(values)[:2_000]):
        found = _PREFERENCE.fullmatch(part.strip())
        if found:
            said.setdefault(found[1].lower(), found[2] if found[2] is not None else found[3] or "")
    code = said.get("code")
    if code and not re.fullmatch(r"[2-5][0-9]{2}", code):
        raise BadRequest(f"code={shown(code)} in the header prefer is no status; write code=404", param="prefer")
    return Preferred(int(code) if code else None, said.get("example", ""), said.get("dynamic") == "true")


def accepted(content: Sequence[Media], accept: str) -> Media | None:
    """Give the media type that is wanted most, the first of several; None where none is acceptable.

    Of the ranges that a type falls under, the closest says how much it is wanted.
    """
    if not accept.strip():
        return content[0] if content else None
    ranges = [_range(each) for each in accept.split(",", _MAX_RANGES)[:_MAX_RANGES]]
    best, found = 0.0, None
    for media in content:
        quality = _quality(media.type, ranges)
        if quality > best:
            best, found = quality, media
    return found


def _quality(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    fitting = [(closeness, quality) for name, quality in ranges if (closeness := _closeness(kind, name))]
    return max(fitting)[1] if fitting else 0.0


def _closeness(kind: str, name: str) -> int:
    """Say how closely a range names a type, from 0 for not at all to 3; the type may be a range of the document's."""
    if name == kind:
        return 3
    if name == f"{kind.partition('/')[0]}/*" or kind == f"{name.partition('/')[0]}/*":
        return 2
    return 1 if name == "*/*" or kind == "*/*" else 0


def _range(text: str) -> tuple[str, float]:
    quality = _QUALITY.search(text)
    return base_of(text), float(quality[1]) if quality else 1.0
