"""Whether a request meets what a route asks of its headers and its query.  Pure."""

from collections.abc import Callable, Iterable, Sequence
from urllib.parse import unquote_plus

import jsonschema_rs

from tollbridge_rest.definition import Condition, Place, Test

LONGEST_VALUE = 4_096
"""Characters of a value that are looked at; a longer one meets nothing but `exists`."""
_PATTERN_BYTES = 1024 * 1024

Values = Callable[[Place, str], Sequence[str]]
"""Gives what a request has under a name."""
Meets = Callable[[Values], bool]


def make_condition(condition: Condition) -> Meets:
    """Make what checks a condition; raises `ValueError` for a pattern that cannot be used."""
    where, value = condition.where, condition.value
    name = condition.name.lower() if where is Place.HEADER else condition.name
    compare = _COMPARES[condition.test](value)

    def meets(values: Values) -> bool:
        return compare(values(where, name))

    return meets


def make_pattern(pattern: str) -> Callable[[str], bool]:
    """Compile a pattern that is looked for anywhere in a text, in time linear in it; raises `ValueError`.

    The engine is that of Rust's `regex`: Python's own can take time exponential in what a caller sends.
    """
    options = jsonschema_rs.RegexOptions(size_limit=_PATTERN_BYTES)
    try:
        validator = jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except (ValueError, jsonschema_rs.ValidationError):
        raise ValueError(
            f"{pattern[:100]!r} is no pattern that can be used; look-around and references back are not known"
        ) from None

    def found(text: str) -> bool:
        return validator.is_valid(text)

    return found


def values_of(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> Values:
    """Give the values of a request by place and name; the query is read when it is first asked for."""
    pairs: list[tuple[str, str]] = []

    def values(where: Place, name: str) -> Sequence[str]:
        if where is Place.HEADER:
            wanted = name.encode("latin-1", "replace")
            return [value.decode("latin-1") for key, value in headers if key == wanted]
        if query and not pairs:
            pairs.extend(query_pairs(query))
        return [value for key, value in pairs if key == name]

    return values


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """Read a query as forms write it, in order."""
    pairs = (part.partition(b"=") for part in query.split(b"&") if part)
    return [(unquote_plus(name.decode("latin-1")), unquote_plus(value.decode("latin-1"))) for name, _, value in pairs]


def _among(compare: Callable[[str], bool]) -> Callable[[Sequence[str]], bool]:
    return lambda found: any(len(text) <= LONGEST_VALUE and compare(text) for text in found)


_COMPARES: dict[Test, Callable[[str], Callable[[Sequence[str]], bool]]] = {
    Test.EQUALS: lambda value: _among(value.__eq__),
    Test.PREFIX: lambda value: _among(lambda text: text.startswith(value)),
    Test.REGEX: lambda value: _among(make_pattern(value)),
    Test.EXISTS: lambda value: bool,
    Test.NOT: lambda value: lambda found: value not in found and (bool(value) or not found),
}
"""Makes the comparison of each test.  `not` without a value: it is not there at all."""
