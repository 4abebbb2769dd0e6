"""JSON texts: read strictly, numbers kept as they were written, and written in one way only."""

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from tollbridge import BadRequest
from tollbridge.administering import check_json_depth
from tollbridge_prompts.bounds import DEPTH, ITEMS

_LONGEST_NUMBER = 400
"""Characters of a number."""
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(rf"{_INTEGER.pattern}(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TOO_LONG = f"it holds a number of more than {_LONGEST_NUMBER} characters, or beyond what can be counted with"


class _Refused(ValueError):
    """A sentence of our own."""


def read(text: str | bytes) -> Any:
    """Read one JSON value; raises `ValueError` with a sentence that holds nothing of it.

    A name that is there twice is refused, and so is half of a surrogate pair: two readers could differ about them.
    """
    try:
        raw = text.encode("utf-8") if isinstance(text, str) else text
        check_json_depth(raw, DEPTH)
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_no_constant,
        )
    except BadRequest:
        raise ValueError(f"it is nested deeper than {DEPTH} levels") from None
    except _Refused as exc:
        raise ValueError(str(exc)) from None
    except (ValueError, RecursionError):
        raise ValueError("it is no JSON in UTF-8") from None
    _check(value)
    return value


def write(value: Any) -> str:
    """Write a value canonically: names in order, no blanks, numbers as they were read."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{write(name)}:{write(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(write, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False, allow_nan=False)


def number_of(text: str) -> int | Decimal | None:
    """Read a number as JSON has it, None for anything else."""
    if len(text) > _LONGEST_NUMBER or _NUMBER.fullmatch(text) is None:
        return None
    try:
        return int(text) if _INTEGER.fullmatch(text) else Decimal(text)
    except InvalidOperation:
        return None


def _within(value: Any) -> Iterator[Any]:
    """Give a value and all values in it, the names in objects not."""
    left = [value]
    while left:
        one = left.pop()
        yield one
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one


def _check(value: Any) -> None:
    for count, one in enumerate(_within(value), 1):
        if count > ITEMS:
            raise ValueError(f"it holds more than {ITEMS} values")
        texts = one if isinstance(one, dict) else (one,) if isinstance(one, str) else ()
        if not all(map(_is_text, texts)):
            raise ValueError("it holds half of a surrogate pair, which is no text")


def _is_text(value: str) -> bool:
    return value.isascii() or value == value.encode("utf-8", "replace").decode("utf-8")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _Refused("a name is there twice in one object")
    return made


def _decimal(text: str) -> Decimal:
    found = number_of(text)
    if found is None:
        raise _Refused(_TOO_LONG)
    return Decimal(found)


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise _Refused(_TOO_LONG)
    return int(text)


def _no_constant(name: str) -> None:
    raise _Refused(f"{name} is no JSON")
