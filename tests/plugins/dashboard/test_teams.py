"""Pages about teams: made, changed, switched off and ended by the admin API, for whoever may."""

import re
from collections.abc import Callable

import pytest
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest


async def made(visit: Visitor, **fields: str) -> str:
    form = {"name": "shop", "title": "Shop", "scopes": "ai:chat model:*", "budget": "25", **fields}
    reply = await visit.post("/teams/new", form)
    assert reply.status_code == 303, reply.text
    return str(reply.headers["location"])


async def test_team_is_made_and_shown(visit: Visitor) -> None:
    where = await made(visit)

    page = (await visit.get(where.removeprefix("/_tollbridge"))).text
    listed = (await visit.get("/teams")).text

    assert where == "/_tollbridge/teams/shop?said=made"
    assert "The team is there" in page
    assert "$25" in page
    assert "ai:chat" in page
    assert 'href="/_tollbridge/teams/shop"' in listed
    assert "$25.00" in listed
    team = await visit.under.gateway.people.teams.get("shop")
    assert team is not None
    assert team.budget is not None
    assert team.budget.amount == 25 * 10**9


async def test_what_the_api_refuses_stands_beside_its_field_and_what_was_typed_stays(visit: Visitor) -> None:
    reply = await visit.post(
        "/teams/new", {"name": "No Name", "title": "T", "scopes": "ai:*", "requests_per_minute": "9"}
    )

    assert reply.status_code == 400
    assert re.search(r'id="f-name"[^>]*value="No Name"[^>]*aria-invalid="true"', reply.text)
    assert 'value="9"' in reply.text
    assert await visit.under.gateway.people.teams.get("No Name") is None


async def test_number_that_is_none_is_refused_by_the_api_itself(visit: Visitor) -> None:
    reply = await visit.post(
        "/teams/new", {"name": "shop", "title": "T", "scopes": "ai:*", "requests_per_minute": "many"}
    )

    assert reply.status_code == 400
    assert re.search(r'id="f-requests_per_minute"[^>]*value="many"[^>]*aria-invalid="true"', reply.text)


async def test_change_holds_unless_somebody_else_changed_it_meanwhile(visit: Visitor) -> None:
    await made(visit)
    form = (await visit.get("/teams/shop/edit")).text
    tag = re.search(r'name="tag" value="([^"]*)"', form)[1].replace("&#34;", '"')
    fields = {"title": "Shop 2", "scopes": "ai:chat", "tag": tag}

    first = await visit.post("/teams/shop/edit", fields)
    second = await visit.post("/teams/shop/edit", {**fields, "title": "Shop 3"})

    team = await visit.under.gateway.people.teams.get("shop")
    assert first.status_code == 303
    assert second.status_code == 400
    assert "changed since" in second.text
    assert team is not None
    assert (team.title, team.budget) == ("Shop 2", None)


async def test_team_ends_when_its_name_is_typed(visit: Visitor) -> None:
    await made(visit)

    wrong = await visit.post("/teams/shop/end", {"name": "shops"})
    right = await visit.post("/teams/shop/end", {"name": "shop"})

    assert (wrong.status_code, right.status_code) == (400, 303)
    team = await visit.under.gateway.people.teams.get("shop")
    assert team is not None
    assert team.state == "revoked"


async def test_team_is_switched_off_and_on_and_the_log_says_by_whom(visit: Visitor) -> None:
    await made(visit)

    await visit.post("/teams/shop/disable")
    off = (await visit.get("/teams/shop")).text
    await visit.post("/teams/shop/enable")

    records = await visit.under.gateway.store.list_audit(action="team.", limit=3)
    assert '<span class="pill off">Disabled</span>' in off
    assert [(one.action, one.actor.id, one.actor.via) for one in records] == [
        ("team.enable", "operator", "dashboard"),
        ("team.disable", "operator", "dashboard"),
        ("team.add", "operator", "dashboard"),
    ]


