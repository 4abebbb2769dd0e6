"""The least value that fits a JSON Schema (2020-12), for answers that must have a shape."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tollbridge_echo.least import least_integer, least_number, number
from tollbridge_echo.plans import encoded

_DEEPEST = 50
"""Schemas within schemas; a reference to itself ends here."""
_MOST_STEPS = 100_000
"""A few lines of schema can ask for more values than there is memory: arrays in arrays, an object twice in itself."""
_FORMATS: Mapping[str, str] = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "email": "a@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
    "hostname": "example.com",
}


class TooMuch(Exception):
    """The least value is too large, or takes too long to find."""


class _Search:
    """The whole schema, into which references lead, and how many steps are left."""

    def __init__(self, root: object) -> None:
        self.root = root
        self._left = _MOST_STEPS

    def step(self, count: int) -> None:
        """Take so many steps; raises `TooMuch` where there are not so many left."""
        self._left -= count
        if self._left < 0:
            raise TooMuch


def instance(schema: object) -> Any:
    """Give a minimal value: of what is required, the shortest, the least, the first of several.

    `pattern`, `not`, `if` and `dependentSchemas` are not looked at. Raises `TooMuch`.
    """
    return _value(schema, _Search(schema), 0)


def _value(schema: object, search: _Search, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        search.step(1)
        return None
    search.step(1 + len(schema))
    schema = _whole(schema, search)
    named = _named(schema)
    if named:
        search.step(len(encoded(named[0])))
        return named[0]
    for word in ("anyOf", "oneOf"):
        listed = schema.get(word)
        if isinstance(listed, list) and listed:
            rest = {key: value for key, value in schema.items() if key != word}
            return _value(_joined(rest, listed[0], search), search, depth + 1)
    make = _MAKERS.get(_type_of(schema))
    return make(schema, search, depth) if make is not None else None


def _named(schema: dict[str, Any]) -> list[Any]:
    """Give the values that a schema names itself, the first of which is taken."""
    if "const" in schema:
        return [schema["const"]]
    for word in ("enum", "examples"):
        listed = schema.get(word)
        if isinstance(listed, list) and listed:
            return listed
    return [schema["default"]] if "default" in schema else []


def _whole(schema: dict[str, Any], search: _Search) -> dict[str, Any]:
    """Put what `$ref` and `allOf` say into the schema."""
    for _ in range(_DEEPEST):
        reference, parts = schema.get("$ref"), schema.get("allOf")
        if reference is None and not isinstance(parts, list):
            break
        schema = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        schema = _joined(schema, _pointed(reference, search), search)
        for part in parts if isinstance(parts, list) else ():
            schema = _joined(schema, part, search)
    return schema


def _joined(schema: dict[str, Any], other: object, search: _Search) -> dict[str, Any]:
    """Put two schemas that both hold together: their properties and what they require, else the first's word."""
    if not isinstance(other, dict):
        search.step(1)
        return schema
    joined = {**other, **schema}
    search.step(len(joined))
    ours, theirs = schema.get("properties"), other.get("properties")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        joined["properties"] = {**theirs, **ours}
        search.step(len(joined["properties"]))
    ours, theirs = schema.get("required"), other.get("required")
    if isinstance(ours, list) and isinstance(theirs, list):
        joined["required"] = [*ours, *theirs]
        search.step(len(joined["required"]))
    return joined


def _pointed(reference: object, search: _Search) -> object:
    """Follow a JSON pointer (RFC 6901); None where it leads nowhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    search.step(len(reference))
    found: Any = search.root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _type_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((word for word in kind[:7] if word != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((kind for word, kind in _TELLING.items() if word in schema), "")


_TELLING = {"properties": "object", "required": "object", "items": "array", "minItems": "array", "minLength": "string"}


def _object(schema: dict[str, Any], search: _Search, depth: int) -> Any:
    properties, required = schema.get("properties"), schema.get("required")
    properties = properties if isinstance(properties, dict) else {}
    required = required if isinstance(required, list) else []
    search.step(sum(1 + len(name) for name in required if isinstance(name, str)))
    names = dict.fromkeys(name for name in required if isinstance(name, str))
    return {name: _value(properties.get(name, {}), search, depth + 1) for name in names}


def _array(schema: dict[str, Any], search: _Search, depth: int) -> Any:
    least, first = number(schema, "minItems") or 0, schema.get("prefixItems")
    schemas = list(first) if isinstance(first, list) else []
    search.step(max(math.ceil(least), len(schemas)))
    schemas += [schema.get("items")] * (math.ceil(least) - len(schemas))
    return [_value(item, search, depth + 1) for item in schemas]


def _string(schema: dict[str, Any], search: _Search, depth: int) -> Any:
    given = _FORMATS.get(str(schema.get("format")))
    length = math.ceil(number(schema, "minLength") or 0)
    search.step(max(0, length))
    return given if given is not None else "a" * length


_MAKERS: Mapping[str, Callable[[dict[str, Any], _Search, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": lambda schema, search, depth: least_integer(schema),
    "number": lambda schema, search, depth: least_number(schema),
    "boolean": lambda schema, search, depth: False,
}
