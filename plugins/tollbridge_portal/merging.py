"""Two schemas as one that asks for both, as far as an example needs it: the real one checks whole values."""

from collections.abc import Callable, Mapping
from typing import Any

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_PARTS = ("items", "additionalProperties", "contains", "propertyNames", "not")


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Give a schema with the words of both; of a word that both have, what satisfies both."""
    both = dict(one)
    for word, value in other.items():
        both[word] = _joined(word, one[word], value) if word in one else value
    return both


def _joined(word: str, one: Any, other: Any) -> Any:
    if one == other:
        return one
    join = _JOINS.get(word)
    return join(one, other) if join else other


def _bound(choose: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def join(one: Any, other: Any) -> Any:
        both = [value for value in (one, other) if isinstance(value, (int, float))]
        return choose(both) if both else other

    return join


def _members(one: Any, other: Any) -> Any:
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return other
    return {**one, **{name: _both(one[name], part) if name in one else part for name, part in other.items()}}


def _both(one: Any, other: Any) -> Any:
    return one if one == other else {"allOf": [one, other]}


def _union(one: Any, other: Any) -> Any:
    if not isinstance(one, list) or not isinstance(other, list):
        return other
    return [*one, *(value for value in other if value not in one)]


def _common(one: Any, other: Any) -> Any:
    ones, others = (value if isinstance(value, list) else [value] for value in (one, other))
    return [value for value in ones if value in others or (value == "integer" and "number" in others)] + (
        ["integer"] if "number" in ones and "integer" in others and "integer" not in ones else []
    )


_JOINS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(_LOWER, _bound(max)),
    **dict.fromkeys(_UPPER, _bound(min)),
    **dict.fromkeys(_PARTS, _both),
    "properties": _members,
    "$defs": _members,
    "required": _union,
    "allOf": _union,
    "type": _common,
    "enum": _common,
}
