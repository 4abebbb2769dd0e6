import time
from decimal import Decimal
from functools import partial
from typing import Any

import jsonschema_rs
import pytest

from tollbridge_prompts.checkcost import STEPS, CheckCost
from tollbridge_prompts.valuesize import size_of

_STEP_S = 20e-9
_LEAF: Any = {"properties": {"z": {}}}


def unevaluated(depth: int) -> Any:
    """Make a schema that looks at what it leads to again and again."""
    schema = _LEAF
    for level in range(depth):
        schema = {"allOf": [schema], "unevaluatedProperties": {"minimum": -level}}
    return schema


def steps(schema: Any, value: Any) -> int:
    return CheckCost(schema).steps(size_of(value))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"anyOf": [{"const": number} for number in range(1900)]}, 1899),
        ({"anyOf": [{"const": f"{number:08}"} for number in range(1900)]}, "00001899"),
        ({"anyOf": [{"const": {"x": number}} for number in range(1000)]}, {"x": 999}),
        ({"enum": [{"x": number} for number in range(3000)]}, {"x": 2999}),
        ({"enum": [[number] if number % 2 else number for number in range(3000)]}, [2999]),
        ({"enum": [[1] * 100 + [number] for number in range(100)]}, [*[1] * 100, 99]),
        ({"anyOf": [{"enum": [number + 0.5 for number in range(500)]}, True]}, 3),
        ({"anyOf": [{"enum": list(range(500))}, True]}, Decimal("3.14159265358979")),
        ({"allOf": [{"minimum": 0.25}] * 50}, Decimal("0." + "3" * 390)),
        ({"allOf": [{"multipleOf": 0.01}] * 50}, 10**30),
        ({"allOf": [{"type": "integer"}] * 500}, 7),
        ({"allOf": [{"if": {"type": "string"}, "then": False}] * 500}, 7),
        ({"allOf": [{"$ref": "#/items/$defs/a~1%20b"}] * 500, "$defs": {"a/ b": {"minimum": 0}}}, 7),
        ({"patternProperties": {f"p.*{number}$": {} for number in range(100)}}, {f"q{n}": 1 for n in range(50)}),
        ({"dependentRequired": {f"p{number}": ["x"] for number in range(1000)}}, {}),
        ({"propertyNames": {"maxLength": 9}, "required": ["p1"]}, {f"p{number}": 1 for number in range(50)}),
        ({"prefixItems": [{"type": "integer"}] * 9, "items": {"minimum": 0}, "uniqueItems": True}, [*range(500)]),
        ({"contains": {"const": -1}, "minContains": 0}, [*range(500)]),
        (unevaluated(5), {f"k{number}": 1 for number in range(50)}),
        ({"allOf": [{"format": "idn-hostname"}] * 20}, "bücher.example"),
    ],
)
def test_no_check_takes_longer_than_its_steps_say(schema: Any, value: Any) -> None:
    whole, values = {"items": schema}, [value] * 100
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True, offline=True)

    took_s = min(_took(partial(validator.is_valid, values)) for _ in range(3))

    assert took_s < 3 * _STEP_S * steps(whole, values) + 0.0005


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "a" * 1_048_576),
        ({"type": "string", "pattern": r"\S", "maxLength": 2_000_000}, "a" * 1_048_576),
        ({"items": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}}, ["2026-11-28"] * 19_000),
        ({"items": {"enum": [f"country {number}" for number in range(250)]}}, ["country 7"] * 19_000),
        ({"items": {"enum": list(range(1000))}}, [7] * 19_000),
        ({"items": {"type": "number", "minimum": 0, "maximum": 1}}, [Decimal("0.25")] * 19_000),
        ({"items": {"format": "date-time"}}, ["2026-11-28T21:00:00Z"] * 19_000),
        ({"oneOf": [{"const": f"c{number}", "title": "a country"} for number in range(250)]}, "c7"),
    ],
)
def test_what_is_ordinary_may_be_as_large_as_can_be(schema: Any, value: Any) -> None:
    assert steps(schema, value) <= STEPS


def test_a_model_of_hundreds_of_fields_costs_little_more_than_one_of_few() -> None:
    few, many = (
        {
            "type": "array",
            "items": {"$ref": "#/$defs/Item"},
            "$defs": {
                "Item": {
                    "type": "object",
                    "properties": {f"f{n}": {"anyOf": [{"type": "string"}, {"type": "null"}]} for n in range(fields)},
                    "required": [f"f{n}" for n in range(fields)],
                    "additionalProperties": False,
                }
            },
        }
        for fields in (3, 500)
    )
    value = [{f"f{n}": "x" for n in range(500)}] * 30

    assert steps(many, value) == steps(few, value) <= STEPS / 10


def test_schemas_in_a_ring_cost_more_the_deeper_a_value_is() -> None:
    ring = {"$ref": "#/$defs/F", "$defs": {"F": {"anyOf": [{"items": {"$ref": "#/$defs/F"}}] * 3}}}
    inner: Any = []
    for _ in range(30):
        inner = [inner]

    assert steps(ring, [[[]]]) < 1_000
    assert steps(ring, inner) > STEPS
    assert steps({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, [[[]]]) < 1_000


def test_what_leads_nowhere_or_is_no_schema_costs_nothing_of_its_own() -> None:
    odd = [
        True,
        {"$ref": "#/nowhere/1"},
        {"$ref": "#/allOf/9", "allOf": []},
        {"$ref": "#/allOf/0", "allOf": [{}]},
        {"$ref": "#/title/x", "title": "a"},
        {"$ref": 1},
        {"allOf": 1, "enum": 1, "pattern": 1, "patternProperties": 1, "dependentRequired": 1, "properties": 1},
        {"enum": [None, True, "a"]},
    ]

    assert all(steps(schema, [None, True, 0.5]) < 500 for schema in odd)


def test_dearest_is_for_a_single_value_or_character() -> None:
    assert CheckCost({"title": "anything"}).dearest(32) == 0
    assert CheckCost({"type": "string"}).dearest(32) == 1
    assert CheckCost({"pattern": "[ab]*a[ab]{400}c"}).dearest(32) == 604.5
    assert CheckCost(unevaluated(32)).dearest(32) > STEPS


def test_naming_errors_costs_more_than_finding_them() -> None:
    leaf = CheckCost({"items": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
    over_all = CheckCost({"anyOf": [{"items": {"type": "string"}}, {"items": {"type": "null"}}]})
    some, many = size_of([1] * 500), size_of([1] * 15_000)

    assert leaf.listing(some) <= STEPS < leaf.listing(many)
    assert leaf.first(many) <= STEPS < over_all.first(many)
    assert over_all.first(some) <= STEPS


def _took(work: Any) -> float:
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
