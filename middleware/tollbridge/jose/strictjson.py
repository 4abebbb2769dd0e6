"""JSON that no two readers read differently."""

import json
import math
from typing import Any, NoReturn

from tollbridge.bodysanity import check_json_depth
from tollbridge.errors import BodyTooLarge

_DEEPEST = 16
_LONGEST_NUMBER = 32


def strict_object(text: bytes) -> dict[str, Any]:
    """Read a JSON object; raises `ValueError`, and nothing else, for what is none or could be read in two ways.

    Refused are a name that stands twice in one object (RFC 8259 section 4 lets readers differ), NaN and infinities,
    also written as `1e400`, numbers of more than 32 characters, halves of a surrogate pair, and more than 16 levels.
    """
    try:
        check_json_depth(text, _DEEPEST)
    except BodyTooLarge:
        raise ValueError("it is nested too deep") from None
    found = json.loads(
        text.decode("utf-8"),
        object_pairs_hook=_object,
        parse_int=_whole,
        parse_float=_finite,
        parse_constant=_no_number,
    )
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    if b"\\u" in text:
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # which half of a pair does not survive
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number in it is too long")
    return int(text)


def _finite(text: str) -> float:
    number = float(text) if len(text) <= _LONGEST_NUMBER else math.inf
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError("a number in it is none, or too long")
