"""Services are begun: from a document, a URL, the wrapped app, a starter, and whatever a plugin offers."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.plugins.dashboard.servicing import api, draft, fields
from tests.support.answering import Answering
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Orders", "version": "1"},
    "servers": [{"url": "https://api.example.com/v2"}],
    "webhooks": {"placed": {}},
    "paths": {"/orders": {"get": {"operationId": "list", "responses": {"200": {"description": "ok"}}}}},
}


async def test_ways_to_begin_are_those_of_the_kinds_that_there_are(mock: Callable[..., GatewayUnderTest]) -> None:
    whole = await Visitor(mock()).sign_in()
    part = await Visitor(mock(plugins={"disabled": ["mcp", "prompts"]})).sign_in()

    everything, less = (await whole.get("/services/new")).text, (await part.get("/services/new")).text

    ways = ("openapi", "url", "app", "prompt", "mcp", "model")
    assert [way for way in ways if f"/services/new/{way}" in everything] == list(ways)
    assert [way for way in ways if f"/services/new/{way}" in less] == ["openapi", "url", "app", "model"]
    for starter in ("summary", "extraction", "translation"):
        assert f"/services/new/prompt?starter={starter}" in everything
    assert (await whole.get("/services/new/nothing")).status_code == 404


async def test_document_shows_what_it_makes_before_it_is_made(visit: Visitor) -> None:
    form = {"slug": "orders", "name": "", "text": json.dumps(DOCUMENT), "url": "", "upstream": "", "team": ""}

    shown = await visit.post("/services/new/openapi", form)
    before = (await api(visit).get("/services"))["items"]
    made = await visit.post("/services/new/openapi", {**form, **fields(shown)})

    assert shown.status_code == 200
    assert before == []
    assert "1 operation will be served" in shown.text
    assert "webhooks are no operations: placed" in shown.text
    assert made.headers["location"] == "/_tollbridge/services/orders?said=made"
    found = await draft(visit)
    assert found["name"] == "Orders"
    assert found["definition"]["upstreams"] == {"main": {"nodes": [{"url": "https://api.example.com/v2"}]}}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text": "nonsense"}, "Not done yet"),
        ({}, "Send either the document or its address."),
        ({"text": "{}", "url": "https://x.example/"}, "Send either the document or its address."),
        ({"url": "http://plain.example/openapi.json"}, "Not done yet"),
    ],
)
async def test_document_that_cannot_be_used_is_refused_and_stays(
    visit: Visitor, typed: dict[str, str], said: str
) -> None:
    reply = await visit.post("/services/new/openapi", {"slug": "orders", **typed})

    assert reply.status_code == 400
    assert said in reply.text
    assert all(value.replace('"', "&#34;") in reply.text for value in typed.values())
    assert (await api(visit).get("/services"))["items"] == []


async def test_slug_that_is_taken_stands_beside_its_field_and_the_name_stays(visit: Visitor) -> None:
    form = {"slug": "Not A Slug", "name": "Weather", "base": "https://api.example.com/v2", "key": "stored:weather"}

    wrong = await visit.post("/services/new/url", form)
    right = await visit.post("/services/new/url", {**form, "slug": "weather"})

    assert wrong.status_code == 400
    assert re.search(r'id="f-slug"[^>]*value="Not A Slug"[^>]*aria-invalid="true"', wrong.text)
    assert 'value="Weather"' in wrong.text
    assert right.status_code == 303
    made = await draft(visit, "weather")
    assert made["definition"]["upstreams"]["main"] == {
        "nodes": [{"url": "https://api.example.com/v2"}],
        "auth": {"scheme": "bearer", "key": "stored:weather"},
    }
    assert [one["path"] for one in made["definition"]["routes"]] == ["/{rest*}"]
    problems = (await api(visit).get("/services/weather/draft"))["problems"]
    assert [one for one in problems if not one["warning"]] == []


@pytest.mark.parametrize("base", ["", "api.example.com", "ftp://x.example", "https://[broken"])
async def test_base_that_is_no_url_is_refused(visit: Visitor, base: str) -> None:
    reply = await visit.post("/services/new/url", {"slug": "weather", "base": base})

    assert reply.status_code == 400
    assert "begins with https://" in reply.text


async def test_secret_itself_is_not_taken(visit: Visitor) -> None:
    form = {"slug": "weather", "base": "https://api.example.com", "key": "sk-quartz"}

    reply = await visit.post("/services/new/url", form)

    assert reply.status_code == 400
    assert "stored:NAME" in reply.text
    assert (await api(visit).get("/services"))["items"] == []


async def test_form_is_taken_once_however_often_it_is_sent(visit: Visitor) -> None:
    sent = fields(await visit.get("/services/new/url"))["sent"]
    form = {"slug": "weather", "name": "Weather", "base": "https://api.example.com", "sent": sent}

    first, again = await visit.post("/services/new/url", form), await visit.post("/services/new/url", form)

    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]


@pytest.mark.parametrize("starter", ["summary", "extraction", "translation", ""])
async def test_prompt_begins_with_a_starter_and_opens_in_its_editor(visit: Visitor, starter: str) -> None:
    form = {"slug": "sum", "name": "Mine", "starter": starter, "model": "small"}

    reply = await visit.post("/services/new/prompt", form)

    assert reply.headers["location"] == "/_tollbridge/services/sum/prompt?said=made"
    made = await draft(visit, "sum")
    assert (made["name"], made["definition"]["model"]) == ("Mine", "small")
    assert bool(made["definition"].get("variables")) is bool(starter)


async def test_starter_of_the_address_is_chosen(visit: Visitor) -> None:
    page = (await visit.get("/services/new/prompt?starter=translation")).text

    assert '<option value="translation" selected>' in page


async def test_mcp_server_and_model_route_are_begun(visit: Visitor) -> None:
    tools = {
        "slug": "tools",
        "name": "Tools",
        "url": "https://mcp.example/mcp",
        "tools": "read_* list",
        "key": "stored:m",
    }
    fast = {"slug": "fast", "name": "Fast", "model": "small", "system": "Be short."}

    assert (await visit.post("/services/new/mcp", tools)).status_code == 303
    assert (await visit.post("/services/new/model", fast)).status_code == 303

    definition = (await draft(visit, "tools"))["definition"]
    assert definition["tools"] == [{"name": "read_*"}, {"name": "list"}]
    assert definition["headers"] == {"Authorization": "Bearer stored:m"}
    assert (await draft(visit, "fast"))["definition"] == {"model": "small", "system": "Be short."}


async def test_kind_of_a_plugin_is_begun_with_a_definition_by_hand(
    gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await Visitor(gateway({}, plugins=(Answering(),))).sign_in()

    assert "/services/new/other?kind=answering" in (await visit.get("/services/new")).text
    wrong = await visit.post("/services/new/other?kind=answering", {"slug": "rain", "definition": '{"text": '})
    right = await visit.post("/services/new/other?kind=answering", {"slug": "rain", "definition": '{"text": "wet"}'})

    assert wrong.status_code == 400
    assert "look at line 1, column 10" in wrong.text
    assert right.status_code == 303
    assert (await draft(visit, "rain"))["definition"] == {"text": "wet"}


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok")


async def test_routes_of_the_wrapped_app_are_shown_and_made(gateway: Callable[..., GatewayUnderTest]) -> None:
    app = Starlette(routes=[Route("/shop/orders", answer, name="list"), Route("/other", answer)])
    visit = await Visitor(gateway({}, app=app)).sign_in()
    form = {"slug": "orders", "name": "Orders", "prefix": "/shop"}

    shown = await visit.post("/services/new/app", form)
    made = await visit.post("/services/new/app", {**form, **fields(shown)})

    assert "1 operation will be served" in shown.text
    assert made.status_code == 303
    assert (await draft(visit))["definition"]["routes"] == [{"name": "list", "path": "/orders", "methods": ["GET"]}]


async def test_gateway_that_wraps_no_app_says_so(visit: Visitor) -> None:
    reply = await visit.post("/services/new/app", {"slug": "orders", "prefix": ""})

    assert reply.status_code == 400
    assert "wraps no app" in reply.text


async def test_member_makes_services_of_the_team_alone(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="service-developer"))
    form: dict[str, Any] = {"slug": "weather", "name": "Weather", "base": "https://api.example.com"}

    page = (await visit.get("/services/new/url")).text
    mine = await visit.post("/services/new/url", {**form, "team": "blue"})
    other = await visit.post("/services/new/url", {**form, "slug": "sun", "team": "red"})

    assert '<option value="blue"' in page
    assert mine.status_code == 303
    assert (await api(visit).get("/services/weather"))["team"] == "blue"
    assert other.status_code in (400, 403)
    assert [one["slug"] for one in (await api(visit).get("/services"))["items"]] == ["weather"]


async def test_service_whose_slug_is_a_page_is_shown_by_its_id(visit: Visitor) -> None:
    form = {"slug": "new", "name": "News", "base": "https://api.example.com"}

    made = await visit.post("/services/new/url", form)

    where = made.headers["location"].removeprefix("/_tollbridge").partition("?")[0]
    assert where.startswith("/services/svc_")
    assert "News" in (await visit.get(where)).text
    assert f'href="/_tollbridge{where}"' in (await visit.get("/services")).text
