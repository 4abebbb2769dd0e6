"""Ranges of time zones, cut into steps."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_admin.problems import FieldsRefused
from tollbridge_admin.usageranges import MOST_STEPS, steps_of, zone_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
ZONES = (
    *("UTC", "Europe/Berlin", "America/Santiago", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns"),
)
LONGEST = {"quarter": 0.25, "hour": 1, "day": 25, "week": 170, "month": 746}

moments = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(moments, st.integers(1, 300), st.sampled_from(ZONES), st.sampled_from(list(LONGEST)))
def test_steps_stand_end_to_end_and_hold_the_range(begin: datetime, hours: int, zone: str, step: str) -> None:
    until = begin + timedelta(hours=hours)

    starts, end = steps_of(begin, until, NOW, ZoneInfo(zone), step)  # type: ignore[arg-type]  # one of its words

    assert starts[0] <= begin < (starts[1] if len(starts) > 1 else end)
    assert starts[-1] < until <= end
    for one, other in pairwise([*starts, end]):
        assert timedelta(0) < other - one <= timedelta(hours=LONGEST[step])
        assert (one.minute % 15, one.second, one.microsecond) == (0, 0, 0)


@given(moments, st.sampled_from(ZONES))
def test_days_begin_at_midnight_or_as_clocks_go_forward_over_it(begin: datetime, zone: str) -> None:
    starts, _ = steps_of(begin, begin + timedelta(days=9), NOW, ZoneInfo(zone), "day")

    for start in starts:
        local, before = (at.astimezone(ZoneInfo(zone)) for at in (start, start - timedelta(microseconds=1)))
        assert before.date() < local.date()


def test_range_of_too_many_steps_is_refused() -> None:
    with pytest.raises(FieldsRefused, match=str(MOST_STEPS)):
        steps_of(NOW - timedelta(days=100), NOW, NOW, ZoneInfo("UTC"), "hour")


@pytest.mark.parametrize("name", ["", "Mars", "/etc/passwd", "../UTC", "\0"])
def test_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(FieldsRefused):
        zone_of(name)
