"""Templates of paths, such as `/orders/{id}.json`: what a segment of a path is, and whether a request's fits.

A request's path is compared as it stands in the request, percent-encoded: `%2F` in a segment ends none. A character
and its encoding are the same everywhere else (RFC 3986, 6.2.2.2, taken a little further: as servers do).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from tollbridge_rest.documents.bounds import BadDocument, shown

MAX_SEGMENTS = 100
_PARAMETER = re.compile(r"\{([^{}/]{1,200})\}")
_SIGN = re.compile(rb"%[0-9A-Fa-f]{2}|.", re.DOTALL)
_WELL_ENCODED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")
_ALLOWED = "!$&'()*+,;=:@-._~"


class Segment(NamedTuple):
    """Literals around names: `literals` has one more than `names`, some of them empty.  Latin-1 stands for bytes."""

    literals: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether it is one parameter and nothing else."""
        return len(self.names) == 1 and not any(self.literals)


class Template:
    """The template of one path; raises `BadDocument` for what is none."""

    __slots__ = ("names", "segments", "shape")

    def __init__(self, path: str) -> None:
        if not path.startswith("/") or "?" in path or "#" in path:
            raise BadDocument(
                f"the path {shown(path)} must begin with a slash and hold no ? or #", param=f"paths{path}"[:200]
            )
        segments = [_segment(each, path) for each in path[1:].split("/")]
        if len(segments) > MAX_SEGMENTS:
            raise BadDocument(f"the path {shown(path)} has over {MAX_SEGMENTS} segments", param="paths")
        self.segments: tuple[Segment, ...] = tuple(segments)
        self.names: tuple[str, ...] = tuple(name for each in segments for name in each.names)
        self.shape = "/" + "/".join("\0".join(each.literals) for each in segments)
        """The same for two templates that differ in names alone."""
        if len(set(self.names)) < len(self.names):
            raise BadDocument(f"the path {shown(path)} has a parameter twice", param="paths")


def split_path(path: str) -> list[str] | None:
    """Give the segments of a request's path, encoded; None for one that is no plain path.

    Dot segments are none: whoever gets them walks elsewhere with them.
    """
    if not path.startswith("/") or not path.isascii() or not _WELL_ENCODED.fullmatch(path):
        return None
    segments = path[1:].split("/")
    if len(segments) > MAX_SEGMENTS or any(decode_bytes(each) in (".", "..") for each in segments):
        return None
    return segments


def decode_bytes(text: str) -> str:
    """Decode what is percent-encoded; each character of the result is a byte."""
    return unquote_to_bytes(text).decode("latin-1") if "%" in text else text


def encode_segment(text: str) -> str:
    """Encode a decoded segment."""
    return quote(text, safe=_ALLOWED)


def fit(segment: Segment, raw: str) -> Sequence[str] | None:
    """Give the values of a segment's parameters, encoded as they came, or None.  None of them is empty.

    Each value but the last ends where the literal after it stands first, so this is linear, and finds a fit where there
    is one.
    """
    if segment.plain:
        return (raw,) if raw else None
    if not segment.names:
        return () if decode_bytes(raw) == segment.literals[0] else None
    pieces = [piece.decode("ascii") for piece in _SIGN.findall(raw.encode("ascii"))]
    text = "".join(decode_bytes(piece) for piece in pieces)
    first, last = segment.literals[0], segment.literals[-1]
    end = len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last) or end < len(first):
        return None
    values, at = [], len(first)
    for literal in segment.literals[1:-1]:
        found = text.find(literal, at + 1, end)
        if found < 0:
            return None
        values.append("".join(pieces[at:found]))
        at = found + len(literal)
    return [*values, "".join(pieces[at:end])] if at < end else None


def _segment(text: str, path: str) -> Segment:
    literals = _PARAMETER.split(text)
    if any("{" in each or "}" in each for each in literals[::2]):
        raise BadDocument(f"the braces of the path {shown(path)} do not match", param="paths")
    decoded = tuple(unquote_to_bytes(each).decode("latin-1") for each in literals[::2])
    return Segment(decoded, tuple(literals[1::2]))
