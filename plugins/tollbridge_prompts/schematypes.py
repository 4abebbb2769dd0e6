"""Of which types a value can be, as far as a JSON Schema says so: by `type`, constants, references and alternatives."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from tollbridge_prompts.schemawalk import found_at

_TYPES: Mapping[type, str] = {
    **{str: "string", bool: "boolean", int: "integer", float: "number", Decimal: "number"},
    **{list: "array", dict: "object", type(None): "null"},
}


def said_types(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Give what a schema itself says as `type`."""
    said = schema.get("type", ())
    return (said,) if isinstance(said, str) else tuple(one for one in said if isinstance(one, str))


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Give all types that a schema lets through, none where that may be any."""
    return _Reading(schema).types(schema)


def item_types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the types of the items of a list, none where it may be any."""
    reading = _Reading(schema)
    return next(filter(None, (reading.types(one["items"]) for one in reading.same(schema) if "items" in one)), ())


class _Reading:
    """What schemas within one say, each looked at once: one that cannot be used may lead back to itself."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[int, tuple[str, ...]] = {}

    def types(self, schema: Any) -> tuple[str, ...]:
        if not isinstance(schema, dict):
            return ()
        if id(schema) not in self._known:
            self._known[id(schema)] = ()
            self._known[id(schema)] = self._found(schema)
        return self._known[id(schema)]

    def same(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        """Give a schema and all within it that may be held against the same value."""
        seen, left = set[int](), [schema]
        while left:
            one = left.pop(0)
            if isinstance(one, dict) and id(one) not in seen:
                seen.add(id(one))
                yield one
                left += [part for word in ("$ref", "allOf", "anyOf", "oneOf") for part in self._parts(one, word)]

    def _found(self, schema: dict[str, Any]) -> tuple[str, ...]:
        if found := said_types(schema) or _constants(schema):
            return found
        for one in (*self._parts(schema, "$ref"), *self._parts(schema, "allOf")):
            if found := self.types(one):
                return found
        for word in ("anyOf", "oneOf"):
            listed = [self.types(one) for one in self._parts(schema, word)]
            if listed and all(listed):
                return tuple(dict.fromkeys(each for found in listed for each in found))
        return ()

    def _parts(self, schema: Mapping[str, Any], word: str) -> list[Any]:
        said = schema.get(word)
        if word != "$ref":
            return said if isinstance(said, list) else []
        if not isinstance(said, str) or not said.startswith("#/"):
            return []
        try:
            return [found_at(self._root, unquote(said[1:]))]
        except LookupError:
            return []


def _constants(schema: Mapping[str, Any]) -> tuple[str, ...]:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    known: Iterable[Any] = values if isinstance(values, list) else ()
    return tuple(dict.fromkeys(_TYPES[type(one)] for one in known if type(one) in _TYPES))
