"""Settings of a service: words, terms, objectives, and whose it is."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.dashboard.servicing import api, begun, draft, fields, published
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

WORDS = {
    "name": "All orders",
    "description": "What was ordered.",
    "category": "shop/orders",
    "tags": "shop, orders ,",
    "logo": "",
    "contacts": "Ann, ann@example.com\nThe desk, https://desk.example",
    "docs": "# Orders\r\nRead them.",
}
TERMS = {
    **{"visibility": "team", "access": "scope", "approval": "auto", "plans": "gold silver"},
    **{"price_per_call_usd": "$0.25", "requests_per_minute": "1,000", "tokens_per_minute": "", "concurrency": "5"},
    **{"budget": "25.50", "period": "day"},
}


async def save(visit: Visitor, part: str, form: dict[str, str]) -> Any:
    return await visit.post(f"/services/orders/settings/{part}", form)


async def test_words_are_changed_and_shown(visit: Visitor) -> None:
    await begun(visit)
    page = await visit.get("/services/orders/settings/words")

    reply = await save(visit, "words", {**WORDS, **fields(page)})

    found = await draft(visit)
    assert reply.headers["location"] == "/_tollbridge/services/orders/settings?said=changed"
    assert (found["name"], found["tags"], found["docs"]) == ("All orders", ["shop", "orders"], "# Orders\nRead them.")
    assert found["contacts"] == [
        {"name": "Ann", "email": "ann@example.com", "url": ""},
        {"name": "The desk", "email": "", "url": "https://desk.example"},
    ]
    again = (await visit.get("/services/orders/settings/words")).text
    assert "Ann, ann@example.com\nThe desk, https://desk.example" in again


async def test_terms_are_changed_and_what_is_empty_is_taken_away(visit: Visitor) -> None:
    await begun(visit)

    await save(visit, "terms", TERMS)
    first = await draft(visit)
    page = (await visit.get("/services/orders/settings/terms")).text
    await save(
        visit, "terms", {**TERMS, "requests_per_minute": "", "budget": "", "plans": "", "price_per_call_usd": ""}
    )
    second = await draft(visit)

    assert (first["visibility"], first["access"], first["approval"]) == ("team", "scope", "auto")
    assert first["limits"] == {"requests_per_minute": 1000, "tokens_per_minute": None, "concurrency": 5}
    assert (first["budget"], first["price_per_call_usd"]) == ({"usd": "25.5", "period": "day"}, "0.25")
    assert '<option value="team" selected>' in page
    assert 'value="1000"' in page
    assert (second["limits"]["requests_per_minute"], second["budget"], second["plans"]) == (None, None, [])
    assert second["price_per_call_usd"] == "0"


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("terms", "requests_per_minute", "many"),
        ("terms", "price_per_call_usd", "a lot"),
        ("words", "name", "x" * 300),
        ("objectives", "objective_0", "all"),
    ],
)
async def test_what_the_api_refuses_stands_beside_its_field_and_stays(
    visit: Visitor, part: str, field: str, value: str
) -> None:
    await begun(visit)
    given = {"words": WORDS, "terms": TERMS, "objectives": {"name_0": "fast"}}[part]

    reply = await save(visit, part, {**given, field: value})

    assert reply.status_code == 400
    assert f'id="h-{field}"' in reply.text
    assert f'value="{value}"' in reply.text
    assert (await draft(visit))["name"] == "Orders"


async def test_objectives_are_written_line_by_line(visit: Visitor) -> None:
    await begun(visit)
    form = {"name_0": "fast", "objective_0": "99.5", "latency_ms_0": "800", "window_days_0": "7"}
    form |= {"name_1": "", "objective_1": "5", "name_2": "there", "objective_2": "99", "latency_ms_2": ""}

    await save(visit, "objectives", form)
    page = (await visit.get("/services/orders/settings/objectives")).text
    shown = (await visit.get("/services/orders/settings")).text

    assert (await draft(visit))["slos"] == [
        {"name": "fast", "objective": 99.5, "latency_ms": 800, "window_days": 7},
        {"name": "there", "objective": 99.0, "latency_ms": None, "window_days": 30},
    ]
    assert page.count('id="f-name_') == 4  # two, and two empty ones
    assert "99.5 % within 800 ms, over 7 days" in shown
    assert "99.0 % do not fail" in shown


async def test_change_that_comes_too_late_is_refused(visit: Visitor) -> None:
    await begun(visit)
    page = await visit.get("/services/orders/settings/words")
    await api(visit).patch("/services/orders", {"draft": {"name": "Other"}})

    reply = await save(visit, "words", {**WORDS, **fields(page)})

    assert reply.status_code == 400
    assert "changed since" in reply.text
    assert (await draft(visit))["name"] == "Other"


async def test_service_is_given_to_another_team_and_the_page_says_whom_that_concerns(visit: Visitor) -> None:
    await visit.person("ada", blue="viewer", red="viewer")
    await begun(visit, team="blue")
    await published(visit)
    page = await visit.get("/services/orders/settings")

    given = await save(visit, "team", {"team": "red", **fields(page)})

    assert (await api(visit).get("/services/orders"))["team"] == "red"
    assert given.status_code == 200  # no redirect, for it has something to say
    assert "belongs to the other team" in given.text
    assert "blue" in given.text


async def test_member_gives_no_service_away_and_sees_no_form_for_it(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="service-developer", red="viewer"))
    await begun(visit, team="blue")

    page = (await visit.get("/services/orders/settings")).text
    forced = await save(visit, "team", {"team": "red"})

    assert "Give it to this team" not in page
    assert forced.status_code in (400, 403)
    assert (await api(visit).get("/services/orders"))["team"] == "blue"


async def test_part_that_is_none_is_nothing(visit: Visitor) -> None:
    await begun(visit)

    assert (await visit.get("/services/orders/settings/nothing")).status_code == 404
    assert (await visit.get("/services/nobody/settings")).status_code == 404
