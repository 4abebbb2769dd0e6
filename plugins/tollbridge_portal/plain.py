"""Texts and numbers for examples, by what a schema says of them."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import count, islice
from typing import Any

from tollbridge_portal.patterns import matching
from tollbridge_portal.samples.called import JSON

LONGEST = 4_000
"""Characters of a text that is made at most."""

_TEXT = "text"
_VARIED = 200
_FORMATS = {
    "date-time": "2026-01-15T09:30:00Z",
    "date": "2026-01-15",
    "time": "09:30:00Z",
    "duration": "P1D",
    "email": "jo@example.com",
    "idn-email": "jo@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/page",
    "iri": "https://example.com/",
    "iri-reference": "/page",
    "uri-template": "/pages/{id}",
    "uuid": "6f1c2b0a-3d4e-4f5a-8b6c-7d8e9f0a1b2c",
    "json-pointer": "/name",
    "relative-json-pointer": "0",
    "regex": "[a-z]+",
    "byte": "dGV4dA==",
}
"""A text of each format; addresses and names are those that are kept for examples (RFC 2606, 3849, 5737)."""


def texts(schema: Mapping[str, Any]) -> Iterator[str]:
    """Give texts of the right length, by the format or the pattern where there is one."""
    least, most = _length(schema.get("minLength"), 0), _length(schema.get("maxLength"), LONGEST)
    known = schema.get("format")
    if isinstance(known, str) and known in _FORMATS:
        yield _FORMATS[known]
    pattern = schema.get("pattern")
    if isinstance(pattern, str):
        found = [text for text in matching(pattern) if len(text) <= most]
        yield from sorted(found, key=lambda text: (len(text) < least, not text))
        for text in found:
            if len(text) < least:
                more = _sized(least - len(text), LONGEST)
                yield from (f"{text}{more}", f"{more}{text}")
    yield _sized(least, most)


def numbers(schema: Mapping[str, Any], *, whole: bool) -> Iterator[int | float]:
    """Give numbers within the bounds: 1 where it may be, else the nearest to a bound."""
    low, high = _number(schema.get("minimum")), _number(schema.get("maximum"))
    above, below = _number(schema.get("exclusiveMinimum")), _number(schema.get("exclusiveMaximum"))
    step = _number(schema.get("multipleOf"))
    if step is None or step <= 0:
        step = Decimal(1)
        halves = () if whole else _between(low if low is not None else above, high if high is not None else below)
    else:
        halves = ()
    starts = [Decimal(1), Decimal(0)]
    starts += [bound for bound in (low, above, high, below) if bound is not None]
    for start in starts:
        down = start // step * step
        for value in (start, down, down + step, down - step, down + 2 * step):
            if not whole or value == value.to_integral_value():
                yield _plain(value)
    yield from map(_plain, halves)


def varied(found: list[JSON], wanted: int) -> Iterator[JSON]:
    """Give values that all differ: those found, then others made of them, at most a few hundred."""
    seen: list[JSON] = []
    for value in [*found, *(other for one in found for other in islice(_others(one), max(wanted, _VARIED)))]:
        if not any(_same(value, other) for other in seen):
            seen.append(value)
            yield value


def _others(value: JSON) -> Iterator[JSON]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield from (value + more for more in count(1))
    elif isinstance(value, str):
        yield from (f"{value}{number}" for number in count(2))
        yield from (f"{value[:-1]}{chr(sign)}" for sign in range(97, 123))
    elif isinstance(value, list):
        yield from ([*value, other] for other in ("text", 1, True))
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from ({**value, name: other} for other in islice(_others(member), _VARIED))


def _same(one: JSON, other: JSON) -> bool:
    """Compare as JSON does: `true` is no number."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _between(low: Decimal | None, high: Decimal | None) -> tuple[Decimal, ...]:
    if low is None or high is None or low >= high:
        return ()
    return ((low + high) / 2,)


def _length(value: Any, otherwise: int) -> int:
    return min(int(value), LONGEST) if isinstance(value, (int, float)) and value >= 0 else otherwise


def _sized(least: int, most: int) -> str:
    """Write words of a length."""
    if least <= len(_TEXT):
        return _TEXT[: max(0, min(len(_TEXT), most))]
    return (f"{_TEXT} " * (least // (len(_TEXT) + 1) + 1))[:least].rstrip().ljust(least, ".")


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    exact = Decimal(str(value))
    return exact if exact.is_finite() and abs(exact.adjusted()) < 300 else None


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
