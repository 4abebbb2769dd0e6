"""Who gives which role where, and what it is worth."""

from typing import Any

import pytest
from tests.middleware.people.conftest import Bridge

from tollbridge.errors import BadRequest, Denied, NotFound
from tollbridge.people.builtin import BUILT_IN
from tollbridge.people.model import Role, TeamChange
from tollbridge.people.service import People
from tollbridge.tokens.model import TokenKind


async def test_member_may_do_what_the_role_says_while_they_are_one(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    person = await bridge.person()

    member = await bridge.people.set_membership(person, "blue", "consumer", via="https://issuer.example")

    assert (member.person_id, member.team, member.role, member.via) == (
        person,
        "blue",
        "consumer",
        "https://issuer.example",
    )
    holder = await bridge.holder(person, "blue")
    assert (holder.id, holder.kind, holder.owner, holder.name) == (
        member.holder,
        TokenKind.MEMBER,
        person,
        "Person 1",
    )
    assert "ai:chat" in holder.scopes
    assert "admin:tokens:read" not in holder.scopes
    assert await bridge.people.member(person, "blue") == member
    assert await bridge.people.memberships(person) == [member]
    assert await bridge.people.members("blue") == [member]
    assert await bridge.people.holder_of(person, "") is None
    assert await bridge.people.remove_membership(person, "blue")
    assert await bridge.people.holder_of(person, "blue") is None
    assert not await bridge.people.remove_membership(person, "blue")


async def test_one_person_is_something_else_in_each_team(bridge: Bridge) -> None:
    for team in ("blue", "red"):
        await bridge.people.teams.add(team)
    person = await bridge.person(1, bridge="viewer", blue="team-admin", red="consumer")

    assert {one.team: one.role for one in await bridge.people.memberships(person)} == {
        "": "viewer",
        "blue": "team-admin",
        "red": "consumer",
    }
    writes = {team: "admin:tokens:write" in (await bridge.holder(person, team)).scopes for team in ("", "blue", "red")}
    assert writes == {"": False, "blue": True, "red": False}


async def test_what_is_not_there_is_said(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    await bridge.people.teams.add("gone")
    await bridge.people.teams.end("gone")
    person = await bridge.person()
    set_membership = bridge.people.set_membership

    with pytest.raises(NotFound, match="no such person"):
        await set_membership("per_0", "blue", "viewer")
    with pytest.raises(NotFound, match="no such team"):
        await set_membership(person, "green", "viewer")
    with pytest.raises(BadRequest, match="no such role") as unknown:
        await set_membership(person, "blue", "boss")
    assert unknown.value.param == "role"
    with pytest.raises(BadRequest, match="has ended") as ended:
        await set_membership(person, "gone", "viewer")
    assert ended.value.status == 409


@pytest.mark.parametrize(("role", "team"), [("platform-admin", "blue"), ("team-admin", "")])
async def test_role_of_one_place_is_not_given_elsewhere(bridge: Bridge, role: str, team: str) -> None:
    await bridge.people.teams.add("blue")
    person = await bridge.person()

    with pytest.raises(BadRequest, match="cannot be given here") as caught:
        await bridge.people.set_membership(person, team, role)

    assert caught.value.param == "role"
    assert await bridge.people.memberships(person) == []


async def test_own_role_is_given_with_the_scopes_it_has(bridge: Bridge) -> None:
    await bridge.people.roles.add("chats", ["ai:chat"])
    person = await bridge.person(1, bridge="chats")

    await bridge.people.roles.change("chats", scopes=["ai:embeddings"])

    scopes = (await bridge.holder(person)).scopes
    assert ("ai:chat" in scopes, "ai:embeddings" in scopes) == (False, True)


async def test_who_administers_a_team_gives_its_roles_whatever_the_team_may_do(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue", scopes=["ai:chat", "admin:members:write"])
    admin, other = await bridge.person(1, blue="team-admin"), await bridge.person(2)
    holder = await bridge.holder(admin, "blue")
    every = BUILT_IN["team-admin"].scopes

    await bridge.people.set_membership(other, "blue", "consumer", giver=holder)
    await bridge.people.set_membership(other, "blue", "team-admin", giver=holder)

    scopes = (await bridge.holder(other, "blue")).scopes
    assert ("ai:chat" in scopes, "ai:embeddings" in scopes) == (True, False)
    await bridge.people.teams.change("blue", TeamChange(scopes=every))
    assert (await bridge.holder(other, "blue")).scopes.lacking(every) == ()


async def test_token_gives_no_role_beyond_its_own_scopes_and_its_maker(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    admin, other = await bridge.person(1, blue="team-admin"), await bridge.person(2)
    maker = await bridge.holder(admin, "blue")
    weak = await bridge.tokens.issue(name="x", scopes=["ai:*", "admin:members:write"], minter=maker)
    giver = await bridge.shown(weak.secret)
    await bridge.people.roles.add("chats", ["ai:chat"])

    with pytest.raises(Denied) as caught:
        await bridge.people.set_membership(other, "blue", "consumer", giver=giver)

    assert caught.value.code == "scope_beyond"
    await bridge.people.set_membership(other, "blue", "chats", giver=giver)
    await bridge.people.set_membership(admin, "blue", "viewer")
    await bridge.people.remove_membership(other, "blue")
    with pytest.raises(Denied):
        await bridge.people.set_membership(other, "blue", "chats", giver=giver)


async def test_role_beyond_the_givers_is_not_taken_in_exchange_for_a_lesser_one(bridge: Bridge) -> None:
    await bridge.people.roles.add("chats", ["ai:chat"])
    strong = await bridge.person(1, bridge="consumer")
    giver = await bridge.somebody("ai:*", "admin:members:write")

    with pytest.raises(Denied) as caught:
        await bridge.people.set_membership(strong, "", "chats", giver=giver)

    assert caught.value.code == "scope_beyond"
    assert await bridge.people.remove_membership(strong, "", giver=giver)
    await bridge.people.set_membership(strong, "", "chats", giver=giver)


@pytest.mark.parametrize("team", ["", "red"])
async def test_who_has_a_team_changes_members_of_no_other(bridge: Bridge, team: str) -> None:
    for name in ("blue", "red"):
        await bridge.people.teams.add(name)
    admin, other = await bridge.person(1, blue="team-admin"), await bridge.person(2, bridge="viewer", red="viewer")
    giver = await bridge.holder(admin, "blue")

    for change in (
        bridge.people.set_membership(other, team, "viewer", giver=giver),
        bridge.people.remove_membership(other, team, giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "out_of_reach"
    assert len(await bridge.people.memberships(other)) == 2


async def test_nobody_changes_their_own_role(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    admin = await bridge.person(1, blue="team-admin")
    holder = await bridge.holder(admin, "blue")
    made = await bridge.tokens.issue(name="x", scopes=["ai:*", "admin:members:write"], minter=holder)

    for giver in (holder, await bridge.shown(made.secret)):
        for change in (
            bridge.people.set_membership(admin, "blue", "viewer", giver=giver),
            bridge.people.remove_membership(admin, "blue", giver=giver),
        ):
            with pytest.raises(Denied) as caught:
                await change
            assert caught.value.code == "out_of_reach"


async def test_whoever_is_no_token_of_ours_gives_nothing(bridge: Bridge) -> None:
    person = await bridge.person()
    stranger = await bridge.somebody("admin:*", "ai:*", "model:*", "service:*")
    stranger = type(stranger)(id="oidc:ada", name="ada", scopes=stranger.scopes)

    with pytest.raises(Denied) as caught:
        await bridge.people.set_membership(person, "", "consumer", giver=stranger)
    assert caught.value.code == "scope_beyond"


async def test_role_that_somebody_else_gave_meanwhile_is_not_taken_away(bridge: Bridge) -> None:
    class Meanwhile(People):
        """Looks, and then somebody who may do more gives another role."""

        async def check_gives(self, *asked: Any) -> Role:
            found = await super().check_gives(*asked)
            await bridge.people.set_membership(person, "", "platform-admin")
            return found

    person = await bridge.person(bridge="viewer")
    giver = await bridge.somebody("admin:*")
    slow = Meanwhile(bridge.store, bridge.tokens, bridge.clock)

    with pytest.raises(BadRequest) as caught:
        await slow.set_membership(person, "", "viewer", giver=giver)

    assert (caught.value.status, caught.value.code) == (409, "conflict")
    (member,) = await bridge.people.memberships(person)
    assert member.role == "platform-admin"
