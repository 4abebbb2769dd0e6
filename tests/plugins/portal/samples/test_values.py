import ast
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.plugins.portal.jsonvalues import VALUES
from tests.plugins.portal.machine import run
from tests.support.requires import requires

from tollbridge_portal.samples import JSON
from tollbridge_portal.samples.values import (
    WIDTH,
    holds_in_javascript,
    javascript_key,
    javascript_value,
    json_text,
    python_value,
)


@given(value=VALUES, indent=st.sampled_from(["", "    "]))
def test_json_is_read_back(value: JSON, indent: str) -> None:
    assert json.loads(json_text(value, indent)) == value


@given(value=VALUES, indent=st.sampled_from(["", "    "]))
def test_python_is_read_back_with_its_types(value: JSON, indent: str) -> None:
    read = ast.literal_eval(python_value(value, indent))

    assert json.dumps(read) == json.dumps(value)


@given(value=VALUES)
def test_nothing_in_it_is_hidden_and_no_line_ends_in_a_blank(value: JSON) -> None:
    for text in (json_text(value), python_value(value), javascript_value(value)):
        assert all(line.isprintable() and line == line.rstrip() for line in text.split("\n"))


@requires("node-sdks")
@given(values=st.lists(VALUES.filter(holds_in_javascript), min_size=1, max_size=60))
@settings(max_examples=4)
def test_javascript_is_read_back(values: list[JSON], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("values")
    literals = ",\n".join(map(javascript_value, values))
    (folder / "it.mjs").write_text(f"console.log(JSON.stringify([{literals}]));\n", "utf-8")

    printed = run(["node", "it.mjs"], folder)

    assert json.loads(printed, parse_int=float) == values


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (2**53 - 1, True),
        (2**53, False),
        (-(2**53), False),
        ([{"a": [2**60]}], False),
        ([{"a": [1.5, True, None, "2"]}], True),
    ],
)
def test_whole_number_that_javascript_would_round_is_told(value: Any, holds: bool) -> None:
    assert holds_in_javascript(value) is holds


def test_short_value_stands_on_one_line_and_a_long_one_is_indented() -> None:
    long = ["x" * 40] * 3

    assert json_text({"a": [1, 2], "b": {}}) == '{"a": [1, 2], "b": {}}'
    assert json_text({"a": long, "b": [1]}, "  ") == (
        '{\n    "a": [\n      ' + ",\n      ".join([f'"{"x" * 40}"'] * 3) + '\n    ],\n    "b": [1]\n  }'
    )
    assert python_value([True, None, "a'b"]) == '[True, None, "a\'b"]'
    assert python_value(long).endswith(",\n]")
    assert javascript_value({"a": 1, "b-c": {}}) == '{ a: 1, "b-c": {} }'


def test_line_has_the_room_that_is_left() -> None:
    value = ["x" * 30]

    assert "\n" not in javascript_value(value, taken=WIDTH - 34)
    assert "\n" in javascript_value(value, taken=WIDTH - 33)


def test_name_that_would_set_a_prototype_is_a_name() -> None:
    assert javascript_key("__proto__") == '["__proto__"]'
    assert (javascript_key("a_$1"), javascript_key("1a"), javascript_key("é")) == ("a_$1", '"1a"', '"é"')
