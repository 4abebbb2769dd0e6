"""Usage and cost, and the log of calls: figures that agree with each other and with the ledger."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.dashboard.conftest import Visitor, element

from tollbridge.browsing import Zone
from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.usage.ranges import read_range

Mock = Callable[..., GatewayUnderTest]
ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata", "Asia/Kathmandu")
NOW = datetime(2026, 11, 29, 12, 30, tzinfo=UTC)


async def called(visitor: Visitor, *models: str, token: Any = None) -> Any:
    """Have a token call some models, ten minutes between one and the next."""
    token = token or await visitor.under.token()
    for model in models:
        await visitor.under.chat(model, token=token)
        visitor.under.clock.advance(600)
    return token


def figures(page: str) -> dict[str, str]:
    """Give the figures of the table of groups, by group: cost."""
    rows = re.findall(r'<td class="c-first">\s*(?:<a[^>]*>)?<b>([^<]*)</b>.*?<data value="([^"]*)">', page, re.DOTALL)
    return dict(rows)


@pytest.mark.parametrize("zone", ZONES)
async def test_tile_table_chart_and_csv_agree_with_the_ledger_in_any_zone(mock: Mock, zone: str) -> None:
    visitor = await Visitor(mock(pages={"time_zone": zone})).sign_in()
    await called(visitor, *["gpt-4o-mini"] * 5, *["small"] * 3)

    page = (await visitor.get("/usage?range=7d")).text
    rows = list(csv.DictReader(io.StringIO((await visitor.get("/usage?range=7d&format=csv")).text.lstrip("\ufeff"))))

    ledger = await visitor.under.gateway.store.recent(limit=50)
    cost = sum(Decimal(row.cost or 0) for row in ledger) / 10**9
    assert len(ledger) == 8
    assert Decimal(element(page, "cost")) == cost
    assert element(page, "calls") == "8"
    assert sum(map(Decimal, figures(page).values())) == cost
    assert sum(Decimal(row["cost_usd"]) for row in rows) == cost
    assert sum(int(row["calls"]) for row in rows) == 8
    assert zone in page or zone == "UTC"


@pytest.mark.parametrize("measure", ["cost", "calls", "failed", "refused", "input", "output", "cached", "reasoning"])
@pytest.mark.parametrize(
    "by", ["model", "service", "team", "token", "provider", "ending", "operation", "application", "odd"]
)
async def test_every_measure_is_told_apart_by_everything(visit: Visitor, measure: str, by: str) -> None:
    await called(visit, "small")

    reply = await visit.get(f"/usage?measure={measure}&by={by}&range=24h")

    assert reply.status_code == 200
    assert 'id="measured"' in reply.text


async def test_group_leads_to_its_calls_in_the_same_range(visit: Visitor) -> None:
    await called(visit, "gpt-4o-mini", "small", "small")
    page = (await visit.get("/usage?range=7d")).text

    (link,) = re.findall(r'href="/_tollbridge(/log\?[^"]*model=small[^"]*)"', page)
    log = (await visit.get(link.replace("&amp;", "&"))).text

    assert log.count("data-row") == 2
    assert "model: small ×" in log


async def test_filters_narrow_all_figures_and_can_be_taken_away(visit: Visitor) -> None:
    await called(visit, "gpt-4o-mini", "small", "small")

    page = (await visit.get("/usage?range=7d&model=small&by=provider")).text
    refused = await visit.get("/usage?range=7d&model=small&by=token")

    assert element(page, "calls") == "2"
    assert "Model: small ×" in page
    assert refused.status_code == 400
    assert "This is summed up call by call: name tokens" in refused.text
    assert "Without the filter model" in refused.text


async def test_range_without_calls_says_so(visit: Visitor) -> None:
    page = (await visit.get("/usage?from=2025-01-01&to=2025-01-02")).text
    log = (await visit.get("/log?from=2025-01-01&to=2025-01-02")).text

    assert "No calls in this range yet." in page
    assert "No request in this range." in log


async def test_call_is_shown_with_what_it_was_and_how_long_its_parts_took(visit: Visitor) -> None:
    token = await called(visit, "small")
    (row,) = await visit.under.gateway.store.recent(limit=1)

    page = (await visit.get(f"/log/{row.call_id}")).text
    found = (await visit.get(f"/search?q={row.call_id[:12]}")).text

    assert "mock/tiny-1" in page
    assert f"/tokens/{row.token_id}" in page
    assert "Timeline" in page
    assert f"/explain?id={row.call_id}" in page
    assert f"/log/{row.call_id}" in found
    assert token is not None
    assert (await visit.get("/log/req_nothing")).status_code == 404


async def test_log_is_there_as_csv_with_what_the_page_has_no_room_for(visit: Visitor) -> None:
    await called(visit, "small", "gpt-4o-mini")

    rows = list(csv.DictReader(io.StringIO((await visit.get("/log?format=csv")).text.lstrip("\ufeff"))))

    assert [row["model"] for row in rows] == ["gpt-4o-mini", "small"]
    assert {row["provider"] for row in rows} == {"mock"}
    assert all(row["id"].startswith("req_") for row in rows)


async def test_developer_sees_their_own_calls_alone(mock: Mock) -> None:
    operator = await Visitor(mock()).sign_in()
    ada = await operator.person(bridge="consumer")
    scopes = ["ai:*", "model:*"]
    mine = (await operator.under.gateway.tokens.issue(name="mine", owner=ada.id, scopes=scopes)).secret
    await called(operator, "small", token=mine)
    await called(operator, "gpt-4o-mini")
    visitor = await Visitor(operator.under).sign_in_as(ada)

    page, log = (await visitor.get("/my/usage?range=7d")).text, (await visitor.get("/my/log?range=7d")).text
    (id,) = re.findall(r'href="/_tollbridge/my/log/(req_\w+)"', log)

    assert element(page, "calls") == "1"
    assert (await visitor.get(f"/my/log/{id}")).status_code == 200
    assert (await visitor.get("/usage")).status_code == 403
    assert (await visitor.get("/log")).status_code == 403


async def test_member_of_a_team_sees_that_teams_calls(mock: Mock) -> None:
    operator = await Visitor(mock()).sign_in()
    visitor = Visitor(operator.under)
    await visitor.sign_in_as(await visitor.person(blue="team-admin", green="team-admin"))
    issue = operator.under.gateway.tokens.issue
    for team, model in (("blue", "small"), ("green", "gpt-4o-mini"), ("", "gpt-4o-mini")):
        token = (await issue(name=f"of-{team}", team=team, scopes=["ai:*", "model:*"])).secret
        await called(operator, model, token=token)

    blue, green = (await visitor.get("/usage?range=7d")).text, (await visitor.get("/usage?range=7d&team_of=green")).text

    assert (element(blue, "calls"), element(green, "calls")) == ("1", "1")
    assert "small" in blue
    assert "gpt-4o-mini" in green


@given(
    st.sampled_from(ZONES), st.dates(date(2020, 1, 1), date(2026, 11, 28)), st.integers(0, 1000), st.text(max_size=12)
)
def test_days_somebody_writes_are_whole_days_of_the_zone(zone: str, first: date, days: int, odd: str) -> None:
    last = min(first + timedelta(days=days), date(2026, 11, 28))
    place = Zone(zone)

    chosen = read_range({"from": first.isoformat(), "to": last.isoformat()}, place, NOW)
    other = read_range({"from": odd, "to": last.isoformat(), "range": odd}, place, NOW)

    assert chosen.since == place.begins(first)
    assert chosen.until <= min(place.begins(last + timedelta(days=1)), NOW)
    assert chosen.query() == {"from": first.isoformat(), "to": last.isoformat()}
    assert other.until <= NOW
    assert other.since < other.until


def test_range_that_ends_before_it_begins_is_none() -> None:
    assert read_range({"from": "2026-11-20", "to": "2026-11-01"}, Zone("UTC"), NOW).name == "30d"
    assert read_range({"from": "2027-11-20", "to": "2027-11-21"}, Zone("UTC"), NOW).name == "30d"


@pytest.mark.parametrize("page", ["/usage", "/log", "/usage?format=csv", "/log?format=csv"])
@pytest.mark.parametrize("days", ["from=2026-11-20&to=2026-11-01", "from=never", "to=2026-11-01", "from=1900-01-01"])
async def test_days_that_are_no_range_are_said_to_be_none(visit: Visitor, page: str, days: str) -> None:
    reply = await visit.get(f"{page}{'&' if '?' in page else '?'}{days}")

    assert reply.status_code == 400
    assert "Not those days" in reply.text


async def test_range_without_days_says_nothing_of_any(visit: Visitor) -> None:
    for page in ("/usage", "/usage?range=7d&from=&to=", "/log?range=nothing"):
        reply = await visit.get(page)
        assert (reply.status_code, "Not those days" in reply.text) == (200, False)
