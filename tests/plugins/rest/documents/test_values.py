"""Texts become values of the types that a schema allows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.values import Shapes, convert

SHAPES = Shapes(Refs({"a": {"type": "integer"}, "ring": {"allOf": [{"$ref": "#/ring"}], "type": "boolean"}}))


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "7", 7),
        ({"type": "integer"}, "-0", 0),
        ({"type": "integer"}, "7.5", "7.5"),
        ({"type": "integer"}, "07", "07"),
        ({"type": "integer"}, "１", "１"),
        ({"type": "integer"}, "1_0", "1_0"),
        ({"type": "integer"}, " 7", " 7"),
        ({"type": "integer"}, "9" * 401, "9" * 401),
        ({"type": "number"}, "7", 7),
        ({"type": "number"}, "7.5e2", 750.0),
        ({"type": "number"}, "nan", "nan"),
        ({"type": "number"}, "1e999", "1e999"),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "True", "True"),
        ({"type": "boolean"}, "1", "1"),
        ({"type": "string"}, "7", "7"),
        ({"type": ["integer", "null"]}, "null", None),
        ({"type": ["integer", "null"]}, "", None),
        ({"type": "integer", "nullable": True}, "null", None),
        ({"type": ["integer", "string"]}, "7", 7),
        ({"$ref": "#/a"}, "7", 7),
        ({"allOf": [{"$ref": "#/a"}, {"minimum": 1}]}, "7", 7),
        ({"anyOf": [{"type": "boolean"}, {"type": "number"}]}, "7", 7),
        ({"oneOf": [{"type": "boolean"}]}, "false", False),
        ({"enum": [1, 2]}, "2", 2),
        ({"const": True}, "true", True),
        ({"enum": [None, 1]}, "null", None),
        ({"$ref": "#/ring"}, "true", True),
        ({}, "7", "7"),
        (True, "true", "true"),
    ],
)
def test_a_text_is_what_its_type_says(schema: Any, text: str, value: Any) -> None:
    read = convert(text, schema, SHAPES, typed=True)

    assert read == value
    assert type(read) is type(value)


def test_a_text_stays_one_where_it_may() -> None:
    assert convert("7", {"type": ["integer", "string"]}, SHAPES, typed=False) == "7"
    assert convert("7", {"type": "integer"}, SHAPES, typed=False) == 7


@pytest.mark.parametrize(
    ("schema", "written", "value"),
    [
        ({"type": "array", "items": {"type": "integer"}}, ["1", "2"], [1, 2]),
        ({"items": {"type": "integer"}}, ["1"], [1]),
        ({"type": "array"}, ["1"], ["1"]),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": "1", "b": "2"}, {"a": 1, "b": "2"}),
        ({"additionalProperties": {"type": "integer"}}, {"a": "1"}, {"a": 1}),
        ({"allOf": [{"properties": {"a": {"type": "integer"}}}]}, {"a": "1"}, {"a": 1}),
        (
            {"properties": {"a": {"type": "array", "items": {"type": "integer"}}}},
            {"a": {"10": "3", "2": "2", "0": "1"}},
            {"a": [1, 2, 3]},
        ),
        ({"properties": {"a": {"type": "array"}}}, {"a": {"x": "1"}}, {"a": {"x": "1"}}),
    ],
)
def test_lists_and_maps_are_converted_inside(schema: Any, written: Any, value: Any) -> None:
    assert convert(written, schema, SHAPES, typed=True) == value


@pytest.mark.parametrize(
    ("schema", "targets"),
    [
        ({}, ("scalar",)),
        ({"type": "array"}, ("array",)),
        ({"type": ["array", "string"]}, ("array", "scalar")),
        ({"oneOf": [{"type": "object"}, {"type": "array"}]}, ("array", "object")),
        ({"type": 1}, ("scalar",)),
        ({"type": ["integer", 5]}, ("scalar",)),
    ],
)
def test_the_ways_in_which_a_text_is_tried(schema: Any, targets: tuple[str, ...]) -> None:
    assert SHAPES.of(schema).targets() == targets


def test_looking_at_a_schema_is_bounded() -> None:
    wide = {"allOf": [{"properties": {f"a{n}": {}}} for n in range(10_000)]}

    assert len(Shapes(Refs({})).of(wide).properties) < 200


@given(st.integers(-(10**30), 10**30))
def test_integers_are_read_as_they_were_written(number: int) -> None:
    assert convert(str(number), {"type": "integer"}, Shapes(Refs({})), typed=True) == number
