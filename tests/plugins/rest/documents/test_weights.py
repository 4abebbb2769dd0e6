"""What checking may take is known before it is begun."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.growth import assert_linear

from tollbridge_rest.documents import BadDocument
from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.findings import MAX_LISTED, Finding, check_value
from tollbridge_rest.documents.weights import MAX_WORK, looks_of, weigh

TOO_LARGE = [Finding("body", "is too large to be checked against its schema", 413)]


def doubling(times: int, last: Any, make: Callable[[Any], Any]) -> dict[str, Any]:
    """Make schemas each of which leads to the next in two ways."""
    named = {f"d{place}": make({"$ref": f"#/$defs/d{place + 1}"}) for place in range(times)}
    return {"$ref": "#/$defs/d0", "$defs": {**named, f"d{times}": last}}


def twice(below: Any) -> Any:
    return {"allOf": [below, below]}


def fields_twice(below: Any) -> Any:
    return {"properties": {"a": below}, "patternProperties": {"^a": below}}


@pytest.mark.parametrize(
    ("schema", "tried"),
    [
        ({"type": "string"}, 1),
        ({"items": {"anyOf": [{"const": 1}, {"const": 2}]}}, 3),
        ({"properties": {"a": {}, "b": {"not": True}}, "additionalProperties": {"if": {}, "then": {}, "else": {}}}, 4),
        ({"prefixItems": [{}, {"allOf": [{}]}], "contains": {}, "unevaluatedItems": {}}, 4),
        ({"dependentSchemas": {"a": {"oneOf": [{}]}}, "propertyNames": {}}, 3),
        (doubling(2, {}, twice), 14),
        (doubling(2, {}, fields_twice), 11),
    ],
)
def test_what_one_value_is_held_against_is_counted(schema: Any, tried: int) -> None:
    assert weigh(schema).tried == tried
    assert not weigh(schema).recursive


def test_one_that_leads_back_is_counted_once() -> None:
    node = {"oneOf": [{"properties": {"c": {"$ref": "#/$defs/node"}}}, {"type": "null"}]}

    assert weigh({"$ref": "#/$defs/node", "$defs": {"node": node}})[::2] == (4, True)


@pytest.mark.parametrize("make", [twice, fields_twice])
def test_a_small_schema_that_tries_too_much_is_refused(make: Callable[[Any], Any]) -> None:
    with pytest.raises(BadDocument, match="holds one value against over 5,000 others"):
        compile_schema(doubling(40, {}, make))


def test_one_that_leads_back_may_try_less() -> None:
    with pytest.raises(BadDocument, match="holds one value against over 500 others"):
        compile_schema(doubling(40, {"items": {"$ref": "#/$defs/d0"}}, twice))


@pytest.mark.parametrize(
    ("pattern", "looks"),
    [
        ("^[a-z]{1,63}$", 1),
        ("^[a-z]+$", 1),
        ("[a-z]{3}", 1),
        (r"\{200\}", 1),
        ("a[ab]{200}c", 35),
        ("a[ab]{50,}c", 20),
        ("^[ab]*a[ab]{1,100}c", 25),
    ],
)
def test_long_repeats_look_at_a_byte_more_often(pattern: str, looks: int) -> None:
    assert looks_of(pattern) == looks
    assert weigh({"items": {"pattern": pattern}}).looks == looks
    assert weigh({"patternProperties": {pattern: {}}}).looks == looks


def test_more_than_can_be_checked_is_refused() -> None:
    choices = compile_schema({"items": {"anyOf": [{"const": number} for number in range(1_000)]}})
    repeats = compile_schema({"items": {"pattern": "a[ab]{1000}c"}, "additionalProperties": {"maxLength": 3}})
    long = "ab" * (MAX_WORK // 50)

    assert check_value(choices, [0] * 9_000, "body", 18_000) == []
    assert check_value(choices, [0] * 11_000, "body", 22_000) == TOO_LARGE
    assert check_value(choices, [long], "body", len(long)) != TOO_LARGE
    assert check_value(repeats, [long], "body", len(long)) == TOO_LARGE
    assert check_value(repeats, {"a": {long: 1}}, "body", len(long)) == TOO_LARGE


def test_mistakes_among_many_choices_are_told_in_time_in_proportion_to_them() -> None:
    validator = compile_schema({"items": {"anyOf": [{"const": number} for number in range(100)]}})

    def prepare(count: int) -> Callable[[], list[Finding]]:
        value = [-1] * count
        return lambda: check_value(validator, value, "body", min(2 * count, MAX_LISTED))

    assert_linear(prepare, 30)  # of 1,000 and 1,000 choices, they took 20 s


@pytest.mark.parametrize("value", [[1] * 9_000, "ab" * 30_000])
def test_the_first_mistake_of_a_large_value_is_told_without_a_copy_for_each_choice(value: Any) -> None:
    validator = compile_schema({"anyOf": [{"type": "null"}] * 1_000})

    before = time.process_time()

    found = check_value(validator, value, "body", 60_000)

    assert found == [Finding("body", "fits none of the shapes that it may have")]
    assert time.process_time() - before < 0.5  # copies took 2 s
