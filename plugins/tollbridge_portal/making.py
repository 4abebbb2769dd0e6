"""Making values of a schema, part by part: what it shows, else something short of the right type and format."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote

from tollbridge_portal.merging import merged
from tollbridge_portal.plain import numbers, texts, varied
from tollbridge_portal.samples.called import JSON

Check = Callable[[Mapping[str, Any], JSON], bool]
"""Says whether a value fits a schema that refers to nothing."""

MOST_STEPS = 3_000
"""Parts of a schema that are looked at for all values together."""

MOST_ITEMS = 50
"""Items of a list, and members of an object beyond those it names, that are made at most."""

DEEPEST = 12
"""Levels of a value."""

MOST_PARTS = 200
"""Objects of a part of a schema that is checked by itself."""

OPTIONAL_DEPTH = 4
"""Levels down to which members that are not required are made."""

_TRIED = 8
_REFERRING = ("$ref", "$dynamicRef")
_SHOWING = ("const", "enum", "examples", "example", "default")
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_TELLING = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "maxProperties"),
    "array": ("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
"""Words of a schema that tell its type where it does not say one."""


class Making:
    """Makes values of one schema.

    `check` holds values against parts of it. `shown`: values that it shows go first. `least`: only what is required.
    """

    def __init__(self, schema: Any, check: Check, *, shown: bool = True, least: bool = False) -> None:
        self._root = schema
        self._check = check
        self._shown = shown
        self._least = least
        self._steps = MOST_STEPS

    def values(self) -> Iterator[JSON]:
        """Give values, the likeliest first; whether they fit as a whole is not said."""
        yield from self._of(self._root, 0, ())

    def _of(self, schema: Any, depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        self._steps -= 1
        if self._steps < 0 or depth > DEEPEST:
            return
        if schema is True:
            yield "text"
        if not isinstance(schema, Mapping):
            return
        made = self._made(schema, depth, within)
        if _alone(schema):
            yield from (value for value in made if self._check(schema, value))
        else:
            yield from made

    def _made(self, schema: Mapping[str, Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        if self._shown:
            shown = schema.get("examples")
            yield from shown if isinstance(shown, list) else ()
            yield from (schema[word] for word in ("example", "default") if word in schema)
        if "const" in schema:
            yield schema["const"]
        elif isinstance(schema.get("enum"), list):
            yield from schema["enum"]
        elif isinstance(schema.get("$ref"), str):
            yield from self._referred(schema, depth, within)
        elif isinstance(schema.get("allOf"), list):
            rest = {word: value for word, value in schema.items() if word != "allOf"}
            yield from self._all_of([rest, *schema["allOf"]], depth, within)
        else:
            yield from self._chosen(schema, depth, within)

    def _referred(self, schema: Mapping[str, Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        reference = schema["$ref"]
        target = self._target(reference)
        rest = {word: value for word, value in schema.items() if word != "$ref"}
        if isinstance(target, Mapping):
            yield from self._of(merged(target, rest), depth + 1, (*within, reference))
        elif target is True:
            yield from self._of(rest or True, depth + 1, within)

    def _target(self, reference: str) -> Any:
        """Find what a reference into the schema leads to; none where it leads nowhere."""
        if not reference.startswith("#"):
            return None
        found = self._root
        for part in filter(None, reference[1:].split("/")):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(found, Mapping) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                return None
        return found

    def _all_of(self, parts: list[Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        whole: Mapping[str, Any] = {}
        for part in parts:
            if part is False:
                return
            for _ in range(DEEPEST):
                if not isinstance(part, Mapping) or not isinstance(part.get("$ref"), str):
                    break
                within = (*within, part["$ref"])
                target = self._target(part["$ref"])
                rest = {word: value for word, value in part.items() if word != "$ref"}
                part = merged(target, rest) if isinstance(target, Mapping) else rest
            whole = merged(whole, part) if isinstance(part, Mapping) else whole
        yield from self._of(whole, depth + 1, within)

    def _chosen(self, schema: Mapping[str, Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        for word in ("oneOf", "anyOf"):
            if isinstance(schema.get(word), list):
                rest = {name: value for name, value in schema.items() if name != word}
                for branch in schema[word]:
                    yield from islice(self._all_of([rest, branch], depth, within), _TRIED)
                return
        for kind in _types(schema):
            yield from self._typed(kind, schema, depth, within)

    def _typed(self, kind: str, schema: Mapping[str, Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        if kind == "object":
            yield from self._objects(schema, depth, within)
        elif kind == "array":
            yield from self._arrays(schema, depth, within)
        elif kind == "string":
            yield from texts(schema)
        elif kind in ("number", "integer"):
            yield from numbers(schema, whole=kind == "integer")
        elif kind == "boolean":
            yield from (True, False)
        else:
            yield None

    def _objects(self, schema: Mapping[str, Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        listed = schema.get("required")
        required = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        named = schema.get("properties")
        properties = named if isinstance(named, Mapping) else {}
        for optional in (False,) if self._least or depth > OPTIONAL_DEPTH else (True, False):
            wanted = [name for name in properties if name in required or (optional and _sent(properties[name], within))]
            names = [*wanted, *(name for name in required if name not in wanted)]
            parts = {name: properties.get(name, self._beyond(schema)) for name in names}
            made = {
                name: value for name, part in parts.items() for value in islice(self._of(part, depth + 1, within), 1)
            }
            if made.keys() >= set(required):
                yield self._filled(schema, made, depth, within)

    def _beyond(self, schema: Mapping[str, Any]) -> Any:
        """Say what a member that is not named must be."""
        return schema.get("additionalProperties", True)

    def _filled(
        self, schema: Mapping[str, Any], made: dict[str, JSON], depth: int, within: tuple[str, ...]
    ) -> dict[str, JSON]:
        """Add members where there must be more of them."""
        said = schema.get("minProperties")
        least = min(said, MOST_ITEMS) if isinstance(said, int) else 0
        for number in range(1, least + 1):
            if len(made) >= least:
                break
            for value in islice(self._of(self._beyond(schema), depth + 1, within), 1):
                made.setdefault(f"name{number}", value)
        return made

    def _arrays(self, schema: Mapping[str, Any], depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        heads = schema.get("prefixItems")
        made = [
            value
            for part in (heads if isinstance(heads, list) else [])
            for value in islice(self._of(part, depth + 1, within), 1)
        ]
        for value in islice(self._of(schema["contains"], depth + 1, within), 1) if "contains" in schema else ():
            made.append(value)
        least, most = schema.get("minItems"), schema.get("maxItems")
        few = 0 if self._least or "contains" in schema or made else 1
        wanted = max(few, len(made), min(least, MOST_ITEMS) if isinstance(least, int) else 0)
        if isinstance(most, int):
            wanted = min(wanted, most)
        part = schema.get("items", True)
        different = schema.get("uniqueItems") is True
        for value in self._items(part, wanted - len(made), different, depth, within):
            made.append(value)
        yield list(made[:wanted])
        yield []

    def _items(self, part: Any, count: int, different: bool, depth: int, within: tuple[str, ...]) -> Iterator[JSON]:
        """Give so many items, all of them different where that is asked."""
        if count <= 0:
            return
        found = list(islice(self._of(part, depth + 1, within), count if different else 1))
        if not found:
            return
        pool = varied(found, count) if different else iter(found * count)
        if different and isinstance(part, Mapping) and _alone(part):
            pool = (value for value in pool if self._check(part, value))
        yield from islice(pool, count)


def _types(schema: Mapping[str, Any]) -> list[str]:
    """Say which types it may be, null last; without any word on it, a text."""
    said = schema.get("type")
    names = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    known = [name for name in names if name in _TYPES]
    if known:
        return sorted(known, key=lambda name: name == "null")
    return [kind for kind, words in _TELLING.items() if any(word in schema for word in words)] or ["string"]


def _sent(schema: Any, within: tuple[str, ...]) -> bool:
    """Say whether a member that is not required is made: not what an answer alone has, nor a circle once more."""
    if not isinstance(schema, Mapping):
        return schema is True
    if schema.get("readOnly") is True or schema.get("deprecated") is True:
        return False
    return not any(reference in within for reference in _references(schema))


def _alone(schema: Any) -> bool:
    """Say whether a part of a schema can be checked by itself: it refers to nothing, and is no large one."""
    parts = list(islice(_parts(schema), MOST_PARTS + 1))
    return len(parts) <= MOST_PARTS and not any(word in part for part in parts for word in _REFERRING)


def _references(schema: Any) -> Iterator[str]:
    """Give what a part of a schema refers to, as far as it is looked at."""
    for part in islice(_parts(schema), MOST_PARTS):
        yield from (part[word] for word in _REFERRING if isinstance(part.get(word), str))


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Give the objects of a schema, the outer ones first, without those that are values."""
    waiting = deque([schema])
    while waiting:
        part = waiting.popleft()
        if isinstance(part, Mapping):
            yield part
            waiting.extend(value for word, value in part.items() if word not in _SHOWING)
        elif isinstance(part, list):
            waiting.extend(part)
