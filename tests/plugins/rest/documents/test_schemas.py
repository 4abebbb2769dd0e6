"""Schemas become JSON Schema 2020-12, each whole in itself."""

from typing import Any

import pytest
from tests.plugins.rest.documents.making import document_with

from tollbridge_rest.documents import BadDocument
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.schemas import Schemas, Side


def turned(schema: Any, *, old: bool = False, side: Side = Side.REQUEST, **components: Any) -> Any:
    return Schemas(Refs({"components": {"schemas": components}}), old=old).whole(schema, side)[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 9, "exclusiveMaximum": True}, {"exclusiveMaximum": 9}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"exclusiveMinimum": True}, {}),
        ({"type": "string", "example": 1, "description": "d", "x-a": 1, "xml": {}, "title": "t"}, {"type": "string"}),
        ({"const": 1, "if": {}, "contains": {}, "type": "string"}, {"type": "string"}),
        (
            {"properties": {"nullable": {"type": "string", "nullable": True}}},
            {"properties": {"nullable": {"type": ["string", "null"]}}},
        ),
        ({"items": {"type": "object", "nullable": True}}, {"items": {"type": ["object", "null"]}}),
    ],
)
def test_openapi_3_0_is_said_in_the_words_of_2020_12(old: Any, new: Any) -> None:
    assert turned(old, old=True) == new


def test_words_beside_a_reference_count_from_3_1_on() -> None:
    schema = {"$ref": "#/components/schemas/A", "maxLength": 3}

    assert turned(schema, old=True, A={"minLength": 1}) == {"$ref": "#/$defs/d0", "$defs": {"d0": {"minLength": 1}}}
    assert turned(schema, A={"minLength": 1}) == {
        "$ref": "#/$defs/d0",
        "maxLength": 3,
        "$defs": {"d0": {"minLength": 1}},
    }


def test_newer_schemas_stay_as_they_are() -> None:
    schema = {
        "type": ["object", "null"],
        "properties": {"a": {"const": 1}, "b": True},
        "patternProperties": {"^x": False},
        "prefixItems": [{"type": "string"}],
        "if": {"required": ["a"]},
        "then": {"minProperties": 2},
        "exclusiveMinimum": 3,
        "dependentRequired": {"a": ["b"]},
    }

    assert turned({**schema, "nullable": True, "$schema": "x", "$comment": "y", "default": 3}) == schema


def test_recursion_stays_a_reference() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}

    assert turned({"$ref": "#/components/schemas/Node"}, Node=node) == {
        "$ref": "#/$defs/d0",
        "$defs": {"d0": {"type": "object", "properties": {"next": {"$ref": "#/$defs/d0"}}}},
    }


def test_only_what_is_referred_to_comes_along() -> None:
    whole, size = Schemas(
        Refs({"components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"minimum": 1}, "C": {}}}}),
        old=True,
    ).whole({"$ref": "#/components/schemas/A"}, Side.REQUEST)

    assert whole == {"$ref": "#/$defs/d0", "$defs": {"d0": {"$ref": "#/$defs/d1"}, "d1": {"minimum": 1}}}
    assert size == 3


@pytest.mark.parametrize(("side", "needed"), [(Side.REQUEST, ["b", "c"]), (Side.RESPONSE, ["a", "c"])])
@pytest.mark.parametrize("old", [True, False])
def test_what_goes_the_other_way_is_not_needed(side: Side, needed: list[str], old: bool) -> None:
    schema = {
        "required": ["a", "b", "c"],
        "properties": {"a": {"readOnly": True}, "b": {"$ref": "#/components/schemas/B"}, "c": {}},
    }

    assert turned(schema, old=old, side=side, B={"writeOnly": True})["required"] == needed


def test_read_only_beside_a_reference_counts_from_3_1_on() -> None:
    schema = {"required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/A", "readOnly": True}}}

    assert turned(schema, A={})["required"] == []
    assert turned(schema, old=True, A={})["required"] == ["a"]


@pytest.mark.parametrize(
    ("schema", "bounds"),
    [
        ({"type": "integer", "format": "int32"}, (-(2**31), 2**31 - 1)),
        ({"type": "integer", "format": "int64"}, (-(2**63), 2**63 - 1)),
        ({"type": ["integer", "null"], "format": "int32"}, (-(2**31), 2**31 - 1)),
        ({"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**40}, (0, 2**31 - 1)),
        ({"type": "string", "format": "int32"}, (None, None)),
        ({"type": ["integer", "number"], "format": "int32"}, (None, None)),
        ({"type": "integer", "format": ["int32"]}, (None, None)),
    ],
)
def test_formats_of_integers_are_bounds(schema: Any, bounds: tuple[Any, Any]) -> None:
    new = turned(schema)

    assert (new.get("minimum"), new.get("maximum")) == bounds


def test_a_truth_is_a_schema() -> None:
    assert turned(True) == {"allOf": [True]}
    assert turned(False) == {"allOf": [False]}


@pytest.mark.parametrize("schema", [{"items": 1}, {"allOf": ["a"]}, {"properties": {"a": []}}])
def test_a_schema_of_another_kind_is_refused(schema: Any) -> None:
    with pytest.raises(BadDocument, match="must be an object"):
        turned(schema)


def test_too_many_schemas_are_refused() -> None:
    with pytest.raises(BadDocument, match="over 200,000 others"):
        turned({"properties": {f"a{n}": {} for n in range(200_001)}})


def test_a_reference_out_that_was_overlooked_is_refused_here() -> None:
    with pytest.raises(BadDocument, match="leads out"):
        turned({"$ref": "https://example.com/"})


def test_version_decides_which_words_count() -> None:
    assert document_with({}, openapi="3.0.4").old
    assert not document_with({}, openapi="3.1.0").old
