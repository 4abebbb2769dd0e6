"""Invitations: who makes them, who may accept them, and what is left of one when its inviter is gone."""

from datetime import timedelta

import pytest
from tests.middleware.people.conftest import Bridge

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest, Denied, NotFound
from tollbridge.people.builtin import TEAM_SCOPES
from tollbridge.people.invitations import DAYS, MadeInvitation
from tollbridge.people.model import InvitationState

GOOD = "correct horse battery"
ME = Actor("me", "sign-in")


async def invited(bridge: Bridge, email: str = "p1@example.com", role: str = "consumer") -> MadeInvitation:
    """Have the operator invite somebody to a new team blue."""
    await bridge.people.teams.add("blue")
    return await bridge.people.invitations.invite("blue", email, role)


async def test_invitation_shows_its_code_once_and_is_listed(bridge: Bridge) -> None:
    made = await invited(bridge, " P1@Example.com ")

    found = made.invitation
    assert (found.team, found.email, found.role, found.inviter) == ("blue", "p1@example.com", "consumer", "")
    assert found.ends_at - found.created_at == timedelta(days=DAYS)
    assert made.code not in repr(made)
    invitations = bridge.people.invitations
    assert await invitations.find(made.code) == found
    assert await invitations.get(found.id, "blue") == found
    assert await invitations.get(found.id, "red") is None
    assert await invitations.get("inv_0", "blue") is None
    assert await invitations.list("blue") == [found]
    assert await invitations.for_address("P1@example.com") == [found]
    assert await invitations.for_address("no address") == ()
    assert await invitations.find("no code") is None
    assert await invitations.find(made.code[::-1]) is None
    assert made.code not in "".join(record.after for record in await bridge.store.follow_audit())


async def test_code_can_be_said_to_a_command(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    codes = {(await bridge.people.invitations.invite("blue", f"p{n}@example.com", "consumer")).code for n in range(20)}

    assert len(codes) == 20
    assert all(len(code) == 43 and code.isalnum() for code in codes)


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"email": "ada"}, "email"),
        ({"role": "boss"}, "role"),
        ({"role": "platform-admin"}, "role"),
        ({"days": 0}, "days"),
        ({"days": 31}, "days"),
    ],
)
async def test_invitation_that_cannot_be_is_refused(bridge: Bridge, wish: dict[str, object], param: str) -> None:
    await bridge.people.teams.add("blue")
    whole: dict[str, object] = {"team": "blue", "email": "p1@example.com", "role": "consumer", **wish}

    with pytest.raises(BadRequest) as refused:
        await bridge.people.invitations.invite(**whole)  # type: ignore[arg-type]  # the wish is what is tested
    assert refused.value.param == param
    assert await bridge.people.invitations.list("blue") == []


@pytest.mark.parametrize("team", ["", "green"])
async def test_nobody_is_invited_to_no_team(bridge: Bridge, team: str) -> None:
    with pytest.raises(NotFound, match="no such team"):
        await bridge.people.invitations.invite(team, "p1@example.com", "consumer")


async def test_nobody_invites_beyond_what_they_may_give(bridge: Bridge) -> None:
    for team in ("blue", "red"):
        await bridge.people.teams.add(team)
    admin = await bridge.holder(await bridge.person(1, blue="team-admin"), "blue")
    weak = await bridge.somebody("admin:members:write", team="blue")
    invite = bridge.people.invitations.invite

    with pytest.raises(Denied) as elsewhere:
        await invite("red", "p2@example.com", "consumer", giver=admin)
    with pytest.raises(Denied) as beyond:
        await invite("blue", "p2@example.com", "consumer", giver=weak)

    assert (elsewhere.value.code, beyond.value.code) == ("out_of_reach", "scope_beyond")
    made = await invite("blue", "p2@example.com", "team-admin", giver=admin)
    assert made.invitation.inviter == admin.id


