"""The number nearest to zero that fits the limits of a JSON Schema (2020-12), reckoned exactly."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

_NONE, _HALF, _ONE = Fraction(0), Fraction(1, 2), Fraction(1)


def least_integer(schema: Mapping[str, Any]) -> int:
    """Give the integer; where the limits leave none, the lower one rounded."""
    step = abs(number(schema, "multipleOf") or _ONE)
    return int(_multiple(_nearest(*_limits(schema, _ONE)), Fraction(step.numerator)))


def least_number(schema: Mapping[str, Any]) -> int | float:
    """Give the number, half a unit or less from a limit that it may not reach."""
    low, high = _limits(schema, _HALF)
    if low is not None and high is not None and low > high:
        low = high = sum((limit for limit in _limits(schema, _NONE) if limit is not None), _NONE) / 2
    step = abs(number(schema, "multipleOf") or _NONE)
    value = _nearest(low, high)
    value = _multiple(value, step) if step else value
    return int(value) if value.denominator == 1 else float(value)


def number(schema: Mapping[str, Any], word: str) -> Fraction | None:
    """Read a number of a schema as it is written; None for what is none, or very large."""
    value = schema.get(word)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return Fraction(str(value)) if fits else None


def _limits(schema: Mapping[str, Any], step: Fraction) -> tuple[Fraction | None, Fraction | None]:
    """Give the lower and the upper limit, one `step` within those that may not be reached."""
    low, above = number(schema, "minimum"), number(schema, "exclusiveMinimum")
    high, below = number(schema, "maximum"), number(schema, "exclusiveMaximum")
    lows = [limit for limit in (low, None if above is None else above + step) if limit is not None]
    highs = [limit for limit in (high, None if below is None else below - step) if limit is not None]
    return max(lows, default=None), min(highs, default=None)


def _nearest(low: Fraction | None, high: Fraction | None) -> Fraction:
    nearest = _NONE if high is None else min(_NONE, high)
    return nearest if low is None else max(nearest, low)


def _multiple(value: Fraction, step: Fraction) -> Fraction:
    """Give the next multiple of a step, away from zero."""
    return (math.ceil(value / step) if value > 0 else math.floor(value / step)) * step
