from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_prompts.schemawalk import escaped, found_at, mapped, parts_of, rebased, unescaped


def test_schemas_are_found_where_they_are_and_nowhere_else() -> None:
    schema = {
        "enum": [{"not": {}}],
        "default": {"items": {}},
        "items": False,
        "allOf": [{"a": 1}],
        "properties": {"a/b": {}, "c": True},
        "$defs": {"d": {}},
        "required": ["x"],
    }

    assert dict(parts_of(schema)) == {
        "/items": False,
        "/allOf/0": {"a": 1},
        "/properties/a~1b": {},
        "/properties/c": True,
    }
    assert "/$defs/d" in dict(parts_of(schema, named=True))
    assert list(parts_of(True)) == []
    assert list(parts_of({"allOf": "no list", "properties": "no map"})) == []


def test_references_still_lead_to_their_places_in_a_document() -> None:
    schema = {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/b"}}, "b": {"type": "integer"}}}
    document = {"$ref": "#/x/y", "x": {"y": rebased(schema, "/x/y")}}

    validator = jsonschema_rs.Draft202012Validator(document, offline=True)

    assert validator.is_valid([1])
    assert not validator.is_valid(["1"])


def test_values_that_look_like_references_stay() -> None:
    schema = {"const": {"$ref": "#/a"}, "examples": [{"$ref": "#/a"}], "properties": {"$ref": {"type": "string"}}}

    assert rebased(schema, "/x") == schema


@pytest.mark.parametrize("ref", [1, "other", "#", "http://x/#/a"])
def test_other_references_stay(ref: Any) -> None:
    assert rebased({"$ref": ref}, "/x") == {"$ref": ref}


def test_each_schema_is_changed_once() -> None:
    schema = {"not": {"anyOf": [{}, {"prefixItems": [{}]}]}, "$defs": {"a": {}}, "enum": [{}]}

    counted = mapped(schema, lambda one: {**one, "n": one.get("n", 0) + 1})

    assert counted == {
        "not": {"anyOf": [{"n": 1}, {"prefixItems": [{"n": 1}], "n": 1}], "n": 1},
        "$defs": {"a": {"n": 1}},
        "enum": [{}],
        "n": 1,
    }


@given(st.text(max_size=10))
def test_names_in_pointers_come_back(name: str) -> None:
    assert unescaped(escaped(name)) == name
    assert found_at({name: 1}, f"/{escaped(name)}") == 1


@pytest.mark.parametrize("pointer", ["/a/x", "/a/2", "/a/-", "/a/01", "/a/-1", "/b/0", "a", "/", "/a/0/0", "/a/²"])
def test_pointer_that_leads_nowhere_is_a_lookup_error(pointer: str) -> None:
    with pytest.raises(LookupError):
        found_at({"a": [1, 2], "b": "text"}, pointer)


def test_pointer_leads_through_lists() -> None:
    assert found_at({"a": [1, {"b": None}]}, "/a/1/b") is None
    assert found_at([1], "") == [1]
