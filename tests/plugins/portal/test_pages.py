"""Pages of the portal: what there is to be called, how, and a place to try it."""

import re
from collections.abc import Callable

import pytest
from tests.plugins.portal.visiting import DIGEST, operator, publish
from tests.support.visiting import MOCK, PREFIX, Visitor

from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge.tokens.conditions import parse_conditions

__all__ = ["gateway"]


@pytest.fixture
async def visit(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Give the operator before a gateway whose portal stands alone."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return await Visitor(gateway({**MOCK, "plugins": {"disabled": ["dashboard"]}})).sign_in()


TEXT = DIGEST["definition"]["variables"]["text"]


async def test_catalogue_is_empty_until_something_is_published(visit: Visitor) -> None:
    empty = (await visit.get("/portal")).text
    await publish(visit)
    page = (await visit.get("/portal")).text

    assert "Nothing is published yet." in empty
    assert f'<a href="{PREFIX}/portal/services/digest" data-row>Digest</a>' in page
    assert "Sums a text up." in page


async def test_filters_stand_in_the_address(visit: Visitor) -> None:
    await publish(visit)
    await publish(visit, "other", {**DIGEST, "name": "Other", "tags": ["odd"]})

    by_tag = (await visit.get("/portal?tag=odd")).text
    nothing = (await visit.get("/portal?q=nowhere")).text

    assert "Other" in by_tag
    assert "Sums a text up.</p>" in by_tag
    assert "services/digest" not in by_tag
    assert "No service matches." in nothing


async def test_page_of_a_service_has_fields_code_and_a_place_to_try(visit: Visitor) -> None:
    await publish(visit)

    page = (await visit.get("/portal/services/digest")).text

    assert '<span class="method">POST</span> <code>/v1/apis/digest</code>' in page
    assert "What to sum up." in page
    assert "$TOLLBRIDGE_TOKEN" in page
    for language in ("curl", "Go", "Java", "C#", "JavaScript", "Python"):
        assert f"<summary>{language}" in page, language
    assert 'name="body.text"' in page
    assert "Get a digest." in page


async def test_trying_without_scripts_shows_the_answer_and_what_it_cost(visit: Visitor) -> None:
    await publish(visit)
    form = {"operation": "call", "as": "self:", "body.text": "It rains.", "body.language": "en"}

    reply = await visit.post("/portal/services/digest/try", form)

    (sent,) = visit.under.sent
    assert reply.status_code == 200
    assert b"It rains. in en" in sent.body
    assert '<span class="pill ok" data-status>200</span>' in reply.text
    assert "req_" in reply.text.partition("data-facts")[2]
    assert "· $0.0" in reply.text


async def test_trying_by_a_script_gives_the_answer_itself(visit: Visitor) -> None:
    await publish(visit)
    form = {"operation": "call", "as": "self:", "body.text": "It rains."}

    reply = await visit.post("/portal/services/digest/try", form, **{"x-portal-script": "1"})

    assert (reply.status_code, reply.headers["x-tried-status"]) == (200, "200")
    assert reply.headers["content-type"].startswith(("application/json", "text/plain"))
    assert reply.headers["x-request-id"].startswith("req_")
    assert "set-cookie" not in reply.headers


async def test_trial_with_a_token_is_that_tokens_call(visit: Visitor) -> None:
    await publish(visit)
    ada = await visit.person(bridge="consumer")
    mine = (
        await visit.under.gateway.tokens.issue(name="mine", owner=ada.id, scopes=["ai:*", "model:*", "service:*"])
    ).token
    visitor = await Visitor(visit.under).sign_in_as(ada)
    form = {"operation": "call", "as": mine.id, "body.text": "It rains."}

    page = (await visitor.get("/portal/services/digest")).text
    reply = await visitor.post("/portal/services/digest/try", form)

    assert f'<option value="{mine.id}">mine' in page
    assert "data-status>200" in reply.text
    rows = await visit.under.gateway.store.recent(limit=5)
    assert {row.token_id for row in rows} == {mine.id}


async def test_nobody_tries_with_a_token_of_somebody_else(visit: Visitor) -> None:
    await publish(visit)
    other = (await visit.under.gateway.tokens.issue(name="theirs", scopes=["ai:*", "model:*", "service:*"])).token
    visitor = Visitor(visit.under)
    await visitor.sign_in_as(await visitor.person(bridge="consumer"))
    form = {"operation": "call", "body.text": "It rains."}

    replies = [
        await visitor.post("/portal/services/digest/try", {**form, "as": way})
        for way in (other.id, "self:blue", "", "tok_nobody")
    ]

    assert {reply.status_code for reply in replies} == {404}
    assert visit.under.sent == []


async def test_token_opens_only_where_its_conditions_say(visit: Visitor) -> None:
    await publish(visit)
    ada = await visit.person(bridge="consumer")
    issue = visit.under.gateway.tokens.issue
    wish = {"owner": ada.id, "scopes": ["ai:*", "model:*", "service:*"]}
    mine = (await issue(name="mine", conditions=parse_conditions(["203.0.113.0/24"]), **wish)).token
    visitor = await Visitor(visit.under).sign_in_as(ada)

    reply = await visitor.post(
        "/portal/services/digest/try", {"operation": "call", "as": mine.id, "body.text": "It rains."}
    )

    assert reply.status_code == 403
    assert visit.under.sent == []


async def test_field_that_is_needed_is_asked_for(visit: Visitor) -> None:
    number = {"type": "integer", "minimum": 1}
    definition = {**DIGEST["definition"], "user": "{{text}} {{count}}", "variables": {"text": TEXT, "count": number}}
    await publish(visit, draft={**DIGEST, "definition": definition})
    form = {"operation": "call", "as": "self:", "body.text": "It rains.", "body.count": "many"}

    page = await visit.post("/portal/services/digest/try", form)
    told = await visit.post("/portal/services/digest/try", {**form, "body.count": ""}, **{"x-portal-script": "1"})

    assert page.status_code == 400
    assert "This is no JSON." in page.text
    assert 'value="many"' in page.text
    assert told.json() == {"errors": {"body.count": "This is needed."}}
    assert visit.under.sent == []


async def test_operation_that_is_not_there_is_not_found(visit: Visitor) -> None:
    await publish(visit)

    assert (await visit.post("/portal/services/digest/try", {"operation": "odd", "as": "self:"})).status_code == 404
    assert (await visit.get("/portal/services/digest?operation=odd")).status_code == 404
    assert (await visit.get("/portal/services/nothing")).status_code == 404


async def test_subscription_is_asked_for_and_said(visit: Visitor) -> None:
    await publish(visit, draft={**DIGEST, "access": "subscription"})
    asking = await operator(visit)
    app = await asking.post("/applications", {"name": "shop", "scopes": ["ai:*", "model:*"]})

    before = (await visit.get("/portal/services/digest")).text
    reply = await visit.post("/portal/services/digest/subscribe", {"application": app["id"], "why": "for the shop"})
    again = await visit.post("/portal/services/digest/subscribe", {"application": app["id"]})

    assert "Ask for access" in before
    assert reply.status_code == 303
    assert "said=" in reply.headers["location"]
    assert again.status_code == 400
    assert "Not asked" in again.text
    (asked,) = (await asking.get("/subscriptions"))["items"]
    assert (asked["application"], asked["why"]) == (app["id"], "for the shop")
    after = (await visit.get("/portal/services/digest")).text
    assert re.search(r"<b>shop</b></bdi> <span[^>]*>Asked for", after)
    assert "Ask for access" not in after


async def test_other_application_may_be_asked_for_beside_one_that_has_access(visit: Visitor) -> None:
    await publish(visit, draft={**DIGEST, "access": "subscription", "approval": "auto"})
    asking = await operator(visit)
    first, second = [await asking.post("/applications", {"name": name, "scopes": ["ai:*"]}) for name in ("a", "b")]

    await visit.post("/portal/services/digest/subscribe", {"application": first["id"]})
    page = (await visit.get("/portal/services/digest")).text

    catalogue = (await visit.get("/portal")).text

    assert re.search(r"<b>a</b></bdi> <span[^>]*>You have access", page)
    assert page.count("You have access") == 2
    assert "You have access" in catalogue
    assert "Subscribe to call" not in page + catalogue
    assert f'<option value="{second["id"]}">b</option>' in page
    assert f'<option value="{first["id"]}"' not in page


@pytest.mark.parametrize("role", ["consumer", "viewer"])
async def test_whoever_cannot_ask_is_told_who_can_and_led_nowhere(visit: Visitor, role: str) -> None:
    await publish(visit, draft={**DIGEST, "access": "subscription"})
    visitor = Visitor(visit.under)
    await visitor.sign_in_as(await visitor.person(blue=role))

    page = (await visitor.get("/portal/services/digest")).text

    assert "Somebody who administers your team makes one, and asks." in page
    assert "/applications/new" not in page
    assert "/tokens/new" not in page


async def test_service_is_tried_as_the_application_that_subscribed(visit: Visitor) -> None:
    await publish(visit, draft={**DIGEST, "access": "subscription", "approval": "auto"})
    ada = await visit.person(blue="team-admin")
    asking = await operator(visit)
    app = await asking.post("/applications", {"name": "shop", "team": "blue"})
    await asking.post("/subscriptions", {"service": "digest", "application": app["id"]})
    visitor = await Visitor(visit.under).sign_in_as(ada)
    form = {"operation": "call", "body.text": "It rains."}

    page = (await visitor.get("/portal/services/digest")).text
    by = {
        way: (await visitor.post("/portal/services/digest/try", {**form, "as": way})).text
        for way in (f"application:{app['id']}", "self:blue")
    }

    first = page.partition('name="as"')[2].partition("</option>")[0]
    assert first.endswith(f'value="application:{app["id"]}">The application shop')
    assert "data-status>200" in by[f"application:{app['id']}"]
    assert "not_subscribed" in by["self:blue"]
    (row,) = [row for row in await visit.under.gateway.store.recent(limit=5) if row.status == 200 and not row.parent]
    assert (row.token_id, row.application, row.team) == (app["id"], app["id"], "blue")


@pytest.mark.parametrize("team", ["red", ""])
async def test_nobody_tries_as_an_application_that_they_do_not_administer(visit: Visitor, team: str) -> None:
    await publish(visit)
    ada = await visit.person(blue="team-admin", red="consumer")
    app = await (await operator(visit)).post("/applications", {"name": "theirs", "team": team, "scopes": ["ai:*"]})
    visitor = await Visitor(visit.under).sign_in_as(ada)
    form = {"operation": "call", "body.text": "It rains.", "as": f"application:{app['id']}"}

    page = (await visitor.get("/portal/services/digest")).text
    reply = await visitor.post("/portal/services/digest/try", form)

    assert app["id"] not in page
    assert reply.status_code == 404
    assert visit.under.sent == []


async def test_application_that_is_off_is_no_way_to_call(visit: Visitor) -> None:
    await publish(visit)
    asking = await operator(visit)
    app = await asking.post("/applications", {"name": "shop", "scopes": ["ai:*", "model:*", "service:*"]})
    await asking.post(f"/applications/{app['id']}/disable")
    form = {"operation": "call", "body.text": "It rains.", "as": f"application:{app['id']}"}

    assert app["id"] not in (await visit.get("/portal/services/digest")).text
    assert (await visit.post("/portal/services/digest/try", form)).status_code == 404


async def test_document_is_there_as_a_file(visit: Visitor) -> None:
    await publish(visit)

    reply = await visit.get("/portal/services/digest/openapi.json")

    assert reply.json()["info"]["title"] == "Digest"
    assert reply.headers["content-disposition"] == 'attachment; filename="digest.openapi.json"'


async def test_tools_are_set_up_with_this_address_and_model(visit: Visitor) -> None:
    listed = (await visit.get("/portal/setup")).text
    codex = (await visit.get("/portal/setup/codex?model=small")).text

    for title in ("Claude Code", "Codex", "Cursor", "Open WebUI", "LangChain"):
        assert title in listed
    assert "http://gateway.test/v1" in codex
    assert "small" in codex
    assert "wire_api" in codex
    assert (await visit.get("/portal/setup/nothing")).status_code == 404


async def test_models_are_shown_with_their_prices(visit: Visitor) -> None:
    page = (await visit.get("/portal/models")).text

    assert "gpt-4o-mini" in page
    assert '<data value="0.15">$0.150</data>' in page
    assert "unpriced" in page


async def test_service_that_is_called_as_a_model_has_the_price_of_its_calls(visit: Visitor) -> None:
    await publish(visit, draft={**DIGEST, "price_per_call_usd": "0.25"})

    page = (await visit.get("/portal/models?q=api/digest")).text

    assert re.search(r'<a href="/_tollbridge/portal/services/digest">\s*\$0.250 a call', page)
    assert "unpriced" not in page


async def test_names_of_strangers_are_text(visit: Visitor) -> None:
    await publish(visit, draft={**DIGEST, "name": "<script>alert(1)</script>", "description": '"><img src=x>'})

    pages = [(await visit.get(path)).text for path in ("/portal", "/portal/services/digest")]

    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
