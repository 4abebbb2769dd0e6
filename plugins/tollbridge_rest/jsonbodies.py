"""JSON bodies: read with every number as it was written, edited, and written again.  Pure."""

import json
from collections.abc import Sequence
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec

from tollbridge.administering import BodyTooLarge, check_json_depth
from tollbridge_rest.definition import BodyEdit
from tollbridge_rest.pointers import drop, put, read_pointer

DEEPEST = 128
"""Levels of a JSON body."""
_LONGEST_INT = 18
_LONGEST_NUMBER = 1_000

_encoder = msgspec.json.Encoder(decimal_format="number")


def is_json(kind: str) -> bool:
    """Whether a media type is JSON (RFC 6839 section 3.1)."""
    bare = kind.partition(";")[0].strip().lower()
    return bare == "application/json" or bare.endswith("+json")


def read_json(body: bytes) -> Any:
    """Read a body; raises `ValueError` for what is no JSON, names a member twice or is nested too deep.

    One that names a member twice means one thing here and another elsewhere.
    """
    try:
        check_json_depth(body, DEEPEST)
        return json.loads(
            body.decode("utf-8"),
            parse_float=_number,
            parse_int=_whole,
            parse_constant=_no_constant,
            object_pairs_hook=_members,
        )
    except BodyTooLarge as exc:
        raise ValueError(exc.message) from None
    except UnicodeDecodeError:
        raise ValueError("the body is no UTF-8") from None
    except json.JSONDecodeError as exc:
        raise ValueError(f"the body is no JSON: {exc.msg} at character {exc.pos}") from None
    except ArithmeticError:
        raise ValueError("the body holds a number that is too large") from None


def write_json(value: Any) -> bytes:
    """Write a value."""
    return _encoder.encode(value)


class JsonEdit:
    """The changes of a body, read once; raises `ValueError` for a pointer that is none."""

    def __init__(self, edit: BodyEdit) -> None:
        self._gone = tuple(map(read_pointer, edit.remove))
        self._put = tuple((read_pointer(text), value) for text, value in edit.set.items())

    def __bool__(self) -> bool:
        return bool(self._gone or self._put)

    def apply(self, value: Any) -> Any:
        """Give the changed value; raises `ValueError` where there is no place to set something."""
        for pointer in self._gone:
            value = drop(value, pointer)
        for pointer, new in self._put:
            value = put(value, pointer, deepcopy(new))
        return value


def _number(text: str) -> Decimal:
    if len(text) > _LONGEST_NUMBER:
        raise OverflowError
    return Decimal(text)


def _whole(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INT else _number(text)


def _no_constant(text: str) -> Any:
    raise ValueError(f"the body is no JSON: {text} is no number in it")


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("the body names a member twice")
    return found
