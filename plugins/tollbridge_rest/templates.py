"""Path templates: `/orders/{id}`, `/reports/{name}.pdf`, `/files/{rest*}`.  Pure, and linear in the path."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

ESCAPED = "%2F"
"""How a slash within a segment stands in a path that is decoded otherwise."""
_SAFE = ":@!$&'()*+,=~-._"
"""What a segment holds as it is (RFC 3986 section 3.3), but `;`, which some servers cut a path off at."""
_PIECE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[^{}/*]{1,100}")
_MOST_PIECES = 8
_UNPLAIN = ("//", "\\", "?", "#", ";")


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: `texts` with one of `names` between each two; a plain text has no names."""

    texts: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """How much of it is fixed, in characters: the more, the sooner it is tried."""
        return sum(map(len, self.texts))

    def match(self, text: str) -> tuple[str, ...] | None:
        """Give the values of the names, each of one character or more, or None.

        Each takes as little as it can, the last one what is left.
        """
        first, *middle, last = self.texts
        if not text.startswith(first):
            return None
        values, place = [], len(first)
        for fixed in middle:
            found = text.find(fixed, place + 1)
            if found < 0:
                return None
            values.append(text[place:found])
            place = found + len(fixed)
        end = len(text) - len(last)
        if end <= place or not text.endswith(last):
            return None
        return (*values, text[place:end])


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A template.  `rest` is the name that takes all that is left, with the slash before it; empty for none."""

    text: str
    segments: tuple[Segment, ...]
    rest: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters in their order, the rest last."""
        found = [name for segment in self.segments for name in segment.names]
        return (*found, self.rest) if self.rest else tuple(found)

    def expand(self, values: Mapping[str, str]) -> str:
        """Write the path with these values, escaped; raises `ValueError` for one that would lead elsewhere.

        A slash in a value is escaped; in the rest that is one of those written `%2F`. No value may make a segment of
        dots, which a server would climb up by, not even for a server that takes an escaped slash for a plain one.
        """
        parts = []
        for segment in self.segments:
            text = segment.texts[0]
            for name, fixed in zip(segment.names, segment.texts[1:], strict=True):
                text += values[name] + fixed
            parts.append(text)
        rest = values[self.rest] if self.rest else ""
        parts += [part.replace(ESCAPED, "/") for part in rest.split("/")[1:]]
        check_plain("".join(f"/{part}" for part in parts))
        return "".join(f"/{quote(part, safe=_SAFE)}" for part in parts) or "/"


def read_template(text: str) -> PathTemplate:
    """Read a template; raises `ValueError` saying what is wrong with it.  The empty one is the service itself."""
    if not text.startswith("/") and text:
        raise ValueError("a path begins with '/'")
    parts = text.split("/")[1:]
    rest = ""
    if parts and (found := re.fullmatch(r"\{([^{}]*)\*\}", parts[-1])):
        rest = _named(found[1])
        parts = parts[:-1]
    segments = tuple(map(_read_segment, parts))
    template = PathTemplate(text, segments, rest)
    if len(set(template.names)) < len(template.names):
        raise ValueError("a parameter stands in it twice")
    check_plain("".join("/" + "x".join(segment.texts) for segment in segments))
    return template


def check_plain(path: str) -> None:
    """Refuse a path that servers read in different ways; raises `ValueError`.

    It is decoded, so what looks like an escape in it would be decoded a second time by a server that does that.
    """
    if any(mark in path for mark in _UNPLAIN):
        raise ValueError("a path holds no '//', '\\', '?', '#' or ';'")
    if not path.isprintable() or any(part in (".", "..") for part in path.split("/")):
        raise ValueError("a path holds no '.' or '..' between slashes, and nothing that cannot be shown")


def _read_segment(text: str) -> Segment:
    pieces = _PIECE.split(text)
    texts, names = tuple(pieces[::2]), tuple(map(_named, pieces[1::2]))
    if any(mark in fixed for fixed in texts for mark in "{}"):
        raise ValueError("a brace has no other; a parameter is written {name}")
    if len(names) > _MOST_PIECES:
        raise ValueError(f"more than {_MOST_PIECES} parameters stand between two slashes")
    if any(not fixed for fixed in texts[1:-1]):
        raise ValueError("two parameters stand side by side, so it is not clear where one ends")
    return Segment(texts, names)


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name[:40]!r} is no name of a parameter; {{rest*}}, for all that is left, ends a path")
    return name
