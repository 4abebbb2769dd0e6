import json
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.portal.jsonvalues import VALUES
from tests.plugins.portal.schemas import NAMES, TAME

from tollbridge_portal.examples import Example, example_of, fields_of


def holds(schema: Any, value: Any) -> bool:
    """Hold a value against a schema by another library than the one that made it."""
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@given(schema=TAME)
def test_example_of_a_schema_that_can_be_met_meets_it(schema: Any) -> None:
    example = example_of(schema)

    assert example.fits
    assert holds(schema, example.value)
    json.dumps(example.value)


@given(schema=TAME, name=NAMES)
def test_example_of_a_schema_that_is_referred_to_meets_it(schema: Any, name: str) -> None:
    whole = {
        "$defs": {name: schema},
        "type": "object",
        "required": ["it"],
        "properties": {"it": {"$ref": f"#/$defs/{quote(name)}"}},
    }

    example = example_of(whole)

    assert example.fits
    assert holds(whole, example.value)


@given(schema=VALUES)
def test_anything_ends_and_what_is_said_to_fit_does(schema: Any) -> None:
    example = example_of(schema)

    if example.fits:
        assert holds(schema, example.value)


@given(
    words=st.dictionaries(
        st.sampled_from(
            [
                "type",
                "properties",
                "required",
                "items",
                "$ref",
                "allOf",
                "anyOf",
                "enum",
                "minLength",
                "pattern",
                "minItems",
                "uniqueItems",
                "contains",
                "additionalProperties",
                "minProperties",
                "multipleOf",
                "minimum",
                "maximum",
                "prefixItems",
                "examples",
                "default",
                "format",
                "not",
            ]
        ),
        VALUES,
        max_size=5,
    )
)
def test_words_of_the_wrong_sort_end_in_no_error(words: dict[str, Any]) -> None:
    example_of(words)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "examples": ["one", "two"], "default": "three", "enum": ["one", "two", "three"]}, "one"),
        ({"type": "string", "example": "one", "default": "two"}, "one"),
        ({"type": "string", "default": "two"}, "two"),
        ({"default": None, "type": ["string", "null"]}, None),
        ({"const": {"a": [1]}}, {"a": [1]}),
        ({"enum": ["x", "y"]}, "x"),
        ({"type": "string", "examples": [5, "fits"]}, "fits"),
        ({"type": "string", "format": "date"}, "2026-01-15"),
        ({"type": "string", "format": "unheard-of"}, "text"),
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 10}, 10),
        ({"type": "integer", "exclusiveMaximum": -3}, -4),
        ({"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.2}, 0.15),
        ({"type": "integer", "minimum": 10, "multipleOf": 7}, 14),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 1),
        ({"properties": {"a": {"type": "integer"}}}, {"a": 1}),
        ({"items": {"type": "integer"}}, [1]),
        ({"minLength": 7}, "text te"),
        ({"minimum": 3}, 3),
        (True, "text"),
        ({}, "text"),
        ({"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True}, [1, 2, 3]),
        ({"type": "array", "items": {"minLength": 1}, "minItems": 3, "uniqueItems": True}, ["text", "text2", "text3"]),
        ({"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True}, [True, False]),
        ({"type": "array", "contains": {"const": 7}, "items": {"type": "integer"}, "minItems": 2}, [7, 1]),
        ({"type": "array", "prefixItems": [{"const": 1}, {"type": "string"}], "items": False}, [1, "text"]),
        ({"type": "array", "items": False}, []),
        ({"type": "object", "required": ["a"]}, {"a": "text"}),
        ({"type": "object", "minProperties": 2}, {"name1": "text", "name2": "text"}),
        ({"type": "object", "properties": {"a": {}, "b": {}}, "maxProperties": 1, "required": ["b"]}, {"b": "text"}),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"anyOf": [False, {"type": "string"}]}, "text"),
        ({"type": "integer", "not": {"const": 1}}, 2),
        ({"allOf": [{"type": "integer", "minimum": 3}, {"minimum": 5}, {"maximum": 9}]}, 5),
        (
            {"allOf": [{"properties": {"a": {"minLength": 5}}}, {"properties": {"a": {}}, "required": ["a"]}]},
            {"a": "text."},
        ),
        ({"type": "string", "pattern": "[.]pdf$", "minLength": 10}, "text t.pdf"),
    ],
)  # fmt: skip
def test_example_is_the_likeliest_one(schema: Any, value: Any) -> None:
    example = example_of(schema)

    assert example.fits
    assert example.value == value


@pytest.mark.parametrize(
    "schema",
    [
        *(False, None, 5, "text", [], {"type": "nope"}, {"$ref": "https://example.com/schema"}, {"$ref": "#/nope"}),
        *({"enum": []}, {"not": {}}, {"allOf": [False]}, {"type": "string", "pattern": "(?=a)a"}, {"pattern": "("}),
        {"type": "integer", "minimum": 2, "maximum": 1},
        {"$ref": "#"},
        {
            "$defs": {"a": {"required": ["a"], "type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}},
            "$ref": "#/$defs/a",
        },
        {"allOf": [{"$ref": "#/allOf/0"}]},
        {"type": "string", "minLength": 100_000},
        {"type": "object", "minProperties": 1_000_000},
        {"type": "array", "minItems": 1_000_000},
    ],
)
def test_schema_that_cannot_be_met_says_so(schema: Any) -> None:
    assert not example_of(schema).fits


def test_circle_that_may_end_ends_at_once() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    }

    assert example_of(tree) == Example({"name": "text", "children": [{"name": "text"}]}, True)


def test_circle_through_required_lists_ends_with_an_empty_one() -> None:
    node = {"type": "object", "required": ["next"], "properties": {"next": {"type": "array", "items": {"$ref": "#"}}}}

    example = example_of(node)

    assert example.fits
    assert len(json.dumps(example.value)) < 500


def branching(levels: int, wide: int) -> Any:
    """Write a schema whose values would have `wide ** levels` members."""
    definitions: dict[str, Any] = {f"level{levels}": {"type": "string"}}
    for level in range(levels):
        below = {"$ref": f"#/$defs/level{level + 1}"}
        names = [f"p{number}" for number in range(wide)]
        definitions[f"level{level}"] = {"type": "object", "properties": dict.fromkeys(names, below)}
    return {"$defs": definitions, "$ref": "#/$defs/level0"}


def test_schema_that_branches_everywhere_ends_with_what_fits() -> None:
    example = example_of(branching(9, 12))

    assert example.fits
    assert 100 < len(json.dumps(example.value)) < 100_000


def test_part_that_is_too_large_to_be_checked_alone_is_checked_as_a_whole() -> None:
    many: Any = {f"p{number}": {"type": "integer", "examples": ["no number"]} for number in range(300)}

    assert example_of({"type": "object", "properties": many}).fits


def test_one_wrong_example_does_not_spoil_the_others() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"type": "string", "examples": [5]},
            "b": {"type": "string", "examples": ["shown"]},
        },
    }

    assert example_of(schema) == Example({"a": "text", "b": "shown"}, True)


def test_wrong_example_of_the_whole_is_passed_over() -> None:
    schema = {"type": "object", "examples": [{"a": "no number"}], "properties": {"a": {"type": "integer"}}}

    assert example_of(schema) == Example({"a": 1}, True)


def test_what_answers_alone_have_is_left_out() -> None:
    schema = {
        "type": "object",
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "old": {"deprecated": True},
            "a": {"type": "integer"},
        },
    }

    assert example_of(schema).value == {"a": 1}


def test_half_a_surrogate_pair_is_no_example() -> None:
    assert example_of({"type": "string", "examples": ["\ud83c"]}) == Example(None, False)


def test_fields_that_no_example_fits_are_left_out_unless_they_are_required() -> None:
    schemas = {"a": {"type": "string"}, "b": {"enum": []}, "c": {"enum": []}}

    assert fields_of(schemas, frozenset({"c"})) == {"a": "text", "c": None}
