from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge_prompts.narrowing import narrowings
from tollbridge_prompts.schemas import check_schema

STRING = {"type": "string"}
DEFS = {"$defs": {"a": STRING}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": "string"}, {}),
        ({"type": "integer"}, {"type": "number"}),
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 4}),
        ({"type": "string", "maxLength": 3}, {"type": "string"}),
        ({"type": "string", "pattern": "a"}, {"type": "string"}),
        ({"minLength": 2}, {"minLength": 1}),
        ({}, {"minLength": 0}),
        ({"enum": ["a", "b"]}, {"enum": ["b", "a", "c"]}),
        ({"enum": ["a", "b"]}, STRING),
        ({"enum": ["a", 1], "type": "string"}, {"enum": ["a"]}),
        ({"const": 1}, {"enum": [1, 2]}),
        ({"minimum": 1}, {"exclusiveMinimum": 0}),
        ({"exclusiveMinimum": 1}, {"minimum": 1}),
        ({"exclusiveMaximum": 1}, {"maximum": 1}),
        ({"maximum": 1}, {"exclusiveMaximum": 2}),
        ({"minItems": 1, "uniqueItems": True}, {"minItems": 1}),
        ({}, {"uniqueItems": False}),
        ({"required": ["a", "b"]}, {"required": ["b"]}),
        ({"properties": {"a": STRING}}, {"properties": {"a": {}}}),
        ({"properties": {"a": STRING}, "additionalProperties": False}, {"properties": {"a": STRING, "b": STRING}}),
        ({"additionalProperties": False}, {"properties": {"a": STRING}, "additionalProperties": False}),
        ({"additionalProperties": STRING}, {"properties": {"a": STRING}}),
        ({"properties": {"a": {"minLength": 2}}}, {"properties": {"a": {"minLength": 1}}}),
        ({"items": STRING}, {"items": {}}),
        ({"items": STRING}, {}),
        ({"items": {"maxLength": 1}}, {"items": {"maxLength": 2}}),
        ({"anyOf": [STRING]}, {"anyOf": [{"type": "null"}, STRING]}),
        ({"allOf": [STRING, {"minLength": 1}]}, {"allOf": [STRING]}),
        ({"title": "a", "description": "b", "default": 1, "examples": []}, {"title": "c"}),
        ({"if": STRING, "then": {"minLength": 1}}, {}),
        ({"contains": STRING, "minItems": 3}, {"contains": STRING}),
        ({"$ref": "#/$defs/a", **DEFS}, STRING),
        ({"items": {"$ref": "#/$defs/a"}, **DEFS}, {"items": STRING}),
        ({"$ref": "#/$defs/a", "minLength": 1, **DEFS}, {"allOf": [STRING]}),
        ({"properties": {"a": False}}, {"properties": {"a": STRING}}),
        ({"pattern": "["}, {"pattern": "["}),
    ],
)
def test_what_takes_all_of_it_still_is_no_narrowing(before: Any, after: Any) -> None:
    assert narrowings(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "pointer", "keyword"),
    [
        ({}, STRING, "", "type"),
        ({"type": "number"}, {"type": "integer"}, "", "type"),
        ({"type": ["string", "null"]}, STRING, "", "type"),
        ({"maxLength": 3}, {"maxLength": 2}, "", "maxLength"),
        ({}, {"maxLength": 2}, "", "maxLength"),
        ({}, {"minLength": 1}, "", "minLength"),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, "", "enum"),
        (STRING, {"enum": ["a"], **STRING}, "", "enum"),
        (STRING, {"const": "a"}, "", "const"),
        ({"const": 1}, {"const": True}, "", "const"),
        ({"minimum": 1}, {"minimum": 2}, "", "minimum"),
        ({"minimum": 1}, {"exclusiveMinimum": 1}, "", "exclusiveMinimum"),
        ({"maximum": 1}, {"exclusiveMaximum": 1}, "", "exclusiveMaximum"),
        ({"exclusiveMinimum": 1}, {"minimum": 1.5}, "", "minimum"),
        ({}, {"maximum": 5}, "", "maximum"),
        ({}, {"pattern": "a"}, "", "pattern"),
        ({"pattern": "a"}, {"pattern": "b"}, "", "pattern"),
        ({}, {"format": "email"}, "", "format"),
        ({}, {"multipleOf": 2}, "", "multipleOf"),
        ({}, {"uniqueItems": True}, "", "uniqueItems"),
        ({}, {"required": ["a"]}, "", "required"),
        ({"required": ["a"]}, {"required": ["a", "b"]}, "", "required"),
        ({}, {"properties": {"a": STRING}}, "/properties/a", "type"),
        ({"properties": {"a": {}}}, {"properties": {"a": STRING}}, "/properties/a", "type"),
        ({"properties": {"a": {}}}, {"properties": {"a": False}}, "/properties/a", "schema"),
        ({"properties": {"a/b": {}}}, {"properties": {"a/b": STRING}}, "/properties/a~1b", "type"),
        ({"properties": {"a": STRING}}, {"additionalProperties": STRING}, "/additionalProperties", "type"),
        (
            {"properties": {"a": {}}, "additionalProperties": STRING},
            {"additionalProperties": STRING},
            "/properties/a",
            "type",
        ),
        (
            {"properties": {"a": STRING}, "additionalProperties": False},
            {"additionalProperties": False},
            "/properties/a",
            "schema",
        ),
        (
            {"patternProperties": {"a": {}}, "additionalProperties": False},
            {"properties": {"a": STRING}},
            "/properties/a",
            "type",
        ),
        (
            {"patternProperties": {"a": {}}, "additionalProperties": False},
            {"additionalProperties": False},
            "",
            "patternProperties",
        ),
        ({}, {"patternProperties": {"a": STRING}}, "", "patternProperties"),
        ({}, {"items": STRING}, "/items", "type"),
        ({"prefixItems": [{}], "items": STRING}, {"items": STRING}, "", "prefixItems"),
        ({}, {"prefixItems": [STRING]}, "", "prefixItems"),
        ({"anyOf": [STRING, {"type": "null"}]}, {"anyOf": [STRING]}, "", "anyOf"),
        ({}, {"anyOf": [STRING]}, "", "anyOf"),
        ({"oneOf": [STRING]}, {"oneOf": [STRING, {"minLength": 1}]}, "", "oneOf"),
        ({}, {"allOf": [STRING]}, "", "allOf"),
        ({"not": STRING}, {"not": {}}, "", "not"),
        ({"if": STRING, "then": {}}, {"if": STRING, "then": {"minLength": 1}}, "", "if"),
        ({"contains": STRING, "minContains": 0}, {"contains": STRING}, "", "contains"),
        ({}, {"dependentRequired": {"a": ["b"]}}, "", "dependentRequired"),
        ({}, {"propertyNames": STRING}, "", "propertyNames"),
        (
            {"properties": {"a": {}}, "unevaluatedProperties": False},
            {"unevaluatedProperties": False},
            "",
            "unevaluatedProperties",
        ),
        (
            {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {}}},
            {"items": {"$ref": "#/$defs/a"}, **DEFS},
            "/items",
            "type",
        ),
        ({}, {"pattern": "["}, "", "schema"),
        ({"minimum": "x"}, {"minimum": 1}, "", "schema"),
    ],
)
def test_what_may_take_less_is_named(before: Any, after: Any, pointer: str, keyword: str) -> None:
    assert (pointer, keyword) in [(one.pointer, one.keyword) for one in narrowings(before, after)]


