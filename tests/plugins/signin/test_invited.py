"""Invitations at the door: by link and in one's own list, for who is here and for who is new."""

import pytest
from tests.plugins.signin.conftest import PASSWORD, PREFIX, Visitor
from tests.plugins.signin.openid import sign_in

from tollbridge.testing import GatewayUnderTest

LINK = "/sign-in/invitation"
OWN = "/sign-in/invitations"


@pytest.fixture
async def door(mock) -> Visitor:
    """Give somebody before a gateway that lets who is invited sign up."""
    visitor = Visitor(mock(signin={"sign_up": True}))
    await visitor.under.client()
    return visitor


async def invited(under: GatewayUnderTest, email: str = "ada@example.com", **more: str) -> str:
    """Invite somebody to a team that is made where it is not there; gives the code."""
    people = under.gateway.people
    if await people.teams.get("blue") is None:
        await people.teams.add("blue")
    return (await people.invitations.invite("blue", email, "consumer", **more)).code


async def roles(under: GatewayUnderTest, email: str = "ada@example.com") -> dict[str, str]:
    person = await under.gateway.people.find_person(email)
    assert person is not None
    return {one.team: one.role for one in await under.gateway.people.memberships(person.id)}


def new(code: str, **more: str) -> dict[str, str]:
    return {"code": code, "name": "Ada", "new": PASSWORD, "repeated": PASSWORD, **more}


async def test_who_is_signed_in_joins_by_the_link_once(ada: Visitor) -> None:
    code = await invited(ada.under)
    await ada.sign_in_as(ada.ada)

    page = await ada.get(f"{LINK}?code={code}")
    joined = await ada.post(LINK, {"code": code})

    assert (page.status_code, "Join the team" in page.text, "blue" in page.text) == (200, True, True)
    assert (joined.status_code, joined.headers["location"]) == (303, f"{PREFIX}{OWN}?joined")
    assert await roles(ada.under) == {"": "viewer", "blue": "consumer"}
    again = await ada.post(LINK, {"code": code})
    assert (again.status_code, "This invitation is over" in again.text) == (409, True)
    assert (await ada.get(f"{LINK}?code={code}")).status_code == 404
    assert "You are a member of the team now." in (await ada.get(f"{OWN}?joined")).text


async def test_who_is_signed_in_finds_it_without_a_link(ada: Visitor) -> None:
    await invited(ada.under)
    (one,) = await ada.under.gateway.people.invitations.for_address("ada@example.com")
    await ada.sign_in_as(ada.ada)

    page = await ada.get(OWN)
    refused = await ada.post(OWN, {"id": "inv_0"})
    joined = await ada.post(OWN, {"id": one.id})

    assert one.id in page.text
    assert (refused.status_code, "There is no such invitation." in refused.text) == (404, True)
    assert joined.status_code == 303
    assert await roles(ada.under) == {"": "viewer", "blue": "consumer"}
    assert "There are no open invitations." in (await ada.get(OWN)).text


async def test_somebody_else_does_not_join_by_it(ada: Visitor) -> None:
    code = await invited(ada.under, "bob@example.com")
    await ada.sign_in_as(ada.ada)

    page = await ada.get(f"{LINK}?code={code}")
    refused = await ada.post(LINK, {"code": code})

    assert "Sign in with the address that was invited." in page.text
    assert "Join the team" not in page.text
    assert (refused.status_code, "is for somebody else" in refused.text) == (404, True)
    assert await roles(ada.under) == {"": "viewer"}


async def test_nobody_finds_a_list_without_signing_in(visitor: Visitor) -> None:
    for reply in (await visitor.get(OWN), await visitor.post(OWN, {"id": "inv_1"})):
        assert (reply.status_code, reply.headers["location"].startswith(f"{PREFIX}/sign-in?next=")) == (303, True)


async def test_who_is_new_signs_up_and_is_signed_in(door: Visitor) -> None:
    code = await invited(door.under)

    page = await door.get(f"{LINK}?code={code}")
    entered = await door.post(LINK, new(code))

    assert "New password" in page.text
    assert (entered.status_code, entered.headers["location"]) == (303, f"{PREFIX}/")
    assert await roles(door.under) == {"blue": "consumer"}
    assert (await door.get("/sign-in/sessions")).status_code == 200
    assert await door.under.gateway.people.check_password("ada@example.com", PASSWORD) is not None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"new": "short", "repeated": "short"}, "15"),
        ({"repeated": "another one of words"}, "The two are not the same."),
        ({"name": ""}, "Name is 1 to 100"),
    ],
)
async def test_who_signs_up_wrongly_is_told_and_may_try_again(door: Visitor, wrong: dict[str, str], said: str) -> None:
    code = await invited(door.under)

    refused = await door.post(LINK, new(code, **wrong))

    assert (refused.status_code, said in refused.text) == (400, True)
    assert (await door.post(LINK, new(code))).status_code == 303


async def test_nobody_signs_up_where_that_is_off(visitor: Visitor) -> None:
    code = await invited(visitor.under)

    page = await visitor.get(f"{LINK}?code={code}")
    refused = await visitor.post(LINK, new(code))

    assert "New password" not in page.text
    assert "Whoever has not signed in here before is let in by those who run the gateway." in page.text
    assert f"{PREFIX}/sign-in?next=" in page.text
    assert refused.status_code == 403
    assert await visitor.under.gateway.people.find_person("ada@example.com") is None


async def test_nobody_signs_up_by_the_word_of_who_may_set_no_passwords(door: Visitor) -> None:
    boss = await door.person("boss", PASSWORD, blue="team-admin")
    giver = await door.under.gateway.people.holder_of(boss.id, "blue")
    code = await invited(door.under, giver=giver)

    page = await door.get(f"{LINK}?code={code}")
    refused = await door.post(LINK, new(code))

    assert "New password" not in page.text
    assert (refused.status_code, "signs in by a provider" in refused.text) == (403, True)


async def test_link_from_elsewhere_opens_nothing_by_itself(ada: Visitor) -> None:
    code = await invited(ada.under)
    await ada.sign_in_as(ada.ada)

    reply = await ada.post(LINK, {"code": code}, site="cross-site")

    assert reply.status_code == 403
    assert await roles(ada.under) == {"": "viewer"}


@pytest.mark.parametrize("is_invited", [True, False])
async def test_provider_lets_in_who_is_invited_where_it_makes_nobody(enter, is_invited: bool) -> None:
    visitor = await enter(create=False)
    if is_invited:
        await invited(visitor.under)

    reply = await sign_in(visitor)

    assert (reply.status_code == 303) is is_invited
    assert (await visitor.under.gateway.people.find_person("ada@example.com") is not None) is is_invited
