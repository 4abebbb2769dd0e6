"""What a document's schemas become."""

import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_mcp.schemas import DEEPEST, MOST_NODES, Schemas, at_pointer, followed


def whole(document: Any, node: Any, most: int = MOST_NODES) -> Any:
    schemas = Schemas(document)
    part = schemas.part(node)
    schemas.settle()
    taken = schemas.gather(most)
    return taken.close(taken.take(part))


def of(**components: Any) -> dict[str, Any]:
    return {"components": {"schemas": components}}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_reference_comes_into_the_defs_with_what_it_needs_itself() -> None:
    document = of(A={"type": "object", "properties": {"b": ref("B")}}, B={"type": "integer"}, C={"type": "null"})

    assert whole(document, {"type": "array", "items": ref("A")}) == {
        "type": "array",
        "items": {"$ref": "#/$defs/A"},
        "$defs": {"A": {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}}, "B": {"type": "integer"}},
    }


def test_schema_may_hold_itself() -> None:
    document = of(Tree={"type": "object", "properties": {"left": ref("Tree")}})

    found = whole(document, ref("Tree"))

    assert found["$defs"]["Tree"]["properties"]["left"] == {"$ref": "#/$defs/Tree"}
    jsonschema.validate({"left": {"left": {}}}, found)


@pytest.mark.parametrize(
    "components",
    [
        {"A": {"$ref": "#/components/schemas/A"}},
        {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
        {
            "A": {"allOf": [{"anyOf": [{"$ref": "#/components/schemas/B"}]}]},
            "B": {"not": {"$ref": "#/components/schemas/A"}},
        },
        {"A": {"if": {"$ref": "#/components/schemas/A"}}},
    ],
)
def test_schema_that_leads_to_itself_without_a_step_is_anything(components: Any) -> None:
    found = whole(of(**components), ref("A"))

    assert found["$defs"]["A"] == {}
    jsonschema.validate({"any": "thing"}, found)


@pytest.mark.parametrize(
    "target", ["https://evil.example/x", "other.yaml#/A", "#/components/schemas/None", "#", "#/" + "a" * 600, 7, None]
)
def test_reference_that_leads_out_or_nowhere_is_anything(target: Any) -> None:
    found = whole(of(), {"type": "object", "properties": {"a": {"$ref": target}}})

    assert "evil" not in str(found)
    jsonschema.validate({"a": [1]}, found)


def test_two_parts_with_one_name_are_kept_apart() -> None:
    document = {"a": {"X": {"type": "string"}}, "b": {"X": {"type": "integer"}}}

    found = whole(document, {"anyOf": [{"$ref": "#/a/X"}, {"$ref": "#/b/X"}]})

    assert sorted(each["type"] for each in found["$defs"].values()) == ["integer", "string"]
    jsonschema.validate("text", found)
    jsonschema.validate(3, found)


def test_words_of_openapi_and_of_vendors_are_left_out() -> None:
    node = {
        "type": "string",
        "nullable": True,
        "example": "a",
        "xml": {"name": "x"},
        "discriminator": {"propertyName": "kind"},
        "x-mcp-header": "Region",
        "$id": "https://evil.example",
        "$dynamicRef": "#meta",
        "exclusiveMinimum": True,
        "enum": ["a", "b"],
        "default": "a",
    }

    assert whole({}, node) == {"type": ["string", "null"], "enum": ["a", "b"], "default": "a"}


def test_member_may_be_called_as_a_word_of_json_schema_is() -> None:
    node = {"type": "object", "properties": {"$ref": {"type": "string"}, "allOf": {"type": "integer"}}}

    assert whole({}, node) == node


def test_what_is_too_large_is_anything_and_the_rest_stays() -> None:
    large = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(3_000)}}
    document = of(Large=large, Small={"type": "integer"})

    found = whole(document, {"type": "object", "properties": {"l": ref("Large"), "s": ref("Small")}})

    assert found["$defs"] == {"Large": {}, "Small": {"type": "integer"}}
    assert whole(document, large) == {}


def test_long_texts_count() -> None:
    long = {"type": "object", "properties": {f"p{i}": {"description": "x" * 1_000} for i in range(200)}}

    assert whole({}, long) == {}


def test_long_lists_of_values_are_left_out() -> None:
    assert whole({}, {"type": "string", "enum": [str(i) for i in range(10_000)]}) == {"type": "string"}
    assert whole({}, {"default": {"a": ["x" * 10_000]}}) == {}


def test_deep_schemas_end_somewhere() -> None:
    node: Any = {"type": "string"}
    for _ in range(5 * DEEPEST):
        node = {"type": "array", "items": node}

    found, depth = whole({}, node), 0
    while "items" in found:
        found, depth = found["items"], depth + 1

    assert depth == DEEPEST + 1
    assert found == {}


def test_what_is_referred_to_often_is_read_once() -> None:
    large = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(2_000)}}
    document = of(Large=large, **{f"A{i}": ref("Large") for i in range(2_000)})
    schemas = Schemas(document)

    begun = time.process_time()
    for i in range(2_000):
        schemas.part(ref(f"A{i}"))
    schemas.settle()

    assert time.process_time() - begun < 1  # 4 million values if each were read anew


def test_names_are_found_in_linear_time() -> None:
    document = {f"g{i}": {"X": {"type": "string"}} for i in range(20_000)}
    schemas = Schemas(document)

    begun = time.process_time()
    for i in range(20_000):
        schemas.part({"$ref": f"#/g{i}/X"})
    schemas.settle()

    assert time.process_time() - begun < 3


def test_pointer_reads_escapes_and_lists() -> None:
    document = {"a/b": [{"c~d": {"e f": 1}}]}

    assert at_pointer(document, "#/a~1b/0/c~0d/e%20f") == 1
    assert at_pointer(document, "#/a~1b/1") is None
    assert at_pointer(document, "#/a~1b/" + "9" * 30) is None
    assert at_pointer(document, "a") is None


def test_references_are_followed_some_steps_and_no_more() -> None:
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": {"x": 1}, "l": {"$ref": "#/l"}}

    assert followed(document, document["a"]) == {"x": 1}
    assert followed(document, document["l"]) is None
    assert followed(document, "text") is None


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "allOf", "$ref", "not", "enum", "required", "minimum", "x", "pattern"]
            ),
            inner | st.sampled_from(["#/components/schemas/A", "#/components/schemas/B", "string", "object"]),
            max_size=4,
        )
    ),
    max_leaves=30,
)


@given(json_like, json_like, json_like)
def test_whatever_a_document_holds_what_comes_of_it_stands_for_itself(a: Any, b: Any, node: Any) -> None:
    found = whole(of(A=a, B=b), node)

    defs = found.get("$defs", {})
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if isinstance(one.get("$ref"), str):
                assert one["$ref"].removeprefix("#/$defs/") in defs
            waiting.extend(each for name, each in one.items() if name != "enum" or not isinstance(each, list))
        elif isinstance(one, list):
            waiting.extend(one)
