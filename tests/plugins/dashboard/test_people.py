"""People: made, changed, given roles, signed out, switched and removed by their pages."""

import re
from collections.abc import Callable

import pytest
from tests.support.visiting import PASSWORD, Visitor

from tollbridge.people.model import Person
from tollbridge.sessions import Browser
from tollbridge.testing import GatewayUnderTest

MARKUP = "<img src=x onerror=alert(1)>"


async def found(visit: Visitor, address: str) -> Person:
    person = await visit.under.gateway.people.find_person(address)
    assert person is not None
    return person


async def bridge_role(visit: Visitor, person: str) -> str | None:
    member = await visit.under.gateway.people.member(person, "")
    return None if member is None else member.role


async def test_person_is_made_with_a_role_and_shown_and_found(visit: Visitor) -> None:
    form = {"name": "Ada", "email": "Ada@example.com", "password": PASSWORD, "role": "viewer"}

    reply = await visit.post("/people/new", form)

    ada = await found(visit, "ada@example.com")
    page = (await visit.get(f"/people/{ada.id}")).text
    assert reply.headers["location"] == f"/_tollbridge/people/{ada.id}?said=made"
    assert await bridge_role(visit, ada.id) == "viewer"
    assert "ada@example.com" in page
    assert "Whole bridge" in page
    assert PASSWORD not in page
    assert f'href="/_tollbridge/people/{ada.id}"' in (await visit.get("/people?q=ada")).text
    assert f'href="/_tollbridge/people/{ada.id}"' in (await visit.get("/search?q=ada")).text
    assert "Nobody is called so." in (await visit.get("/people?q=zzz")).text


async def test_person_without_a_role_is_made_and_a_short_password_is_refused(visit: Visitor) -> None:
    form = {"name": "Ada", "email": "ada@example.com", "password": "short", "role": ""}

    wrong = await visit.post("/people/new", form)
    right = await visit.post("/people/new", {**form, "password": ""})

    assert wrong.status_code == 400
    assert re.search(r'id="f-password"[^>]*aria-invalid="true"', wrong.text)
    assert "short" not in wrong.text
    assert right.status_code == 303
    assert not (await found(visit, "ada@example.com")).has_password


async def test_password_is_not_taken_from_an_address(visit: Visitor) -> None:
    page = await visit.get(f"/people/new?name=Ada&password={PASSWORD.replace(' ', '+')}")

    assert 'value="Ada"' in page.text
    assert PASSWORD not in page.text


async def test_person_is_changed_unless_somebody_did_meanwhile(visit: Visitor) -> None:
    ada = await visit.person("ada", password=PASSWORD)
    form = (await visit.get(f"/people/{ada.id}/edit")).text
    tag = re.search(r'name="tag" value="([^"]*)"', form)[1].replace("&#34;", '"')

    first = await visit.post(f"/people/{ada.id}/edit", {"name": "Ada B", "email": "ada@example.com", "tag": tag})
    second = await visit.post(f"/people/{ada.id}/edit", {"name": "Ada C", "email": "ada@example.com", "tag": tag})

    assert first.status_code == 303
    assert second.status_code == 400
    assert 'value="Ada C"' in second.text
    assert (await found(visit, "ada@example.com")).name == "Ada B"


async def test_password_is_set_and_taken_away(visit: Visitor) -> None:
    ada = await visit.person("ada")
    same = {"name": ada.name, "email": ada.email}

    await visit.post(f"/people/{ada.id}/edit", {**same, "password": PASSWORD})
    had = (await found(visit, "ada@example.com")).has_password
    await visit.post(f"/people/{ada.id}/edit", {**same, "no_password": "yes"})

    assert had
    assert not (await found(visit, "ada@example.com")).has_password


async def test_role_in_the_whole_bridge_is_given_and_taken_away(visit: Visitor) -> None:
    ada = await visit.person("ada")

    form = (await visit.get(f"/people/{ada.id}/role")).text
    await visit.post(f"/people/{ada.id}/role", {"role": "viewer"})
    given = await bridge_role(visit, ada.id)
    wrong = await visit.post(f"/people/{ada.id}/role", {"role": "no-such-role"})
    await visit.post(f"/people/{ada.id}/role/remove")

    assert "team-admin" not in form
    assert "platform-admin" in form
    assert (given, wrong.status_code, await bridge_role(visit, ada.id)) == ("viewer", 400, None)


