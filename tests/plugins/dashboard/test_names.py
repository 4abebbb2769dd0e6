"""Names that strangers chose are text on every page about teams, people, roles, clients and webhooks."""

import re
from html import unescape

import pytest
from tests.plugins.admin.test_markup import CODE, MARKUP
from tests.support.visiting import Visitor

NAMES = (*MARKUP[:4], MARKUP[6], MARKUP[10], CODE[0], CODE[6])
EVENTS = {"url": "https://hooks.example.com/in", "events": "*"}
GRANTS = {"scopes": "ai:*", "grants": "client_credentials"}


async def named(visit: Visitor, name: str) -> list[str]:
    """Give a name to one thing of each kind; gives the paths of the pages that show it."""
    people = visit.under.gateway.people
    await people.teams.add("shop", title=name, description=name)
    person = await people.add_person(email="ada@example.com", name=name, team="shop", role="consumer")
    await people.roles.add("looker", ("ai:*",), description=name)
    hook = re.search(r"/webhooks/(whk_\w+)", (await visit.post("/webhooks/new", {"name": name, **EVENTS})).text)
    client = re.search(r"/clients/(client_\w+)", (await visit.post("/clients/new", {"name": name, **GRANTS})).text)
    assert hook is not None
    assert client is not None
    return [
        *("/teams", "/teams/shop", "/teams/shop/edit", f"/teams/shop/members/{person.id}/remove"),
        *("/people", f"/people/{person.id}", f"/people/{person.id}/edit", f"/people/{person.id}/disable"),
        *("/roles", "/roles/looker", "/roles/looker/edit"),
        *("/webhooks", f"/webhooks/{hook[1]}", f"/webhooks/{hook[1]}/rotate"),
        *("/clients", f"/clients/{client[1]}", f"/clients/{client[1]}/revoke", f"/clients/{client[1]}/keys/new"),
    ]


@pytest.mark.parametrize("name", NAMES)
async def test_name_is_text(visit: Visitor, name: str) -> None:
    for path in await named(visit, name):
        page = (await visit.get(path)).text

        assert name in unescape(page), path
        assert name not in page or not re.search(r"[<>&\"]", name), path
