"""Two teams and the bridge as a whole: no id of one opens anything for another, on any route (T16)."""

import itertools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.walking import filled, routes_of, segment

from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import ROW

Names = Mapping[str, str]
SOMEBODY = {"role": "viewer", "name": "Ada"}
BODIES: Mapping[tuple[str, str], Any] = {
    ("PATCH", "/tokens/{id}"): {"name": "stolen"},
    ("PUT", "/tokens/{id}/auto-rotation"): {"into": "file:secret"},
    ("PATCH", "/teams/{name}"): {"title": "stolen"},
    ("POST", "/teams/{name}/members"): {**SOMEBODY, "email": "mallory@example.com"},
    ("PATCH", "/teams/{name}/members/{id}"): {"role": "viewer"},
    ("POST", "/teams/{name}/invitations"): {"role": "viewer", "email": "mallory@example.com"},
    ("PATCH", "/members/{id}"): {"role": "viewer"},
    ("PATCH", "/people/{id}"): {"name": "stolen"},
    ("PATCH", "/roles/{name}"): {"description": "stolen"},
    ("PATCH", "/provider-credentials/{key}"): {"expires_at": None},
    ("POST", "/provider-credentials/{key}/rotate"): {"key": "sk-" + "y" * 40},
    ("POST", "/tokens/{id}/credentials"): {"kind": "hmac"},
    ("POST", "/clients/{id}/credentials"): {"kind": "hmac"},
    ("PATCH", "/clients/{id}"): {"name": "stolen"},
    ("PATCH", "/webhooks/{id}"): {"name": "stolen"},
    ("POST", "/webhooks/{id}/redeliver"): {"delivery": "dlv_1"},
    ("PATCH", "/applications/{id}"): {"name": "stolen"},
    ("POST", "/applications/{id}/transfer"): {"team": "red"},
    ("POST", "/applications/{id}/tokens"): {"name": "x"},
    ("PATCH", "/services/{service}"): {"draft": {"name": "stolen"}},
    ("PATCH", "/plans/{name}"): {"title": "stolen"},
    ("POST", "/services/{service}/releases"): {"version": "6.6.6"},
    ("POST", "/services/{service}/releases/{number}/schedule"): {"at": "2099-01-01T00:00:00Z"},
}
"""What is sent where a body is needed: one that would be taken, so that only whose thing it is can stand in the way."""
READ = "audit.read"
SHARED = {("GET", "/roles/{name}"), ("GET", "/plans/{name}"), ("GET", "/providers/{provider}")}
"""What everybody with its scope may read: roles, plans and providers are the words of the whole bridge."""
REFUSED = {
    **dict.fromkeys(
        (("PATCH", "/roles/{name}"), ("POST", "/roles/{name}/remove")), "everybody may read that it is there"
    ),
    ("PATCH", "/plans/{name}"): "everybody may read that it is there",
    ("POST", "/applications/{id}/transfer"): "no team gives any away, so nothing is looked at",
}
"""What is 403 and not 404, with the reason."""


async def made(admin: Admin, path: str, body: Any) -> dict[str, Any]:
    reply = await admin.post(path, body)
    assert reply.status_code in (200, 201), reply.text
    found: dict[str, Any] = reply.json()
    return found


async def a_token(admin: Admin) -> Names:
    id = (await admin.make(team="blue"))["id"]
    return {"id": id, "credential": (await made(admin, f"/tokens/{id}/credentials", {"kind": "hmac"}))["id"]}


async def a_client(admin: Admin) -> Names:
    id = (await made(admin, "/clients", {"name": "shop", "scopes": ["ai:chat"], "team": "blue"}))["id"]
    return {"id": id, "credential": (await made(admin, f"/clients/{id}/credentials", {"kind": "aksk"}))["id"]}


async def a_team(admin: Admin) -> Names:
    member = await made(admin, "/teams/blue/members", {**SOMEBODY, "email": "team@example.com"})
    return {"name": "blue", "id": member["person"]}


async def an_invitation(admin: Admin) -> Names:
    wish = {"role": "viewer", "email": "ada@example.com"}
    return {"name": "blue", "id": (await made(admin, "/teams/blue/invitations", wish))["id"]}


async def a_member(admin: Admin) -> Names:
    return {"id": (await made(admin, "/members", {**SOMEBODY, "email": "member@example.com"}))["person"]}


async def a_person(admin: Admin) -> Names:
    return {"id": (await made(admin, "/people", {"name": "Bob", "email": "person@example.com"}))["id"]}


async def a_role(admin: Admin) -> Names:
    return {"name": (await made(admin, "/roles", {"name": "own-role", "scopes": ["ai:chat"]}))["name"]}


async def a_provider_key(admin: Admin) -> Names:
    key = {"provider": "openai", "key": "sk-" + "x" * 40}
    return {"key": (await made(admin, "/provider-credentials", key))["name"]}


async def a_provider(admin: Admin) -> Names:
    """Name one that a plugin registered; there is nothing to make."""
    return {"provider": "openai"}


async def a_webhook(admin: Admin) -> Names:
    hook = {"name": "hook", "url": "https://hooks.example/x", "events": ["token.*"], "team": "blue"}
    return {"id": (await made(admin, "/webhooks", hook))["id"]}


async def an_application(admin: Admin) -> Names:
    id = (await made(admin, "/applications", {"name": "shop", "team": "blue", "owner": "ada"}))["id"]
    await made(admin, f"/applications/{id}/tokens", {"name": "ada's"})
    return {"id": id}


