"""Findings say where and what is asked for, never what was there."""

import time
from typing import Any

import pytest

from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.findings import MAX_LISTED, check_value

SECRET = "s3cret-value"


@pytest.mark.parametrize(
    ("schema", "value", "finding"),
    [
        ({"type": "integer"}, SECRET, " must be of type integer"),
        ({"type": ["integer", "null"]}, SECRET, " must be of type integer or null"),
        ({"required": ["a"]}, {}, "/a is missing"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": SECRET}, "/b is missing"),
        ({"properties": {"a": {"items": {"minimum": 3}}}}, {"a": [5, 1]}, "/a/1 must be at least 3"),
        ({"maximum": 3}, 12345, " must be at most 3"),
        ({"exclusiveMinimum": 3}, 3, " must be greater than 3"),
        ({"exclusiveMaximum": 3}, 3, " must be less than 3"),
        ({"minLength": 30}, SECRET, " must have at least 30 characters"),
        ({"maxLength": 3}, SECRET, " must have at most 3 characters"),
        ({"minItems": 2}, [SECRET], " must have at least 2 items"),
        ({"maxItems": 0}, [SECRET], " must have at most 0 items"),
        ({"minProperties": 2}, {"a": SECRET}, " must have at least 2 fields"),
        ({"maxProperties": 0}, {"a": SECRET}, " must have at most 0 fields"),
        ({"enum": ["a", 1]}, SECRET, " must be one of a, 1"),
        ({"enum": list(range(30))}, SECRET, " must be one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …"),
        ({"const": 5}, SECRET, " must be 5"),
        ({"format": "date"}, SECRET, " must be of the format date"),
        ({"pattern": "^x"}, SECRET, " must match the pattern ^x"),
        ({"pattern": "x" * 100}, SECRET, f" must match the pattern {'x' * 64}…"),
        ({"multipleOf": 3}, 4, " must be a multiple of 3"),
        ({"uniqueItems": True}, [SECRET, SECRET], " must not hold an item twice"),
        ({"additionalProperties": False, "properties": {"b": {}}}, {"a": SECRET}, " must not hold the field a"),
        ({"unevaluatedProperties": False}, {"a": SECRET}, " must not hold the field a"),
        ({"anyOf": [{"type": "integer"}]}, SECRET, " fits none of the shapes that it may have"),
        ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, SECRET, " fits none of the shapes that it may have"),
        ({"properties": {"a": False}}, {"a": SECRET}, "/a must not be there"),
        ({"not": {"type": "string"}}, SECRET, " does not meet not of its schema"),
        ({"contains": {"type": "integer"}}, [SECRET], " does not meet contains of its schema"),
        ({"additionalProperties": {"type": "integer"}}, {"a\nb": SECRET}, "/a?b must be of type integer"),
        ({"additionalProperties": {"type": "integer"}}, {"a" * 100: SECRET}, f"/{'a' * 64}… must be of type integer"),
    ],
)
def test_a_mistake_is_told_without_the_value(schema: Any, value: Any, finding: str) -> None:
    (found,) = check_value(compile_schema(schema), value, "body", 10)

    assert f"{found.where} {found.message}" == f"body{finding}"
    assert SECRET not in f"{found}"


def test_at_most_twenty_are_told() -> None:
    validator = compile_schema({"items": {"type": "integer"}})

    assert len(check_value(validator, ["x"] * 19, "body", 100)) == 19
    assert len(check_value(validator, ["x"] * 100, "body", 100)) == 20


def test_of_a_large_value_one_mistake_is_told_quickly() -> None:
    validator = compile_schema({"items": {"type": "object", "required": ["a"], "additionalProperties": False}})
    value = [{"b": 1}] * 200_000
    before = time.process_time()

    found = check_value(validator, value, "body", MAX_LISTED + 1)

    assert len(found) == 1
    assert found[0].where.startswith("body/0")
    assert time.process_time() - before < 2  # listing them took over 9 s


def test_a_value_deeper_than_the_validator_goes_is_refused() -> None:
    value: Any = 1
    for _ in range(900):
        value = [value]

    (found,) = check_value(compile_schema({"enum": [3]}), value, "body", 2_000)

    assert found.message == "is nested too deeply"
