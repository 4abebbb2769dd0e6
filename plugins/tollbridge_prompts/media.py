"""Which media type an answer is given in (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Sequence

_RANGE = re.compile(r"([!#$%&'*+.^_`|~\w-]+)/([!#$%&'*+.^_`|~\w-]+)", re.ASCII)
_WEIGHT = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")
_MOST = 50
"""Ranges of one header that are looked at."""

JSON = "application/json"
EVENTS = "text/event-stream"
PLAIN = "text/plain"


def chosen(accept: str, offered: Sequence[str]) -> tuple[str, bool]:
    """Give the offered type that is liked best, and whether it was named itself; the first of those liked as well.

    An empty type where none is acceptable. No header at all accepts everything.
    """
    if not accept.strip():
        return offered[0], False
    ranges = [found for one in accept.split(",")[:_MOST] if (found := _range(one)) is not None]
    best, best_weight, named = "", 0.0, False
    for kind in offered:
        weight, exact = _weight(kind, ranges)
        if weight > best_weight:
            best, best_weight, named = kind, weight, exact
    return best, named


def _range(text: str) -> tuple[str, str, float] | None:
    said, *options = (part.strip() for part in text.split(";"))
    found = _RANGE.fullmatch(said)
    if found is None:
        return None
    weights = [
        value.strip() for name, _, value in (one.partition("=") for one in options) if name.strip() in ("q", "Q")
    ]
    if not weights:
        return found[1].lower(), found[2].lower(), 1.0
    return (found[1].lower(), found[2].lower(), float(weights[0])) if _WEIGHT.fullmatch(weights[0]) else None


def _weight(kind: str, ranges: Sequence[tuple[str, str, float]]) -> tuple[float, bool]:
    """Give the weight of the most exact range that a type is in, and whether that names it."""
    main, _, sub = kind.partition("/")
    best, weight = 0, 0.0
    for one, other, said in ranges:
        exactness = 3 if (one, other) == (main, sub) else 2 if (one, other) == (main, "*") else 1
        if exactness == 1 and (one, other) != ("*", "*"):
            continue
        if exactness > best:
            best, weight = exactness, said
    return weight, best == 3