async def a_service(admin: Admin) -> Names:
    """Make one that serves, with a release beside that waits for a review."""
    ready = {"name": "Weather", "definition": {"text": "rain"}}
    wish = {"slug": "weather", "kind": "answering", "team": "blue", "draft": ready}
    slug = (await made(admin, "/services", wish))["slug"]
    for version in ("1", "2"):
        await made(admin, f"/services/{slug}/releases", {"version": version})
    await made(admin, f"/services/{slug}/releases/1/publish", {})
    await made(admin, f"/services/{slug}/releases/2/submit", {})
    return {"service": slug, "number": "2"}


async def a_plan(admin: Admin) -> Names:
    return {"name": (await made(admin, "/plans", {"name": "gold", "title": "Gold"}))["name"]}


async def a_subscription(admin: Admin) -> Names:
    """Ask for the service of the team, which was made before."""
    own = (await made(admin, "/applications", {"name": "forecast", "team": "blue", "owner": "ada"}))["id"]
    asked = {"application": own, "service": "weather", "why": "for ada"}
    return {"id": (await made(admin, "/subscriptions", asked))["id"]}


async def a_card(admin: Admin) -> Names:
    """Publish a service that its team alone sees in the catalogue."""
    draft = {"name": "Hidden", "visibility": "team", "definition": {"text": "ada"}}
    await made(admin, "/services", {"slug": "hidden", "kind": "answering", "team": "blue", "draft": draft})
    await made(admin, "/services/hidden/releases", {"version": "1"})
    await made(admin, "/services/hidden/releases/1/publish", {})
    return {"service": "hidden"}


async def a_call(admin: Admin) -> Names:
    """Settle one that was made with a token of the team."""
    row = replace(ROW, call_id="req_ada", team="blue", token_id=(await admin.make(name="ada's", team="blue"))["id"])
    await admin.under.gateway.store.settle(row)
    return {"id": row.call_id}


async def a_token_of_ones_own(admin: Admin) -> Names:
    """Name the administrator's own; there is nothing to make."""
    return {"id": admin.id}


async def a_call_of_ones_own(admin: Admin) -> Names:
    row = replace(ROW, call_id="req_own", team="", token_id=admin.id)
    await admin.under.gateway.store.settle(row)
    return {"id": row.call_id}


MAKERS: Mapping[str, Callable[[Admin], Awaitable[Names]]] = {
    "tokens": a_token,
    "clients": a_client,
    "teams": a_team,
    "invitations": an_invitation,
    "members": a_member,
    "people": a_person,
    "roles": a_role,
    "provider-credentials": a_provider_key,
    "providers": a_provider,
    "webhooks": a_webhook,
    "applications": an_application,
    "services": a_service,
    "plans": a_plan,
    "subscriptions": a_subscription,
    "catalogue": a_card,
    "calls": a_call,
    "me/tokens": a_token_of_ones_own,
    "me/calls": a_call_of_ones_own,
}
"""How a thing that is not red's comes to be, by the first word of the paths about it.  Each kind has one."""


@pytest.fixture
async def foreign(under: GatewayUnderTest, admin: Admin) -> Mapping[str, Names]:
    """Make one of each kind."""
    for team in ("red", "blue"):
        await made(admin, "/teams", {"name": team, "scopes": ["ai:*", "model:*", "admin:*"]})
    return {kind: await make(admin) for kind, make in MAKERS.items()}


async def test_there_is_a_thing_of_each_kind_that_a_path_names(admin: Admin) -> None:
    assert {segment(one) for one in routes_of(admin) if one.names} == set(MAKERS)


async def test_whoever_may_do_everything_reads_each_of_them(admin: Admin, foreign: Mapping[str, Names]) -> None:
    for one in routes_of(admin):
        if one.names and one.reads:
            reply = await admin.get(filled(one.path, **foreign[segment(one)]))
            assert reply.status_code == 200, (one.path, reply.text)


async def test_no_route_opens_anything_of_another_team_or_of_the_bridge(
    under: GatewayUnderTest, admin: Admin, foreign: Mapping[str, Names]
) -> None:
    red = await an_admin(under, "admin:*", "ai:*", "model:*", team="red")
    before, refused = await changes(admin), set[tuple[str, str]]()

    for one in routes_of(admin):
        theirs = foreign.get(segment(one), {})
        for names in mixed(one.names, theirs, {"name": "red"}):
            reply = await red.ask(one.method, filled(one.path, **names), BODIES.get((one.method, one.path)))
            said = (one.method, one.path, names, reply.status_code, reply.text)
            if (one.method, one.path) in SHARED:
                continue
            assert reply.status_code in (403, 404), said
            refused |= {(one.method, one.path)} if reply.status_code == 403 else set()
            assert "ada" not in reply.text.lower(), said

    assert await changes(admin) == before
    assert refused == set(REFUSED)


async def changes(admin: Admin) -> list[Any]:
    return [record for record in await admin.records() if record.action != READ]


def mixed(wanted: tuple[str, ...], theirs: Names, own: Names) -> list[Names]:
    """Give all mixtures of what is another's and what is one's own, at least one of them another's."""
    choices = [[(name, theirs[name])] + ([(name, own[name])] if name in own else []) for name in wanted]
    found = [dict(pairs) for pairs in itertools.product(*choices)] if wanted else []
    return [names for names in found if any(value != own.get(name) for name, value in names.items())]
