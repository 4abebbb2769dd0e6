"""How figures and times are written."""

from datetime import timedelta

import pytest
from markupsafe import Markup
from tests.support.visiting import Visitor

from tollbridge.browsing.speech import Speech, speaking
from tollbridge.screens import words
from tollbridge.screens.words import ago, change, change_ms, exact_usd, ms, share, until, usd
from tollbridge.testing.gateway import NOON


def test_figures_never_flatter() -> None:
    assert [share(0, 0), share(0, 5), share(1, 100_000), share(99_999, 100_000), share(5, 5)] == [
        "0 %",
        "0 %",
        "<0.1 %",
        "99.9 %",
        "100 %",
    ]
    assert [usd(0), usd(1), usd(450_000), usd(12_340_000_000), usd(3_203 * 10**9)] == [
        "$0.00",
        "$0.000000001",
        "$0.00045",
        "$12.34",
        "$3,203",
    ]
    assert [ms(None), ms(999), ms(1_310)] == ["–", "999 ms", "1.31 s"]


def test_changes_are_said_with_their_sign() -> None:
    assert [change(5, 0), change(10, 10), change(1124, 1000), change(90, 100), change(300, 100), change(99, 1)] == [
        "",
        "±0 %",
        "+12.4 %",
        "−10.0 %",
        "+200 %",
        "> +999 %",
    ]
    assert [change_ms(None, 1), change_ms(1, None), change_ms(100, 184), change_ms(2000, 500), change_ms(7, 7)] == [
        "",
        "",
        "−84 ms",
        "+1.50 s",
        "±0 ms",
    ]


def test_times_are_said_in_the_largest_unit() -> None:
    passed = [timedelta(seconds=1), timedelta(minutes=2), timedelta(hours=3), timedelta(days=4), timedelta(days=90)]
    assert [ago(NOON - one, NOON) for one in passed] == ["just now", "2 min ago", "3 h ago", "4 d ago", "7 Oct 2025"]
    assert [until(NOON + one, NOON) for one in passed[2:4]] == ["in 3 h", "in 4 days"]
    assert [ago(None, NOON), until(None, NOON), until(NOON, NOON)] == ["never", "never", "5 Jan 2026"]


def test_exact_amounts_lose_no_digit() -> None:
    assert [exact_usd(nano) for nano in (0, 1, 10**9, 1_500_000_000)] == ["0", "0.000000001", "1", "1.5"]
    assert [words.usd_nano(text) for text in ("0", "0.000000001", "1.5", "-2")] == [0, 1, 1_500_000_000, -(2 * 10**9)]
    assert usd(20_000_000) == "$0.020"


def test_axis_is_written_short() -> None:
    assert [words.short(number) for number in (5, 2500, 1_500_000, 3_000_000_000)] == ["5", "2.5k", "1.5M", "3G"]
    assert words.count(1234) == "1,234"


@pytest.mark.parametrize(
    ("value", "said", "number"),
    [(None, "–", False), ("a", "a", False), (True, "True", False), (1234, "1,234", True), (0.5, "0.5", True)],
)
def test_cells_of_panels_are_written(value: object, said: str, number: bool) -> None:
    assert words.cell(value) == said  # type: ignore[arg-type]
    assert words.is_number(value) is number


def test_text_of_strangers_is_cut_and_never_markup() -> None:
    assert words.cut("x" * 201) == "x" * 199 + "…"
    assert type(words.cut(Markup("<b>"))) is str


def test_periods_and_moments_are_written() -> None:
    assert [words.period(name) for name in ("day", "month", "total")] == ["today", "this month", "in all"]
    assert (words.moment(None), words.moment(NOON), words.day(NOON)) == ("–", "5 Jan 2026, 12:00 UTC", "5 Jan 2026")
    with speaking(Speech(zone="Pacific/Kiritimati")):
        assert (words.moment(NOON), words.day(NOON)) == ("6 Jan 2026, 02:00 UTC+14:00", "6 Jan 2026")
        assert words.zone_name() == "Pacific/Kiritimati"


def test_scopes_are_cut_and_the_rest_is_counted() -> None:
    assert words.short_scopes(["a", "b", "c", "d"]) == (["a", "b", "c"], 1)
    assert words.short_scopes(["a"]) == (["a"], 0)


@pytest.mark.parametrize(("days", "soon"), [(None, False), (6, True), (8, False)])
async def test_live_token_that_ends_within_a_week_ends_soon(visit: Visitor, days: int | None, soon: bool) -> None:
    now = visit.under.clock.now()
    ends = None if days is None else now + timedelta(days=days)
    token = (await visit.under.gateway.tokens.issue(name="a", expires_at=ends)).token

    assert words.is_soon(token, now) is soon
