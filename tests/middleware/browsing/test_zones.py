"""Days, hours and their names in a time zone."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.browsing.catalogues import read_package, words
from tollbridge.browsing.speech import Speech, speaking
from tollbridge.browsing.zones import STEPS, Zone, spoken_zone

NAMES = (
    "UTC",
    "America/Havana",  # midnight is skipped, and comes twice
    "America/Sao_Paulo",  # midnight was skipped; the hour before it came twice
    "America/St_Johns",  # +3:30, and was set at 00:01
    "America/Toronto",  # was set at 23:30
    "Asia/Kathmandu",  # +5:45
    "Asia/Shanghai",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Europe/Berlin",
    "Pacific/Apia",  # had no 30 December 2011
    "Pacific/Kiritimati",  # +14
    "Pacific/Pago_Pago",  # -11
)
MOMENTS = st.datetimes(datetime(1910, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))
NEAR = st.builds(  # the days on which these zones were set, to the hour
    lambda day, hours, seconds: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(0, seconds, hours=hours),
    st.sampled_from(
        [
            *("1919-03-31", "2006-10-29", "2007-11-04", "2011-12-30", "2018-02-18", "2018-11-04", "2026-03-08"),
            *("2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"),
        ]
    ),
    st.integers(-26, 26),
    st.integers(-2, 2),
)
ZONES = st.sampled_from(NAMES).map(Zone)
SPANS = {"quarter": 30, "hour": 60, "day": 90 * 24, "week": 400 * 24, "month": 900 * 24}
LONGEST = {"quarter": 0.25, "hour": 1, "day": 26, "week": 24 * 7 + 2, "month": 24 * 31 + 2}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@given(ZONES, MOMENTS | NEAR, st.sampled_from(STEPS), st.floats(0, 1))
def test_steps_follow_each_other_without_a_gap_and_each_moment_is_in_one(zone, since, step, share) -> None:
    until = since + timedelta(hours=share * SPANS[step])

    found = zone.starts(since, until, step)

    if until == since:
        assert len(found) <= 1
        return
    assert all(one.utcoffset() == timedelta(0) for one in found)
    assert found[0] <= since < (found[1] if len(found) > 1 else until + timedelta(hours=LONGEST[step]))
    assert found[-1] < until
    for before, after in pairwise(found):
        assert timedelta(0) < after - before <= timedelta(hours=LONGEST[step])
        for inside in (before, before + (after - before) / 2, after - timedelta(seconds=1)):
            assert zone.start(inside, step) == before
    assert zone.start(until - timedelta(microseconds=1), step) == found[-1]


@given(ZONES, MOMENTS | NEAR, st.sampled_from(STEPS))
def test_start_is_no_later_and_is_its_own(zone, moment, step) -> None:
    start = zone.start(moment, step)

    assert start <= moment
    assert zone.start(start, step) == start
    assert moment - start < timedelta(hours=LONGEST[step])


@given(ZONES, MOMENTS | NEAR)
def test_shorter_steps_begin_where_longer_ones_do(zone, moment) -> None:
    for longer, shorter in (("month", "day"), ("week", "day"), ("day", "hour"), ("hour", "quarter")):
        start = zone.start(moment, longer)
        assert zone.start(start, shorter) == start


@given(ZONES, st.dates(date(1910, 1, 1), date(2037, 12, 30)))
def test_day_begins_at_the_first_moment_of_its_date(zone, day) -> None:
    begins = zone.begins(day)

    assert zone.local(begins).date() >= day
    assert zone.local(begins - timedelta(seconds=1)).date() < day


@given(MOMENTS, st.sampled_from(("UTC", "Asia/Shanghai", "Asia/Kathmandu", "Pacific/Kiritimati")), st.data())
def test_where_the_clock_was_not_set_a_start_is_the_clocks(moment, name, data) -> None:
    moment = data.draw(st.just(moment.replace(year=2001 + moment.year % 30, day=min(moment.day, 28))))
    local = Zone(name).local(moment).replace(minute=0, second=0, microsecond=0)

    assert Zone(name).start(moment, "hour") == local
    assert Zone(name).start(moment, "day") == local.replace(hour=0)
    assert Zone(name).start(moment, "week") == local.replace(hour=0) - timedelta(days=local.weekday())
    assert Zone(name).start(moment, "month") == local.replace(hour=0, day=1)


@pytest.mark.parametrize(
    ("name", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/Berlin", "2026-07-01", 24),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Havana", "2026-03-08", 23),
        ("America/Havana", "2026-11-01", 25),
        ("America/Sao_Paulo", "2018-02-17", 25),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("America/Toronto", "1919-03-30", 23.5),
        ("America/Toronto", "1919-03-31", 23.5),
    ],
)
def test_day_has_the_hours_that_the_wall_has(name, day, hours) -> None:
    zone, begin = Zone(name), date.fromisoformat(day)

    assert zone.begins(begin + timedelta(days=1)) - zone.begins(begin) == timedelta(hours=hours)


def test_day_that_was_skipped_is_no_step() -> None:
    zone = Zone("Pacific/Apia")

    found = zone.starts(at("2011-12-29T12:00"), at("2012-01-01T00:00"), "day")

    assert [zone.day(one) for one in found] == ["29 Dec 2011", "31 Dec 2011", "1 Jan 2012"]
    assert zone.begins(date(2011, 12, 30)) == zone.begins(date(2011, 12, 31)) == at("2011-12-30T10:00")


def test_hours_around_half_an_hour_of_summer_time_are_those_of_the_wall() -> None:
    zone = Zone("Australia/Lord_Howe")

    # +10:30 until 2 o'clock, which is half past two: 15:30 UTC
    spring = zone.starts(at("2026-10-03T14:30"), at("2026-10-03T17:00"), "hour")
    # +11 until 2 o'clock, which is half past one: 15:00 UTC
    autumn = zone.starts(at("2026-04-04T14:00"), at("2026-04-04T16:00"), "hour")

    assert [zone.time(one) for one in spring] == ["01:00", "02:30", "03:00"]
    assert [zone.time(one) for one in autumn] == ["01:00", "01:30", "02:00"]


def test_hours_around_a_minute_past_midnight_are_each_given() -> None:
    zone = Zone("America/St_Johns")

    found = zone.starts(at("2006-10-29T01:30"), at("2006-10-29T05:00"), "hour")

    # 00:01 became 23:01 at 02:31 UTC
    assert [zone.moment(one) for one in found] == [
        "28 Oct 2006, 23:00 NDT",
        "29 Oct 2006, 00:00 NDT",
        "28 Oct 2006, 23:01 NST",
        "29 Oct 2006, 00:00 NST",
        "29 Oct 2006, 01:00 NST",
    ]


def test_months_and_weeks_begin_in_the_zone() -> None:
    zone = Zone("Pacific/Kiritimati")

    months = zone.starts(at("2026-11-30T09:59"), at("2027-01-01T00:00"), "month")
    weeks = zone.starts(at("2026-11-29T09:59"), at("2026-11-29T10:01"), "week")

    assert months == [at("2026-10-31T10:00"), at("2026-11-30T10:00"), at("2026-12-31T10:00")]
    assert weeks == [at("2026-11-22T10:00"), at("2026-11-29T10:00")]  # Monday the 30th there


def test_moment_is_written_with_what_the_zone_is_called_then() -> None:
    moment = at("2026-11-29T00:02:59")

    assert Zone("Europe/Berlin").moment(moment) == "29 Nov 2026, 01:02 CET"
    assert Zone("Europe/Berlin").moment(at("2026-07-01T00:02")) == "1 Jul 2026, 02:02 CEST"
    assert Zone("UTC").moment(moment) == "29 Nov 2026, 00:02 UTC"
    assert Zone("Asia/Kathmandu").moment(moment) == "29 Nov 2026, 05:47 UTC+05:45"
    assert Zone("Pacific/Kiritimati").moment(moment) == "29 Nov 2026, 14:02 UTC+14:00"
    assert Zone("Pacific/Pago_Pago").moment(moment) == "28 Nov 2026, 13:02 SST"


def test_dates_are_written_in_the_language_that_is_spoken() -> None:
    zone, moment = Zone("Europe/Berlin"), at("2026-11-29T00:02")
    chinese = Speech("zh-Hans", words("zh-Hans", [read_package("tollbridge.browsing")]))

    english = (zone.minute(moment), zone.short_day(moment), zone.weekday(moment), zone.month(moment))
    with speaking(chinese):
        said = (zone.moment(moment), zone.short_day(moment), zone.weekday(moment), zone.month(moment))

    assert english == ("29 Nov 2026, 01:02", "29 Nov", "Sun 29 Nov", "Nov 2026")
    assert said == ("2026年11月29日 01:02 CET", "11月29日", "11月29日 周日", "2026年11月")


def test_zone_that_is_spoken_is_that_of_the_speech_and_utc_without_one() -> None:
    with speaking(Speech(zone="Asia/Kathmandu")):
        assert spoken_zone().name == "Asia/Kathmandu"
    assert spoken_zone().name == "UTC"


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2026-07-01T12:00", "2026-07-01T10:00"),
        ("2026-12-01T12:00", "2026-12-01T11:00"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # the wall skips it, and shows 03:30 then
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # the wall shows it twice
    ],
)
def test_time_of_the_wall_is_read(wall, moment) -> None:
    assert Zone("Europe/Berlin").read(datetime.fromisoformat(wall)) == at(moment)


@given(MOMENTS | NEAR, ZONES)
def test_what_the_wall_shows_is_read_as_the_first_moment_at_which_it_does(moment, zone) -> None:
    wall = zone.local(moment).replace(tzinfo=None)

    read = zone.read(wall)

    assert read <= moment
    assert zone.local(read).replace(tzinfo=None) == wall


@pytest.mark.parametrize("name", ["Nowhere", "", "../etc/passwd"])
def test_zone_that_is_not_known_is_an_error(name) -> None:
    with pytest.raises((LookupError, ValueError)):
        Zone(name)


def test_moment_without_a_zone_is_refused() -> None:
    zone, naive, moment = Zone("UTC"), datetime(2026, 1, 1), at("2026-01-01")

    for call in (
        lambda: zone.moment(naive),
        lambda: zone.start(naive, "day"),
        lambda: zone.starts(naive, moment, "day"),
        lambda: zone.starts(moment, naive, "day"),
    ):
        with pytest.raises(ValueError, match="without a time zone"):
            call()


def test_time_of_day_is_written_to_the_second_too() -> None:
    assert Zone("Asia/Kathmandu").second(at("2026-01-31T18:15")) == "00:00:00"
