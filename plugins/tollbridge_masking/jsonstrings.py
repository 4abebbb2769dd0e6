"""The strings of JSON: what they say, and masking a part of one without touching the rest."""

import json
import re
from collections import Counter

from tollbridge_masking.finder import Finder

LONGEST = 256 * 1024
"""How many characters of a string are held at most, as it is written."""
LONGEST_NAME = 1_200
"""How long the name of a member that is meant by a field may be, as it is written: each character may be an escape."""

PLAIN = r'[^"\\\x00-\x1f]*+'
ESCAPE = r'\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})'
INSIDE = rf"{PLAIN}(?>(?:{ESCAPE}{PLAIN})*)"
"""What may stand between the quotes (RFC 8259 section 7)."""

_OPAQUE = r"(?>(?:[A-Za-z0-9+/=_-]|\\[/nr])*)"
_OPAQUE_PART = re.compile(_OPAQUE)
_OPAQUE_BEGIN = re.compile(rf"(?:data:[\w/+.;=-]{{1,200}},)?{_OPAQUE}", re.ASCII)
_SIGN = re.compile(
    r"\\u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.|(?P<plain>[^\\]+)"
)


def is_opaque(written: str, *, begins: bool = True) -> bool:
    """Whether this is Base64, of a `data:` URL or alone, or a later part of it: nothing in there is looked for."""
    return (_OPAQUE_BEGIN if begins else _OPAQUE_PART).fullmatch(written) is not None


def said(written: str) -> str:
    """Give what a string says."""
    return str(json.loads(f'"{written}"')) if "\\" in written else written


def masked(written: str, finder: Finder, counts: Counter[str]) -> str | None:
    """Give a string with what was found in it masked and all else as it was written; None where nothing was."""
    escaped = "\\" in written
    if not escaped and not finder.may_hold(written):
        return None
    text = said(written)
    if escaped and not finder.may_hold(text):
        return None
    masks = finder.masks(text, 0, len(text), counts)
    if not masks:
        return None
    places = _places(written) if escaped else range(len(written) + 1)
    pieces, done = [], 0
    for begin, end, mask in masks:
        pieces += [written[done : places[begin]], mask]
        done = places[end]
    return "".join((*pieces, written[done:]))


def _places(written: str) -> list[int]:
    """Give where each character of what a string says is written, and its end."""
    places: list[int] = []
    for sign in _SIGN.finditer(written):
        places += range(*sign.span()) if sign["plain"] else (sign.start(),)
    return [*places, len(written)]
