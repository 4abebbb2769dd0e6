"""The words of JSON Schema: what they hold, what they rest on, and how two schemas that both hold become one."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from urllib.parse import unquote

from tollbridge.formats.values import JSON, Number

ONE = frozenset(("items", "contains", "propertyNames", "not", "if", "then", "else", "contentSchema"))
OPEN = frozenset(("additionalProperties", "additionalItems", "unevaluatedProperties", "unevaluatedItems"))
"""Where true and false are plain words that targets know, not schemas."""
MANY = frozenset(("items", "prefixItems", "anyOf", "oneOf", "allOf"))
NAMED = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"))
SHARED = ("$defs", "definitions")
SAME_VALUE = frozenset(("$ref", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "dependentSchemas"))
"""Keywords whose schemas are about the very value that the schema around them is about."""

SILENT = frozenset(
    (
        *("$schema", "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$comment", "$vocabulary"),
        *("title", "deprecated", "readOnly", "writeOnly"),
    )
)
"""Say nothing to a model: left out without a word."""
_TELLING = frozenset(("description", "default", "example", "examples"))
ANNOTATIONS = SILENT | _TELLING
NULL_SAYS = frozenset(("const", "default"))
"""Where null is a value.  Elsewhere it says nothing."""

EXACT = {"not": "not", "if": "if", "maxContains": "contains"}
"""Keywords that turn tighter when what they look at turns looser."""
RESTS_ON = {
    "additionalProperties": {"properties", "patternProperties"},
    "additionalItems": {"items"},
    "then": {"if"},
    "else": {"if"},
    "contains": {"minContains"},
    "maxContains": {"contains"},
}
"""Keywords that turn tighter, or senseless, without others."""
_GROUPS = (
    {"if", "then", "else"},
    {"contains", "minContains", "maxContains"},
    {"items", "prefixItems", "additionalItems"},
)


def pointed(base: JSON, reference: JSON) -> JSON:
    """Follow a JSON pointer in a fragment (RFC 6901, section 6); None where it leads nowhere in this schema."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        return None
    found = base
    for step in unquote(reference[2:]).split("/") if len(reference) > 1 else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict):
            found = found.get(name)
        elif isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 7:
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def size_of(value: JSON, most: int) -> int:
    """Count the values and characters of a JSON value, up to a little more than `most`."""
    size, left = 0, [value]
    while left and size <= most:
        one = left.pop()
        size += 1 + (len(one) if isinstance(one, str) else 0)
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
    return size


def types_of(schema: Mapping[str, JSON]) -> set[str]:
    """Give the types a schema names, but for "null"."""
    types = schema.get("type")
    return {word for word in (types if isinstance(types, list) else [types]) if isinstance(word, str)} - {"null"}


def is_null(schema: JSON) -> bool:
    """Whether a schema says no more than that a value is null."""
    if not isinstance(schema, dict) or schema.keys() - ANNOTATIONS != {"type"}:
        return False
    return schema["type"] in ("null", ["null"])


def is_number(value: JSON) -> bool:
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool)


def tighter(keyword: str, one: JSON, other: Number | None) -> JSON:
    """Give the limit that holds where two do."""
    if other is None or not is_number(one):
        return one if other is None else other
    return max(one, other) if keyword == "minimum" else min(one, other)


def clashes(out: Mapping[str, JSON], keyword: str, value: JSON) -> bool:
    """Whether a keyword of another schema cannot simply be put beside these."""
    if keyword in ANNOTATIONS:
        return False
    if keyword in out:
        return bool(out[keyword] != value)
    return any(keyword in group and group & out.keys() for group in _GROUPS)


def _united_members(one: JSON, other: JSON) -> tuple[JSON, bool]:
    """Put schemas by name together; where both have a name and differ, the first holds."""
    return {**other, **one}, all(one[name] == schema for name, schema in other.items() if name in one)


def _united_names(one: JSON, other: JSON) -> tuple[JSON, bool]:
    """Put lists of names together."""
    if not isinstance(one, list) or not isinstance(other, list):
        return one, False
    held = {name for name in one if isinstance(name, str)}
    return [*one, *(name for name in other if not (isinstance(name, str) and name in held))], True


UNITED: Mapping[str, Callable[[JSON, JSON], tuple[JSON, bool]]] = {
    "properties": _united_members,
    "patternProperties": _united_members,
    "required": _united_names,
}
"""How keywords of two schemas become one, and whether nothing got lost by it."""
