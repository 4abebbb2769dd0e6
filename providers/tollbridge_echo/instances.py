"""The least value that fits a JSON Schema (2020-12), for answers that must have a shape."""

import math
from collections.abc import Callable, Mapping
from typing import Any

_DEEPEST = 50
"""Schemas within schemas; a reference to itself ends here."""
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


def instance(schema: object) -> Any:
    """Give a minimal value: of what is required, the shortest, the least, the first of several.

    `pattern`, `not`, `if` and `dependentSchemas` are not looked at.
    """
    return _value(schema, schema, 0)


def _value(schema: object, root: object, depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    schema = _whole(schema, root, depth)
    if "const" in schema:
        return schema["const"]
    for word in ("enum", "examples"):
        listed = schema.get(word)
        if isinstance(listed, list) and listed:
            return listed[0]
    if "default" in schema:
        return schema["default"]
    for word in ("anyOf", "oneOf"):
        listed = schema.get(word)
        if isinstance(listed, list) and listed:
            rest = {key: value for key, value in schema.items() if key != word}
            return _value(_joined(rest, listed[0]), root, depth + 1)
    make = _MAKERS.get(_type_of(schema))
    return make(schema, root, depth) if make is not None else None


def _whole(schema: dict[str, Any], root: object, depth: int) -> dict[str, Any]:
    """Put what `$ref` and `allOf` say into the schema."""
    for _ in range(_DEEPEST):
        reference, parts = schema.get("$ref"), schema.get("allOf")
        if reference is None and not isinstance(parts, list):
            break
        schema = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
        schema = _joined(schema, _pointed(root, reference))
        for part in parts if isinstance(parts, list) else ():
            schema = _joined(schema, part)
    return schema


def _joined(schema: dict[str, Any], other: object) -> dict[str, Any]:
    """Put two schemas that both hold together: their properties and what they require, else the first's word."""
    if not isinstance(other, dict):
        return schema
    joined = {**other, **schema}
    ours, theirs = schema.get("properties"), other.get("properties")
    if isinstance(ours, dict) and isinstance(theirs, dict):
        joined["properties"] = {**theirs, **ours}
    ours, theirs = schema.get("required"), other.get("required")
    if isinstance(ours, list) and isinstance(theirs, list):
        joined["required"] = [*ours, *theirs]
    return joined


def _pointed(root: object, reference: object) -> object:
    """Follow a JSON pointer (RFC 6901); None where it leads nowhere."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _type_of(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((word for word in kind if word != "null"), "null")
    if isinstance(kind, str):
        return kind
    return next((kind for word, kind in _TELLING.items() if word in schema), "")


_TELLING = {"properties": "object", "required": "object", "items": "array", "minItems": "array", "minLength": "string"}


def _object(schema: dict[str, Any], root: object, depth: int) -> Any:
    properties, required = schema.get("properties"), schema.get("required")
    properties = properties if isinstance(properties, dict) else {}
    names = dict.fromkeys(name for name in required if isinstance(name, str)) if isinstance(required, list) else {}
    return {name: _value(properties.get(name, {}), root, depth + 1) for name in names}


def _array(schema: dict[str, Any], root: object, depth: int) -> Any:
    least, first = _number(schema, "minItems") or 0, schema.get("prefixItems")
    schemas = list(first) if isinstance(first, list) else []
    schemas += [schema.get("items")] * (min(math.ceil(least), 1_000) - len(schemas))
    return [_value(item, root, depth + 1) for item in schemas]


def _string(schema: dict[str, Any], root: object, depth: int) -> Any:
    given = _FORMATS.get(str(schema.get("format")))
    return given if given is not None else "a" * min(math.ceil(_number(schema, "minLength") or 0), 10_000)


def _least(schema: dict[str, Any], step: float) -> float:
    """Give the number nearest to zero that fits the limits."""
    low, above = _number(schema, "minimum"), _number(schema, "exclusiveMinimum")
    high, below = _number(schema, "maximum"), _number(schema, "exclusiveMaximum")
    lows = [limit for limit in (low, None if above is None else above + step) if limit is not None]
    highs = [limit for limit in (high, None if below is None else below - step) if limit is not None]
    return max([min([0.0, *highs]), *lows])


def _integer(schema: dict[str, Any], root: object, depth: int) -> Any:
    least, step = math.ceil(_least(schema, 1)), _number(schema, "multipleOf")
    return least if not step or step < 1 else math.ceil(least / step) * int(step)


def _real(schema: dict[str, Any], root: object, depth: int) -> Any:
    least = _least(schema, 0.5)
    return int(least) if least.is_integer() else least


def _number(schema: dict[str, Any], word: str) -> float | None:
    value = schema.get(word)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15
    return float(value) if fits else None  # type: ignore[arg-type]  # a number


_MAKERS: Mapping[str, Callable[[dict[str, Any], object, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _real,
    "boolean": lambda schema, root, depth: False,
}
