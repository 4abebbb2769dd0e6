"""References stay inside, and lead somewhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.rest.documents.making import raw_with

from tollbridge_rest.documents import BadDocument, document_of
from tollbridge_rest.documents.pointers import Refs, check_refs, parts_of, ref_of


@given(st.lists(st.text(alphabet="a01~/%é{}$", max_size=5), min_size=1, max_size=4))
def test_a_reference_names_what_it_was_made_for(parts: list[str]) -> None:
    ref = ref_of(*parts).replace("%", "%25")

    assert parts_of(ref) == parts


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        ("#/a/b", 1),
        ("#/a~1b", 2),
        ("#/m~0n", 3),
        ("#/a/list/1", "y"),
        ("#/%C3%A9", 4),
        ("#/", 5),
        ("#/q%25", 6),
    ],
)
def test_pointers_are_escaped_twice(ref: str, value: Any) -> None:
    refs = Refs({"a": {"b": 1, "list": ["x", "y"]}, "a/b": 2, "m~n": 3, "é": 4, "": 5, "q%": 6})

    assert refs.find(ref) == value


@pytest.mark.parametrize("ref", ["#/a/c", "#/a/list/2", "#/a/list/-", "#/a/list/01", "#/a/list/x", "#/a/b/c", "#/zz"])
def test_a_reference_to_nothing_is_refused(ref: str) -> None:
    with pytest.raises(BadDocument, match="leads nowhere"):
        Refs({"a": {"b": 1, "list": ["x", "y"]}}).find(ref)


@pytest.mark.parametrize(
    "ref",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/openapi.json#/components/schemas/A",
        "file:///etc/passwd",
        "other.yaml",
        "./other.yaml#/A",
        "//example.com/a",
        "#",
        "#anchor",
        "",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        lambda ref: {"paths": {"/": {"get": {"responses": {"200": {"$ref": ref}}}}}},
        lambda ref: {"paths": {"/": {"get": {"responses": {"default": {"$ref": ref}}}}}},
        lambda ref: {"paths": {"/": {"$ref": ref}}},
        lambda ref: {"components": {"schemas": {"A": {"properties": {"default": {"$ref": ref}}}}}},
        lambda ref: {"components": {"schemas": {"A": {"allOf": [{"$ref": ref}]}}}},
        lambda ref: {"components": {"examples": {"A": {"$ref": ref}}}},
        lambda ref: {"webhooks": {"a": {"$ref": ref}}},
    ],
)
def test_a_reference_that_leads_out_is_refused_by_name(ref: str, place: Any) -> None:
    with pytest.raises(BadDocument) as caught:
        document_of({**raw_with({}), **place(ref)})

    assert "leads out of the document" in caught.value.message
    assert repr(ref) in caught.value.message


@pytest.mark.parametrize("word", ["$id", "$dynamicRef"])
def test_keywords_that_move_references_are_refused(word: str) -> None:
    document = raw_with({}, components={"schemas": {"A": {"items": {word: "https://example.com/a"}}}})

    with pytest.raises(BadDocument, match=rf"the keyword \{word} is not read"):
        check_refs(document)


def test_fields_that_are_called_like_keywords_are_fields() -> None:
    named = {"$ref": {"type": "string"}, "$id": {"type": "string"}, "discriminator": {"type": "object"}}

    check_refs(raw_with({}, components={"schemas": {"A": {"properties": named}}}))


@pytest.mark.parametrize("word", ["example", "default", "const", "enum", "x-anything"])
def test_values_hold_no_references(word: str) -> None:
    value: Any = {"$ref": "https://example.com/"}

    check_refs(raw_with({}, components={"schemas": {"A": {word: [value] if word == "enum" else value}}}))


def test_examples_of_a_schema_are_values_and_those_of_a_body_are_not() -> None:
    check_refs(raw_with({}, components={"schemas": {"A": {"examples": [{"$ref": "https://a.example"}]}}}))
    media = {"examples": {"a": {"$ref": "#/components/examples/none"}}}

    with pytest.raises(BadDocument, match="leads nowhere"):
        check_refs(raw_with({"/": {"get": {"requestBody": {"content": {"a/b": media}}}}}))


def test_references_to_references_are_followed() -> None:
    refs = Refs({"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": 1})

    assert refs.follow({"$ref": "#/a"}) == 1
    assert refs.trace({"$ref": "#/a"}) == ("#/c", 1)
    assert refs.trace(2) == ("", 2)


def test_a_ring_of_references_is_refused() -> None:
    with pytest.raises(BadDocument, match="in a ring"):
        Refs({"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}).follow({"$ref": "#/a"})


def test_a_long_chain_is_refused() -> None:
    chain = {f"a{n}": {"$ref": f"#/a{n + 1}"} for n in range(60)}

    with pytest.raises(BadDocument, match="over 50 times"):
        check_refs({**chain, "a60": {}})


def test_a_schema_may_refer_to_itself() -> None:
    check_refs(raw_with({}, components={"schemas": {"A": {"properties": {"a": {"$ref": "#/components/schemas/A"}}}}}))


@pytest.mark.parametrize(
    ("discriminator", "sentence"),
    [
        ({"mapping": {"a": "https://example.com/a"}}, "leads out"),
        ({"mapping": {"a": "#/components/schemas/B"}}, "leads nowhere"),
        ({"mapping": {"a": "B"}}, "leads nowhere"),
        ({"defaultMapping": "B"}, "leads nowhere"),
    ],
)
def test_mappings_of_a_discriminator_stay_inside_too(discriminator: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadDocument, match=sentence):
        check_refs(raw_with({}, components={"schemas": {"A": {"discriminator": discriminator}}}))
    check_refs(raw_with({}, components={"schemas": {"A": {"discriminator": {"mapping": {"a": "A"}}}}}))
