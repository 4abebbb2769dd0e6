"""Who is in a team and who is invited, by its pages."""

import re
from collections.abc import Callable

import pytest
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

KEY = "k" * 22


@pytest.fixture
async def shop(visit: Visitor) -> Visitor:
    """Give somebody who is signed in, where there is a team."""
    await visit.under.gateway.people.teams.add("shop", title="Shop")
    return visit


async def role_of(visit: Visitor, person: str) -> str | None:
    member = await visit.under.gateway.people.member(person, "shop")
    return None if member is None else member.role


async def test_somebody_who_is_there_joins_by_the_address(shop: Visitor) -> None:
    ada = await shop.person("ada")

    reply = await shop.post("/teams/shop/members/new", {"email": "ada@example.com", "role": "consumer"})

    page = (await shop.get("/teams/shop?said=joined")).text
    assert reply.headers["location"] == "/_tollbridge/teams/shop?said=joined"
    assert await role_of(shop, ada.id) == "consumer"
    assert "They are in the team from now on" in page
    assert "ada@example.com" in page


async def test_somebody_new_joins_once_a_name_is_given(shop: Visitor) -> None:
    form = {"email": "new@example.com", "role": "consumer"}

    nameless = await shop.post("/teams/shop/members/new", form)
    named = await shop.post("/teams/shop/members/new", {**form, "name": "Newcomer"})

    assert nameless.status_code == 400
    assert named.status_code == 303
    assert re.search(r'id="f-name"[^>]*aria-invalid="true"', nameless.text)
    assert 'value="new@example.com"' in nameless.text
    person = await shop.under.gateway.people.find_person("new@example.com")
    assert person is not None
    assert await role_of(shop, person.id) == "consumer"


async def test_role_is_changed_and_the_membership_ends_once_somebody_is_sure(shop: Visitor) -> None:
    ada = await shop.person("ada", shop="consumer")
    path = f"/teams/shop/members/{ada.id}"

    form = (await shop.get(f"{path}/role")).text
    changed = await shop.post(f"{path}/role", {"role": "team-admin"})
    role = await role_of(shop, ada.id)
    asked = (await shop.get(f"{path}/remove")).text
    removed = await shop.post(f"{path}/remove")

    assert '<option value="consumer" selected>' in form
    assert 'value="platform-admin"' not in form
    assert (changed.status_code, role) == (303, "team-admin")
    assert "Ada" in asked
    assert "end at once and for good" in asked
    assert removed.headers["location"].endswith("/teams/shop?said=left")
    assert await role_of(shop, ada.id) is None


async def test_role_that_is_none_is_refused_beside_its_field(shop: Visitor) -> None:
    ada = await shop.person("ada", shop="consumer")

    reply = await shop.post(f"/teams/shop/members/{ada.id}/role", {"role": "no-such-role"})

    assert reply.status_code == 400
    assert await role_of(shop, ada.id) == "consumer"
    assert re.search(r'id="f-role"[^>]*aria-invalid="true"', reply.text) or "Not done yet" in reply.text


async def test_code_of_an_invitation_is_shown_once_and_opens(shop: Visitor) -> None:
    form = {"email": "new@example.com", "role": "consumer", "days": "3", "sent": KEY}

    first = await shop.post("/teams/shop/invitations/new", form)
    again = await shop.post("/teams/shop/invitations/new", form)

    (one,) = await shop.under.gateway.people.invitations.list("shop", limit=5)
    code = re.search(r'id="secret-1">([^<]+)<', first.text)[1]
    assert first.status_code == 200
    assert again.status_code == 409
    assert code not in again.text
    assert "This form was sent already" in again.text
    assert (one.email, one.role, (one.ends_at - one.created_at).days) == ("new@example.com", "consumer", 3)
    assert code not in (await shop.get("/teams/shop")).text


async def test_invitation_that_is_refused_may_be_sent_again_with_what_was_typed(shop: Visitor) -> None:
    form = {"email": "nobody", "role": "consumer", "days": "99", "sent": KEY}

    wrong = await shop.post("/teams/shop/invitations/new", form)
    right = await shop.post("/teams/shop/invitations/new", {**form, "email": "new@example.com", "days": ""})

    assert wrong.status_code == 400
    assert 'value="nobody"' in wrong.text
    assert 'aria-invalid="true"' in wrong.text
    assert right.status_code == 200
    assert "secret-1" in right.text


async def test_invitation_is_sent_again_with_another_code_and_withdrawn(shop: Visitor) -> None:
    form = {"email": "new@example.com", "role": "consumer", "sent": KEY}
    code = re.search(r'id="secret-1">([^<]+)<', (await shop.post("/teams/shop/invitations/new", form)).text)[1]
    (one,) = await shop.under.gateway.people.invitations.list("shop", limit=5)
    path = f"/teams/shop/invitations/{one.id}"

    asked = (await shop.get(f"{path}/resend")).text
    again = await shop.post(f"{path}/resend", {"days": "30", "sent": "j" * 22})
    withdrawn = await shop.post(f"{path}/revoke")
    late = await shop.post(f"{path}/resend", {"days": "30", "sent": "i" * 22})

    assert "new@example.com" in asked
    assert re.search(r'id="secret-1">([^<]+)<', again.text)[1] != code
    assert withdrawn.headers["location"].endswith("?said=withdrawn")
    assert "Withdrawn" in (await shop.get("/teams/shop")).text
    assert late.status_code == 400
    assert "new@example.com" in late.text


async def test_whoever_may_not_see_members_sees_the_team_without_them(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.under.client()
    await visit.under.gateway.people.roles.add("looker", ("admin:teams:read",))
    await visit.sign_in_as(await visit.person("ada", shop="looker"))

    page = await visit.get("/teams/shop")
    new = await visit.get("/teams/shop/members/new")

    assert page.status_code == 200
    assert "is not yours to see" in page.text
    assert "Add a member" not in page.text
    assert "Invitations" not in page.text
    assert new.status_code == 403


async def test_team_admin_adds_members_of_the_own_team_alone(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.person("bob")
    await visit.sign_in_as(await visit.person("ada", shop="team-admin", other="consumer"))

    own = await visit.post("/teams/shop/members/new", {"email": "bob@example.com", "role": "consumer"})
    others = await visit.post("/teams/other/members/new", {"email": "bob@example.com", "role": "consumer"})

    assert own.status_code == 303
    assert others.status_code == 400
    assert "There is no such team." in others.text


async def test_budget_of_a_team_stands_as_it_was_spent(shop: Visitor) -> None:
    gw = shop.under
    await shop.post("/teams/new", {"name": "blue", "title": "Blue", "scopes": "ai:* model:*", "budget": "0.0009"})
    for _ in range(2):
        assert (await gw.chat("gpt-4o-mini", token=await gw.token(team="blue"), max_tokens=1)).status_code == 200

    page = (await shop.get("/teams/blue")).text

    assert '<data value="0.0009">$0.0009 of $0.0009 a month</data>' in page
    assert "Over budget" in page
    assert '<svg class="meter bad"' in page


async def test_members_are_there_as_csv(shop: Visitor) -> None:
    await shop.person("ada", shop="consumer")

    reply = await shop.get("/teams/shop?format=csv")

    assert reply.text.lstrip("\ufeff").splitlines() == [
        "name,email,role,state,via",
        "Ada,ada@example.com,consumer,active,",
    ]
