import time
from typing import Any

import pytest

from tollbridge_prompts.bounds import PROBLEMS, SCHEMA_WEIGHT
from tollbridge_prompts.schemacheck import DIALECTS, flaws_of


def chain(length: int) -> dict[str, Any]:
    """Make a schema in which each leads to the next."""
    defs: dict[str, Any] = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(length)}
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{length}": {}}}


def doubling(length: int) -> dict[str, Any]:
    """Make a schema in which each leads to the next twice."""
    defs: dict[str, Any] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(length)}
    return {"$ref": "#/$defs/a0", "$defs": {**defs, f"a{length}": {}}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(depth):
        schema = {"not": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string", "$schema": DIALECTS[0]},
        {"$defs": {"a": {"type": "string"}}, "items": {"$ref": "#/$defs/a"}},
        {"$defs": {"a/b": {"type": "string"}}, "items": {"$ref": "#/$defs/a~1b"}},
        {"$defs": {"a b": {}}, "items": {"$ref": "#/$defs/a%20b"}},
        {"properties": {"a": {"type": "string"}, "b": {"$ref": "#/properties/a"}, "$id": {}}},
        {"const": {"$ref": "http://x/y"}, "enum": [{"$id": "x"}], "default": {"$ref": 1}},
        {"items": True},
        chain(30),
        doubling(5),
        nested(80),
    ],
)
def test_bounded_schema_has_no_flaw(schema: Any) -> None:
    assert flaws_of(schema) == []


@pytest.mark.parametrize(
    ("schema", "pointer", "why"),
    [
        (True, "", "must be an object"),
        ([], "", "must be an object"),
        ({"items": 1}, "/items", "an object, true or false"),
        ({"$id": "http://x"}, "/$id", "cannot be used"),
        ({"items": {"$dynamicRef": "#a"}}, "/items/$dynamicRef", "cannot be used"),
        ({"$defs": {"x": {"$recursiveRef": "#"}}}, "/$defs/x/$recursiveRef", "cannot be used"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema", "2020-12"),
        ({"$ref": "http://169.254.169.254/x"}, "/$ref", "nothing is fetched"),
        ({"$ref": "file:///etc/passwd"}, "/$ref", "nothing is fetched"),
        ({"$ref": "#"}, "/$ref", "must lead into this schema"),
        ({"$ref": "#name"}, "/$ref", "must lead into this schema"),
        ({"$ref": 1}, "/$ref", "must lead into this schema"),
        ({"items": {"$ref": "#/$defs/none"}}, "/items/$ref", "leads nowhere"),
        ({"$ref": "#/x", "x": {"$ref": "http://x/"}}, "/x/$ref", "nothing is fetched"),
        ({"$ref": "#/x", "x": {"items": {"$id": "http://x/"}}}, "/x/items/$id", "cannot be used"),
        ({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}, "/$defs/a", "back to itself"),
        ({"properties": {"a": {"$ref": "#/properties/b"}, "b": {"$ref": "#/properties/a"}}}, "/properties/a", "itself"),
        ({"items": {"$ref": "#/items"}}, "/items", "back to itself"),
        (chain(200), "/$defs/a96", "lead on and on"),
        (doubling(30), "", "at most 2000"),
        (nested(200), "", "nested deeper"),
        ({"description": "x" * 70_000}, "", "larger than 65536 bytes"),
    ],
)
def test_what_is_not_bounded_is_named(schema: Any, pointer: str, why: str) -> None:
    ((where, message),) = flaws_of(schema)

    assert where == pointer
    assert why in message


def test_flaws_are_few() -> None:
    assert len(flaws_of({"allOf": [{"$id": "x"}] * 100})) == PROBLEMS


def test_weight_is_counted_to_the_last() -> None:
    assert flaws_of({"allOf": [{}] * (SCHEMA_WEIGHT - 1)}) == []
    assert flaws_of({"allOf": [{}] * SCHEMA_WEIGHT}) != []


@pytest.mark.parametrize("depth", [1_000, 200_000])
def test_deep_schema_takes_no_stack(depth: int) -> None:
    assert flaws_of(nested(depth))[0][0] == ""


def test_many_references_take_no_long_time() -> None:
    defs = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{m}"} for m in range(n)]} for n in range(60)}
    begun = time.thread_time()

    assert flaws_of({"$ref": "#/$defs/a59", "$defs": defs})[0][1].startswith("by its references")

    assert time.thread_time() - begun < 3  # each combination by itself would take for ever
