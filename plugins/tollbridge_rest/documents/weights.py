"""What checking a value against a schema may take, told from both before it is begun: a check cannot be broken off.

Counted is what one value of a text may be held against: all members of `anyOf` and its like, and what those refer to.
A schema that leads back to itself is looked at once for each value (jsonschema-rs 0.60.3).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tollbridge_rest.documents.bounds import BadDocument

MAX_TRIED = 5_000
"""Schemas that one value may be held against.  Of 1,200 in documents of others the most was 50 (read 2026-11)."""
MAX_TRIED_BACK = 500
"""The same where a schema leads back to itself: its first turn takes time in the square of this."""
MAX_WORK = 10_000_000
"""Schemas that all values of a text may be held against, and a quarter of the looks of patterns at its bytes.

Each takes 0.01 to 0.3 µs (jsonschema-rs 0.60.3, one core of a shared machine, 2026-11).
"""

_HERE_ONE = ("not", "if", "then", "else")
_HERE_MANY = ("allOf", "anyOf", "oneOf")
_BELOW_ONE = (
    *("additionalProperties", "contains", "items", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties"),
)
_LONG = 10
"""A repeat over this many times costs each byte something; below, it is as good as none."""
_REPEATS = re.compile(r"(?<!\\)\{(?:[0-9]+,)?([0-9]+),?\}")
_OPEN = re.compile(r"(?<!\\)[*+]")

Schema = Mapping[str, Any]
_Weigh = Callable[[Schema], int]


class Weight(NamedTuple):
    """What a schema asks for.  `tried`: schemas for each value, `looks`: looks at each byte of a text."""

    tried: int
    looks: int
    recursive: bool

    def of_text(self, size: int, value: Any) -> int:
        """Give what a value may take that was read from so many bytes."""
        most = self._work((size + 2) // 2, size)
        return most if most <= MAX_WORK else self._work(*measured(value))

    def _work(self, values: int, signs: int) -> int:
        return values * self.tried + signs * self.looks // 4


def weigh(schema: Schema) -> Weight:
    """Weigh a schema that stands alone; raises `BadDocument` for one that holds a value against too many."""
    named = {f"#/$defs/{name}": each for name, each in schema.get("$defs", {}).items()}
    by_name = _ordered(schema, named, _here)
    here: dict[str, int] = {}
    looks: dict[str, int] = {}
    for ref, each in by_name:
        here[ref] = _sum_here(each, lambda _: 1, here)
        looks[ref] = _sum_here(each, _looks, looks)
    order = reached(schema, named)
    recursive = _leads_back(order)
    tried = max((_sum_here(each, lambda _: 1, here) for each in _everywhere(order)), default=1)
    if not recursive:
        below: dict[str, int] = {}
        for ref, each in order:
            below[ref] = _with_fields(each, below)
        tried = below[""]
    most = MAX_TRIED_BACK if recursive else MAX_TRIED
    if tried > most:
        raise BadDocument(f"a schema holds one value against over {most:,} others")
    return Weight(tried, max((_sum_here(each, _looks, looks) for each in _everywhere(order)), default=0), recursive)


def reached(schema: Schema, named: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """List what a schema leads to, by reference, and at the end itself, as ``""``."""
    return _ordered(schema, named, _all)


def _ordered(root: Any, named: Mapping[str, Any], within: Callable[[Any], Iterator[Schema]]) -> list[tuple[str, Any]]:
    """List what is reached by references, each after what it refers to, but for circles; the root is named ``""``."""
    done: list[tuple[str, Any]] = []
    seen, waiting = {""}, [("", _refs(root, within))]
    while waiting:
        ref, leads = waiting[-1]
        further = next((lead for lead in leads if lead not in seen and lead in named), None)
        if further is None:
            waiting.pop()
            done.append((ref, named.get(ref, root)))
        else:
            seen.add(further)
            waiting.append((further, _refs(named[further], within)))
    return done


def _leads_back(order: list[tuple[str, Any]]) -> bool:
    """Whether one refers to itself or to one that stands after it."""
    known: set[str] = set()
    for ref, each in order:
        if any(lead not in known for lead in _refs(each, _all)):
            return True
        known.add(ref)
    return False


def _refs(schema: Any, within: Callable[[Any], Iterator[Schema]]) -> Iterator[str]:
    return (each["$ref"] for each in within(schema) if "$ref" in each)


def _everywhere(order: list[tuple[str, Any]]) -> Iterator[Schema]:
    for _, each in order:
        yield from _all(each)


def _all(schema: Any) -> Iterator[Schema]:
    """Give a schema and all within it."""
    return _walk(schema, lambda each: (*_below(each), *_members(each)))


def _here(schema: Any) -> Iterator[Schema]:
    """Give a schema and those within it that the same value is held against."""
    return _walk(schema, _members)


def _walk(schema: Any, within: Callable[[Schema], Iterable[Any]]) -> Iterator[Schema]:
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield each
            waiting.extend(within(each))


def _members(schema: Schema) -> Iterator[Any]:
    for word in _HERE_ONE:
        if word in schema:
            yield schema[word]
    for word in _HERE_MANY:
        yield from schema.get(word, ())
    yield from schema.get("dependentSchemas", {}).values()


def _below(schema: Schema) -> Iterator[Any]:
    for word in _BELOW_ONE:
        if word in schema:
            yield schema[word]
    yield from schema.get("prefixItems", ())
    for word in ("properties", "patternProperties"):
        yield from schema.get(word, {}).values()


def _sum_here(schema: Any, own: _Weigh, known: Mapping[str, int]) -> int:
    """Add up what one value is held against."""
    total = 0
    for each in _here(schema):
        total += own(each)
        if "$ref" in each:
            total += known.get(each["$ref"], 0)
    return total


def _with_fields(schema: Any, known: Mapping[str, int]) -> int:
    """Give what any value within the one that is checked is held against at most, where nothing leads back."""
    if not isinstance(schema, Mapping):
        return 1
    own = known[schema["$ref"]] if "$ref" in schema else 0
    for each in _members(schema):
        own += _with_fields(each, known)

    def most(inner: Any) -> int:
        return max((_with_fields(each, known) for each in inner), default=0)

    def one(*words: str) -> int:
        return sum(_with_fields(schema[word], known) for word in words if word in schema)

    named = most(schema.get("properties", {}).values())
    named += sum(_with_fields(each, known) for each in schema.get("patternProperties", {}).values())
    fields = max(named, one("additionalProperties")) + one("unevaluatedProperties")
    items = max(most(schema.get("prefixItems", ())), one("items")) + one("contains", "unevaluatedItems")
    return own + max(1, fields, items, one("propertyNames"))


def _looks(schema: Schema) -> int:
    patterns = [schema["pattern"]] if "pattern" in schema else []
    return sum(map(looks_of, [*patterns, *schema.get("patternProperties", ())]))


def looks_of(pattern: str) -> int:
    """Say how often a pattern may look at a byte.

    One that may begin anywhere, or that has `*` or `+`, keeps track of all the places where a repeat may have begun.
    Measured with `a[ab]{n}c`: 1.7 µs for n = 50, 9.5 for 1,000, 45 for 5,000 (jsonschema-rs 0.60.3).
    """
    repeats = sum(times for times in map(int, _REPEATS.findall(pattern)) if times > _LONG)
    if not repeats or (pattern.startswith("^") and not _OPEN.search(pattern)):
        return 1
    return 15 + repeats // 10


def measured(value: Any, most: int | None = None) -> tuple[int, int]:
    """Count a value with those within it, up to about so many, and the signs of all texts."""
    values, signs, waiting = 1, 0, [value]
    while waiting and (most is None or values <= most):
        each = waiting.pop()
        if isinstance(each, dict):
            values += len(each)
            signs += sum(map(len, each))
            waiting.extend(each.values())
        elif isinstance(each, list):
            values += len(each)
            waiting.extend(each)
        elif isinstance(each, str):
            signs += len(each)
    return values, signs
