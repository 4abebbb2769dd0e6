from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.stores.reporting import QUARTER, latest, nearest_quarter

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
times = st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1), timezones=st.just(UTC))


def test_ranges_end_with_the_quarter_of_an_hour_that_is_going_on():
    now = datetime(2026, 3, 4, 12, 44, 59, tzinfo=UTC)

    assert latest(now, timedelta(hours=1)) == (
        now.replace(hour=11, minute=45, second=0),
        now.replace(minute=45, second=0),
    )
    assert nearest_quarter(now) == now.replace(minute=45, second=0)


@given(times, st.integers(1, 3_000).map(lambda number: number * QUARTER))
def test_latest_range_has_the_time_in_its_last_quarter(now, length):
    since, until = latest(now, length)

    assert until - since == length
    assert until - QUARTER <= now < until
    assert (until - EPOCH) % QUARTER == timedelta(0)


@given(times)
def test_nearest_quarter_is_half_a_quarter_away_at_most(at):
    found = nearest_quarter(at)

    assert abs(found - at) <= QUARTER / 2
    assert (found - EPOCH) % QUARTER == timedelta(0)
