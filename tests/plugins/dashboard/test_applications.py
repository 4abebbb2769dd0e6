"""Applications: made, changed, given away, switched off and ended by the admin API, for whoever may."""

import re
from collections.abc import Callable

import pytest
from tests.plugins.dashboard.test_token_pages import EVIL, hidden
from tests.plugins.dashboard.test_tokens import SECRET
from tests.plugins.dashboard.test_waits import served
from tests.support.answering import Answering
from tests.support.visiting import MOCK, PREFIX, Visitor

from tollbridge.applications.model import Application
from tollbridge.testing import GatewayUnderTest

GOOD = {"name": "Shop", "description": "sells", "scopes": "ai:chat model:*", "budget": "25", "tags": "a b"}


@pytest.fixture
async def visit(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Give the operator, where services answer."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return await Visitor(gateway(MOCK, plugins=(Answering(),))).sign_in()


async def made(visit: Visitor, **fields: str) -> Application:
    reply = await visit.post("/applications/new", {**GOOD, **fields})
    assert reply.status_code == 303, reply.text
    id = reply.headers["location"].partition("/applications/")[2].partition("?")[0]
    found = await visit.under.gateway.applications.get(id)
    assert found is not None
    return found


async def test_application_is_made_shown_and_listed(visit: Visitor) -> None:
    one = await made(visit)

    page = (await visit.get(f"/applications/{one.id}?said=made")).text
    listed = (await visit.get("/applications")).text

    assert (one.name, one.description, one.scopes, one.tags) == ("Shop", "sells", ("ai:chat", "model:*"), ("a", "b"))
    for part in ("The application is there", "sells", "$25.00", "ai:chat", "It has no token yet.", "It called nothing"):
        assert part in page, part
    assert "It subscribes to nothing yet." in page
    assert f'href="{PREFIX}/applications/{one.id}" data-row><b>Shop</b>' in listed
    assert "Shop" not in (await visit.get("/applications?state=revoked")).text
    assert "No application matches." in (await visit.get("/applications?q=x")).text


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("scopes", "root:all"), ("budget", "x"), ("hours", "often")]
)
async def test_what_the_api_refuses_stands_beside_its_field(visit: Visitor, field: str, value: str) -> None:
    reply = await visit.post("/applications/new", {**GOOD, "tpm": "77", field: value})

    assert reply.status_code == 400
    assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', reply.text)
    assert 'value="77"' in reply.text


async def test_form_is_filled_in_from_the_address_and_a_form_that_comes_again_makes_one(visit: Visitor) -> None:
    page = (await visit.get("/applications/new?name=Till&rpm=9")).text
    key = re.search(r'name="sent" value="([^"]+)"', page)
    assert key is not None

    first, again = [await visit.post("/applications/new", {**GOOD, "sent": key[1]}) for _ in range(2)]

    assert 'value="Till"' in page
    assert 'value="9"' in page
    assert first.headers["location"] == again.headers["location"]


async def test_change_holds_unless_somebody_else_changed_it_meanwhile(visit: Visitor) -> None:
    one = await made(visit)
    path = f"/applications/{one.id}/edit"
    fields = {"name": "Till", "rpm": "5", **(await hidden(visit, path))}

    page = (await visit.get(path)).text
    first, second = await visit.post(path, fields), await visit.post(path, fields)

    changed = await visit.under.gateway.applications.get(one.id)
    assert 'value="Shop"' in page
    assert 'value="25"' in page
    assert "sells</textarea>" in page
    assert (first.status_code, second.status_code) == (303, 400)
    assert "changed since" in second.text
    assert changed is not None
    assert (changed.name, changed.scopes, changed.budget, changed.limits.requests_per_minute) == ("Till", (), None, 5)


