"""From where and when a token opens the bridge."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.tokens.conditions import MOST_NETWORKS, Conditions, parse_conditions

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


def code(conditions: Conditions, *, client: str = "192.0.2.1", at: datetime = MONDAY) -> str:
    refusal = conditions.refusal(client, at)
    return "" if refusal is None else refusal.code


def is_open(hours: str, day: int, time: str, zone: str = "UTC") -> bool:
    """Whether hours hold on a day of January 2026, of which the 5th is a Monday."""
    hour, minute = map(int, time.split(":"))
    at = datetime(2026, 1, day, hour, minute, tzinfo=ZoneInfo(zone))
    return code(parse_conditions(hours=hours), at=at) == ""


def test_nothing_said_is_anywhere_at_any_time() -> None:
    assert parse_conditions() == Conditions()
    assert code(Conditions(), client="") == ""


@pytest.mark.parametrize(
    ("networks", "client", "let_in"),
    [
        (("192.0.2.1",), "192.0.2.1", True),
        (("192.0.2.1",), "192.0.2.2", False),
        (("10.0.0.0/8", "192.0.2.0/24"), "192.0.2.77", True),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", True),
        (("10.0.0.0/8",), "::ffff:11.1.2.3", False),
        (("2001:db8::/32",), "2001:db8::1", True),
        (("2001:db8::/32",), "2001:db9::1", False),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("0.0.0.0/0",), "2001:db8::1", False),
        (("0.0.0.0/0", "::/0"), "", False),
        (("0.0.0.0/0", "::/0"), "unix:/run/x", False),
    ],
)
def test_address_is_in_one_of_the_networks_or_refused(networks: tuple[str, ...], client: str, let_in: bool) -> None:
    assert code(parse_conditions(networks), client=client) == ("" if let_in else "token_not_here")


def test_networks_are_kept_in_their_shortest_form_and_once() -> None:
    kept = parse_conditions([" 10.0.0.0/255.0.0.0", "10.0.0.0/8", "2001:0db8:0::/32", "192.0.2.1"])

    assert kept.networks == ("10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32")


@pytest.mark.parametrize(
    ("hours", "day", "time", "held"),
    [
        ("mon-fri 08:00-18:00 UTC", 5, "08:00", True),
        ("mon-fri 08:00-18:00 UTC", 5, "07:59", False),
        ("mon-fri 08:00-18:00 UTC", 9, "17:59", True),
        ("mon-fri 08:00-18:00 UTC", 9, "18:00", False),
        ("mon-fri 08:00-18:00 UTC", 10, "12:00", False),
        ("sat,sun,wed 00:00-24:00 UTC", 7, "23:59", True),
        ("sat,sun,wed 00:00-24:00 UTC", 8, "00:00", False),
        ("fri-mon 00:00-24:00 UTC", 5, "12:00", True),
        ("fri-mon 00:00-24:00 UTC", 6, "12:00", False),
        ("mon 22:00-06:00 UTC", 5, "22:00", True),
        ("mon 22:00-06:00 UTC", 6, "05:59", True),
        ("mon 22:00-06:00 UTC", 6, "06:00", False),
        ("mon 22:00-06:00 UTC", 5, "05:59", False),
        ("mon 22:00-06:00 UTC", 6, "22:00", False),
        ("sun 20:00-04:00 UTC", 5, "03:00", True),
    ],
)
def test_hours_hold_from_their_beginning_to_before_their_end(hours: str, day: int, time: str, held: bool) -> None:
    assert is_open(hours, day, time) is held


def test_hours_are_those_of_their_time_zone() -> None:
    hours = "mon-fri 08:00-18:00 America/New_York"

    assert is_open(hours, 5, "08:00", "America/New_York")
    assert not is_open(hours, 5, "08:00")
    assert is_open(hours, 5, "13:00")


@given(st.integers(0, 7 * 24 * 60 - 1))
def test_overnight_hours_and_those_between_them_share_every_minute(minute: int) -> None:
    at = MONDAY + timedelta(minutes=minute)
    night, day = (parse_conditions(hours=f"mon-sun {span} UTC") for span in ("21:30-05:45", "05:45-21:30"))

    assert sorted((code(night, at=at), code(day, at=at))) == ["", "token_not_now"]


@pytest.mark.parametrize(
    "hours",
    [
        "always",
        "mon 8:00-18:00 UTC",
        "mon 08:00-18:00",
        "mon 08:00-18:00 Mars/Olympus",
        "mon 08:00-18:00 ../../etc/passwd",
        "mon 08:60-18:00 UTC",
        "mon 08:00-18:60 UTC",
        "mon 24:00-06:00 UTC",
        "mon 08:00-24:01 UTC",
        "mon 08:00-08:00 UTC",
        "moon 08:00-18:00 UTC",
        "mon-moon 08:00-18:00 UTC",
        "mon-tue-wed 08:00-18:00 UTC",
        ", 08:00-18:00 UTC",
    ],
)
def test_what_are_no_hours_is_refused(hours: str) -> None:
    with pytest.raises(ValueError, match=r"hours|span|days|time zone"):
        parse_conditions(hours=hours)


@pytest.mark.parametrize("network", ["", "example.com", "10.0.0.1/8", "10.0.0.0/33", "1.2.3", "::1/129", "10.0.0.0-9"])
def test_what_is_no_network_is_refused(network: str) -> None:
    with pytest.raises(ValueError, match="is no address or network"):
        parse_conditions([network])


def test_too_many_networks_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        parse_conditions(f"10.0.{number}.0/24" for number in range(MOST_NETWORKS + 1))
