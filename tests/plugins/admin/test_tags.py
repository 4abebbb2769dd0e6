"""Entity tags."""

import msgspec
import pytest

from tollbridge_admin.tags import is_known, meets, tag_of


class Thing(msgspec.Struct):
    name: str
    seen: int


def test_tag_changes_with_all_that_is_shown_and_its_first_part_with_what_does_not_pass() -> None:
    tags = [tag_of(Thing(name, seen), "seen") for name, seen in (("a", 1), ("a", 2), ("b", 1))]

    assert len(set(tags)) == 3
    states = [tag.split(".")[0] for tag in tags]
    assert states[0] == states[1] != states[2]
    assert tag_of(Thing("a", 1), "seen") == tags[0]


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [
        ("*", True),
        ('"abc.1"', True),
        ('"abc.2"', True),
        ('"x", "abc.2"', True),
        ('W/"abc.1"', False),
        ('"ab.1"', False),
        ("abc.1", False),
        ('""', False),
        ('"', False),
    ],
)
def test_if_match_is_strong_and_looks_at_the_state_alone(wanted: str, holds: bool) -> None:
    assert meets(wanted, '"abc.1"') is holds


@pytest.mark.parametrize(
    ("known", "is_it"), [("*", True), ('"abc.1"', True), ('W/"abc.1"', True), ('"abc.2"', False), ("abc.1", False)]
)
def test_if_none_match_is_weak_and_looks_at_all(known: str, is_it: bool) -> None:
    assert is_known(known, '"abc.1"') is is_it