async def test_token_of_it_is_made_in_place_and_shown_once(visit: Visitor) -> None:
    one = await made(visit)
    path = f"/applications/{one.id}/token"
    form = {"name": "prod", "expires": "never", **(await hidden(visit, path))}

    reply, again = await visit.post(path, form), await visit.post(path, form)

    (secret,) = set(SECRET.findall(reply.text))
    page = (await visit.get(f"/applications/{one.id}")).text
    assert (await visit.under.chat("gpt-4o-mini", token=secret)).status_code == 200
    assert again.status_code == 409
    assert not SECRET.search(again.text)
    assert "<b>prod</b>" in page
    assert secret not in page
    (token,) = await visit.under.gateway.store.list_tokens(parent=one.id)
    assert f'data-wait="{PREFIX}/tokens/{token.id}/used"' in reply.text


async def test_token_that_cannot_be_made_is_refused_and_the_form_sent_again(visit: Visitor) -> None:
    one = await made(visit)
    path = f"/applications/{one.id}/token"
    form = {"name": "prod", "scopes": "root:all", **(await hidden(visit, path))}

    refused = await visit.post(path, form)
    right = await visit.post(path, {**form, "scopes": "ai:chat"})

    assert refused.status_code == 400
    assert re.search(r'id="f-scopes"[^>]*aria-invalid', refused.text)
    assert right.status_code == 200
    assert SECRET.search(right.text)


async def test_application_is_switched_off_and_on_and_ended_once_its_name_is_typed(visit: Visitor) -> None:
    one = await made(visit)
    path = f"/applications/{one.id}"

    await visit.post(f"{path}/disable", await hidden(visit, f"{path}/disable"))
    off = (await visit.get(path)).text
    await visit.post(f"{path}/enable", await hidden(visit, f"{path}/enable"))
    wrong = await visit.post(f"{path}/end", {"name": "shop"})
    right = await visit.post(f"{path}/end", {"name": "Shop"})

    assert '<span class="pill off">Disabled</span>' in off
    assert (wrong.status_code, right.status_code) == (400, 303)
    ended = (await visit.get(path)).text
    assert '<span class="pill bad">Ended</span>' in ended
    assert f"{path}/edit" not in ended


async def test_application_is_given_to_another_team_by_who_administers_the_bridge(visit: Visitor) -> None:
    for team in ("blue", "red"):
        await visit.under.gateway.people.teams.add(name=team)
    one = await made(visit, team="blue")
    path = f"/applications/{one.id}/transfer"

    page = (await visit.get(path)).text
    wrong = await visit.post(path, {"team": "nobody"})
    right = await visit.post(path, {"team": "red", **(await hidden(visit, path))})

    assert '<option value="blue" selected>' in page
    assert (wrong.status_code, right.status_code) == (400, 303)
    given = await visit.under.gateway.applications.get(one.id)
    assert given is not None
    assert given.team == "red"
    admin = await Visitor(visit.under).sign_in_as(await visit.person("ann", red="team-admin"))
    assert "transfer" not in (await admin.get(f"/applications/{one.id}")).text
    assert (await admin.get(path)).status_code == 403


async def test_subscriptions_are_shown_by_service_and_cancelled(visit: Visitor) -> None:
    await served(visit.under)
    one = await made(visit)
    asked = await visit.under.gateway.subscriptions.ask(one.id, "weather")
    path = f"/applications/{one.id}/subscriptions/{asked.id}/cancel"

    page = (await visit.get(f"/applications/{one.id}")).text
    done = await visit.post(path, {})

    assert f'href="{PREFIX}/services/weather"><b>weather</b>' in page
    assert path in page
    assert '<span class="pill info">Asked for</span>' in page
    assert done.status_code == 303
    assert '<span class="pill off">Cancelled</span>' in (await visit.get(f"/applications/{one.id}")).text


