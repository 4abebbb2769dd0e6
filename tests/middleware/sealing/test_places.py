"""Where a sealed value belongs."""

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.sealing.places import ANSWER, SECRET, Place

PLACES = st.builds(Place, st.text(), st.text(), st.text(), st.integers(min_value=0))


@given(PLACES, PLACES)
def test_two_places_are_bound_to_the_same_bytes_only_if_they_are_the_same(one: Place, other: Place) -> None:
    assert (one.bound == other.bound) == (one == other)


def test_what_ends_one_part_does_not_begin_the_next() -> None:
    parts = [("ab", "c", "d"), ("a", "bc", "d"), ("a", "b", "cd"), ("a|b", "c", ""), ("a", "b|c", ""), ("a", "b", "|c")]

    assert len({Place(*part).bound for part in parts}) == len(parts)


def test_every_part_counts() -> None:
    place = Place("kind", "owner", "name", 2)
    kind, owner, name, version = astuple(place)

    others = [
        Place("other", owner, name, version),
        Place(kind, "other", name, version),
        Place(kind, owner, "other", version),
        Place(kind, owner, name, 1),
    ]

    assert place.bound not in {other.bound for other in others}


def test_values_of_the_first_format_are_where_they_were() -> None:
    assert Place(SECRET, name="openai").bound_before == b"tollbridge secret 1|openai"
    assert Place(ANSWER, "tok_1", "resp_{1}").bound_before == b"tollbridge answer 1|tok_1|resp_{1}"
    assert Place("credential", "team", "x").bound_before == b""


def test_text_that_no_encoding_takes_has_a_place_too() -> None:
    assert Place(ANSWER, "tok_1", "\ud800").bound != Place(ANSWER, "tok_1", "?").bound
    assert Place(ANSWER, "tok_1", "\ud800").bound_before
