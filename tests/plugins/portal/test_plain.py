from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_portal.plain import LONGEST, numbers, texts, varied


@given(least=st.integers(0, 200), room=st.integers(0, 200))
def test_text_has_the_length_that_is_asked(least: int, room: int) -> None:
    (text,) = texts({"minLength": least, "maxLength": least + room})

    assert least <= len(text) <= least + room
    assert text == text.strip()


def test_text_of_a_wrong_or_huge_length_is_a_text() -> None:
    assert list(texts({"minLength": "x", "maxLength": -1})) == ["text"]
    assert [len(text) for text in texts({"minLength": 10**9})] == [LONGEST]


def test_format_goes_before_the_pattern_and_the_pattern_before_a_text() -> None:
    assert list(islice(texts({"format": "date", "pattern": "^a+$"}), 3)) == ["2026-01-15", "a", "aa"]
    assert list(texts({"pattern": "^a$"})) == ["a", "text"]


def test_text_of_a_pattern_is_padded_on_either_side_where_it_is_too_short() -> None:
    assert {"a" + "text", "text" + "a"} <= set(texts({"pattern": "a", "minLength": 5}))


@given(low=st.integers(-1000, 1000), room=st.integers(0, 50), step=st.integers(1, 50))
def test_number_is_found_where_there_is_one(low: int, room: int, step: int) -> None:
    high = low + room
    schema = {"minimum": low, "maximum": high, "multipleOf": step}
    fitting = [value for value in range(low, high + 1) if value % step == 0]

    found = [value for value in numbers(schema, whole=True) if low <= value <= high and value % step == 0]

    assert bool(found) == bool(fitting)


@pytest.mark.parametrize(
    "schema", [{"minimum": True}, {"minimum": 1e308}, {"multipleOf": 0}, {"multipleOf": -1}, {"minimum": "a"}]
)
def test_bound_that_is_none_is_passed_over(schema) -> None:
    assert next(numbers(schema, whole=True)) == 1


def test_number_that_is_whole_is_written_so() -> None:
    assert [type(value) for value in islice(numbers({"minimum": 2.0}, whole=False), 3)] == [int, int, int]
    assert 0.25 in numbers({"multipleOf": 0.25, "minimum": 0.2}, whole=False)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ([1], [1, 2, 3]),
        ([True], [True, False]),
        (["a"], ["a", "a2", "a3"]),
        ([[1]], [[1], [1, "text"], [1, 1], [1, True]]),
        ([{"a": 1}], [{"a": 1}, {"a": 2}, {"a": 3}]),
        ([1, True, 1.0], [1, True, 2]),
        ([None], [None]),
    ],
)
def test_others_are_made_that_differ(found, wanted) -> None:
    assert list(islice(varied(found, 5), len(wanted))) == wanted
