"""Reading the names of a provider's models."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.providerkeys.listed import MOST_LISTED, listed_models

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["data", "models", "id", "name", "x"]), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("document", "names"),
    [
        ({"object": "list", "data": [{"id": "gpt-4o"}, {"id": "gpt-4o-mini"}]}, ("gpt-4o", "gpt-4o-mini")),
        ({"data": [{"type": "model", "id": "claude-opus-5"}], "has_more": False}, ("claude-opus-5",)),
        ({"models": [{"name": "models/gemini-3-pro", "version": "1"}]}, ("gemini-3-pro",)),
        ({"models": [{"name": "llama3:8b", "model": "llama3:8b"}]}, ("llama3:8b",)),
        ([{"id": "a"}, {"id": "a"}, "b"], ("a", "b")),
        (
            {"models": [{"model": "only"}, {}, 5, {"id": None}, {"id": "a\nb"}, {"id": "x" * 257}, {"id": ""}]},
            ("only",),
        ),
        ({"error": "none"}, ()),
        ({"data": {"id": "x"}}, ()),
        ("text", ()),
    ],
)
def test_names_are_read_of_the_list_of_each_dialect(document: Any, names: tuple[str, ...]) -> None:
    assert listed_models(json.dumps(document).encode()) == names


def test_list_is_read_up_to_a_bound() -> None:
    document = {"data": [{"id": f"m{number}"} for number in range(MOST_LISTED + 10)]}

    assert len(listed_models(json.dumps(document).encode())) == MOST_LISTED


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_lists_nothing(body: bytes) -> None:
    assert listed_models(body) == ()


@given(JSON)
def test_whatever_is_answered_gives_names_that_can_be_shown(document: Any) -> None:
    names = listed_models(json.dumps(document).encode())

    assert all(name.isprintable() and 0 < len(name) <= 256 for name in names)
    assert len(set(names)) == len(names)


@given(st.binary())
def test_whatever_bytes_come_nothing_is_raised(body: bytes) -> None:
    listed_models(body)
