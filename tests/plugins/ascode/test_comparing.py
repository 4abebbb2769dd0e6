"""What differs is told so that it can be seen."""

from typing import Any

import pytest

from tollbridge_ascode.comparing import Differing, alike, compared, lines_of

LONG = "This service tells you the weather of any place on earth, for each hour. "


@pytest.mark.parametrize(
    ("one", "other"),
    [(True, 1), (0, False), ([1, {"a": True}], [1, {"a": 1}]), ({"a": 1}, {"a": 1, "b": 2}), ([1], [1, 2]), ("1", 1)],
)
def test_values_that_json_tells_apart_are_not_alike(one: Any, other: Any) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), ((1, 2), [1, 2]), ({"a": [True]}, {"a": [True]}), (None, None)])
def test_values_that_json_writes_alike_are(one: Any, other: Any) -> None:
    assert alike(one, other)


def test_a_policy_that_differs_in_a_truth_value_differs() -> None:
    (found,) = compared({"policies": {"stamp": {"on": 1}}}, {"policies": {"stamp": {"on": True}}})

    assert found.path == "policies"


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("Blue", "Bluer", "x: Blue -> Bluer"),
        (None, ["a"], "x: nothing -> ['a']"),
        (f"{LONG}old", f"{LONG}new", "x: …rth, for each hour. old -> …rth, for each hour. new"),
        ({"t": f"{LONG}1"}, {"t": f"{LONG}2"}, "x: …rth, for each hour. 1'} -> …rth, for each hour. 2'}"),
        ("a  b", "a b", "x: 'a  b' -> 'a b'"),
        ("", "y" * 70, f"x: nothing -> {'y' * 60}…"),
        (0, False, "x: 0 -> False"),
    ],
)
def test_the_first_place_that_differs_is_told(before: Any, after: Any, line: str) -> None:
    assert lines_of([Differing("x", before, after)]) == [line]


def test_no_secret_is_told() -> None:
    before = {"headers": {"Authorization": "Bearer sk-1"}}
    after = {"headers": {"Authorization": "stored:weather"}}

    assert lines_of([Differing("x", before, after)]) == [
        "x: {'headers': {'Authorization': '***'}} -> {'headers': {'Authorization': 'stored:weather'}}"
    ]
