"""People and teams are provisioned by a plugin that knows public names alone."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support import scim
from tests.test_imports import PUBLIC

from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]

EVERYTHING = ("admin:*", "ai:*", "model:*", "service:*")
ADA = {"userName": "Ada@Example.com", "displayName": "Ada Lovelace", "externalId": "ext-1"}


class Client:
    """A directory that provisions, with a token of its own."""

    def __init__(self, under: GatewayUnderTest, token: str) -> None:
        self._under = under
        self._token = token

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        more = {} if body is None else {"json": body}
        return await self._under.request(method, scim.PATH + path, token=self._token, **more)

    async def made(self, **more: str) -> str:
        reply = await self.ask("POST", "/Users", {**ADA, **more})
        assert reply.status_code == 201, reply.text
        return str(reply.json()["id"])

    async def patch(self, at: str, **operation: Any) -> Any:
        return await self.ask("PATCH", at, {"Operations": [operation]})


@pytest.fixture
async def under(gateway: Callable[..., GatewayUnderTest]) -> GatewayUnderTest:
    made = gateway({}, plugins=(scim.Scim(),))
    await made.client()
    await made.gateway.people.teams.add("blue")
    return made


@pytest.fixture
async def directory(under: GatewayUnderTest) -> Client:
    return Client(under, await under.token(*EVERYTHING))


async def test_user_is_made_found_renamed_and_removed(under: GatewayUnderTest, directory: Client) -> None:
    id = await directory.made()

    people = under.gateway.people
    ada = await people.find_by_identity(scim.ISSUER, "ext-1")
    assert ada is not None
    assert (ada.id, ada.email, ada.has_password) == (id, "ada@example.com", False)
    assert await people.memberships(id) == []
    found = await directory.ask("GET", '/Users?filter=userName eq "ADA@example.com"')
    assert [one["id"] for one in found.json()["Resources"]] == [id]
    renamed = await directory.patch(f"/Users/{id}", op="replace", path="displayName", value="Ada")
    assert renamed.json()["displayName"] == "Ada"
    assert (await directory.ask("DELETE", f"/Users/{id}")).status_code == 204
    assert (await directory.ask("GET", f"/Users/{id}")).status_code == 404
    by = {(record.actor.via, record.action) for record in await under.gateway.store.follow_audit()}
    assert {("scim", "person.add"), ("scim", "person.link"), ("scim", "person.remove")} <= by


async def test_group_gives_memberships_and_takes_them_away(under: GatewayUnderTest, directory: Client) -> None:
    id = await directory.made()

    added = await directory.patch("/Groups/blue", op="add", path="members", value=[{"value": id}])

    assert added.json() == {"id": "blue", "members": [{"value": id}]}
    (member,) = await under.gateway.people.memberships(id)
    assert (member.team, member.role, member.via) == ("blue", scim.ROLE, scim.ISSUER)
    removed = await directory.patch("/Groups/blue", op="remove", path="members", value=[{"value": id}])
    assert removed.json()["members"] == []


async def test_user_that_is_not_active_opens_nothing_until_they_are(under: GatewayUnderTest, directory: Client) -> None:
    id = await directory.made()
    await directory.patch("/Groups/blue", op="add", path="members", value=[{"value": id}])
    people, tokens = under.gateway.people, under.gateway.tokens
    holder = await people.holder_of(id, "blue")
    assert holder is not None
    own = (await tokens.issue(name="own", scopes=["ai:*", "model:*"], minter=holder)).secret

    off = await directory.patch(f"/Users/{id}", op="replace", path="active", value=False)
    refused = await under.chat("nothing", token=own)
    await directory.patch(f"/Users/{id}", op="replace", path="active", value=True)
    known = await under.chat("nothing", token=own)

    assert off.json()["active"] is False
    assert (refused.status_code, known.status_code) == (401, 404)


async def test_directory_needs_the_scopes_and_gives_no_more_than_it_holds(
    under: GatewayUnderTest, directory: Client
) -> None:
    id = await directory.made()
    reader = Client(under, await under.token("admin:people:read"))
    narrow = Client(under, await under.token("admin:people:write", "admin:members:write"))

    assert (await Client(under, "").ask("GET", f"/Users/{id}")).status_code == 401
    assert (await reader.ask("GET", f"/Users/{id}")).status_code == 200
    assert (await reader.ask("POST", "/Users", ADA)).status_code == 403
    beyond = await narrow.patch("/Groups/blue", op="add", path="members", value=[{"value": id}])
    assert beyond.status_code == 403
    assert beyond.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert (await directory.ask("POST", "/Users", ADA)).status_code == 409


def test_plugin_knows_public_names_alone() -> None:
    tree = ast.parse(Path(scim.__file__).read_text())
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]

    assert {name for name in names if name.startswith("tollbridge")} <= set(PUBLIC)