async def test_last_administrator_stays_and_the_page_says_why(visit: Visitor) -> None:
    ada = await visit.person("ada", bridge="platform-admin")

    disabled = await visit.post(f"/people/{ada.id}/disable")
    removed = await visit.post(f"/people/{ada.id}/remove", {"name": "Ada"})

    assert disabled.status_code == removed.status_code == 409
    assert "Not done" in disabled.text
    assert "platform-admin" in disabled.text
    assert (await found(visit, "ada@example.com")).disabled_at is None


async def test_person_is_switched_off_and_on_and_removed_once_the_name_is_typed(visit: Visitor) -> None:
    ada = await visit.person("ada")

    await visit.post(f"/people/{ada.id}/disable")
    off = (await visit.get(f"/people/{ada.id}")).text
    await visit.post(f"/people/{ada.id}/enable")
    on = (await visit.get(f"/people/{ada.id}")).text
    wrong = await visit.post(f"/people/{ada.id}/remove", {"name": "Bob"})
    right = await visit.post(f"/people/{ada.id}/remove", {"name": "Ada"})

    assert '<span class="pill off">Disabled</span>' in off
    assert '<span class="pill ok">Active</span>' in on
    assert wrong.status_code == 400
    assert "That is not its name." in wrong.text
    assert right.headers["location"].endswith("/people?said=removed")
    assert await visit.under.gateway.people.find_person("ada@example.com") is None


async def test_sessions_are_shown_and_end_one_by_one_and_all(visit: Visitor) -> None:
    ada, sessions = await visit.person("ada"), visit.under.gateway.sessions
    made = [await sessions.begin(ada.id, "password", Browser("192.0.2.7", f"Firefox/{n}")) for n in (1, 2, 3)]
    one = made[0].session.id

    page = (await visit.get(f"/people/{ada.id}")).text
    asked = (await visit.get(f"/people/{ada.id}/sessions/{one}/end")).text
    await visit.post(f"/people/{ada.id}/sessions/{one}/end")
    left = await sessions.list(ada.id, limit=5)
    await visit.post(f"/people/{ada.id}/sessions/end")

    assert "Firefox/2" in page
    assert "192.0.2.7" in page
    assert "That browser is signed out at once." in asked
    assert {each.id for each in left} == {each.session.id for each in made[1:]}
    assert await sessions.list(ada.id, limit=5) == []


async def test_name_with_markup_is_shown_as_it_is(visit: Visitor) -> None:
    person = await visit.under.gateway.people.add_person(email="x@example.com", name=MARKUP)

    pages = [
        (await visit.get(path)).text for path in ("/people", f"/people/{person.id}", f"/people/{person.id}/remove")
    ]

    assert all("<img" not in page and "&lt;img" in page for page in pages)


async def test_team_admin_sees_own_people_without_what_is_not_theirs(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    bob, eve = await visit.person("bob", shop="consumer", other="consumer"), await visit.person("eve", other="consumer")
    await visit.sign_in_as(await visit.person("ada", shop="team-admin"))

    listed, page = (await visit.get("/people")).text, (await visit.get(f"/people/{bob.id}")).text
    others = await visit.get(f"/people/{eve.id}")

    assert "bob@example.com" in listed
    assert "eve@example.com" not in listed
    assert "New person" not in listed
    assert 'href="/_tollbridge/teams/shop"' in page
    assert "/teams/other" not in page
    assert "Disable" not in page
    assert "Where they are signed in" not in page
    assert others.status_code == 404


@pytest.mark.parametrize("path", ["/people", "/people/new", "/people/per_1/edit"])
async def test_whoever_has_no_scope_sees_none(mock: Callable[..., GatewayUnderTest], path: str) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", shop="consumer"))

    reply = await visit.get(path)

    assert reply.status_code == 403
    assert "admin:people:" in reply.text
