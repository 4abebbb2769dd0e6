import re
from datetime import UTC, datetime, timedelta, timezone

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.limits.gcra import decide
from tollbridge.limits.headers import anthropic_limit_headers, limit_headers
from tollbridge.limits.limiter import Rate, Standing

REQUESTS = Rate("requests", 60)
TOKENS = Rate("tokens", 90_000)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_every_limit_is_told_in_both_ways():
    headers = limit_headers([Standing(REQUESTS, 59, 1.0), Standing(TOKENS, 80_000, 6.7)])

    assert headers == [
        (b"x-ratelimit-limit-requests", b"60"),
        (b"x-ratelimit-remaining-requests", b"59"),
        (b"x-ratelimit-reset-requests", b"1s"),
        (b"x-ratelimit-limit-tokens", b"90000"),
        (b"x-ratelimit-remaining-tokens", b"80000"),
        (b"x-ratelimit-reset-tokens", b"7s"),
        (b"ratelimit-policy", b'"requests";q=60;w=60, "tokens";q=90000;qu="tokens";w=60'),
        (b"ratelimit", b'"requests";r=59;t=1, "tokens";r=80000;t=1'),
    ]


def test_no_limits_are_no_headers():
    assert limit_headers([]) == []
    assert anthropic_limit_headers([], NOON) == []


def test_of_several_limits_of_one_name_the_one_with_least_left_is_told():
    own, above = Rate("requests", 60), Rate("requests", 600)
    standings = [Standing(own, 40, 20.0), Standing(TOKENS, 9, 1.0), Standing(above, 30, 57.0), Standing(own, 50, 10.0)]

    assert limit_headers(standings) == limit_headers([standings[2], standings[1]])
    assert anthropic_limit_headers(standings, NOON) == anthropic_limit_headers([standings[2], standings[1]], NOON)


def test_reset_of_the_draft_is_when_the_next_unit_comes():
    # 6 an hour, one each 600 s; 2 of them are 350 s from being back, so after the next one in 350 - 0 x 600 s all are
    hourly = Rate("requests", 6, 3600.0)

    assert (b"ratelimit", b'"requests";r=5;t=350') in limit_headers([Standing(hourly, 5, 350.0)])
    # 3,590 s until all 6 are back, 0 left: the next comes 5 x 600 s earlier
    assert (b"ratelimit", b'"requests";r=0;t=590') in limit_headers([Standing(hourly, 0, 3590.0)])
    assert (b"ratelimit", b'"requests";r=6;t=0') in limit_headers([Standing(hourly, 6, 0.0)])


def test_own_burst_is_told_beside_the_quota():
    headers = dict(limit_headers([Standing(Rate("requests", 60, burst=5), 4, 1.0)]))

    assert headers[b"ratelimit-policy"] == b'"requests";q=60;w=60;tollbridge-burst=5'
    assert headers[b"x-ratelimit-limit-requests"] == b"5"


def test_window_below_a_second_is_told_by_the_second():
    headers = dict(limit_headers([Standing(Rate("requests", 10, 0.5), 9, 0.05)]))

    assert headers[b"ratelimit-policy"] == b'"requests";q=20;w=1'


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0.0, b"0s"),
        (0.0001, b"1ms"),
        (0.0170000001, b"17ms"),
        (0.9999, b"1s"),
        (1.0, b"1s"),
        (1.0000000001, b"1s"),
        (1.01, b"2s"),
        (59.5, b"1m0s"),
        (360.0, b"6m0s"),
        (3_725.0, b"1h2m5s"),
        (90_000.0, b"25h0m0s"),
    ],
)
def test_openai_reset_is_a_duration_rounded_up(seconds: float, written: bytes):
    assert dict(limit_headers([Standing(TOKENS, 0, seconds)]))[b"x-ratelimit-reset-tokens"] == written


def test_anthropic_reset_is_a_time_rounded_up():
    standings = [Standing(REQUESTS, 59, 1.0), Standing(TOKENS, 80_000, 6.7)]

    assert anthropic_limit_headers(standings, NOON.astimezone(timezone(timedelta(hours=2)))) == [
        (b"anthropic-ratelimit-requests-limit", b"60"),
        (b"anthropic-ratelimit-requests-remaining", b"59"),
        (b"anthropic-ratelimit-requests-reset", b"2026-01-05T12:00:01Z"),
        (b"anthropic-ratelimit-tokens-limit", b"90000"),
        (b"anthropic-ratelimit-tokens-remaining", b"80000"),
        (b"anthropic-ratelimit-tokens-reset", b"2026-01-05T12:00:07Z"),
    ]


def test_anthropic_reset_is_told_up_to_a_century_ahead():
    headers = dict(anthropic_limit_headers([Standing(REQUESTS, 0, 1e12)], NOON))

    assert headers[b"anthropic-ratelimit-requests-reset"] == b"2125-12-12T12:00:00Z"  # 36,500 days: 25 leap days early


@pytest.mark.parametrize("name", ["", "Tokens", "a b", 'x"', "x\r\ny", "tökens", "1x", "requests\n"])
def test_name_that_cannot_stand_in_a_header_is_refused(name: str):
    with pytest.raises(ValueError, match="stands in header names"):
        limit_headers([Standing(Rate(name, 1), 1, 0.0)])
    with pytest.raises(ValueError, match="stands in header names"):
        anthropic_limit_headers([Standing(Rate(name, 1), 1, 0.0)], NOON)


NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,20}\Z")
RATES = st.builds(Rate, NAMES, st.integers(-5, 10**18), st.floats(0.01, 1e7), st.integers(0, 10**18))


@given(st.lists(RATES, min_size=1, max_size=4, unique_by=lambda rate: rate.name), st.floats(0, 1.5), st.integers(0, 9))
def test_fields_parse_as_structured_fields(rates: list[Rate], used: float, cost: int):
    standings = [decide(used * r.depth * r.period_s / max(1, r.amount), r, cost, 0.0).standing for r in rates]
    headers = dict(limit_headers(standings))

    policies = http_sf.parse(headers[b"ratelimit-policy"], tltype="list")
    limits = http_sf.parse(headers[b"ratelimit"], tltype="list")

    names = [rate.name for rate in rates]
    assert [name for name, _ in policies] == [name for name, _ in limits] == names
    for name, params in policies:
        assert type(params["q"]) is int
        assert type(params["w"]) is int
        assert params["q"] >= 0
        assert params["w"] >= 1
        assert params.get("qu", "requests") == name
    for (_, params), standing in zip(limits, standings, strict=True):
        assert params["r"] == min(standing.remaining, 999_999_999_999_999)
        assert type(params["t"]) is int
        assert params["t"] >= 0
    for name in names:
        assert re.fullmatch(rb"(\d+h)?(\d+m)?\d+s|\d{1,3}ms", headers[b"x-ratelimit-reset-%s" % name.encode()])
        assert headers[b"x-ratelimit-limit-%s" % name.encode()].isdigit()
        assert headers[b"x-ratelimit-remaining-%s" % name.encode()].isdigit()


def test_no_limit_is_told_where_none_is_in_force() -> None:
    assert limit_headers([]) == []
