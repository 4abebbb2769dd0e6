"""Mistakes are told of schemas that lead back to themselves, in time in proportion to the value."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge_rest.documents import telling
from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.findings import Finding, check_value

NODE = {"$ref": "#/$defs/node"}
LEAF = "x"


def back(node: Any, **more: Any) -> dict[str, Any]:
    """Make a schema of nodes that hold nodes."""
    return {**NODE, "$defs": {"node": node, **more}}


def child(below: Any = NODE, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"c": below}, **more}


def told(schema: Any, value: Any) -> list[str]:
    found = check_value(compile_schema(schema), value, "body", len(json.dumps(value)))
    return [f"{each.where} {each.message}" for each in found]


def nested(depth: int, leaf: Any = LEAF) -> Any:
    for _ in range(depth):
        leaf = {"c": leaf}
    return leaf


TWO_WAYS = {
    "oneOf": {"oneOf": [child(required=["c"]), child(required=["k"])]},
    "anyOf": {"anyOf": [child(required=["c"]), child(required=["k"])]},
    "allOf": {"allOf": [child(), child()]},
    "beside a reference": child() | {"$ref": "#/$defs/other"},
    "dependentSchemas": child(dependentSchemas={"c": child()}),
    "patternProperties": child(patternProperties={"^c": NODE}),
    "additionalProperties": {
        "allOf": [{"additionalProperties": NODE}, {"additionalProperties": NODE}],
        "type": "object",
    },
    "then": {"if": {"required": ["c"]}, "then": child(), **child()},
    "unevaluatedProperties": {"anyOf": [child(), child()], "unevaluatedProperties": False},
    "an old nullable one": {"anyOf": [{"oneOf": [child(), child(required=["k"])]}, {"type": "null"}]},
}


@pytest.mark.parametrize("node", TWO_WAYS.values(), ids=TWO_WAYS)
def test_telling_takes_time_in_the_depth_where_two_ways_lead_down(node: Any) -> None:
    validator = compile_schema(back(node, other=child()))

    def prepare(depth: int) -> Callable[[], list[Finding]]:
        value = nested(depth)
        return lambda: check_value(validator, value, "body", 1_000)

    assert_linear(prepare, 3)  # 30 levels took twice as long as 29


@pytest.mark.parametrize("node", TWO_WAYS.values(), ids=TWO_WAYS)
def test_what_is_right_has_no_mistake_and_what_is_wrong_has_one(node: Any) -> None:
    schema = back(node, other=child())

    assert told(schema, nested(3)) != []
    assert told(schema, nested(40)) != []


@pytest.mark.parametrize(
    ("node", "value", "finding"),
    [
        (child(), {"c": {"c": 5}}, "/c/c must be of type object"),
        (child(required=["k"]), {"k": 1, "c": {}}, "/c/k is missing"),
        ({"oneOf": [child(), child()]}, {"c": 5}, " fits none of the shapes that it may have"),
        ({"oneOf": [{"type": "null"}, child()]}, {"c": 5}, " fits none of the shapes that it may have"),
        (child({"anyOf": [NODE, {"type": "null"}]}), {"c": 5}, "/c fits none of the shapes that it may have"),
        ({"allOf": [child(), {"maxProperties": 1}]}, {"c": {"c": {}, "k": 1}}, "/c must have at most 1 fields"),
        (child(additionalProperties=False), {"c": {"k": 1}}, "/c must not hold the field k"),
        (child(additionalProperties={"type": "null"}), {"c": {"k": 1}}, "/c/k must be of type null"),
        (child(patternProperties={"^n": NODE}), {"n1": 5}, "/n1 must be of type object"),
        (child(propertyNames={"maxLength": 2}), {"c": {"kkk": 1}}, "/c does not meet propertyNames of its schema"),
        (child(dependentSchemas={"k": {"required": ["l"]}}), {"c": {"k": 1}}, "/c/l is missing"),
        (child(dependentRequired={"m": ["c"]}), {"c": {"m": 1}}, "/c/c is missing"),
        (child({"not": NODE}), {"c": {}}, "/c does not meet not of its schema"),
        (child(unevaluatedProperties=False), {"c": {"k": 1}}, "/c does not meet unevaluatedProperties of its schema"),
        (child(False, unevaluatedProperties=NODE), {"c": 1}, "/c must not be there"),
        ({"if": child(required=["c"]), "then": {"required": ["k"]}}, {"c": {}}, "/k is missing"),
        ({"if": child(required=["c"]), "else": {"required": ["k"]}}, {}, "/k is missing"),
        ({"items": NODE, "minItems": 1}, [[]], "/0 must have at least 1 items"),
        ({"prefixItems": [NODE], "items": {"type": "null"}, "type": "array"}, [[], 1], "/1 must be of type null"),
        ({"prefixItems": [NODE], "type": "array"}, [5, 1], "/0 must be of type array"),
        ({"items": NODE, "uniqueItems": True}, [[1, 1]], "/0 must not hold an item twice"),
        ({"contains": NODE, "type": "array"}, [], " does not meet contains of its schema"),
        ({"anyOf": [{"type": "array", "items": NODE}]}, {"a": 2}, " fits none of the shapes that it may have"),
        (child(enum=[{"c": 1}]), {"c": {}}, " must be one of {'c': 1}"),
    ],
)
def test_a_mistake_is_told_where_it_is(node: Any, value: Any, finding: str) -> None:
    assert told(back(node), value)[0] == f"body{finding}"


def test_the_shared_validator_of_a_field_tells_places_below_it() -> None:
    whole = compile_schema({"properties": {"s": NODE}, "$defs": {"node": child()}})

    assert check_value(whole.of_field("s"), {"c": 5}, "body", 9) == [Finding("body/c", "must be of type object")]


def test_what_is_too_much_to_be_told_is_refused_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MAX_STEPS", 100)

    assert told(back(child()), nested(60)) == ["body does not meet its schema"]
    assert told(back({"items": NODE}), [5] * 1_000) == []
    assert told(back({"anyOf": [{"items": NODE, "type": "array"}]}), [5] * 10_000) == ["body does not meet its schema"]


def test_what_was_found_before_it_was_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "MAX_STEPS", 100)

    assert told(back(child(maxProperties=1)), {"a": 1, **nested(60)}) == ["body must have at most 1 fields"]


WORDS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", ["object", "null"]]),
        "required": st.sampled_from([["a"], ["b"]]),
        "minItems": st.just(1),
        "maxProperties": st.just(1),
        "minLength": st.just(2),
        "const": st.sampled_from(["x", 1]),
        "uniqueItems": st.just(True),
    },
)
SCHEMAS = st.recursive(
    st.booleans() | WORDS | st.just(NODE),
    lambda inner: st.builds(
        lambda words, more: words | more,
        WORDS,
        st.fixed_dictionaries(
            {},
            optional={
                "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
                "patternProperties": st.dictionaries(st.just("^b"), inner, max_size=1),
                "additionalProperties": inner,
                "unevaluatedProperties": inner,
                "items": inner,
                "prefixItems": st.lists(inner, min_size=1, max_size=2),
                "contains": inner,
                "allOf": st.lists(inner, min_size=1, max_size=2),
                "anyOf": st.lists(inner, min_size=1, max_size=2),
                "oneOf": st.lists(inner, min_size=1, max_size=2),
                "not": inner,
                "if": inner,
                "then": inner,
                "else": inner,
                "dependentSchemas": st.dictionaries(st.sampled_from("ab"), inner, max_size=1),
                "propertyNames": inner,
            },
        ),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    st.sampled_from(["x", "yy", 1, None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(node=SCHEMAS, value=VALUES)
def test_mistakes_are_told_of_what_is_wrong_and_of_nothing_else(node: Any, value: Any) -> None:
    below = {"properties": {"b": NODE}, "items": NODE}  # so that it leads back to itself, one level down
    validator = compile_schema({**below, "allOf": [node], "$defs": {"node": node if _goes_down(node) else below}})

    assert validator.weight.recursive
    assert bool(list(validator.errors(value, every=True))) is not validator.is_valid(value)


def _goes_down(node: Any) -> bool:
    """Whether it leads back to itself, and below the value alone."""
    if not isinstance(node, dict):
        return False
    here = [node.get(word) for word in ("not", "if", "then", "else")]
    here += [each for word in ("allOf", "anyOf", "oneOf") for each in node.get(word, ())]
    here += node.get("dependentSchemas", {}).values()
    return "$ref" not in json.dumps(here) and "$ref" in json.dumps(node) and node != NODE
