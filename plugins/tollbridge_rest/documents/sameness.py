"""Whether two schemas say the same, in all that they refer to."""

from collections.abc import Mapping
from typing import Any

from tollbridge_rest.documents.limiting import written
from tollbridge_rest.documents.schemas import KEPT, MANY, NAMED, ONE, Schemas

MAX_LOOKS = 50_000
SAYING = KEPT | ONE | MANY | NAMED | {"$ref", "nullable", "readOnly", "writeOnly", "discriminator"}
"""The fields of a schema that decide about values; all others describe."""
_SCHEMAS = ONE | MANY


class Sameness:
    """Compares schemas of two documents.  References that are being looked at are taken to be the same meanwhile."""

    def __init__(self, before: Schemas, after: Schemas) -> None:
        self._before, self._after = before, after
        self._same: set[tuple[str, str]] = set()

    def of(self, before: Any, after: Any) -> bool:
        """Tell whether they say the same; too much to look at is told as no."""
        waiting, seen, looks = [(before, after)], set(self._same), 0
        while waiting:
            looks += 1
            one, other = waiting.pop()
            if looks > MAX_LOOKS or not self._step(one, other, waiting, seen):
                return False
        self._same = seen
        return True

    def _step(self, one: Any, other: Any, waiting: list[tuple[Any, Any]], seen: set[tuple[str, str]]) -> bool:
        if isinstance(one, list) and isinstance(other, list):
            waiting.extend(zip(one, other, strict=False))
            return len(one) == len(other)
        if not isinstance(one, Mapping) or not isinstance(other, Mapping):
            return type(one) is type(other) and bool(one == other)
        first, second = one.get("$ref"), other.get("$ref")
        if isinstance(first, str) and isinstance(second, str):
            if (first, second) in seen:
                return True
            seen.add((first, second))
            waiting.append((self._before.refs.find(first), self._after.refs.find(second)))
        elif first != second:
            return False
        return self._words(one, other, waiting)

    def _words(self, one: Mapping[str, Any], other: Mapping[str, Any], waiting: list[tuple[Any, Any]]) -> bool:
        for word in (one.keys() | other.keys()) & SAYING - {"$ref"}:
            if word in _SCHEMAS:
                waiting.append((one.get(word), other.get(word)))
            elif word in NAMED:
                if not _maps(one.get(word), other.get(word), waiting):
                    return False
            elif written(one.get(word)) != written(other.get(word)):
                return False
        return True


def _maps(one: Any, other: Any, waiting: list[tuple[Any, Any]]) -> bool:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return bool(one == other)
    waiting.extend((one[name], other[name]) for name in one.keys() & other.keys())
    return one.keys() == other.keys()