def test_many_constants_that_would_take_long_to_try_count_as_narrower() -> None:
    before = {"enum": [f"x{number}" for number in range(4_000)]}
    after = {"anyOf": [*({"const": number} for number in range(600)), {"type": "string"}]}

    assert [one.keyword for one in narrowings(before, after)] == ["anyOf"]
    assert narrowings({"enum": before["enum"][:100]}, after) == []


def test_narrowing_says_what_was_and_what_is() -> None:
    (found,) = narrowings({"maxLength": 3}, {"maxLength": 2})

    assert (found.before, found.after) == (3, 2)


scalars = st.sampled_from([None, True, False, 0, 1, 1.5, 2, -1, "", "a", "ab", "b"])
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)
numbers = st.sampled_from([-1, 0, 1, 1.5, 2])
counts = st.integers(0, 2)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give schemas of some keywords."""
    maps = st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    lists = st.lists(inner, min_size=1, max_size=2)
    types = ["string", "number", "integer", "object", "array", "null", "boolean"]
    kinds = st.sampled_from(types) | st.lists(st.sampled_from(types), min_size=1, max_size=3, unique=True)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "enum": st.lists(values, min_size=1, max_size=3),
            "const": scalars,
            **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), numbers),
            **dict.fromkeys(
                ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), counts
            ),
            **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), maps),
            **dict.fromkeys(("anyOf", "allOf", "oneOf", "prefixItems"), lists),
            **dict.fromkeys(("items", "additionalProperties", "not", "contains", "if", "then", "else"), inner),
            **dict.fromkeys(("propertyNames", "unevaluatedProperties", "unevaluatedItems"), inner),
            "uniqueItems": st.booleans(),
            "pattern": st.sampled_from(["a", "^b"]),
            "multipleOf": st.sampled_from([1, 2]),
            "minContains": counts,
            "maxContains": counts,
            "required": st.lists(st.sampled_from("ab"), max_size=2, unique=True),
        },
    )


def few(schema: dict[str, Any]) -> dict[str, Any]:
    return dict(list(schema.items())[:4])


schemas = st.recursive(st.booleans() | st.just({}), lambda inner: keywords(inner).map(few), max_leaves=4)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Any, Any]:
    """Draw a schema, and one that differs from it a little."""
    before = few(draw(keywords(schemas)))
    after = {**before, **dict(list(draw(keywords(schemas)).items())[:1])}
    for word in draw(st.lists(st.sampled_from(sorted(before)), max_size=2)) if before else ():
        after.pop(word, None)
    return (before, after) if draw(st.booleans()) else (after, before)


@settings(max_examples=80)
@given(edits(), st.lists(values, min_size=1, max_size=12))
def test_where_nothing_is_narrower_what_fitted_fits(pair: tuple[Any, Any], tried: list[Any]) -> None:
    before, after = pair
    assert not check_schema(before)

    if narrowings(before, after) == []:
        one, other = (jsonschema_rs.Draft202012Validator(schema, offline=True) for schema in pair)
        assert [value for value in tried if one.is_valid(value) and not other.is_valid(value)] == []
