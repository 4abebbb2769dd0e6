"""Google's own schemas as JSON Schema and back, and what Gemini takes of JSON Schema.

`parameters` and `responseSchema` hold a `Schema` of Google's, a part of OpenAPI 3.0 with types in capitals
(https://ai.google.dev/api/caching#Schema); `parametersJsonSchema` and `responseJsonSchema` hold JSON Schema, of which
these keywords count (https://ai.google.dev/api/generate-content#generationconfig, both read 2026-11).
"""

from collections.abc import Callable

from tollbridge.formats import JSON, Keywords, Notes, decode_json, json_text, lower
from tollbridge_gemini.names import json_name

KEYWORDS = Keywords(
    kept=frozenset(
        (
            *("$id", "$defs", "$ref", "$anchor"),
            *("type", "format", "title", "description", "enum"),
            *("items", "prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf"),
            *("properties", "additionalProperties", "required", "propertyOrdering"),
        )
    ),
    renames={"const": "enum", "exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"},
)

_TYPES = frozenset(("STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"))
_ONE = ("items", "additionalProperties")
_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "defs", "$defs")
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_RENAMED = {"defs": "$defs", "ref": "$ref"}

UPPER, LOWER, AS_IT_WAS = "upper", "lower", "as:"
"""How a schema of Google's was spelled; `as:` is followed by the whole of it, where it cannot be made anew."""


def read_schema(schema: JSON) -> tuple[JSON, str]:
    """Give a schema of Google's as JSON Schema, and how it was spelled."""
    found = _to_json_schema(schema)
    for spelling in (UPPER, LOWER):
        if _to_google(found, upper=spelling == UPPER) == schema:
            return found, spelling
    return found, AS_IT_WAS + json_text(schema)


def write_schema(schema: JSON, spelling: str) -> JSON:
    """Give the schema of Google's that was read."""
    if spelling.startswith(AS_IT_WAS):
        return decode_json(spelling[len(AS_IT_WAS) :])
    return _to_google(schema, upper=spelling == UPPER)


def lowered(schema: JSON, notes: Notes, where: str) -> JSON:
    """Give a JSON Schema with what Gemini takes of it."""
    return lower(schema, KEYWORDS, notes, where)


def _to_json_schema(schema: JSON) -> JSON:
    if not isinstance(schema, dict):
        return schema
    found: dict[str, JSON] = {}
    for key, value in schema.items():
        name = json_name(key)
        if name in _COUNTS and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        elif name == "type" and isinstance(value, str) and value.upper() in _TYPES:
            value = value.lower()
        elif name == "ref" and isinstance(value, str):
            value = value.replace("#/defs/", "#/$defs/")
        found[_RENAMED.get(name, name)] = _inside(name, value, _to_json_schema)
    if found.get("nullable") is True and isinstance(found.get("type"), str):
        del found["nullable"]
        found["type"] = [found["type"], "null"]
        if isinstance(found.get("enum"), list) and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
    return found


def _inside(name: str, value: JSON, change: Callable[[JSON], JSON]) -> JSON:
    """Change the schemas that a keyword holds."""
    if name in _ONE and isinstance(value, dict):
        return change(value)
    if name in _MANY and isinstance(value, list):
        return [change(item) for item in value]
    if name in _NAMED and isinstance(value, dict):
        return {key: change(item) for key, item in value.items()}
    return value


def _to_google(schema: JSON, *, upper: bool) -> JSON:
    """Undo the two changes every schema needs: the case of types, and null as a type."""
    if not isinstance(schema, dict):
        return schema
    found: dict[str, JSON] = {}
    for key, value in schema.items():
        if key == "type" and isinstance(value, list) and len(value) == 2 and value[1] == "null":
            found["nullable"] = True
            value = value[0]
        if key == "type" and isinstance(value, str) and upper:
            value = value.upper()
        found[key] = _inside(key, value, lambda inner: _to_google(inner, upper=upper))
    if found.get("nullable") is True and isinstance(found.get("enum"), list):
        found["enum"] = [value for value in found["enum"] if value is not None]
    return found
