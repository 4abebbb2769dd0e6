"""Roles: made, changed and removed by their pages."""

import re
from collections.abc import Callable

from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

FORM = {"name": "token-maker", "description": "Makes tokens.", "scopes": "ai:*\nmodel:*, admin:tokens:write"}


async def test_role_is_made_shown_changed_and_removed(visit: Visitor) -> None:
    roles = visit.under.gateway.people.roles

    made = await visit.post("/roles/new", FORM)
    page = (await visit.get("/roles/token-maker")).text
    form = (await visit.get("/roles/token-maker/edit")).text
    await visit.post("/roles/token-maker/edit", {"description": "Less.", "scopes": "ai:*"})
    role = await roles.get("token-maker")
    await visit.post("/roles/token-maker/remove", {"name": "token-maker"})

    assert made.headers["location"] == "/_tollbridge/roles/token-maker?said=made"
    assert "3 scopes" in page
    assert "admin:tokens:write" in page
    assert "Own" in page
    assert "ai:*\nmodel:*\nadmin:tokens:write" in form
    assert role is not None
    assert (role.scopes, role.description) == (("ai:*",), "Less.")
    assert await roles.get("token-maker") is None


async def test_built_in_role_is_shown_and_offers_no_change(visit: Visitor) -> None:
    page = (await visit.get("/roles/viewer")).text
    reply = await visit.post("/roles/viewer/edit", {"description": "", "scopes": "ai:*"})

    assert "Built in" in page
    assert "/roles/viewer/edit" not in page
    assert reply.status_code == 400
    assert "Not done yet" in reply.text


async def test_scope_that_is_none_is_refused_beside_its_field(visit: Visitor) -> None:
    reply = await visit.post("/roles/new", {**FORM, "scopes": "everything"})

    assert reply.status_code == 400
    assert "everything" in reply.text
    assert re.search(r'id="f-scopes"[^>]*aria-invalid="true"', reply.text)


async def test_role_that_somebody_has_stays(visit: Visitor) -> None:
    await visit.post("/roles/new", FORM)
    await visit.person("ada", bridge="token-maker")

    reply = await visit.post("/roles/token-maker/remove", {"name": "token-maker"})
    page = (await visit.get("/roles/token-maker")).text

    assert reply.status_code == 409
    assert "Not done" in reply.text
    assert "Ada" in page
    assert "ada@example.com" in page


async def test_change_is_refused_where_somebody_changed_it_meanwhile(visit: Visitor) -> None:
    await visit.post("/roles/new", FORM)
    form = (await visit.get("/roles/token-maker/edit")).text
    tag = re.search(r'name="tag" value="([^"]*)"', form)[1].replace("&#34;", '"')

    await visit.post("/roles/token-maker/edit", {"description": "First.", "scopes": "ai:*", "tag": tag})
    late = await visit.post("/roles/token-maker/edit", {"description": "Late.", "scopes": "ai:*", "tag": tag})

    role = await visit.under.gateway.people.roles.get("token-maker")
    assert late.status_code == 400
    assert "changed since" in late.text
    assert role is not None
    assert role.description == "First."


async def test_viewer_sees_roles_and_makes_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", bridge="viewer"))

    listed = await visit.get("/roles?q=admin")
    new = await visit.get("/roles/new")

    assert "team-admin" in listed.text
    assert "consumer" not in listed.text
    assert "New role" not in listed.text
    assert new.status_code == 403


async def test_deed_is_asked_again_where_somebody_changed_it_meanwhile(visit: Visitor) -> None:
    await visit.post("/roles/new", FORM)
    tag = tag_in((await visit.get("/roles/token-maker/remove")).text)
    await visit.post("/roles/token-maker/edit", {"description": "Less.", "scopes": "ai:*"})

    late = await visit.post("/roles/token-maker/remove", {"name": "token-maker", "tag": tag})
    again = await visit.post("/roles/token-maker/remove", {"name": "token-maker", "tag": tag_in(late.text)})

    assert late.status_code == 412
    assert "Not done" in late.text
    assert 'value="token-maker"' in late.text
    assert again.status_code == 303


def tag_in(page: str) -> str:
    """Give the entity tag that a form holds."""
    found = re.search(r'name="tag" value="([^"]*)"', page)
    assert found is not None
    return found[1].replace("&#34;", '"')
