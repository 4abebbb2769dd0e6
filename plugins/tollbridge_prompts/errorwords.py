"""What a value lacks to fit a schema, in sentences that hold nothing of the value."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jsonschema_rs import ValidationError

from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import WORDS
from tollbridge_prompts.schemawalk import escaped

_HIDDEN = "*"
"""Stands for a name in a path that is the value's own."""
_MOST_OPTIONS = 20
_ARTICLES = {"array": "an array", "integer": "an integer", "object": "an object", "null": "null"}


class SchemaError(NamedTuple):
    """Where something is wrong, as a JSON pointer, and what."""

    pointer: str
    message: str


def in_words(error: ValidationError, names: frozenset[str]) -> SchemaError:
    """Say an error; names that are none of `names` are the value's own and are hidden."""
    path = (part if isinstance(part, int) or part in names else _HIDDEN for part in error.instance_path)
    kind: Any = error.kind
    word = kind.name
    if word == "falseSchema" and error.schema_path[-1:] == ["additionalProperties"]:
        word = "additionalProperties"  # so the checker calls it where the schema names no property at all
    say = _WORDS.get(word)
    said = f"it does not fit what the schema says as {word}" if say is None else say(kind)
    return SchemaError("".join(f"/{escaped(str(part))}" for part in path), said)


def types(names: list[str]) -> str:
    """Name types in a sentence."""
    return " or ".join(_ARTICLES.get(name, f"a {name}") for name in sorted(names))


def _shown(value: Any) -> str:
    said = jsontext.write(value)
    return said if len(said) <= WORDS else said[:WORDS] + "..."


def _options(values: list[Any]) -> str:
    more = ", ..." if len(values) > _MOST_OPTIONS else ""
    return ", ".join(map(_shown, values[:_MOST_OPTIONS])) + more


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "type": lambda kind: f"it must be {types(kind.types)}",
    "enum": lambda kind: f"it must be one of: {_options(kind.options)}",
    "const": lambda kind: f"it must be {_shown(kind.expected_value)}",
    "minLength": lambda kind: f"it must have at least {kind.limit} characters",
    "maxLength": lambda kind: f"it must have at most {kind.limit} characters",
    "pattern": lambda kind: f"it must match the pattern {kind.pattern[:WORDS]}",
    "format": lambda kind: f"it must have the format {kind.format}",
    "minimum": lambda kind: f"it must be at least {kind.limit}",
    "maximum": lambda kind: f"it must be at most {kind.limit}",
    "exclusiveMinimum": lambda kind: f"it must be more than {kind.limit}",
    "exclusiveMaximum": lambda kind: f"it must be less than {kind.limit}",
    "multipleOf": lambda kind: f"it must be a multiple of {kind.multiple_of}",
    "minItems": lambda kind: f"it must have at least {kind.limit} items",
    "maxItems": lambda kind: f"it must have at most {kind.limit} items",
    "uniqueItems": lambda kind: "no two of its items may be equal",
    "minProperties": lambda kind: f"it must have at least {kind.limit} properties",
    "maxProperties": lambda kind: f"it must have at most {kind.limit} properties",
    "required": lambda kind: f"the property {kind.property[:WORDS]!r} is missing",
    "additionalProperties": lambda kind: "it has properties that are not known",
    "unevaluatedProperties": lambda kind: "it has properties that are not known",
    "unevaluatedItems": lambda kind: "it has more items than are known",
    "propertyNames": lambda kind: "it has a property whose name is not allowed",
    "anyOf": lambda kind: "it fits none of the alternatives",
    "oneOf": lambda kind: "it must fit exactly one of the alternatives",
    "contains": lambda kind: "it lacks an item that must be there",
    "not": lambda kind: "it is what it must not be",
    "falseSchema": lambda kind: "it must not be there",
}
