"""Values as people type them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_dashboard.prompts.values import TYPES, NoValue, as_list, as_object, read_value, write_json, write_value

VALUES = {
    "string": st.text(),
    "integer": st.integers(),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
    "array": st.lists(st.text() | st.integers()),
    "object": st.dictionaries(st.text(), st.none() | st.text()),
}


@given(st.data(), st.sampled_from(TYPES))
def test_what_is_written_is_read_again(data: st.DataObject, kind: str) -> None:
    value = data.draw(VALUES[kind])

    assert read_value(write_value(value, kind), kind) == value


@given(st.text(), st.sampled_from(("", *TYPES)))
def test_whatever_is_typed_is_a_value_or_none(typed: str, kind: str) -> None:
    try:
        found = read_value(typed, kind)
    except NoValue:
        assert kind not in ("", "string")
    else:
        assert kind != "string" or isinstance(found, str)


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("plain words", "string", "plain words"),
        ('""', "string", ""),
        ('"a', "string", '"a'),
        ("7", "string", "7"),
        ("7", "", 7),
        ("words", "", "words"),
        ("[1]", "array", [1]),
    ],
)
def test_text_stands_as_it_is_and_anything_else_is_json(typed: str, kind: str, value: Any) -> None:
    assert read_value(typed, kind) == value


@pytest.mark.parametrize("typed", ["seven", "NaN", "Infinity", "[" * 100_000])
def test_what_is_no_json_is_no_number(typed: str) -> None:
    with pytest.raises(NoValue):
        read_value(typed, "number")


def test_what_is_empty_is_written_as_nothing_and_other_shapes_are_none() -> None:
    assert [write_json(value) for value in (None, {}, [], "", 0)] == ["", "", "", "", "0"]
    assert (as_object([1]), as_object({"a": 1}), as_list("ab"), as_list([1])) == ({}, {"a": 1}, [], [1])
