"""The least value that fits a schema.  Source: invented."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_echo.instances import TooMuch, instance


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, ""),
        ({"type": "string", "minLength": 3}, "aaa"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "format": "unheard-of"}, ""),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -2}, -2),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "integer", "minimum": 3, "multipleOf": 5}, 5),
        ({"type": "integer", "maximum": -3, "multipleOf": 5}, -5),
        ({"type": "integer", "minimum": 1, "multipleOf": 2.5}, 5),
        ({"type": "integer", "minimum": 3, "multipleOf": 0.1}, 3),
        ({"type": "integer", "minimum": 1e300}, 0),
        ({"type": "number"}, 0),
        ({"type": "number", "minimum": 0.15, "multipleOf": 0.1}, 0.2),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 0.25}, 0.125),
        ({"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, 1.5),
        ({"type": "number", "exclusiveMinimum": 1}, 1.5),
        ({"type": "number", "minimum": 0.25, "maximum": 1}, 0.25),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["null", "string"]}, ""),
        ({"type": ["null"]}, None),
        ({"enum": ["b", "a"]}, "b"),
        ({"const": {"a": 1}}, {"a": 1}),
        ({"type": "string", "default": "d"}, "d"),
        ({"type": "string", "examples": ["e"]}, "e"),
        ({"type": "array", "items": {"type": "string"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"type": "array", "prefixItems": [{"const": 1}], "minItems": 2, "items": {"const": 2}}, [1, 2]),
        ({"minItems": 1}, [None]),
        ({"type": "object"}, {}),
        ({"properties": {"a": {"type": "string"}, "b": {}}, "required": ["a"]}, {"a": ""}),
        ({"type": "object", "required": ["c"]}, {"c": None}),
        (
            {
                "type": "object",
                "properties": {"inner": {"type": "object", "properties": {"n": {"const": 1}}, "required": ["n"]}},
                "required": ["inner"],
            },
            {"inner": {"n": 1}},
        ),
        ({"$ref": "#/$defs/A", "$defs": {"A": {"type": "integer", "minimum": 7}}}, 7),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 1}}}, 1),
        ({"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"const": 1}}}, [1]),
        ({"$ref": "#/nowhere"}, None),
        ({"$ref": "https://elsewhere"}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 0),
        ({"oneOf": [{"const": 2}], "type": "integer"}, 2),
        (
            {
                "allOf": [
                    {"properties": {"a": {"const": 1}}, "required": ["a"]},
                    {"properties": {"b": {"const": 2}}, "required": ["b"]},
                ],
                "type": "object",
            },
            {"b": 2, "a": 1},
        ),
        (True, None),
        ({}, None),
        (None, None),
    ],
)
def test_least_value_fits(schema, value):
    assert instance(schema) == value


def test_schema_that_requires_itself_ends():
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}

    found, depth = instance(schema), 0
    while found is not None:
        found, depth = found["next"], depth + 1

    assert depth == 51
    assert instance({"$ref": "#"}) is None
    assert instance({"anyOf": [{"$ref": "#"}]}) is None


def nested(schema, times):
    """Put a schema into arrays of a thousand, one in another."""
    for _ in range(times):
        schema = {"type": "array", "minItems": 1000, "items": schema}
    return schema


TWICE_IN_ITSELF = {
    "type": "object",
    "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}},
    "required": ["a", "b"],
}


@pytest.mark.parametrize(
    "schema",
    [
        nested({}, 3),
        TWICE_IN_ITSELF,
        nested({"type": "string", "minLength": 1000}, 1),
        nested({"const": "a" * 1000}, 1),
        nested({"enum": ["a" * 1000]}, 1),
        nested({"type": "object", "required": ["a" * 1000]}, 1),
        nested({"type": "object", "required": ["a"] * 1000}, 1),
        nested({"$ref": "#/" + "a/" * 1000}, 1),
        nested({f"x{n}": 0 for n in range(1000)}, 1),
        {"type": "string", "minLength": 1e14},
        {"type": "array", "minItems": 1e14},
        {"allOf": [{f"x{n}": 0} for n in range(1000)]},
        {"allOf": [{"properties": {f"x{n}": 0}} for n in range(1000)]},
        {"allOf": [{"required": [f"x{n}"]} for n in range(1000)]},
        {"allOf": [0] * 100_001},
    ],
)
def test_schema_that_asks_for_too_much_is_given_up(schema):
    with pytest.raises(TooMuch):
        instance(schema)


def test_schema_of_a_fair_size_has_a_value():
    assert instance(nested({"type": "integer"}, 1)) == [0] * 1000
    assert len(instance({"type": "string", "minLength": 50_000})) == 50_000


words = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "items",
        "minItems",
        "enum",
        "const",
        "anyOf",
        "allOf",
        "$ref",
        "#",
        "object",
        "array",
        "string",
        "integer",
        "number",
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "prefixItems",
        "format",
    ]
)
shapes = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=15,
)


@given(shapes)
def test_schema_of_any_shape_has_a_value(schema):
    json.dumps(instance(schema))
