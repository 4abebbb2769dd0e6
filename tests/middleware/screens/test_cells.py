"""Cells: what is read on the page, and what is exact in CSV."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tollbridge.browsing.speech import Speech, speaking
from tollbridge.screens import cells

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def test_text_is_cut_on_the_page_and_whole_in_csv() -> None:
    cell = cells.text("x" * 300, strong=True, note="n" * 300)

    assert (len(cell.text), len(cell.value), cell.kind, len(cell.note)) == (200, 300, "strong", 200)
    assert cell.title == "x" * 300
    assert cells.text("short").title == ""


def test_nothing_is_a_dash_on_the_page_and_empty_in_csv() -> None:
    dashes = (
        *(cells.text(None), cells.code(None), cells.number(None), cells.money(None), cells.milliseconds(None)),
        *(cells.time(None, NOW), cells.tags(())),
    )

    assert {cell.text for cell in dashes} == {"–"}
    assert {cell.value for cell in dashes} == {""}


def test_numbers_are_grouped_on_the_page_and_plain_in_csv() -> None:
    assert (cells.number(1234567).text, cells.number(1234567).value) == ("1,234,567", "1234567")
    assert cells.number(Decimal("1234.5")).text == "1,234.5"
    assert cells.number(5, shown="5 of 9").text == "5 of 9"
    assert cells.milliseconds(1500).text == "1.50 s"


def test_money_is_exact_in_csv() -> None:
    cell = cells.money("0.000000001")

    assert (cell.text, cell.value) == ("$0.000000001", "0.000000001")


def test_time_says_how_long_ago_and_what_is_to_come_by_its_date() -> None:
    past, future = cells.time("2026-11-29T11:00:00Z", NOW), cells.time(NOW + timedelta(days=3), NOW)

    assert (past.text, past.value) == ("1 h ago", "2026-11-29T11:00:00+00:00")
    assert (future.text, future.title) == ("2 Dec 2026, 12:00", "2 Dec 2026, 12:00 UTC")


def test_exact_time_is_to_the_second_and_has_its_day_where_that_is_not_today() -> None:
    today, before = cells.exact("2026-11-29T11:00:07Z", NOW), cells.exact(NOW - timedelta(days=1), NOW)
    with speaking(Speech(zone="Pacific/Pago_Pago")):
        elsewhere = cells.exact("2026-11-29T11:00:07Z", NOW)

    assert (today.text, today.value, today.title) == (
        *("11:00:07", "2026-11-29T11:00:07+00:00"),
        "29 Nov 2026, 11:00 UTC",
    )
    assert (before.text, elsewhere.text) == ("28 Nov, 12:00:00", "00:00:07")


def test_pill_and_tags_and_code_say_what_they_are() -> None:
    assert cells.pill("Active", "ok", value="active").value == "active"
    assert cells.pill("Active", "ok").value == "Active"
    assert cells.tags(["a", "b"]).parts == ("a", "b")
    assert cells.code("tok_1").kind == "code"


def test_link_note_and_actions_are_added() -> None:
    action = cells.Action("Edit", "/x", "x")

    cell = cells.text("a").to("/a").noted("n")

    assert (cell.link, cell.note) == ("/a", "n")
    assert cells.actions(action).actions == (action,)


def test_meter_warns_before_it_is_full() -> None:
    def tone(spent: str, whole: str) -> tuple[float | None, str]:
        cell = cells.meter(cells.money(spent), Decimal(spent), Decimal(whole))
        return cell.share, cell.tone

    assert tone("1", "10") == (0.1, "")
    assert tone("8", "10") == (0.8, "warn")
    assert tone("20", "10") == (1.0, "bad")
    assert tone("0", "0") == (0.0, "")
    assert tone("1", "0") == (1.0, "bad")
