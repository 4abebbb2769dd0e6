"""Whether a JSON Schema takes everything that another took: simple rules that are sound.

A schema is all of its keywords at once. So it takes no less where each keyword by itself takes no less; what these
rules cannot see to be as wide counts as narrower.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from tollbridge_prompts.checkcost import STEPS
from tollbridge_prompts.jsontext import write
from tollbridge_prompts.schemas import Schema, UnusableSchema, check_schema
from tollbridge_prompts.schemawalk import escaped, found_at, mapped

ANNOTATIONS = frozenset(
    (
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$defs"),
        *("definitions", "$schema", "$anchor", "contentEncoding", "contentMediaType", "contentSchema"),
    )
)
"""Keywords that say nothing about which values fit."""


class Narrowing(NamedTuple):
    """A keyword by which a value that did fit may fit no more; `pointer` leads to the schema it is in."""

    pointer: str
    keyword: str
    before: Any = None
    after: Any = None


def narrowings(before: Any, after: Any) -> list[Narrowing]:
    """List all by which `after` may take less than `before`; none where it surely takes all of it."""
    if check_schema(before) or check_schema(after):
        return [] if before == after else [Narrowing("", "schema")]
    return list(_compare(_inlined(before), _inlined(after), ""))


def _inlined(schema: Mapping[str, Any]) -> Any:
    """Give a schema with what its references lead to in their place; `check_schema` bounds how large that is."""

    def change(one: dict[str, Any]) -> dict[str, Any]:
        ref = one.get("$ref")
        if not isinstance(ref, str):
            return one
        target = mapped(found_at(schema, unquote(ref[1:])), change)
        rest = {word: value for word, value in one.items() if word != "$ref"}
        if not _binding(rest) and isinstance(target, dict):
            return {**target, **rest}
        return {**rest, "allOf": [*rest.get("allOf", ()), target]}

    whole = {word: value for word, value in schema.items() if word not in ("$defs", "definitions")}
    return mapped(whole, change)


def _binding(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {word: value for word, value in schema.items() if word not in ANNOTATIONS}


def _compare(before: Any, after: Any, pointer: str) -> Iterator[Narrowing]:
    if before is False or after is True:
        return
    if after is False:
        yield Narrowing(pointer, "schema", before, after)
        return
    one = {} if before is True else _binding(before)
    other = _binding(after)
    if _equal(one, other) or _all_fit(one, other):
        return
    for word in other:
        rule = _RULES.get(word, _unlike)
        yield from rule(word, one, other, pointer)
    if "properties" in one and "additionalProperties" in other:
        yield from _gone(one, other, pointer)


def _equal(one: Any, other: Any) -> bool:
    return bool(write(one) == write(other))


def _all_fit(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether there are few values that fit the first, and all of them fit the second."""
    values = [one["const"]] if "const" in one else one.get("enum")
    if values is None:
        return False
    try:
        first, second = Schema(dict(one)), Schema(dict(other))
    except UnusableSchema:
        return False
    if sum(schema.steps(value) for schema in (first, second) for value in values) > STEPS:
        return False
    return all(second.fits(value) for value in values if first.fits(value))


_Rule = Callable[[str, Mapping[str, Any], Mapping[str, Any], str], Iterator[Narrowing]]


def _said(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Narrowing:
    return Narrowing(pointer, word, one.get(word), other.get(word))


def _unlike(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    """A keyword that must be there as it is."""
    if word not in one or not _equal(one[word], other[word]):
        yield _said(word, one, other, pointer)


def _whole(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    """A keyword that looks at what all others say: the two schemas are not equal, so it may find something else."""
    yield _said(word, one, other, pointer)


def _together(*words: str) -> _Rule:
    """Make the rule of keywords that mean something together: all must be there as they are."""

    def rule(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
        if any((each in one) != (each in other) or not _equal(one.get(each), other.get(each)) for each in words):
            yield _said(word, one, other, pointer)

    return rule


def _type(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    had, has = _types(one), _types(other)
    if "number" in has:
        has = has | {"integer"}
    if not had or not had <= has:
        yield _said(word, one, other, pointer)


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    said = schema.get("type", ())
    return frozenset((said,) if isinstance(said, str) else said)


def _at_least(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    if other[word] > one.get(word, 0):
        yield _said(word, one, other, pointer)


def _at_most(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    if word not in one or other[word] < one[word]:
        yield _said(word, one, other, pointer)


def _bound(sign: int) -> _Rule:
    """Make the rule of a bound of numbers; `sign` is 1 for a lower one."""
    near, far = ("minimum", "exclusiveMinimum") if sign > 0 else ("maximum", "exclusiveMaximum")

    def rule(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
        bound = sign * other[word]
        by_far = far in one and sign * one[far] >= bound
        by_near = near in one and (sign * one[near] >= bound if word == near else sign * one[near] > bound)
        if not (by_far or by_near):
            yield _said(word, one, other, pointer)

    return rule


def _required(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    if not set(other[word]) <= set(one.get(word, ())):
        yield _said(word, one, other, pointer)


def _unique(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    if other[word] and not one.get(word):
        yield _said(word, one, other, pointer)


def _more_choices(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    """All alternatives there were are there still."""
    if word not in one or not set(map(write, one[word])) <= set(map(write, other[word])):
        yield _said(word, one, other, pointer)


def _fewer_conditions(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    """All conditions there are were there before."""
    if not set(map(write, other[word])) <= set(map(write, one.get(word, ()))):
        yield _said(word, one, other, pointer)


def _properties(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    rest = True if one.get("patternProperties") else one.get("additionalProperties", True)
    had = one.get("properties", {})
    for name, schema in other[word].items():
        yield from _compare(had.get(name, rest), schema, f"{pointer}/{word}/{escaped(name)}")


def _additional(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    if not _equal(one.get("patternProperties", {}), other.get("patternProperties", {})):
        yield Narrowing(pointer, "patternProperties")
    yield from _compare(one.get(word, True), other[word], f"{pointer}/{word}")


def _gone(one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    """Properties that are no longer named are additional now."""
    named = other.get("properties", {})
    for name, schema in one["properties"].items():
        if name not in named:
            yield from _compare(schema, other["additionalProperties"], f"{pointer}/properties/{escaped(name)}")


def _items(word: str, one: Mapping[str, Any], other: Mapping[str, Any], pointer: str) -> Iterator[Narrowing]:
    if not _equal(one.get("prefixItems", []), other.get("prefixItems", [])):
        yield Narrowing(pointer, "prefixItems", one.get("prefixItems"), other.get("prefixItems"))
    yield from _compare(one.get(word, True), other[word], f"{pointer}/{word}")


_RULES: Mapping[str, _Rule] = {
    "type": _type,
    "minLength": _at_least,
    "minItems": _at_least,
    "minProperties": _at_least,
    "maxLength": _at_most,
    "maxItems": _at_most,
    "maxProperties": _at_most,
    "minimum": _bound(1),
    "exclusiveMinimum": _bound(1),
    "maximum": _bound(-1),
    "exclusiveMaximum": _bound(-1),
    "required": _required,
    "uniqueItems": _unique,
    "anyOf": _more_choices,
    "allOf": _fewer_conditions,
    "properties": _properties,
    "additionalProperties": _additional,
    "items": _items,
    **dict.fromkeys(("if", "then", "else"), _together("if", "then", "else")),
    **dict.fromkeys(("contains", "minContains", "maxContains"), _together("contains", "minContains", "maxContains")),
    "unevaluatedProperties": _whole,
    "unevaluatedItems": _whole,
}
