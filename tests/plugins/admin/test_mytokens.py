"""Tokens of the caller's own person: seen and kept by who speaks for that person, by nobody else."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

CALLS = ("ai:*", "model:*", "service:*")


async def member(admin: Admin, name: str = "ada", team: str = "blue", role: str = "consumer") -> Admin:
    """Give somebody's own token, which may do all that they may; `id` is the person's."""
    people = admin.under.gateway.people
    if team and await people.teams.get(team) is None:
        await people.teams.add(name=team, title=team.title())
    found = await people.find_person(f"{name}@example.com")
    person = found or await people.add_person(email=f"{name}@example.com", name=name.title())
    await people.set_membership(person.id, team, role)
    holder = await people.holder_of(person.id, team)
    assert holder is not None
    made = await admin.under.gateway.tokens.issue(
        name=f"{name}-{team}", scopes=holder.scopes.scopes, owner=person.id, minter=holder
    )
    return Admin(admin.under, made.secret, made.token.id)


async def more(ada: Admin, name: str, *scopes: str, team: str = "blue", owner: str | None = None) -> Admin:
    """Give another token of somebody, made with their rights in a team."""
    gateway = ada.under.gateway
    own = await gateway.store.get_token(ada.id)
    assert own is not None
    holder = await gateway.people.holder_of(own.owner, team)
    said = own.owner if owner is None else owner
    made = await gateway.tokens.issue(name=name, scopes=scopes or CALLS, owner=said, minter=holder)
    return Admin(ada.under, made.secret, made.token.id)


async def names(admin: Admin, query: str = "") -> list[str]:
    reply = await admin.get(f"/me/tokens?{query}")
    assert reply.status_code == 200, reply.text
    return [one["name"] for one in reply.json()["items"]]


async def test_person_sees_what_is_theirs_newest_first_and_nothing_of_others(admin: Admin) -> None:
    ada = await member(admin)
    bob = await member(admin, "bob")
    admin.under.clock.advance(1)
    await more(ada, "ci")
    await more(ada, "payments", owner="Payments")

    assert await names(ada) == ["ci", "ada-blue"]
    assert await names(bob) == ["bob-blue"]
    assert await names(ada, "q=CI") == ["ci"]
    assert await names(ada, "state=disabled") == []


async def test_list_has_pages_and_details(admin: Admin) -> None:
    ada = await member(admin)
    for number in range(3):
        admin.under.clock.advance(1)
        await more(ada, f"n{number}")

    first = (await ada.get("/me/tokens?limit=2&details=true")).json()
    second = (await ada.get(f"/me/tokens?limit=2&after={first['next']}")).json()

    assert [one["name"] for one in first["items"]] == ["n2", "n1"]
    assert {(one["owner_name"], one["owner_email"]) for one in first["items"]} == {("Ada", "ada@example.com")}
    assert first["items"][0]["budgets"] == []
    assert [one["name"] for one in second["items"]] == ["n0", "ada-blue"]
    assert "owner_name" not in second["items"][0]
    assert second["next"] is None


async def test_each_team_has_its_own(admin: Admin) -> None:
    blue, red = await member(admin), await member(admin, team="red")

    assert (await names(blue), await names(red)) == (["ada-blue"], ["ada-red"])


async def test_member_of_the_bridge_sees_what_is_theirs_everywhere(admin: Admin) -> None:
    await member(admin)
    bridge = await member(admin, team="", role="consumer")

    assert sorted(await names(bridge)) == ["ada-", "ada-blue"]


@pytest.mark.parametrize("query", ["", "q=NARROW", "state=active", "details=true"])
async def test_token_that_may_do_less_than_its_person_sees_itself_alone(admin: Admin, query: str) -> None:
    ada = await member(admin)
    narrow = await more(ada, "narrow", "ai:chat")

    assert await names(narrow, query) == ["narrow"]


@pytest.mark.parametrize("query", ["q=ada", "state=revoked"])
async def test_it_does_not_see_itself_where_something_else_is_looked_for(admin: Admin, query: str) -> None:
    narrow = await more(await member(admin), "narrow", "ai:chat")

    assert await names(narrow, query) == []


async def test_page_behind_itself_is_empty(admin: Admin) -> None:
    ada = await member(admin)
    await more(ada, "other")
    cursor = (await ada.get("/me/tokens?limit=1")).json()["next"]
    narrow = await more(ada, "narrow", "ai:chat")

    assert await names(narrow, f"after={cursor}") == []


async def test_token_of_nobody_sees_itself(admin: Admin) -> None:
    assert await names(await admin.other("ai:chat")) == ["admin"]


async def test_one_is_shown_to_its_person_and_to_itself(admin: Admin) -> None:
    ada, bob = await member(admin), await member(admin, "bob")
    narrow = await more(ada, "narrow", "ai:chat")

    shown = await ada.get(f"/me/tokens/{narrow.id}")
    detailed = await ada.get(f"/me/tokens/{narrow.id}?details=true")

    assert shown.json()["name"] == "narrow"
    assert detailed.json()["owner_name"] == "Ada"
    assert detailed.headers["etag"].partition(".")[0] == shown.headers["etag"].partition(".")[0]
    assert (await narrow.get(f"/me/tokens/{narrow.id}")).status_code == 200
    for stranger, id in ((narrow, ada.id), (bob, narrow.id), (admin, narrow.id), (ada, "tok_none")):
        assert (await stranger.get(f"/me/tokens/{id}")).status_code == 404


async def test_person_rotates_and_revokes_their_own(admin: Admin) -> None:
    ada = await member(admin)
    ci = await more(ada, "ci")

    rotated = await ada.post(f"/me/tokens/{ci.id}/rotate", {"overlap_s": 0})
    fresh = Admin(admin.under, rotated.json()["token"], ci.id)

    assert rotated.status_code == 200
    assert (await ci.get("/me")).status_code == 401
    assert (await fresh.get("/me")).status_code == 200
    revoked = await ada.post(f"/me/tokens/{ci.id}/revoke")
    assert (revoked.status_code, revoked.json()["state"]) == (200, "revoked")
    assert (await fresh.get("/me")).status_code == 401
    assert [(one.action, one.target, one.actor.id) for one in (await admin.records())[-2:]] == [
        ("token.rotate", ci.id, ada.id),
        ("token.revoke", ci.id, ada.id),
    ]


@pytest.mark.parametrize("what", ["rotate", "revoke"])
async def test_token_that_may_do_less_changes_nothing_not_even_itself(admin: Admin, what: str) -> None:
    ada = await member(admin)
    narrow = await more(ada, "narrow", "ai:chat")

    for id in (ada.id, narrow.id):
        reply = await narrow.post(f"/me/tokens/{id}/{what}")
        assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("what", ["rotate", "revoke"])
async def test_nothing_of_somebody_else_is_changed(admin: Admin, what: str) -> None:
    ada, bob = await member(admin), await member(admin, "bob")
    payments = await more(ada, "payments", owner="Payments")
    nobody = await admin.other("ai:chat")

    for who, id in ((bob, ada.id), (ada, payments.id), (nobody, nobody.id), (ada, "tok_none")):
        assert (await who.post(f"/me/tokens/{id}/{what}")).status_code == 404


async def test_secret_of_one_that_may_do_more_is_not_given(admin: Admin) -> None:
    ada = await member(admin)
    holder = await admin.under.gateway.store.get_token(ada.id)
    assert holder is not None
    wide = await admin.under.gateway.tokens.issue(
        name="wide", scopes=["admin:tokens:write"], owner=holder.owner, team="blue"
    )

    refused = await ada.post(f"/me/tokens/{wide.token.id}/rotate")

    assert (refused.status_code, refused.json()["code"]) == (403, "scope_beyond")
    assert (await ada.post(f"/me/tokens/{wide.token.id}/revoke")).status_code == 200


async def test_one_that_stands_above_is_out_of_reach(admin: Admin) -> None:
    ada = await member(admin)
    principal = await admin.under.gateway.tokens.identify(ada.secret.encode())
    assert principal is not None
    child = await admin.under.gateway.tokens.issue(name="child", scopes=CALLS, owner=principal.owner, minter=principal)
    below = Admin(admin.under, child.secret, child.token.id)

    reply = await below.post(f"/me/tokens/{ada.id}/rotate")

    assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")


async def test_change_is_refused_where_it_was_changed_since(admin: Admin) -> None:
    ada = await member(admin)
    ci = await more(ada, "ci")
    tag = (await ada.get(f"/me/tokens/{ci.id}")).headers["etag"]
    await admin.patch(f"/tokens/{ci.id}", {"name": "renamed"})

    reply = await ada.post(f"/me/tokens/{ci.id}/revoke", if_match=tag)

    assert reply.status_code == 412


async def test_whoever_is_outside_has_none(admin: Admin) -> None:
    gateway: Any = admin.under.gateway
    ended = await an_admin(admin.under, "ai:chat")
    await gateway.tokens.revoke(ended.id)

    assert (await ended.get("/me/tokens")).status_code == 401
