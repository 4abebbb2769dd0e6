"""The list of services: filtered, found, and given as CSV, for whoever may see some."""

from collections.abc import Callable

import pytest
from tests.plugins.dashboard.servicing import PROMPT, api, begun, published, released
from tests.support.naughty import credentials
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.services.list import health

PATCH = {"content-type": "application/merge-patch+json"}
NAUGHTY = '<script>alert("x")</script> {{7*7}} %s %(n)s'


async def test_services_are_listed_with_kind_team_and_state(visit: Visitor) -> None:
    await visit.person("ada", blue="team-admin")
    await begun(visit, team="blue")
    await begun(visit, "sum", "prompt")

    page = (await visit.get("/services")).text

    assert 'href="/_tollbridge/services/orders" data-row><b>Orders</b>' in page
    assert "REST API" in page
    assert "Prompt API" in page
    assert "blue" in page
    assert "whole bridge" in page
    assert page.count('<span class="pill off">Draft</span>') == 2


async def test_filters_keep_only_what_they_say(visit: Visitor) -> None:
    await begun(visit)
    await begun(visit, "sum", "prompt")

    for query, there in (("kind=prompt", "sum"), ("q=rder", "orders"), ("state=draft&kind=rest", "orders")):
        page = (await visit.get(f"/services?{query}")).text
        assert [slug for slug in ("orders", "sum") if f'href="/_tollbridge/services/{slug}" data-row' in page] == [
            there
        ]
    assert "No service is like that." in (await visit.get("/services?state=retired")).text


async def test_bridge_without_services_says_how_to_begin(visit: Visitor) -> None:
    page = (await visit.get("/services")).text

    assert "Nothing is published yet" in page
    assert 'href="/_tollbridge/services/new/openapi"' in page


async def test_paused_service_is_shown_so_whatever_its_state(visit: Visitor) -> None:
    await begun(visit)
    await api(visit).post("/services/orders/pause", {"why": "repairs"})

    assert '<span class="pill warn">Paused</span>' in (await visit.get("/services")).text


async def test_row_says_which_version_serves_and_how_its_calls_went(visit: Visitor) -> None:
    definition = {**PROMPT["definition"], "tests": {}}
    await begun(visit, "sum", "prompt", definition=definition, price_per_call_usd="0.5")
    await published(visit, "sum", version="1.4")
    for _ in range(3):
        await visit.under.request("POST", "/v1/apis/sum", json={"text": "hi"})
    visit.under.clock.advance(60)

    page = (await visit.get("/services")).text
    rows = (await visit.get("/services?format=csv")).text.splitlines()

    assert ">1.4</td>" in page.replace("\n", "")
    assert '<span class="pill ok">Healthy</span>' in page
    assert '<data value="3">3</data>' in page
    assert '<data value="1.5003">$1.50</data>' in page  # 3 x 0.5, and 1000 x 0.05 + 500 x 0.10 per million for each
    assert rows[0].endswith("version,health,calls,failed,cost_usd")
    assert rows[1].endswith("published,1.4,healthy,3,0,1.5003")


@pytest.mark.parametrize(
    ("calls", "failed", "value"),
    [(None, None, "none"), (0, 0, "none"), (200, 1, "healthy"), (100, 1, "failing"), (100, 10, "broken")],
)
def test_health_is_by_the_share_of_calls_that_failed(calls: int | None, failed: int | None, value: str) -> None:
    assert health({"calls": calls, "failed": failed}).value == value


async def test_list_is_there_as_csv(visit: Visitor) -> None:
    await begun(visit, name="=1+1")

    reply = await visit.get("/services?format=csv")

    head, row, *_ = reply.text.lstrip("\ufeff").splitlines()
    assert head.split(",")[:5] == ["name", "slug", "kind", "team", "state"]
    assert row.startswith("'=1+1,orders,REST API,whole bridge,draft")


async def test_names_of_strangers_are_never_markup_nor_templates(visit: Visitor) -> None:
    await begun(visit, name=NAUGHTY, description=NAUGHTY, docs=NAUGHTY)
    await published(visit, version="1")

    for path in ("/services", "/services/orders", "/services/orders/docs", "/services/orders/settings"):
        page = await visit.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in page.text
        assert "{{7*7}} %s" in page.text


async def test_no_name_of_the_naughty_list_breaks_a_page(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    tried = 0

    for raw in credentials():
        name = raw.decode("utf-8", "replace")
        if len(name) > 100 or not any(sign in name for sign in "<{%&"):
            continue
        wish = {"draft": {"name": name, "description": name, "docs": name, "category": ""}}
        if (await api(visit).send("PATCH", "/services/sum", wish, headers=PATCH)).status != 200:
            continue  # what is no text is no name
        tried += 1
        for tab in ("", "/docs"):
            page = await visit.get(f"/services/sum{tab}")
            assert page.status_code == 200, name
            assert not any(tag in page.text for tag in ("<script>alert", "<img src=x", "<svg/onload"))

    assert tried > 40


async def test_member_sees_the_services_of_the_team_and_no_others(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="service-developer"))
    await begun(visit, team="blue")
    await begun(visit, "sum", "prompt")

    page = (await visit.get("/services")).text

    assert "services/orders" in page
    assert "services/sum" not in page
    assert (await visit.get("/services/sum")).status_code == 404


@pytest.mark.parametrize("path", ["/services", "/services/orders", "/services/new", "/prompts"])
async def test_whoever_has_no_scope_sees_none(mock: Callable[..., GatewayUnderTest], path: str) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada"))

    reply = await visit.get(path)

    assert reply.status_code == 403
    assert "admin:services:" in reply.text


async def test_search_finds_services_by_name_for_whoever_may_see_them(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = await Visitor(mock()).sign_in()
    await begun(visit)

    found = (await visit.get("/search?q=rder")).text
    await visit.sign_in_as(await visit.person("ada", blue="viewer"))
    hidden = (await visit.get("/search?q=rder")).text

    assert 'href="/_tollbridge/services/orders"' in found
    assert "services/orders" not in hidden
