"""What is a schema within a JSON Schema (2020-12): what stands in `enum`, `default` or `examples` is a value."""

from collections.abc import Callable, Iterator
from typing import Any

ONE = frozenset(
    (
        *("items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"),
        *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    )
)
LISTS = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
MAPS = frozenset(("properties", "patternProperties", "dependentSchemas"))
NAMED = frozenset(("$defs", "definitions"))
"""Schemas that only a reference leads to."""


def escaped(name: str) -> str:
    """Write a name as part of a JSON pointer (RFC 6901 section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """Read a part of a JSON pointer."""
    return part.replace("~1", "/").replace("~0", "~")


def parts_of(schema: Any, *, named: bool = False) -> Iterator[tuple[str, Any]]:
    """Give the schemas right within one, each with the pointer that leads to it; `named`: those in `$defs` too."""
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        if keyword in ONE:
            yield f"/{keyword}", value
        elif keyword in LISTS and isinstance(value, list):
            for index, one in enumerate(value):
                yield f"/{keyword}/{index}", one
        elif (keyword in MAPS or (named and keyword in NAMED)) and isinstance(value, dict):
            for name, one in value.items():
                yield f"/{keyword}/{escaped(name)}", one


def mapped(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Give a schema with each schema in it, itself included, as `change` makes it."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in ONE:
            made[keyword] = mapped(value, change)
        elif keyword in LISTS and isinstance(value, list):
            made[keyword] = [mapped(one, change) for one in value]
        elif keyword in MAPS | NAMED and isinstance(value, dict):
            made[keyword] = {name: mapped(one, change) for name, one in value.items()}
        else:
            made[keyword] = value
    return change(made)


def rebased(schema: Any, pointer: str) -> Any:
    """Give a schema as it must read inside of a document, at this pointer: its references lead to the same places."""

    def change(one: dict[str, Any]) -> dict[str, Any]:
        ref = one.get("$ref")
        return {**one, "$ref": f"#{pointer}{ref[1:]}"} if isinstance(ref, str) and ref.startswith("#/") else one

    return mapped(schema, change)


def found_at(document: Any, pointer: str) -> Any:
    """Give what a JSON pointer leads to; raises `LookupError` where it leads nowhere."""
    if pointer and not pointer.startswith("/"):
        raise LookupError(pointer)
    for part in pointer.split("/")[1:]:
        name = unescaped(part)
        if isinstance(document, dict):
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and name.isascii() and str(int(name)) == name:
            document = document[int(name)]
        else:
            raise LookupError(pointer)
    return document