async def test_token_of_nobody_invites_while_it_opens(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    robot = await bridge.somebody("ai:*", "model:*", "service:*", "admin:*")
    made = await bridge.people.invitations.invite("blue", "p1@example.com", "consumer", giver=robot)
    assert made.invitation.inviter == robot.id
    person = await bridge.person(1)

    await bridge.tokens.revoke(robot.id)

    with pytest.raises(Denied) as gone:
        await bridge.people.invitations.accept_code(made.code, person, by=ME)
    assert gone.value.code == "inviter_gone"


async def test_invited_person_accepts_with_the_code_or_without(bridge: Bridge) -> None:
    first = await invited(bridge)
    person = await bridge.person(1)

    member = await bridge.people.invitations.accept_code(first.code, person, by=ME)

    assert (member.person_id, member.team, member.role) == (person, "blue", "consumer")
    assert "ai:chat" in (await bridge.holder(person, "blue")).scopes
    with pytest.raises(BadRequest, match="was used") as used:
        await bridge.people.invitations.accept_code(first.code, person, by=ME)
    assert used.value.status == 409
    with pytest.raises(NotFound, match="no such invitation"):
        await bridge.people.invitations.accept(first.invitation.id, person, by=ME)
    second = await bridge.people.invitations.invite("blue", "p2@example.com", "viewer")
    other = await bridge.person(2)
    assert (await bridge.people.invitations.accept(second.invitation.id, other, by=ME)).role == "viewer"
    with pytest.raises(NotFound):
        await bridge.people.invitations.accept("inv_0", other, by=ME)


async def test_invitation_is_for_its_address_alone(bridge: Bridge) -> None:
    made = await invited(bridge)
    other, off = await bridge.person(2), await bridge.person(1)
    await bridge.people.disable_person(off)

    for person in (other, off, "per_0"):
        with pytest.raises(NotFound, match="somebody else"):
            await bridge.people.invitations.accept_code(made.code, person, by=ME)
        with pytest.raises(NotFound, match="somebody else"):
            await bridge.people.invitations.accept(made.invitation.id, person, by=ME)
    assert await bridge.people.invitations.find(made.code) == made.invitation


async def test_who_became_a_member_meanwhile_keeps_their_role(bridge: Bridge) -> None:
    made = await invited(bridge)
    person = await bridge.person(1, blue="team-admin")

    with pytest.raises(BadRequest) as refused:
        await bridge.people.invitations.accept_code(made.code, person, by=ME)
    assert (refused.value.status, refused.value.code) == (409, "already_member")
    assert (await bridge.people.memberships(person))[0].role == "team-admin"


async def test_who_is_left_of_a_membership_that_was_revoked_may_come_back(bridge: Bridge) -> None:
    made = await invited(bridge)
    person = await bridge.person(1, blue="viewer")
    member = await bridge.people.member(person, "blue")
    assert member is not None
    await bridge.tokens.revoke(member.holder)

    assert (await bridge.people.invitations.accept_code(made.code, person, by=ME)).role == "consumer"


async def test_invitation_is_worth_nothing_once_who_made_it_may_not_give_that(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    inviter, person = await bridge.person(1, blue="team-admin"), await bridge.person(2)
    token = await bridge.tokens.issue(name="t", scopes=TEAM_SCOPES, minter=await bridge.holder(inviter, "blue"))
    shown = await bridge.shown(token.secret)
    made = await bridge.people.invitations.invite("blue", "p2@example.com", "consumer", giver=shown)
    assert made.invitation.inviter == (await bridge.holder(inviter, "blue")).id
    accept = bridge.people.invitations.accept_code

    await bridge.people.set_membership(inviter, "blue", "viewer")
    with pytest.raises(Denied) as beyond:
        await accept(made.code, person, by=ME)
    await bridge.people.remove_membership(inviter, "blue")
    with pytest.raises(Denied) as gone:
        await accept(made.code, person, by=ME)

    assert (beyond.value.code, gone.value.code) == ("scope_beyond", "inviter_gone")
    assert await bridge.people.memberships(person) == []


async def test_who_has_no_token_here_invites_nobody(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    gone = await bridge.somebody("ai:*", "model:*", "service:*", "admin:*")
    await bridge.tokens.revoke(gone.id)

    with pytest.raises(Denied, match="must have a token"):
        await bridge.people.invitations.invite("blue", "p1@example.com", "consumer", giver=gone)


async def test_renewed_invitation_has_another_code_and_inviter(bridge: Bridge) -> None:
    first = await invited(bridge)
    admin = await bridge.holder(await bridge.person(2, blue="team-admin"), "blue")
    invitations = bridge.people.invitations

    second = await invitations.renew("blue", first.invitation.id, days=1, giver=admin)

    assert second is not None
    assert (second.invitation.id, second.invitation.inviter) == (first.invitation.id, admin.id)
    assert await invitations.find(first.code) is None
    assert await invitations.find(second.code) == second.invitation
    assert await invitations.renew("blue", "inv_0") is None


async def test_withdrawn_invitation_opens_nothing(bridge: Bridge) -> None:
    made = await invited(bridge)
    await bridge.people.teams.add("red")
    red = await bridge.holder(await bridge.person(2, red="team-admin"), "red")
    blue = await bridge.holder(await bridge.person(3, blue="team-admin"), "blue")
    withdraw = bridge.people.invitations.withdraw

    with pytest.raises(Denied, match="that team alone"):
        await withdraw("blue", made.invitation.id, giver=red)
    withdrawn = await withdraw("blue", made.invitation.id, giver=blue)

    assert withdrawn is not None
    assert withdrawn.state is InvitationState.WITHDRAWN
    assert await bridge.people.invitations.find(made.code) is None
    assert await withdraw("blue", "inv_0") is None


async def test_who_is_new_signs_up_with_a_password(bridge: Bridge) -> None:
    made = await invited(bridge)
    invitations = bridge.people.invitations
    assert await invitations.signs_up(made.invitation)

    member = await invitations.sign_up(made.code, name="Ada", password=GOOD, client="192.0.2.1")

    assert (member.email, member.name, member.team, member.role) == ("p1@example.com", "Ada", "blue", "consumer")
    known = await bridge.people.check_password("p1@example.com", GOOD)
    assert known is not None
    assert known.id == member.person_id
    assert not await invitations.signs_up(made.invitation)
    with pytest.raises(BadRequest, match="was used"):
        await invitations.sign_up(made.code, name="Ada", password=GOOD)


@pytest.mark.parametrize(("name", "password", "param"), [("", GOOD, "name"), ("Ada", "short", "password")])
async def test_who_signs_up_wrongly_may_try_again(bridge: Bridge, name: str, password: str, param: str) -> None:
    made = await invited(bridge)

    with pytest.raises(BadRequest) as refused:
        await bridge.people.invitations.sign_up(made.code, name=name, password=password)
    assert refused.value.param == param
    assert await bridge.people.invitations.find(made.code) == made.invitation


async def test_password_of_an_address_is_chosen_by_who_got_the_code_at_it(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    team_admin = await bridge.holder(await bridge.person(1, blue="team-admin"), "blue")
    platform_admin = await bridge.holder(await bridge.person(2, bridge="platform-admin"))
    invitations = bridge.people.invitations

    shown = await invitations.invite("blue", "p3@example.com", "consumer", giver=team_admin)
    sent = await invitations.invite("blue", "p4@example.com", "consumer", giver=team_admin, webhook="whk_1")
    trusted = await invitations.invite("blue", "p5@example.com", "consumer", giver=platform_admin)

    assert [await invitations.signs_up(one.invitation) for one in (shown, sent, trusted)] == [False, True, True]
    with pytest.raises(Denied) as refused:
        await invitations.sign_up(shown.code, name="Eve", password=GOOD)
    assert refused.value.code == "no_sign_up"
    assert await bridge.people.find_person("p3@example.com") is None


async def test_nobody_chooses_a_password_by_the_word_of_who_is_gone(bridge: Bridge) -> None:
    await bridge.people.teams.add("blue")
    await bridge.person(1, bridge="platform-admin")
    inviter = await bridge.person(2, bridge="platform-admin")
    giver = await bridge.holder(inviter)
    made = await bridge.people.invitations.invite("blue", "p3@example.com", "consumer", giver=giver)

    await bridge.people.remove_membership(inviter, "")

    assert not await bridge.people.invitations.signs_up(made.invitation)
    with pytest.raises(Denied):
        await bridge.people.invitations.sign_up(made.code, name="Eve", password=GOOD)
