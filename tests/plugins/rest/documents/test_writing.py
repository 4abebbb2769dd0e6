"""A document is written as the same bytes each time."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_rest.documents import to_json, to_yaml

_texts = st.text(max_size=20) | st.sampled_from(
    [
        "0o17",
        "0x1F",
        "1_000",
        "1e3",
        "1:30",
        "no",
        "Yes",
        "~",
        "<<",
        "=",
        "2024-01-01",
        "null",
        "",
        ".5",
        "-",
        "- a",
        "a: b",
    ]
)
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@given(plain_values)
def test_json_says_the_same(value: Any) -> None:
    assert json.loads(to_json({"a": value})) == {"a": value}


@pytest.mark.parametrize(
    "text", ["0o17", "0x1F", "no", "1_000", "1e3", "2024-01-01", "12:30", "~", ".5", "<<", "=", "y"]
)
def test_texts_that_some_reader_takes_for_something_else_are_quoted(text: str) -> None:
    assert to_yaml({"a": text}) == f'a: "{text}"\n'.encode() or to_yaml({"a": text}) == f"a: '{text}'\n".encode()


def test_order_stays_and_shared_parts_are_written_out() -> None:
    shared = {"z": 1, "a": [2]}

    assert to_yaml({"b": shared, "a": shared}) == b"b:\n  z: 1\n  a:\n  - 2\na:\n  z: 1\n  a:\n  - 2\n"
    assert to_json({"b": shared, "a": shared}) == b'{"b":{"z":1,"a":[2]},"a":{"z":1,"a":[2]}}'


def test_a_reader_of_yaml_1_1_reads_the_same() -> None:
    document = {"a": ["no", "2024-01-01", "0o17", "1:30", "plain", "é", "two\nlines", 1, 1.5, True, None]}

    assert yaml.safe_load(to_yaml(document)) == document
