"""Pointers and the bodies they change."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.jsonbodies import is_json, read_json, write_json
from tollbridge_rest.pointers import drop, put, read_pointer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("a/~0", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "steps"),
    [("", ()), ("/", ("",)), ("/a/0", ("a", "0")), ("/a~1b/m~0n", ("a/b", "m~n")), ("/~01", ("~1",))],
)
def test_pointer_is_read(text: str, steps: tuple[str, ...]) -> None:
    assert read_pointer(text) == steps


@pytest.mark.parametrize("text", ["a", "/~", "/~2", "/" * 70])
def test_pointer_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"pointer|'~'"):
        read_pointer(text)


@pytest.mark.parametrize(
    ("before", "pointer", "after"),
    [
        ({"a": 1}, "/a", {"a": "new"}),
        ({}, "/a/b/c", {"a": {"b": {"c": "new"}}}),
        ({}, "/a/-", {"a": ["new"]}),
        ({"a": []}, "/a/-/b", {"a": [{"b": "new"}]}),
        ([1, 2], "/1", [1, "new"]),
        ([1], "/-", [1, "new"]),
        ({"": 1}, "/", {"": "new"}),
        (5, "", "new"),
    ],
)
def test_value_is_put(before: Any, pointer: str, after: Any) -> None:
    assert put(copy.deepcopy(before), read_pointer(pointer), "new") == after


@pytest.mark.parametrize(
    ("before", "pointer"), [([], "/0"), ([1], "/01"), ([1], "/x"), ("text", "/a"), ({"a": 1}, "/a/b"), ([1], "/-1/a")]
)
def test_place_that_is_none_is_refused(before: Any, pointer: str) -> None:
    with pytest.raises(ValueError, match=r"no place|no object or list"):
        put(before, read_pointer(pointer), "new")


@pytest.mark.parametrize(
    ("before", "pointer", "after"),
    [
        ({"a": 1, "b": 2}, "/a", {"b": 2}),
        ({"a": {"b": [1, 2]}}, "/a/b/0", {"a": {"b": [2]}}),
        ({"a": 1}, "/b/c", {"a": 1}),
        ({"a": 1}, "/a/b", {"a": 1}),
        ([1], "/7", [1]),
        ([1], "/-", [1]),
        ({"a": [1]}, "/a/-/b", {"a": [1]}),
        ({"a": 1}, "", None),
    ],
)
def test_value_is_dropped(before: Any, pointer: str, after: Any) -> None:
    assert drop(copy.deepcopy(before), read_pointer(pointer)) == after


@given(VALUES, st.lists(st.text("a/~0-", max_size=2), max_size=3))
def test_what_was_put_is_there_and_can_be_dropped(value: Any, steps: list[str]) -> None:
    pointer = read_pointer("".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps))
    assert pointer == tuple(steps)
    try:
        changed = put(copy.deepcopy(value), pointer, {"new": 1})
    except ValueError:
        return

    at = changed
    for step in pointer:
        at = at[step] if isinstance(at, dict) else at[-1 if step == "-" else int(step)]
    assert at == {"new": 1}
    if pointer and "-" not in pointer:
        assert drop(copy.deepcopy(changed), pointer) != changed


@given(VALUES)
def test_json_reads_back_as_it_was(value: Any) -> None:
    body = json.dumps(value).encode()

    assert json.loads(write_json(read_json(body))) == value


@pytest.mark.parametrize("number", ["1.10", "1E400", "-0.0", "123456789012345678901234567890", "0.1", "1e5"])
def test_number_keeps_its_value_to_the_last_digit(number: str) -> None:
    written = write_json(read_json(number.encode())).decode()

    assert written.lower().replace("+", "") == number.lower() or float(written) == float(number)
    if "e" not in number.lower():
        assert written == number


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b"Infinity", b'{"a":1,"a":1}', b"\xff", b"[" * 129, b"1e" + b"9" * 2000, b"1" * 2000]
)
def test_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="the body"):
        read_json(body)


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_media_type_of_json_is_known(kind: str, is_one: bool) -> None:
    assert is_json(kind) is is_one
