import time
from functools import partial
from typing import Any

import pytest
from tests.support.growth import assert_linear

from tollbridge_prompts.bounds import ALL_ERRORS, PROBLEMS
from tollbridge_prompts.schemas import Schema, UnusableSchema, check_schema, matcher


def errors(schema: Any, value: Any) -> list[tuple[str, str]]:
    return [(one.pointer, one.message) for one in Schema(schema).errors(value)]


@pytest.mark.parametrize(
    ("schema", "pointer", "why"),
    [
        ({"type": "strin"}, "/type", "not valid"),
        ({"items": {"minLength": -1}}, "/items/minLength", "less than the minimum"),
        ({"pattern": "(?=a)b"}, "/pattern", "no look-around"),
        ({"pattern": r"(a)\1"}, "/pattern", "no look-around"),
        ({"pattern": "("}, "/pattern", "linear time"),
        ({"pattern": "(a{1000}){1000}"}, "/pattern", "linear time"),
        ({"patternProperties": {"(?<!a)b": {}}}, "", ""),
        ({"format": "no-such"}, "/format", "no-such"),
        ({"$id": "x"}, "/$id", "cannot be used"),
    ],
)
def test_schema_that_is_none_is_named(schema: Any, pointer: str, why: str) -> None:
    ((where, message), *_) = check_schema(schema)

    assert why in message
    assert where.startswith(pointer)
    assert len(message) <= 300
    with pytest.raises(UnusableSchema) as caught:
        Schema(schema)
    assert caught.value.flaws == check_schema(schema)


def test_formats_are_asserted() -> None:
    assert errors({"format": "email"}, "nobody") == [("", "it must have the format email")]
    assert errors({"format": "date"}, "2026-02-30") == [("", "it must have the format date")]
    assert errors({"format": "email"}, "a@b.example") == []


def test_value_that_fits_has_no_errors() -> None:
    assert Schema({"type": "integer"}).fits(1)
    assert errors({"type": "integer"}, 1) == []


def test_all_errors_are_named_and_no_more_than_some() -> None:
    schema = {"items": {"type": "string"}}

    assert errors(schema, [1, "a", 2]) == [("/0", "it must be a string"), ("/2", "it must be a string")]
    assert len(errors(schema, [1] * 500)) == PROBLEMS
    assert len(Schema(schema).errors([1] * 500, most=3)) == 3


def test_error_is_named_once_however_often_it_is_found() -> None:
    assert errors({"allOf": [{"minLength": 2}, {"minLength": 2}]}, "a") == [("", "it must have at least 2 characters")]


def test_of_a_large_value_the_first_error_is_named_at_once() -> None:
    value = [1] * (ALL_ERRORS * 100)
    schema = Schema({"items": {"type": "string"}})
    begun = time.thread_time()

    found = schema.errors(value)

    assert [(one.pointer, one.message) for one in found] == [("/0", "it must be a string")]
    assert time.thread_time() - begun < 0.5  # all of them: 1.7 s


def test_errors_hold_no_value() -> None:
    schema = {
        "properties": {"known": {"type": "integer"}},
        "additionalProperties": {"maxLength": 3},
        "propertyNames": {"maxLength": 12},
    }

    found = errors(schema, {"known": "s3cret", "s3cret": "s3cret", "s3cret too long": 1})

    assert ("/known", "it must be an integer") in found
    assert ("/*", "it must have at most 3 characters") in found
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(.*a){20}", r"^(\w+\s?)*$", "([a-zA-Z]+)*$"])
def test_pattern_cannot_hang(pattern: str) -> None:
    schema = Schema({"pattern": pattern})

    assert_linear(lambda size: partial(schema.fits, "a" * size + "!"), 20_000)


def test_matcher_looks_anywhere_in_a_text() -> None:
    assert matcher("b+").fits("abc")
    assert not matcher("^b").fits("abc")
    assert not matcher("1").fits(1)
