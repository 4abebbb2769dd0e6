"""Moments as forms take them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.browsing.speech import Speech, speaking
from tollbridge_dashboard.services.moments import moment, shown_moment


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 1, 1)))
def test_what_is_shown_is_read_as_the_same_minute(at: datetime) -> None:
    whole = at.replace(second=0, microsecond=0, tzinfo=UTC)

    read = moment(shown_moment(whole.isoformat()))

    assert read is not None
    assert datetime.fromisoformat(read) == whole


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", None),
        ("2027-01-01T09:00", "2027-01-01T09:00:00Z"),
        ("2027-01-01 09:00:30", "2027-01-01T09:00:30Z"),
        ("2027-01-01T09:00:00+02:00", "2027-01-01T09:00:00+02:00"),
        ("2027-13-01T09:00", "2027-13-01T09:00"),
        ("soon", "soon"),
    ],
)
def test_what_is_no_moment_is_left_to_the_api(typed: str, read: str | None) -> None:
    assert moment(typed) == read


def test_nothing_is_shown_as_nothing() -> None:
    assert shown_moment(None) == ""


def test_moments_are_those_of_the_zone_of_pages() -> None:
    with speaking(Speech(zone="Asia/Shanghai")):
        assert moment("2027-01-01T07:00") == "2026-12-31T23:00:00Z"
        assert shown_moment("2026-12-31T23:00:00Z") == "2027-01-01T07:00"
        assert moment("0001-01-01T00:00") == "0001-01-01T00:00"  # it has no UTC