async def test_list_is_there_as_csv_and_no_text_in_it_is_a_formula(visit: Visitor) -> None:
    await made(visit, title="=1+1")

    reply = await visit.get("/teams?format=csv")

    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.headers["content-disposition"] == 'attachment; filename="teams.csv"'
    head, row, *_ = reply.text.lstrip("\ufeff").splitlines()
    assert head == "name,state,members,services,budget_usd,scopes"
    assert row.startswith("'=1+1,active,0,0,25,")


@pytest.mark.parametrize("path", ["/teams", "/teams/shop"])
async def test_whoever_has_no_scope_sees_none(mock: Callable[..., GatewayUnderTest], path: str) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada"))

    reply = await visit.get(path)

    assert reply.status_code == 403
    assert "admin:teams:read" in reply.text


async def test_every_bound_is_set_shown_and_taken_away_and_a_budget_keeps_its_period(visit: Visitor) -> None:
    bounds = {
        "concurrency": "3",
        "rotate_days": "30",
        "from": "10.0.0.0/8 192.0.2.7",
        "hours": "mon-fri 08:00-18:00 UTC",
    }
    await made(visit, period="day", **bounds)
    page, form = (await visit.get("/teams/shop")).text, (await visit.get("/teams/shop/edit")).text

    await visit.post(
        "/teams/shop/edit", {"title": "Shop 2", "scopes": "ai:chat model:*", "budget": "30", "period": "day"}
    )

    team = await visit.under.gateway.people.teams.get("shop")
    assert all(said in page for said in ("$0.00 of $25.00 a day", "10.0.0.0/8", "mon-fri 08:00-18:00 UTC"))
    assert '<option value="day" selected>' in form
    assert 'value="10.0.0.0/8 192.0.2.7/32"' in form or 'value="10.0.0.0/8 192.0.2.7"' in form
    assert team is not None
    assert team.budget is not None
    assert (team.budget.period, team.limits.concurrency, team.rotate_days) == ("day", None, None)
    assert team.conditions.hours == ""


async def test_team_admin_changes_what_the_team_is_called_and_no_bound(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada = await visit.person("ada", shop="team-admin")
    await visit.sign_in_as(ada)

    listed, form = (await visit.get("/teams")).text, (await visit.get("/teams/shop/edit")).text
    reply = await visit.post("/teams/shop/edit", {"title": "Ours", "description": "", "scopes": "*", "budget": "9"})

    team = await visit.under.gateway.people.teams.get("shop")
    assert "New team" not in listed
    assert "/teams/shop/edit" in listed
    assert 'name="title"' in form
    assert 'name="budget"' not in form
    assert reply.status_code == 303
    assert team is not None
    assert (team.title, team.budget) == ("Ours", None)


async def test_viewer_is_offered_no_change(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.person("bob", shop="consumer")
    await visit.sign_in_as(await visit.person("ada", bridge="viewer"))

    listed, page = (await visit.get("/teams")).text, (await visit.get("/teams/shop")).text

    assert "/edit" not in listed + page
    assert "bob@example.com" in page
    assert "Change role" not in page


async def test_newest_tokens_of_a_team_stand_on_its_page(visit: Visitor) -> None:
    await made(visit)
    tokens = visit.under.gateway.tokens
    own = await tokens.issue(name="of-the-shop", scopes=("ai:*",), team="shop")
    await tokens.issue(name="of-nobody", scopes=("ai:*",))

    page = (await visit.get("/teams/shop")).text

    assert f'href="/_tollbridge/tokens/{own.token.id}"' in page
    assert "of-nobody" not in page
    assert own.secret not in page


async def test_search_finds_teams_and_is_open_to_whoever_may_see_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    ada, bob = await visit.person("ada", shop="team-admin"), await visit.person("bob", shop="consumer")

    found = await (await visit.sign_in_as(ada)).get("/search?q=shop")
    nothing = await (await visit.sign_in_as(bob)).get("/search?q=shop")

    assert 'href="/_tollbridge/teams/shop"' in found.text
    assert nothing.status_code == 200
    assert "/teams/shop" not in nothing.text
