"""Texts into values of the types that a schema allows.

A text is taken for a number where the schema has numbers and it is written as one. Where a text may be both, both are
tried, and what is valid is right.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.styles import Written

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,399})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,400})?(?:[eE][-+]?[0-9]{1,2})?")
_WORDS = {"true": True, "false": False}
_MAX_LOOKS = 200
"""Schemas that are looked at to see what kinds of values one allows."""
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


class Shape(NamedTuple):
    """What a schema says of the kinds of its values.  `kinds` is empty where any kind may come."""

    kinds: frozenset[str]
    properties: Mapping[str, Any]
    items: Any
    additional: Any

    def targets(self) -> tuple[str, ...]:
        """Give the ways in which a text can be read, the most special first."""
        found = tuple(kind for kind in ("array", "object") if kind in self.kinds)
        scalars = self.kinds - {"array", "object"}
        return (*found, "scalar") if scalars or not self.kinds else found


class Shapes:
    """The shapes of one document's schemas, kept by identity: a document's schemas live as long as it does."""

    def __init__(self, refs: Refs) -> None:
        self._refs = refs
        self._kept: dict[int, tuple[Any, Shape]] = {}

    def of(self, schema: Any) -> Shape:
        """Look at a schema and those it is made of; raises `BadDocument`."""
        kept = self._kept.get(id(schema))
        if kept is None:  # the schema is kept with it, so that no other comes to have its identity
            kept = self._kept[id(schema)] = (schema, self._look(schema))
        return kept[1]

    def _look(self, schema: Any) -> Shape:
        kinds: set[str] = set()
        properties: dict[str, Any] = {}
        items: Any = True
        additional: Any = None
        for each in self._members(schema):
            kinds |= _kinds(each)
            if isinstance(each.get("properties"), Mapping):
                properties = {**each["properties"], **properties}
            items = each.get("items", items)
            additional = each.get("additionalProperties", additional)
        return Shape(frozenset(kinds), properties, items, additional)

    def _members(self, schema: Any) -> Iterator[Mapping[str, Any]]:
        """Give a schema and all that it refers to or is combined of, each once."""
        waiting, seen = [schema], set[int]()
        while waiting and len(seen) < _MAX_LOOKS:
            each = self._refs.follow(waiting.pop())
            if not isinstance(each, Mapping) or id(each) in seen:
                continue
            seen.add(id(each))
            yield each
            for word in ("allOf", "anyOf", "oneOf"):
                if isinstance(each.get(word), list):
                    waiting.extend(each[word])


def convert(written: Written, schema: Any, shapes: Shapes, *, typed: bool) -> Any:
    """Make values of texts; `typed` for numbers and truths where they may be, else texts wherever they may be."""
    shape = shapes.of(schema)
    if isinstance(written, str):
        return _scalar(written, shape.kinds, typed)
    if isinstance(written, dict) and "array" in shape.kinds and written and all(map(str.isdecimal, written)):
        written = [written[key] for key in sorted(written, key=lambda key: (len(key), key))]
    if isinstance(written, list):
        return [convert(each, shape.items, shapes, typed=typed) for each in written]
    additional = shape.additional if isinstance(shape.additional, Mapping) else True
    return {
        name: convert(each, shape.properties.get(name, additional), shapes, typed=typed)
        for name, each in written.items()
    }


def _scalar(text: str, kinds: frozenset[str], typed: bool) -> Any:
    if not typed and "string" in kinds:
        return text
    if kinds & {"integer", "number"}:
        if _INTEGER.fullmatch(text):
            return int(text)
        if "number" in kinds and _NUMBER.fullmatch(text):
            return float(text)
    if "boolean" in kinds and text in _WORDS:
        return _WORDS[text]
    if "null" in kinds and text in ("", "null"):
        return None
    return text


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    said = schema.get("type")
    kinds = {said} if isinstance(said, str) else set(filter(_is_text, said)) if isinstance(said, list) else set()
    if schema.get("nullable") is True and kinds:
        kinds.add("null")
    if not kinds:
        for word, kind in (("properties", "object"), ("additionalProperties", "object"), ("items", "array")):
            if word in schema:
                kinds.add(kind)
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        kinds |= {_KINDS.get(type(value), "null") for value in values} if isinstance(values, list) else set()
    return kinds


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