async def test_service_of_others_is_named_and_leads_to_its_page_in_the_portal(visit: Visitor) -> None:
    await served(visit.under)
    ann = await visit.person("ann", red="team-admin")
    one = await made(visit, team="red")
    await visit.under.gateway.subscriptions.ask(one.id, "weather")
    visitor = await Visitor(visit.under).sign_in_as(ann)

    page = (await visitor.get(f"/applications/{one.id}")).text

    assert f'href="{PREFIX}/portal/services/weather"><b>weather</b>' in page
    assert 'aria-label="Cancel weather"' in page


async def test_sums_of_what_it_called_are_those_of_the_api(visit: Visitor) -> None:
    one = await made(visit)
    reply = await visit.post(f"/applications/{one.id}/token", {"name": "prod", "expires": "never"})
    (secret,) = set(SECRET.findall(reply.text))
    await visit.under.chat("gpt-4o-mini", token=secret)
    await visit.under.chat("gpt-4o-mini", token=secret)
    visit.under.clock.advance(1)

    page = (await visit.get(f"/applications/{one.id}?days=1")).text

    assert '<dt>Calls</dt><dd><data value="2">2</data>' in page
    assert '<dt>Cost</dt><dd><data value="0.0009">' in page  # 2 x 0.00045
    assert "<b>ai</b>" in page
    assert 'href="?days=1#usage" aria-current="true"' in page


async def test_member_of_a_team_sees_its_applications_and_makes_them_there(visit: Visitor) -> None:
    await made(visit, name="of-nobody")
    ann = await Visitor(visit.under).sign_in_as(await visit.person("ann", blue="team-admin", red="viewer"))

    reply = await ann.post("/applications/new", GOOD)
    page = (await ann.get("/applications")).text

    (one,) = await visit.under.gateway.applications.list(team="blue")
    assert reply.headers["location"].startswith(f"{PREFIX}/applications/{one.id}")
    assert "of-nobody" not in page
    assert "Shop" in page
    viewer = await Visitor(visit.under).sign_in_as(await visit.person("bob", blue="viewer"))
    seen = await viewer.get(f"/applications/{one.id}")
    assert seen.status_code == 200
    assert f"{one.id}/edit" not in seen.text
    assert "New application" not in (await viewer.get("/applications")).text
    assert (await viewer.get("/applications/new")).status_code == 403


async def test_one_of_several_teams_has_to_be_chosen(visit: Visitor) -> None:
    ann = await Visitor(visit.under).sign_in_as(await visit.person("ann", blue="team-admin", red="team-admin"))

    refused, right = (
        await ann.post("/applications/new", GOOD),
        await ann.post("/applications/new", {**GOOD, "team": "red"}),
    )

    assert refused.status_code == 400
    assert "Choose one of your teams." in refused.text
    assert right.status_code == 303


async def test_names_are_text_and_no_text_in_csv_is_a_formula(visit: Visitor) -> None:
    one = await made(visit, name=EVIL, description=EVIL)
    await made(visit, name="=1+1")

    for path in ("", f"/{one.id}", f"/{one.id}/edit", f"/{one.id}/token", f"/{one.id}/end", f"/{one.id}/transfer"):
        text = (await visit.get(f"/applications{path}")).text
        assert "<script>alert" not in text, path
        assert "&lt;script&gt;alert(1)" in text, path
    csv = (await visit.get("/applications?format=csv")).text.lstrip("\ufeff").splitlines()
    assert csv[0] == "name,id,team,state,subscriptions,asked,tokens,scopes,tags"
    assert any(line.startswith("'=1+1,app_") for line in csv)


async def test_applications_are_found_by_the_search_of_every_page(visit: Visitor) -> None:
    one = await made(visit)

    assert f'href="{PREFIX}/applications/{one.id}"' in (await visit.get("/search?q=sho")).text


async def test_whoever_has_no_scope_sees_none(visit: Visitor) -> None:
    one = await made(visit)
    ada = await Visitor(visit.under).sign_in_as(await visit.person("ada", blue="consumer"))

    for path in ("/applications", f"/applications/{one.id}"):
        assert (await ada.get(path)).status_code == 403
