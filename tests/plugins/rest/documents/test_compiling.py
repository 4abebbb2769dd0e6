"""Schemas are compiled, and quick whatever the pattern."""

import time
from typing import Any

import pytest

from tollbridge_rest.documents import BadDocument
from tollbridge_rest.documents.compiling import compile_schema, is_linear, patterns_of


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "any"}, "is not valid under any of the schemas"),
        ({"properties": {"a": {"required": True}}}, "true is not of type"),
        ({"minLength": -1}, "less than the minimum"),
        ({"type": "any", "pattern": "(?=a)"}, "cannot be used"),
    ],
)
def test_a_schema_that_is_none_is_refused_with_a_reason(schema: Any, reason: str) -> None:
    with pytest.raises(BadDocument, match=reason):
        compile_schema(schema)


@pytest.mark.parametrize(
    ("pattern", "linear"), [("^[a-z]+$", True), (r"\p{L}", True), ("(?=a)b", False), (r"(a)\1", False), ("(", False)]
)
def test_a_pattern_is_linear_or_not_run(pattern: str, linear: bool) -> None:
    assert is_linear(pattern) is linear


def test_patterns_that_are_not_linear_are_left_out() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "a": {"pattern": "(?=x)y", "minLength": 2},
            "b": {"pattern": "^b$"},
            "pattern": {"type": "string"},
        },
        "patternProperties": {"(?=q)": {"type": "integer"}, "^n": {"type": "integer"}},
        "additionalProperties": False,
        "enum": [{"pattern": "(?=kept)"}, {"a": "yy"}, {"b": "c"}, {"n1": "x"}, {"a": "y"}, {"z": 1}],
    }
    validator = compile_schema(schema)

    assert sorted(patterns_of([schema, *schema["properties"].values()])) == ["(?=q)", "(?=x)y", "^b$", "^n"]
    assert validator.is_valid({"a": "yy"})
    assert validator.is_valid({"pattern": "(?=kept)"})
    assert validator.is_valid({"z": 1})
    assert not validator.is_valid({"a": "y"})
    assert not validator.is_valid({"b": "c"})
    assert not validator.is_valid({"n1": "x"})


def test_a_pattern_made_to_hang_does_not() -> None:
    validator = compile_schema({"pattern": "^(a+)+$"})
    before = time.process_time()

    assert not validator.is_valid("a" * 100_000 + "!")
    assert time.process_time() - before < 1


def test_nothing_is_fetched() -> None:
    with pytest.raises(BadDocument, match="cannot be used"):
        compile_schema({"$ref": "http://127.0.0.1:9/schema"})


def test_the_validator_of_a_field_tells_places_below_it() -> None:
    both = compile_schema({"properties": {"s": {"items": {"type": "integer"}}}})
    inner = both.of_field("s")

    assert inner.is_valid([1])
    assert not inner.is_valid(["x"])
    assert [path for path, *_ in inner.errors(["x", 1, "y"], every=True)] == [(0,), (2,)]
    assert [path for path, *_ in inner.errors(["x", 1, "y"], every=False)] == [(0,)]
    assert [path for path, *_ in both.errors({"s": ["x"]}, every=True)] == [("s", 0)]
