from typing import Any

import pytest

from tollbridge_prompts.bounds import PROBLEMS
from tollbridge_prompts.refusals import InputRefused
from tollbridge_prompts.variables import Inputs, as_texts, read_variable, read_variables


def inputs(**said: Any) -> Inputs:
    return Inputs(read_variables(said))


def refusals(found: Inputs, values: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(InputRefused) as caught:
        found.taken(values)
    assert caught.value.status == 422
    return [(one.field, one.detail) for one in caught.value.errors]


@pytest.mark.parametrize(
    ("said", "required", "schema"),
    [
        ({"type": "string"}, True, {"type": "string"}),
        ({"type": "string", "required": True}, True, {"type": "string"}),
        ({"type": "string", "required": False}, False, {"type": "string"}),
        ({"type": "string", "default": None}, False, {"type": "string", "default": None}),
        ({"type": "object", "required": ["a"]}, True, {"type": "object", "required": ["a"]}),
        ({"required": ["a"], "default": {"a": 1}}, False, {"required": ["a"], "default": {"a": 1}}),
    ],
)
def test_variable_is_required_unless_it_says_otherwise(said: Any, required: bool, schema: Any) -> None:
    variable = read_variable("x", said)

    assert (variable.required, variable.schema) == (required, schema)


def test_null_is_a_default_too() -> None:
    assert read_variable("x", {"default": None}).has_default
    assert not read_variable("x", {}).has_default


@pytest.mark.parametrize(("said", "types"), [("string", ("string",)), (["null", "integer"], ("null", "integer"))])
def test_types_are_those_the_schema_says(said: Any, types: tuple[str, ...]) -> None:
    assert read_variable("x", {"type": said}).types == types
    assert read_variable("x", {}).types == ()


def test_defaults_are_filled_in_the_order_of_the_definition() -> None:
    found = inputs(a={"type": "string", "default": "A"}, b={"type": "integer"}, c={"required": False})

    taken = found.taken({"b": 1})

    assert list(taken.items()) == [("a", "A"), ("b", 1)]


def test_default_gives_way_to_null_where_null_fits() -> None:
    assert inputs(a={"type": ["string", "null"], "default": "A"}).taken({"a": None}) == {"a": None}


def test_everything_wrong_is_named_at_once() -> None:
    found = inputs(
        text={"type": "string", "maxLength": 3},
        many={"type": "array", "items": {"type": "integer"}},
        needed={"type": "string"},
    )

    assert refusals(found, {"text": "long secret", "many": [1, "secret"], "other": "secret"}) == [
        ("/text", "it must have at most 3 characters"),
        ("/many/1", "it must be an integer"),
        ("/needed", "it is needed"),
        ("/other", "there is no such variable; known: text, many, needed"),
    ]


def test_values_that_together_would_take_too_long_to_check_are_refused() -> None:
    dear = {"items": {"anyOf": [{"const": number} for number in range(500)]}}
    found = inputs(**{f"v{n}": dear for n in range(20)})
    fair, more = {f"v{n}": [1] * 60 for n in range(20)}, {f"v{n}": [1] * (70 + n) for n in range(20)}

    ((field, detail),) = refusals(found, more)

    assert field == "/v19"
    assert detail.startswith("it holds 90 values")
    assert found.taken(fair) == fair
    assert inputs(**{f"v{n}": {"type": "array"} for n in range(20)}).taken(more) == more


@pytest.mark.parametrize("name", ["tb_secret", "a secret", "x" * 65, "sécret", ""])
def test_name_that_may_be_a_secret_is_not_shown(name: str) -> None:
    assert refusals(inputs(), {name: 1}) == [("/*", "there is no such variable; known: none")]


def test_no_more_than_some_are_named() -> None:
    assert len(refusals(inputs(), {f"v{n}": 1 for n in range(500)})) == PROBLEMS
    assert len(refusals(inputs(**{f"v{n}": {} for n in range(50)}), {})) == PROBLEMS


@pytest.mark.parametrize(
    ("said", "lone"),
    [
        ({"a": {"type": "string"}}, "a"),
        ({"a": {"type": "string"}, "b": {"default": 1}}, "a"),
        ({"a": {"type": "string"}, "b": {"type": "string"}}, ""),
        ({"a": {"type": "integer"}}, ""),
        ({"a": {"type": ["string", "null"]}}, ""),
        ({"a": {"type": "string", "default": ""}}, ""),
        ({}, ""),
    ],
)
def test_mere_text_stands_for_the_only_text_that_is_required(said: Any, lone: str) -> None:
    assert inputs(**said).lone == lone


def test_texts_are_strings_as_they_are_and_json_of_the_rest() -> None:
    variables = read_variables({"a": {}, "b": {}, "c": {}, "d": {}})

    texts = as_texts(variables, {"a": '{{b}} "x"', "b": {"z": [1, None], "a": True}, "d": 1.5})

    assert texts == {"a": '{{b}} "x"', "b": '{"a":true,"z":[1,null]}', "c": "", "d": "1.5"}
