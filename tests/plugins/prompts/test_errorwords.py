from typing import Any

import pytest

from tollbridge_prompts.schemas import Schema


@pytest.mark.parametrize(
    ("schema", "value", "pointer", "message"),
    [
        ({"type": "string"}, 1, "", "it must be a string"),
        ({"type": ["array", "null"]}, 1, "", "it must be an array or null"),
        ({"type": ["object", "integer"]}, "1", "", "it must be an integer or an object"),
        ({"enum": ["a", 1, None]}, 2, "", 'it must be one of: "a", 1, null'),
        ({"enum": list(range(30))}, 99, "", f"it must be one of: {', '.join(map(str, range(20)))}, ..."),
        ({"enum": ["x" * 500]}, 99, "", 'it must be one of: "' + "x" * 199 + "..."),
        ({"const": {"b": 1, "a": 2}}, 2, "", 'it must be {"a":2,"b":1}'),
        ({"minLength": 2}, "a", "", "it must have at least 2 characters"),
        ({"maxLength": 2}, "abc", "", "it must have at most 2 characters"),
        ({"pattern": "^a$"}, "b", "", "it must match the pattern ^a$"),
        ({"format": "uuid"}, "b", "", "it must have the format uuid"),
        ({"minimum": 2}, 1, "", "it must be at least 2"),
        ({"maximum": 2.5}, 3, "", "it must be at most 2.5"),
        ({"exclusiveMinimum": 2}, 2, "", "it must be more than 2"),
        ({"exclusiveMaximum": 2}, 2, "", "it must be less than 2"),
        ({"multipleOf": 2}, 3, "", "it must be a multiple of 2"),
        ({"minItems": 1}, [], "", "it must have at least 1 items"),
        ({"maxItems": 1}, [1, 2], "", "it must have at most 1 items"),
        ({"uniqueItems": True}, [1, 1], "", "no two of its items may be equal"),
        ({"minProperties": 1}, {}, "", "it must have at least 1 properties"),
        ({"maxProperties": 0}, {"a": 1}, "", "it must have at most 0 properties"),
        ({"required": ["a"]}, {}, "", "the property 'a' is missing"),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "", "the property 'b' is missing"),
        ({"additionalProperties": False}, {"secret": 1}, "", "it has properties that are not known"),
        ({"unevaluatedProperties": False}, {"secret": 1}, "", "it has properties that are not known"),
        ({"unevaluatedItems": False}, [1], "", "it has more items than are known"),
        ({"propertyNames": {"maxLength": 1}}, {"secret": 1}, "", "it has a property whose name is not allowed"),
        ({"anyOf": [{"type": "string"}]}, 1, "", "it fits none of the alternatives"),
        ({"oneOf": [{"type": "string"}]}, 1, "", "it must fit exactly one of the alternatives"),
        ({"oneOf": [{}, {}]}, 1, "", "it must fit exactly one of the alternatives"),
        ({"contains": {"type": "string"}}, [1], "", "it lacks an item that must be there"),
        ({"not": {"type": "string"}}, "a", "", "it is what it must not be"),
        ({"properties": {"a": False}}, {"a": 1}, "/a", "it must not be there"),
        ({"properties": {"a/b": {"items": {"type": "null"}}}}, {"a/b": [1]}, "/a~1b/0", "it must be null"),
        ({"additionalProperties": {"type": "null"}}, {"secret": 1}, "/*", "it must be null"),
        ({"required": ["a"], "additionalProperties": {"type": "null"}}, {"a": 1}, "/a", "it must be null"),
    ],
)
def test_error_says_what_is_lacking(schema: Any, value: Any, pointer: str, message: str) -> None:
    (error,) = Schema(schema).errors(value)

    assert (error.pointer, error.message) == (pointer, message)
