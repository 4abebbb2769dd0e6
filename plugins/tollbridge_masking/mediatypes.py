"""Media types: which answers are masked, and which are passed as they are (RFC 9110 section 8.3.1)."""

import re
from collections.abc import Sequence

_PATTERN = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*)")
_CHARSET = re.compile(r';[ \t]*charset[ \t]*=[ \t]*"?([^\s;"]*)', re.IGNORECASE)
_MANY = frozenset(("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"))
_STREAMS = frozenset(("text/event-stream", "application/vnd.amazon.eventstream"))


def check_pattern(pattern: str) -> None:
    """Refuse what is neither a media type nor all of one sort; raises `ValueError`."""
    if _PATTERN.fullmatch(pattern) is None:
        raise ValueError(f"{pattern!r} is no media type in small letters, such as image/png or image/*")
    if any(passes(stream, (pattern,)) for stream in _STREAMS):
        raise ValueError(f"{pattern!r} would pass event streams, which hold what is masked elsewhere")


def passes(kind: str, patterns: Sequence[str]) -> bool:
    """Whether answers of a type are passed as they are."""
    return kind in patterns or f"{kind.partition('/')[0]}/*" in patterns


def read_type(said: str) -> tuple[str, str]:
    """Give the type and the charset that a header says, in small letters; a charset said in two ways is `?`."""
    charsets = {charset.lower() for charset in _CHARSET.findall(said)}
    charset = "?" if len(charsets) > 1 else next(iter(charsets), "")
    return said.partition(";")[0].strip().lower(), charset


def is_stream(kind: str) -> bool:
    """Whether a type is that of events, one after the other."""
    return kind in _STREAMS


def is_json(kind: str) -> bool:
    """Whether a type is JSON."""
    return kind == "application/json" or kind.endswith("+json") or is_lines(kind)


def is_lines(kind: str) -> bool:
    """Whether a type is one JSON text after the other."""
    return kind in _MANY


def is_text(kind: str) -> bool:
    """Whether a type is text."""
    return kind.startswith("text/") and not is_stream(kind)
