import time
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from tests.support.growth import assert_linear

from tollbridge_prompts.bounds import PATTERNS, PROBLEMS
from tollbridge_prompts.checkcost import STEPS
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
    value = [1] * 100_000
    schema = Schema({"items": {"type": "string"}})
    begun = time.thread_time()

    found = schema.errors(value)

    assert [(one.pointer, one.message) for one in found] == [("/0", "it must be a string")]
    assert time.thread_time() - begun < 0.5  # all of them: 1.7 s


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"anyOf": [{"const": number} for number in range(600)]}}, [-1] * 20_000),
        ({"items": {"enum": [{"x": number} for number in range(400)]}}, [{"x": 399}] * 9_999),
        ({"pattern": "[ab]*a[ab]{400}c"}, "a" * 100_000),
        ({"items": {"allOf": [{"pattern": f"[ab]*a[ab]{{40}}{n}"} for n in range(50)]}}, ["ab" * 25] * 10_000),
        ({"items": {"enum": [number + 0.5 for number in range(40)]}}, [Decimal("0." + "3" * 40)] * 10_000),
    ],
)
def test_what_would_take_too_long_is_not_checked(schema: Any, value: Any) -> None:
    made = Schema(schema)
    begun = time.thread_time()

    ((pointer, said),) = [(one.pointer, one.message) for one in made.errors(value)]

    assert pointer == ""
    assert said.startswith("it holds ")
    assert said.endswith(f"at most {STEPS:,} are taken: send less, or have the schema made simpler")
    assert not made.fits(value)
    assert time.thread_time() - begun < 0.5  # the checks themselves: seconds to minutes


def test_errors_that_would_take_long_to_name_are_said_at_once() -> None:
    """That no alternative fits is an error with all errors of all alternatives in it."""
    schema = Schema({"anyOf": [{"items": {"type": "string"}}, {"items": {"type": "boolean"}}]})
    few, many = [1] * 1_000, [1] * 20_000

    assert [one.message for one in schema.errors(few)] == ["it fits none of the alternatives"]
    assert [one.message for one in schema.errors(many)] == ["it does not fit its schema; it is too large to say where"]


def test_wrong_values_take_no_longer_than_some_times_what_right_ones_may() -> None:
    schema = Schema({"items": {"anyOf": [{"const": number} for number in range(500)]}})
    value = [-1] * 1_300
    assert STEPS * 0.9 < schema.steps(value) <= STEPS
    begun = time.thread_time()

    assert len(schema.errors(value)) == 1

    assert time.thread_time() - begun < 1.5  # 0.3 s on a quiet machine; to name all errors: 5 s


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"const": number} for number in range(1_900)]},
        {"enum": [{"x": number} for number in range(5_000)]},
        {"allOf": [{"pattern": f"[ab]*a[ab]{{400}}{n}"} for n in range(20)]},
        {"enum": [number + 0.5 for number in range(5_000)]},
    ],
)
def test_schema_that_is_dear_for_every_value_is_refused(schema: Any) -> None:
    ((pointer, said),) = check_schema({"items": schema})

    assert pointer == ""
    assert "to hold one value or character against it may take" in said


def test_schema_that_looks_at_values_again_and_again_is_refused() -> None:
    schema: Any = {"properties": {"a": {}}}
    for level in range(16):  # a check of one small object takes minutes
        schema = {"allOf": [schema], "unevaluatedProperties": {"minimum": level}}

    assert "may take" in check_schema(schema)[0][1]


def test_patterns_are_few() -> None:
    patterns = {f"^x{number}": True for number in range(PATTERNS)}

    assert check_schema({"patternProperties": patterns}) == []
    assert check_schema({"patternProperties": patterns, "items": {"pattern": "a"}}) == [
        ("", f"it has {PATTERNS + 1} patterns; at most {PATTERNS} can be")
    ]


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
