"""Whether a JSON Schema can be used at all: bounded, without anything from elsewhere, and without a circle."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec

from tollbridge_prompts.bounds import DEPTH, PATTERNS, PROBLEMS, SCHEMA_BYTES, SCHEMA_DEPTH, SCHEMA_WEIGHT, WORDS
from tollbridge_prompts.checkcost import DEAREST, CheckCost
from tollbridge_prompts.schemawalk import found_at, parts_of

Flaws = list[tuple[str, str]]
"""Pointers into a schema, each with what is wrong there."""

DIALECTS = ("https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2020-12/schema#")
_ELSEWHERE = ("$id", "$dynamicRef", "$recursiveRef", "$vocabulary")
"""Keywords by which a reference would lead somewhere else than it says."""


def flaws_of(schema: Any) -> Flaws:
    """Say why a schema cannot be used; nothing for one whose every check takes bounded time.

    A schema that leads back to itself is refused, and one that leads to others more than `SCHEMA_WEIGHT` times: the
    time of a check grows with that number, and by two references each to the next it doubles with each. So is one that
    is dear for every value that is held against it.
    """
    if not isinstance(schema, dict):
        return [("", "a schema must be an object")]
    if _depth(schema) > SCHEMA_DEPTH * 3:
        return [("", f"it is nested deeper than {SCHEMA_DEPTH} levels of schemas")]
    if len(msgspec.json.encode(schema)) > SCHEMA_BYTES:
        return [("", f"it is larger than {SCHEMA_BYTES} bytes")]
    flaws: Flaws = []
    patterns = 0
    for pointer, one in _all(schema, "", named=True):
        flaws += _own_flaws(pointer, one)
        patterns += _patterns(one)
        if len(flaws) >= PROBLEMS:
            return flaws[:PROBLEMS]
    if patterns > PATTERNS:
        flaws.append(("", f"it has {patterns} patterns; at most {PATTERNS} can be"))
    return flaws or _Weighing(schema).flaws() or _dear(schema)


def _patterns(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 0
    named = schema.get("patternProperties")
    return ("pattern" in schema) + (len(named) if isinstance(named, dict) else 0)


def _dear(schema: Any) -> Flaws:
    """Refuse a schema by which hardly any value could be checked."""
    steps = CheckCost(schema).dearest(DEPTH)
    if steps <= DEAREST:
        return []
    return [
        (
            "",
            f"to hold one value or character against it may take {steps:,.0f} steps; at most {DEAREST:,} can be: "
            "write constants as one enum, of texts where that can be, and fewer alternatives and shorter patterns",
        )
    ]


def _depth(schema: Any) -> int:
    """Count levels of a value, without recursion and no further than is needed."""
    level, depth = [schema], 0
    while level and depth <= SCHEMA_DEPTH * 3:
        depth += 1
        inside = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [part for one in inside for part in one]
    return depth


def _all(schema: Any, pointer: str, *, named: bool) -> Iterator[tuple[str, Any]]:
    left = [(pointer, schema)]
    while left:
        where, one = left.pop()
        yield where, one
        left += [(where + step, part) for step, part in parts_of(one, named=named)]


def _own_flaws(pointer: str, schema: Any) -> Flaws:
    if not isinstance(schema, dict):
        return [] if isinstance(schema, bool) else [(pointer, "a schema must be an object, true or false")]
    found: Flaws = [(f"{pointer}/{word}", f"{word} cannot be used here") for word in _ELSEWHERE if word in schema]
    if schema.get("$schema", DIALECTS[0]) not in DIALECTS:
        found.append((f"{pointer}/$schema", f"schemas are read as {DIALECTS[0]}"))
    ref = schema.get("$ref", "#/")
    if not isinstance(ref, str) or not ref.startswith("#/"):
        found.append((f"{pointer}/$ref", "a reference must lead into this schema: '#/$defs/name'; nothing is fetched"))
    return found


class _Weighing:
    """Counts how many schemas each leads to, those behind references each time anew."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema
        self._weights: dict[str, int] = {}
        self._open: set[str] = set()
        self._checked: set[str] = set()
        self._flaws: Flaws = []

    def flaws(self) -> Flaws:
        weight = self._weight("", self._root, 0)
        if weight > SCHEMA_WEIGHT and not self._flaws:
            self._flaws.append(("", f"by its references it leads to {weight} schemas; at most {SCHEMA_WEIGHT} can be"))
        return self._flaws[:PROBLEMS]

    def _weight(self, pointer: str, schema: Any, depth: int) -> int:
        """Weigh what a pointer leads to.  Where a circle or too long a way is found, nothing more is weighed."""
        if pointer in self._weights or self._flaws:
            return self._weights.get(pointer, 0)
        if pointer in self._open:
            self._flaws.append((pointer, "it leads back to itself; write out as many levels as there can be"))
            return 0
        if depth > SCHEMA_DEPTH * 3:
            self._flaws.append((pointer, "its references lead on and on; write it flatter"))
            return 0
        self._open.add(pointer)
        weight = 1 + sum(self._weight(pointer + step, part, depth + 1) for step, part in parts_of(schema))
        if isinstance(schema, dict) and "$ref" in schema:
            weight += self._behind(pointer, schema["$ref"], depth)
        self._open.discard(pointer)
        self._weights[pointer] = weight
        return weight

    def _behind(self, pointer: str, ref: str, depth: int) -> int:
        target = unquote(ref[1:])
        try:
            schema = found_at(self._root, target)
        except LookupError:
            self._flaws.append((f"{pointer}/$ref", f"{ref[:WORDS]!r} leads nowhere in this schema"))
            return 0
        if target not in self._checked:
            self._checked.add(target)
            for where, one in _all(schema, target, named=True):
                self._flaws += _own_flaws(where, one)  # it may lead to what is a schema nowhere else
        return self._weight(target, schema, depth + 1)
