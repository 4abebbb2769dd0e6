"""How much there is of a value that is JSON, as a check of it takes time for that."""

from decimal import Decimal
from typing import Any, NamedTuple

LONG = 63
"""Bits of a number that is as quick as a small one."""
_FREE = frozenset((bool, type(None)))


class Size(NamedTuple):
    """How much there is of a value: values in it, itself included, digits that take time, bytes of texts and names."""

    values: int
    digits: float
    characters: int
    depth: int


def size_of(value: Any) -> Size:
    """Measure a value, without recursion."""
    values, digits, characters, depth = 0, 0.0, 0, 0
    level = [value]
    while level:
        depth += 1
        values += len(level)
        inside: list[Any] = []
        for one in level:
            kind = type(one)
            if kind is str:
                characters += _bytes(one)
            elif kind is dict:
                characters += sum(map(_bytes, one))
                inside += one.values()
            elif kind is list:
                inside += one
            elif kind not in _FREE:
                digits += _digits(one)
        level = inside
    return Size(values, digits, characters, depth)


def _bytes(text: Any) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _digits(number: float | Decimal) -> float:
    """Count the digits of a number that is no small integer; it takes time as five more would."""
    if type(number) is int:
        bits = number.bit_length()
        return 5 + bits * 0.3 if bits > LONG else 0
    if isinstance(number, Decimal):
        return 5 + len(str(number)) + min(abs(number.adjusted()), 400) / 4
    return 22
