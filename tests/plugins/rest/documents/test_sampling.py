"""A value made of a schema is valid, and the same each time."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.sampling import _TEXTS, sample
from tollbridge_rest.documents.schemas import Schemas, Side

SCHEMAS = {
    "Int": {"type": "integer", "minimum": 3},
    "Node": {
        "type": "object",
        "required": ["name", "next"],
        "properties": {"name": {"type": "string"}, "next": {"$ref": "#/components/schemas/Node"}},
    },
    "Tree": {
        "oneOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Tree"}, "minItems": 2}, {"type": "integer"}]
    },
    "Example": {"type": "object", "example": {"a": 1}},
}


def made(schema: Any, *, old: bool = False, side: Side = Side.RESPONSE) -> Any:
    return sample(schema, Schemas(Refs({"components": {"schemas": SCHEMAS}}), old=old), side)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"example": 1, "default": 2}, 1),
        ({"examples": [3, 4], "default": 2}, 3),
        ({"default": 2, "enum": [1]}, 2),
        ({"const": 5}, 5),
        ({"enum": ["b", "a"]}, "b"),
        ({"type": "string"}, "string"),
        ({"type": "string", "minLength": 9}, "stringxxx"),
        ({"type": "string", "maxLength": 3}, "str"),
        ({"type": "string", "format": "date"}, "2024-01-01"),
        ({"type": "string", "format": "unknown"}, "string"),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 3}, 3),
        ({"type": "integer", "exclusiveMinimum": 3}, 4),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "exclusiveMaximum": -3}, -4),
        ({"type": "integer", "exclusiveMinimum": 0}, 1),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "integer", "minimum": 2.5}, 3),
        ({"type": "number", "minimum": 0.25, "maximum": 0.75}, 0.25),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "minimum": 0.5, "multipleOf": 0.5}, 0.5),
        ({"type": "boolean"}, False),
        ({"type": "null"}, None),
        ({"type": ["null", "integer"]}, 0),
        ({"type": "array", "items": {"type": "integer"}}, [0]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3}, [0, 1, 2]),
        ({"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1}, "minItems": 3}, [0, 1, 0]),
        ({"type": "array", "items": {"type": "integer", "maximum": 0}, "minItems": 2}, [0, -1]),
        ({"type": "array", "items": {"type": "string"}, "minItems": 2}, ["string", "string2"]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
        ({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2, "uniqueItems": True}, ["a", "b"]),
        ({"type": "array", "prefixItems": [{"const": 1}], "minItems": 2}, [1, None]),
        ({"type": "array"}, []),
        ({"type": "object"}, {}),
        ({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 0}),
        ({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "minProperties": 1}, {"a": 0}),
        (
            {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
            {"field1": 0, "field2": 1},
        ),
        ({"required": ["x"]}, {"x": None}),
        ({"required": ["x"], "additionalProperties": {"type": "integer"}}, {"x": 0}),
        ({"minLength": 7}, "stringx"),
        ({"minimum": 2}, 2),
        ({"items": {"const": 1}}, [1]),
        ({"oneOf": [{"type": "null"}, {"type": "integer"}]}, 0),
        ({"anyOf": [{"type": "null"}]}, None),
        ({"allOf": [{"required": ["a"], "properties": {"a": {"const": 1}}}, {"required": ["b"]}]}, {"a": 1, "b": None}),
        ({"allOf": [{"type": "integer", "minimum": 2}, {"minimum": 5}]}, 5),
        ({"allOf": [{"$ref": "#/components/schemas/Int"}]}, 3),
        ({"$ref": "#/components/schemas/Int"}, 3),
        ({"$ref": "#/components/schemas/Int", "minimum": 7}, 7),
        ({"$ref": "#/components/schemas/Int", "default": 9}, 9),
        ({"$ref": "#/components/schemas/Example"}, {"a": 1}),
        ({"allOf": [{"$ref": "#/components/schemas/Example"}]}, {"a": 1}),
        ({}, None),
        (True, None),
        (False, None),
        ({"type": "array", "minItems": 10**9, "items": {"const": 1}}, [1] * 100),
    ],
)
def test_the_least_that_is_valid_is_made(schema: Any, value: Any) -> None:
    first = made(schema)

    assert first == value
    assert json.dumps(first) == json.dumps(made(schema)) == json.dumps(value)


def test_openapi_3_0_says_bounds_in_its_own_way() -> None:
    assert made({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, old=True) == 4
    assert made({"$ref": "#/components/schemas/Int", "default": 9}, old=True) == 3


def test_what_does_not_go_this_way_is_left_out() -> None:
    schema = {"required": ["r", "w"], "properties": {"r": {"readOnly": True}, "w": {"writeOnly": True}}}

    assert made(schema) == {"r": None}
    assert made(schema, side=Side.REQUEST) == {"w": None}


def test_what_goes_on_for_ever_ends() -> None:
    before = time.process_time()
    chain = made({"$ref": "#/components/schemas/Node"})
    tree = made({"$ref": "#/components/schemas/Tree"})

    depth = 0
    while chain is not None:
        assert chain["name"] == ("string" if depth < 30 else None)
        chain, depth = chain["next"], depth + 1
    assert 10 < depth <= 31
    assert isinstance(tree, list)
    assert len(json.dumps(tree)) < 1_000_000
    assert time.process_time() - before < 10


@pytest.mark.parametrize("name", [name for name in _TEXTS if name != "byte"])
def test_texts_of_formats_are_of_the_format(name: str) -> None:
    assert compile_schema({"type": "string", "format": name}).is_valid(made({"type": "string", "format": name}))


_numbers = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={"minimum": st.integers(-9, 0), "maximum": st.integers(1, 9), "multipleOf": st.integers(1, 3)},
)
_more_numbers = st.one_of(
    st.integers(-50, 50).map(lambda n: {"type": "integer", "minimum": n}),
    st.integers(-50, 50).map(lambda n: {"type": "integer", "maximum": n}),
    st.integers(-50, 50).map(lambda n: {"type": "number", "exclusiveMinimum": n}),
    st.integers(-50, 50).map(lambda n: {"type": "number", "exclusiveMaximum": n, "minimum": n - 1}),
    st.tuples(st.integers(-50, 50), st.integers(1, 7)).map(
        lambda pair: {"type": "integer", "minimum": pair[0], "multipleOf": pair[1]}
    ),
)
_strings = st.fixed_dictionaries(
    {"type": st.just("string")}, optional={"minLength": st.integers(0, 9), "maxLength": st.integers(9, 12)}
)
_schemas = st.recursive(
    _numbers | _more_numbers | _strings | st.just({"type": "boolean"}) | st.just({"enum": [1, "a", None]}),
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": st.integers(0, 4), "maxItems": st.integers(4, 5)},
        ),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
            lambda named: {"type": "object", "properties": named, "required": sorted(named)[:2]}
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"anyOf": parts}),
        inner.map(lambda part: {"allOf": [part]}),
        inner.map(lambda part: {"anyOf": [{"type": "null"}, part]}),
    ),
    max_leaves=6,
)


@given(_schemas)
def test_what_is_made_is_valid(schema: Any) -> None:
    value = made(schema)

    assert compile_schema(schema).is_valid(value), (schema, value)


@given(st.integers(1, 60), st.integers(0, 5))
def test_texts_have_the_length_that_is_asked_for(least: int, more: int) -> None:
    schema = {
        "type": "array",
        "minItems": 3,
        "items": {"type": "string", "minLength": least, "maxLength": least + more},
    }

    for text in made(schema):
        assert least <= len(text) <= least + more
        assert re.fullmatch("[a-z0-9]+", text)
