"""What a change changed, as people read it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tollbridge_dashboard.differences import Difference, differences

VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=2), max_size=2)
STATES = st.none() | st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


def test_fields_that_differ_are_said_in_their_order() -> None:
    before = {"name": "a", "scopes": "ai:chat", "owner": "", "tags": ["a"], "same": 1}
    after = {"name": "b", "scopes": None, "owner": None, "tags": ["a", "ü"], "same": 1, "new": True}

    assert differences(before, after) == [
        Difference("name", "a", "b"),
        Difference("scopes", "ai:chat", None),
        Difference("tags", '["a"]', '["a", "ü"]'),
        Difference("new", None, "true"),
    ]


def test_what_was_made_has_only_what_it_is_and_what_was_forgotten_only_what_it_was() -> None:
    assert differences(None, {"a": 0, "b": None}) == [Difference("a", None, "0")]
    assert differences({"a": False}, None) == [Difference("a", "false", None)]
    assert differences(None, None) == []


@given(STATES, STATES)
def test_turned_round_it_is_the_same_with_before_and_after_exchanged(
    one: dict[str, Any] | None, other: dict[str, Any] | None
) -> None:
    there = {(each.name, each.before, each.after) for each in differences(one, other)}
    back = {(each.name, each.after, each.before) for each in differences(other, one)}

    assert there == back
    assert differences(one, one) == []
    assert all(before != after for _name, before, after in there)
