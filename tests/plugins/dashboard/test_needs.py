"""What people see and do here: as much as their roles let them, in their teams."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.plugins.dashboard.conftest import PREFIX, Visitor
from tests.support.offered import offered

GOOD = {"name": "checkout", "scope": ["ai:chat", "model:*"], "expires": "90"}
STALE_S = 15 * 60


@pytest.fixture
def enter(mock):
    """Give `enter(name, team=role, ...)`: somebody with these roles, signed in, all before one gateway."""
    under = mock()

    async def make(name="ada", **roles):
        visitor = Visitor(under)
        visitor.person_id = (person := await visitor.person(name, **roles)).id
        return await visitor.sign_in_as(person)

    return make


async def token(visitor, team, name="theirs"):
    issued = await visitor.under.gateway.tokens.issue(name=name, team=team)
    return issued.token.id


@pytest.mark.parametrize("roles", [{}, {"blue": "consumer"}, {"bridge": "consumer", "blue": "consumer"}])
@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/tokens", "read"),
        ("/tokens/new", "write"),
        ("/tokens/x/revoke", "write"),
        ("/tokens/x/used", "read"),
    ],
)
async def test_page_that_is_not_theirs_names_the_scope(enter, roles, path, scope) -> None:
    visitor = await enter(**roles)

    reply = await visitor.get(path)

    assert reply.status_code == 403
    assert f'<span class="tag">admin:tokens:{scope}</span>' in reply.text
    assert "ada@example.com" in reply.text
    assert "New token" not in reply.text
    assert f'href="{PREFIX}/tokens' not in reply.text


@pytest.mark.parametrize("roles", [{"blue": "consumer"}, {"bridge": "consumer"}])
async def test_home_that_is_not_theirs_leads_to_what_is(enter, roles) -> None:
    visitor = await enter(**roles)

    reply = await visitor.get("/")

    assert reply.status_code == 303
    assert (await visitor.get(reply.headers["location"].removeprefix(PREFIX))).status_code == 200


async def test_change_that_is_not_theirs_is_refused(enter) -> None:
    visitor = await enter(blue="viewer")
    id = await token(visitor, "blue")

    made = await visitor.post("/tokens/new", GOOD)
    revoked = await visitor.post(f"/tokens/{id}/revoke", {"name": "theirs"})

    assert [made.status_code, revoked.status_code] == [403, 403]
    assert (await visitor.under.gateway.store.count_tokens()).active == 1


async def test_whoever_administers_the_bridge_sees_all_of_it(enter) -> None:
    visitor = await enter(bridge="platform-admin")
    await token(visitor, "blue", "of-blue")
    await token(visitor, "", "of-nobody")

    home, tokens = await visitor.get("/"), await visitor.get("/tokens")

    assert home.status_code == 200
    assert "of-blue" in tokens.text
    assert "of-nobody" in tokens.text
    assert "Active <small>2</small>" in tokens.text


async def test_member_of_a_team_sees_its_tokens_and_no_figure_of_others(enter) -> None:
    visitor = await enter(blue="viewer")
    await token(visitor, "blue", "of-blue")
    red, none = await token(visitor, "red", "of-red"), await token(visitor, "", "of-nobody")

    home, tokens = await visitor.get("/"), await visitor.get("/tokens?team=red")

    assert home.status_code == 303
    assert "of-blue" in tokens.text
    assert "of-red" not in tokens.text
    assert "of-nobody" not in tokens.text
    assert "Active <small>1</small>" in tokens.text
    assert "Revoke of-blue" not in tokens.text
    assert [(await visitor.get(f"/tokens/{id}/used")).status_code for id in (red, none)] == [404, 404]


async def test_members_of_two_teams_choose_which_they_see(enter) -> None:
    visitor = await enter(blue="team-admin", red="viewer")
    for team in ("blue", "red"):
        await token(visitor, team, f"of-{team}")

    first, red = await visitor.get("/tokens"), await visitor.get("/tokens?team=red")

    assert "of-blue" in first.text
    assert "of-red" not in first.text
    assert "of-red" in red.text
    assert "of-blue" not in red.text
    assert 'href="?team=red" aria-current="true"' in red.text
    assert "Revoke of-blue" in first.text
    assert "Revoke of-red" not in red.text


async def test_token_stands_below_whoever_made_it_and_ends_with_their_place(enter) -> None:
    visitor = await enter(blue="team-admin")
    gateway = visitor.under.gateway

    made = await visitor.post("/tokens/new", GOOD)

    assert made.status_code == 200
    (found,) = await gateway.store.list_tokens()
    holder = await gateway.people.holder_of(visitor.person_id, "blue")
    assert (found.team, found.parent) == ("blue", holder.id)
    (record,) = await gateway.store.list_audit(action="token.issue", target=found.id)
    assert (record.actor.id, record.actor.via) == (visitor.person_id, "dashboard")
    await gateway.people.remove_membership(visitor.person_id, "blue")
    assert (await gateway.store.get_token(found.id)).state == "revoked"


async def test_token_is_made_in_the_team_that_was_chosen(enter) -> None:
    visitor = await enter(blue="team-admin", red="team-admin", green="viewer")

    form = await visitor.get("/tokens/new")
    made = await visitor.post("/tokens/new", {**GOOD, "team": "red"})
    others = [await visitor.post("/tokens/new", {**GOOD, "team": team}) for team in ("green", "", "nobody's")]

    assert '<option value="blue">' in form.text
    assert '<option value="green">' not in form.text
    assert made.status_code == 200
    assert [reply.status_code for reply in others] == [400, 400, 400]
    assert all("Choose one of your teams." in reply.text for reply in others)
    assert [one.team for one in await visitor.under.gateway.store.list_tokens()] == ["red"]


async def test_nobody_gives_what_they_do_not_have(enter) -> None:
    visitor = await enter(blue="team-admin")

    reply = await visitor.post("/tokens/new", {**GOOD, "scopes": "admin:audit:read admin:secrets:write"})

    assert reply.status_code == 400
    assert "admin:secrets:write" in reply.text
    assert (await visitor.under.gateway.store.count_tokens()).active == 0


async def test_token_of_another_team_is_not_there(enter) -> None:
    visitor = await enter(blue="team-admin")
    red = await token(visitor, "red")
    holder = (await visitor.under.gateway.people.holder_of(visitor.person_id, "blue")).id

    replies = [await visitor.get(f"/tokens/{id}/revoke") for id in (red, holder, "tok_none")]
    replies.append(await visitor.post(f"/tokens/{red}/revoke", {"name": "theirs"}))

    assert [reply.status_code for reply in replies] == [404, 404, 404, 404]
    assert (await visitor.under.gateway.store.get_token(red)).state == "active"


async def test_token_of_the_own_team_is_revoked_by_the_person(enter) -> None:
    visitor = await enter(blue="team-admin")
    id = await token(visitor, "blue")

    reply = await visitor.post(f"/tokens/{id}/revoke", {"name": "theirs"})

    assert reply.status_code == 303
    (record,) = await visitor.under.gateway.store.list_audit(action="token.revoke", target=id)
    assert record.actor.id == visitor.person_id


async def test_role_that_was_taken_away_holds_at_once(enter) -> None:
    visitor = await enter(bridge="platform-admin")
    await enter("bob", bridge="platform-admin")
    assert (await visitor.get("/")).status_code == 200

    await visitor.under.gateway.people.set_membership(visitor.person_id, "", "consumer")

    assert (await visitor.get("/")).status_code == 303
    assert (await visitor.get("/tokens")).status_code == 403


async def test_whoever_is_switched_off_or_gone_is_signed_out(enter) -> None:
    ada, bob = await enter(bridge="viewer"), await enter("bob", bridge="viewer")
    people = ada.under.gateway.people

    await people.disable_person(ada.person_id)
    await people.remove_person(bob.person_id)

    for visitor in (ada, bob):
        assert (await visitor.get("/")).status_code == 303


async def test_who_is_signed_in_is_shown(enter, mock) -> None:
    visitor = await enter(bridge="viewer")
    operator = await Visitor(visitor.under).sign_in()

    theirs, operators = (await visitor.get("/")).text, (await operator.get("/")).text

    assert "Ada<small>ada@example.com</small>" in theirs
    assert f'action="{PREFIX}/sign-in/out"' in theirs
    assert "Administrator<small>signed in by link</small>" in operators


@pytest.mark.parametrize("path", ["/tokens/new?name=a", "/tokens/tok_1/revoke"])
async def test_sensitive_page_asks_for_a_fresh_proof(visit, path) -> None:
    visit.under.clock.advance(STALE_S)

    reply = await visit.get(path)

    assert reply.status_code == 303
    where = urlsplit(reply.headers["location"])
    assert where.path == f"{PREFIX}/sign-in/again"
    assert parse_qs(where.query) == {"next": [PREFIX + path]}


async def test_proof_that_is_fresh_is_enough(visit) -> None:
    visit.under.clock.advance(STALE_S - 1)

    assert (await visit.get("/tokens/new")).status_code == 200
    visit.under.clock.advance(1)
    assert (await visit.get("/tokens")).status_code == 200


async def test_what_was_typed_comes_back_after_the_proof(visit) -> None:
    visit.under.clock.advance(STALE_S)

    reply = await visit.post("/tokens/new", {**GOOD, "owner": "A & B=C", "budget": "25"})

    assert reply.status_code == 303
    (back,) = parse_qs(urlsplit(reply.headers["location"]).query)["next"]
    await visit.sign_in()
    page = await visit.get(back.removeprefix(PREFIX))
    assert page.status_code == 200
    assert 'value="A &amp; B=C"' in page.text
    assert 'value="25"' in page.text
    assert (await visit.under.gateway.store.count_tokens()).active == 0


async def test_form_that_is_too_long_for_an_address_begins_anew(visit) -> None:
    visit.under.clock.advance(STALE_S)

    reply = await visit.post("/tokens/new", {**GOOD, "scopes": "model:a " * 1000})

    assert parse_qs(urlsplit(reply.headers["location"]).query) == {"next": [f"{PREFIX}/tokens/new"]}


async def test_names_of_people_and_teams_are_escaped(enter, mock) -> None:
    visitor = await enter(bridge="platform-admin")
    person = await visitor.under.gateway.people.add_person(email="x@example.com", name="<script>alert(1)</script>\"'")
    await visitor.under.gateway.people.set_membership(person.id, "", "viewer")
    await visitor.sign_in_as(person)

    for path in ("/", "/tokens", "/tokens/new"):
        page = (await visitor.get(path)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


async def test_whoever_has_no_role_gets_to_no_page_that_needs_a_scope(enter) -> None:
    visitor = await enter()
    needing = [page for page in offered(visitor.under.gateway) if page.method == "GET" and page.need.scope]

    seen = {page.path: (await visitor.get(re.sub(r"\{[^}]*\}", "1", page.path))) for page in needing}

    assert len(seen) > 100
    assert {path: reply.status_code for path, reply in seen.items() if reply.status_code != 403} == {}
    assert [
        page.path for page in needing if f'<span class="tag">{page.need.scope}</span>' not in seen[page.path].text
    ] == []
