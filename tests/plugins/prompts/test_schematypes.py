from decimal import Decimal
from typing import Any

import pytest

from tollbridge_prompts.schematypes import item_types_of, types_of


def leading_on(levels: int) -> Any:
    schema: Any = {"type": "null"}
    for _ in range(levels):
        schema = {"allOf": [schema]}
    return schema


DOUBLING: Any = {
    "$ref": "#/$defs/0",
    "$defs": {str(n): {"anyOf": [{"$ref": f"#/$defs/{n + 1}"}] * 2} for n in range(60)},
}


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({}, ()),
        ({"type": ["integer", "null"], "enum": ["a"]}, ("integer", "null")),
        (
            {"enum": ["a", 1, Decimal("1.5"), 2.5, None, [], {}, True]},
            (
                "string",
                "integer",
                "number",
                "null",
                "array",
                "object",
                "boolean",
            ),
        ),
        ({"const": None}, ("null",)),
        ({"enum": 1}, ()),
        ({"anyOf": [{"type": "integer"}, {"enum": [2, None]}]}, ("integer", "null")),
        ({"oneOf": [{"type": "integer"}, {}]}, ()),
        ({"oneOf": 1}, ()),
        ({"allOf": [{}, {"type": "integer"}, {"type": "string"}]}, ("integer",)),
        ({"$ref": "#/$defs/a%20b", "$defs": {"a b": {"type": "integer"}}}, ("integer",)),
        ({"$ref": "#/nowhere"}, ()),
        ({"$ref": "elsewhere"}, ()),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, ()),
        (leading_on(20), ("null",)),
        (DOUBLING, ()),
        (leading_on(90), ("null",)),
    ],
)
def test_types_are_found_where_they_stand(schema: Any, types: tuple[str, ...]) -> None:
    assert types_of(schema) == types


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        ({"items": {"type": "integer"}}, ("integer",)),
        ({"items": True}, ()),
        ({"type": "array"}, ()),
        ({"anyOf": [{"type": "null"}, {"items": {"$ref": "#/$defs/n"}}], "$defs": {"n": {"const": 1}}}, ("integer",)),
        ({"$ref": "#/$defs/l", "$defs": {"l": {"items": {"type": "null"}}}}, ("null",)),
        ({"$ref": "#/$defs/l", "$defs": {"l": {"$ref": "#/$defs/l"}}}, ()),
    ],
)
def test_types_of_items_are_found_where_they_stand(schema: Any, types: tuple[str, ...]) -> None:
    assert item_types_of(schema) == types
