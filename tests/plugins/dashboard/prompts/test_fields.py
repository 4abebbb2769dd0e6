"""A definition as the fields of the editor's form, and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.dashboard.servicing import PROMPT

from tollbridge_dashboard.prompts.fields import names_of, read_form, write_form

NAMES = st.text(alphabet="abcXYZ_", min_size=1, max_size=8)
LINES = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40)
SAID = LINES.map(str.strip).filter(bool)
SCHEMAS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "object"]) | st.just(["string", "null"]),
        "required": st.booleans(),
        "description": SAID,
        "maxLength": st.integers(0, 9),
        "enum": st.lists(st.integers(), min_size=1),
    },
)
CASES = st.fixed_dictionaries(
    {"name": SAID, "variables": st.dictionaries(NAMES, st.integers()), "expect": st.lists(st.just({"contains": "a"}))}
)
TURNS = st.fixed_dictionaries({"user": SAID, "assistant": SAID})
DEFINITIONS = st.fixed_dictionaries(
    {
        "model": SAID,
        "system": LINES,
        "user": LINES,
        "parameters": st.fixed_dictionaries(
            {},
            optional={
                "temperature": st.floats(0, 2),
                "max_output": st.integers(1, 100),
                "stop": st.lists(SAID.filter(lambda said: "\n" not in said and "\x85" not in said), min_size=1),
                "top_k": st.integers(1, 9),
                "verbosity": st.sampled_from(["low", "high"]),
                "thinking": st.fixed_dictionaries({"effort": st.just("low")}, optional={"budget": st.integers(1, 9)}),
            },
        ),
        "variables": st.dictionaries(NAMES, SCHEMAS, max_size=4),
        "output": st.just({"type": "text"})
        | st.just({"type": "text", "media_type": "text/csv", "exact": True})
        | st.fixed_dictionaries({"type": st.just("json"), "retries": st.integers(0, 5), "schema": st.just({"a": 1})}),
        "stream": st.booleans(),
        "chat": st.booleans(),
    },
    optional={
        "examples": st.lists(TURNS, min_size=1, max_size=3),
        "get": st.fixed_dictionaries({"max_age_s": st.integers(0, 99)}),
        "timeout_s": st.integers(1, 99),
        "tests": st.fixed_dictionaries({"cases": st.lists(CASES, min_size=1)}, optional={"gate": st.just(0.5)}),
    },
)


@given(DEFINITIONS)
def test_definition_that_is_written_into_the_form_is_read_again(definition: dict[str, Any]) -> None:
    errors: dict[str, str] = {}

    read = read_form(write_form(definition), definition, errors)

    assert errors == {}
    assert read == definition
    assert list(read["variables"]) == list(definition["variables"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
MEMBERS = ("model", "system", "parameters", "variables", "output", "examples", "tests", "get", "stream", "timeout_s")


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_no_draft_is_too_odd_to_be_shown(definition: dict[str, Any]) -> None:
    typed = write_form(definition)

    assert all(isinstance(value, str) for values in typed.values() for value in values)
    read_form(typed, definition, {})


@given(
    st.dictionaries(st.sampled_from([*write_form({}), "v_name", "c_name", "x_user"]), st.lists(st.text(), max_size=3))
)
def test_whatever_is_sent_is_a_definition_or_names_its_mistakes(typed: dict[str, list[str]]) -> None:
    errors: dict[str, str] = {}

    read = read_form(typed, {}, errors)

    assert isinstance(read["variables"], dict)
    assert all(said for said in errors.values())


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("temperature", "hot", "Write a number."),
        ("max_output", "true", "Write a number."),
        ("more_parameters", "[]", "Write a JSON object."),
        ("v_default_1", "three", "Write a value of its type, as JSON."),
        ("v_more_0", "{", "Write a JSON object."),
        ("v_name_0", "", "Give the variable a name."),
        ("v_name_1", "text", "There are two variables of this name."),
        ("c_expect_0", "{}", "Write a JSON list of what must hold."),
        ("c_variables_0", "1", "Write a JSON object."),
    ],
)
def test_mistake_is_noted_under_its_field(field: str, value: str, said: str) -> None:
    typed = write_form(PROMPT["definition"])  # type: ignore[arg-type]  # it is one
    name, _, at = field.rpartition("_")
    key, place = (name, int(at)) if at.isdigit() else (field, 0)
    typed[key][place] = value
    errors: dict[str, str] = {}

    read_form(typed, {}, errors)

    assert errors == {field: said}


def test_schema_of_a_text_and_members_without_a_field_stay_out_of_the_way() -> None:
    before = {"model": "small", "unknown": 7, "output": {"type": "json", "schema": {"a": 1}}}
    typed = {**write_form(before), "output_type": ["text"]}

    read = read_form(typed, before, {})

    assert (read["unknown"], read["output"]) == (7, {"type": "text"})


def test_names_are_those_of_the_rows() -> None:
    assert names_of({"v_name": [" a ", "", "b"], "v_about": ["", "without a name", ""]}) == ["a", "", "b"]
