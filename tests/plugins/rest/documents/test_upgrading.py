"""A document of 3.0 is said in the words of 3.1."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openapi_spec_validator import validate
from tests.plugins.rest.documents.making import OK, json_body, one, raw_with

from tollbridge_rest.documents import upgraded
from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.schemas import Schemas, Side


def turned(schema: Any) -> Any:
    return upgraded(raw_with({}, openapi="3.0.4", components={"schemas": {"A": schema}}))["components"]["schemas"]["A"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True, "title": "t"}, {"type": ["string", "null"], "title": "t"}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"type": "string", "enum": ["a"], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"type": "string", "enum": ["a", None], "nullable": True}, {"type": ["string", "null"], "enum": ["a", None]}),
        (
            {"allOf": [{"$ref": "#/components/schemas/A"}], "nullable": True},
            {"anyOf": [{"allOf": [{"$ref": "#/components/schemas/A"}]}, {"type": "null"}]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"example": {"nullable": True}}, {"examples": [{"nullable": True}]}),
        (
            {"properties": {"example": {"type": "string", "nullable": True}}},
            {"properties": {"example": {"type": ["string", "null"]}}},
        ),
        ({"items": {"type": "integer", "nullable": True}}, {"items": {"type": ["integer", "null"]}}),
        ({"default": {"nullable": True}}, {"default": {"nullable": True}}),
        ({"$ref": "#/components/schemas/A", "nullable": True}, {"$ref": "#/components/schemas/A", "nullable": True}),
    ],
)
def test_a_schema(old: Any, new: Any) -> None:
    assert turned(old) == new


def test_schemas_are_turned_wherever_they_stand() -> None:
    old, new = {"type": "string", "nullable": True}, {"type": ["string", "null"]}

    def document(schema: Any, version: str) -> Any:
        media = {"application/json": {"schema": schema, "example": {"schema": {"nullable": True}}}}
        slot = {"name": "schema", "in": "query", "schema": schema}
        operation = {
            "parameters": [slot],
            "requestBody": {"content": media},
            "responses": {"200": {"description": "", "headers": {"schema": {"schema": schema}}, "content": media}},
            "callbacks": {
                "schema": {"{$request.body#/a}": {"post": {"requestBody": {"content": media}, "responses": OK}}}
            },
            "x-schema": {"schema": {"nullable": True}},
        }
        components = {
            "schemas": {"schema": schema},
            "parameters": {"schema": slot},
            "responses": {"schema": {"content": media}},
        }
        return raw_with({"/": {"parameters": [slot], "post": operation}}, openapi=version, components=components)

    assert upgraded(document(old, "3.0.4")) == document(new, "3.1.1")


def test_newer_documents_stay_as_they_are() -> None:
    document = raw_with({}, openapi="3.2.0", components={"schemas": {"A": {"nullable": True}}})

    assert upgraded(document) == document


def test_what_comes_out_is_openapi_3_1() -> None:
    old = {"type": "integer", "nullable": True, "minimum": 1, "exclusiveMinimum": True, "example": 3}

    validate(upgraded(one(json_body(old), openapi="3.0.4").raw))  # type: ignore[arg-type]  # it asks for a Hashable


_old = st.recursive(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": st.integers(-2, 2), "exclusiveMinimum": st.booleans(), "nullable": st.booleans()},
    ),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}, optional={"nullable": st.booleans()}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}, optional={"nullable": st.booleans()}),
    ),
    max_leaves=4,
)
_values = st.recursive(
    st.none() | st.integers(-3, 3) | st.just(0.5), lambda inner: st.lists(inner, max_size=2), max_leaves=4
)


@given(_old, _values)
def test_both_ways_of_turning_a_schema_allow_the_same(schema: Any, value: Any) -> None:
    whole, _ = Schemas(Refs({}), old=True).whole(schema, Side.REQUEST)

    assert compile_schema(whole).is_valid(value) == compile_schema(turned(schema)).is_valid(value)
