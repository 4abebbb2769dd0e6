"""What is another team's opens nothing where a body or a query names it, on any route: it is as if it were not there.

Every text that a route takes is sent every id and name of the other team, but for those that are said to be words.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Table
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_audited import MORE, contents, tables_of
from tests.plugins.admin.test_crossing import changes, made
from tests.plugins.admin.walking import LIST, VALUES, filled, routes_of, segment, texts_of, with_text

from tollbridge.sessions import Browser
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.routes import Route

Things = Mapping[str, str]
Way = tuple[str, ...]
WORDS = (
    *("name", "title", "description", "docs", "note", "why", "opinion", "tags", "metadata", "logo", "place"),
    *("version", "category", "email", "password", "from", "hours", "usd", "price_per_call_usd", "hash", "tokens"),
    *("url", "keys_url", "about_url", "redirect_uris", "keys", "upstream", "document", "headers", "query", "body"),
    *("method", "secret", "key", "events", "public_key", "operation"),
    *("slug", "successor"),  # words of the one space of slugs: what is taken is told to who asks for it, whoever has it
    *("plans", "policies"),  # of the whole bridge
    "definition",  # the secrets in it are those of the team: `test_servicereach`
)
"""Fields that take any words: what they say is no id, and no name that leads anywhere."""
NAMES = tuple(("POST", path, "name") for path in ("/jobs/run", "/roles", "/plans", "/teams"))
"""Those of them that are names after all."""
FORMS: Mapping[str, Way] = {
    "scopes": ("service:{}:say", "service:{}:*", "model:api/{}"),
    "into": ("webhook:{}",),
    "path": ("/v1/apis/{}", "/v1/mcp/{}"),
    "model": ("api/{}",),
    "models": ("api/{}",),
}
"""How a field names something, where that is not by its id or name alone."""
OF_PEOPLE = ("owner",)
"""Fields that take any words but the ids of people."""

_BEYOND = "a scope is held against what the caller may do, whoever's the service is"
TRIED = ("provider", "base_url", "dialect", "auth_header", "stored")
_ELSEWHERE = "a caller with a team makes things of that team alone, and gives none of them away"
_BRIDGE = "it is the whole bridge's, whatever is said"
_PERSON = "the id of any person but oneself is refused"
REFUSED: Mapping[tuple[str, str], str] = {
    ("POST /tokens", "scopes"): _BEYOND,
    ("PATCH /tokens/{id}", "scopes"): _BEYOND,
    ("POST /clients", "scopes"): _BEYOND,
    ("PATCH /clients/{id}", "scopes"): _BEYOND,
    ("POST /applications", "scopes"): _BEYOND,
    ("PATCH /applications/{id}", "scopes"): _BEYOND,
    ("POST /applications/{id}/tokens", "scopes"): _BEYOND,
    ("PATCH /teams/{name}", "scopes"): "nobody changes what they may do themselves",
    ("POST /tokens", "team"): _ELSEWHERE,
    ("POST /clients", "team"): _ELSEWHERE,
    ("POST /applications", "team"): _ELSEWHERE,
    ("POST /applications/{id}/transfer", "team"): _ELSEWHERE,
    ("POST /services", "team"): _ELSEWHERE,
    ("PATCH /services/{service}", "team"): _ELSEWHERE,
    ("POST /webhooks", "team"): _ELSEWHERE,
    ("POST /tokens", "owner"): _PERSON,
    ("POST /clients", "owner"): _PERSON,
    ("POST /applications", "owner"): _PERSON,
    ("PATCH /applications/{id}", "owner"): _PERSON,
    ("POST /applications/{id}/tokens", "owner"): _PERSON,
    ("GET /audit", "actor"): "a team reads of one target at a time",
    ("GET /audit", "action"): "a team reads of one target at a time",
    ("GET /audit", "after"): "a team reads of one target at a time",
    ("GET /audit/verify", "after"): _BRIDGE,
    ("POST /teams", "name"): _BRIDGE,
    ("POST /teams", "scopes"): _BRIDGE,
    ("POST /people", "role"): _BRIDGE,
    **dict.fromkeys((("POST /providers/try", name) for name in TRIED), _BRIDGE),
    ("GET /usage", "team"): "a team sees its own calls alone",
    ("GET /calls", "team"): "a team sees its own calls alone",
    ("GET /people/{id}/sessions", "after"): _BRIDGE,
    ("POST /people/{id}/sessions/end", "session"): _BRIDGE,
    ("GET /operator/sessions", "after"): _BRIDGE,
    ("POST /operator/sessions/end", "session"): _BRIDGE,
    ("POST /roles", "name"): _BRIDGE,
    ("POST /roles", "scopes"): _BRIDGE,
    ("POST /provider-credentials", "provider"): _BRIDGE,
    ("POST /jobs/run", "name"): _BRIDGE,
    ("POST /plans", "name"): _BRIDGE,
    ("POST /plans", "models"): _BRIDGE,
    ("PATCH /plans/{name}", "models"): _BRIDGE,
}
"""What is 403, with the reason: it is the same for what is not there."""
EACH = ("POST /tokens/revoke", "POST /tokens/rotate")
"""What answers for each token that it is asked for: of another's, that it is not there."""
GIVEN = ("POST /subscriptions", "application")
"""What may be another's: whoever has a service gives it to an application that they were told of."""


async def things_of(admin: Admin, team: str) -> dict[str, str]:
    """Make one of everything that a team has; gives the ids and names by what they are of."""
    await made(admin, "/teams", {"name": team, "scopes": ["ai:*", "model:*", "admin:*"]})
    token = (await admin.make(team=team))["id"]
    client = (await made(admin, "/clients", {"name": "x", "scopes": ["ai:chat"], "team": team}))["id"]
    wish = {"role": "viewer", "name": "X", "email": f"in-{team}@example.com"}
    member = await made(admin, f"/teams/{team}/members", wish)
    session = await admin.under.gateway.sessions.begin(member["person"], "password", Browser("192.0.2.1", "Firefox"))
    invitation = {"role": "viewer", "email": f"for-{team}@example.com"}
    hook = {"name": "x", "url": "https://hooks.example/x", "events": ["token.*"], "team": team}
    webhook = (await made(admin, "/webhooks", hook))["id"]
    application = (await made(admin, "/applications", {"name": "x", "team": team, "scopes": ["ai:chat"]}))["id"]
    slug = f"secret-{team}"
    draft = {"name": "X", "visibility": "team", "definition": {"text": "x"}}
    service = await made(admin, "/services", {"slug": slug, "kind": "answering", "team": team, "draft": draft})
    for version in ("1", "2"):
        release = await made(admin, f"/services/{slug}/releases", {"version": version})
    await made(admin, f"/services/{slug}/releases/1/publish", {})
    asked = {"application": application, "service": slug}
    return {
        "team": team,
        "token": token,
        "key": (await made(admin, f"/tokens/{token}/credentials", {"kind": "hmac"}))["id"],
        "client": client,
        "client key": (await made(admin, f"/clients/{client}/credentials", {"kind": "aksk"}))["id"],
        "person": member["person"],
        "session": session.session.id,
        "invitation": (await made(admin, f"/teams/{team}/invitations", invitation))["id"],
        "webhook": webhook,
        "delivery": (await made(admin, f"/webhooks/{webhook}/test", {}))["id"],
        "application": application,
        "application's token": (await made(admin, f"/applications/{application}/tokens", {"name": "x"}))["id"],
        "service": service["id"],
        "slug": slug,
        "release": release["id"],
        "subscription": (await made(admin, "/subscriptions", asked))["id"],
    }


def paths_of(own: Things) -> Mapping[str, Mapping[str, str]]:
    """Give what stands in the paths, by what they are about: all of it the caller's own, so that it hides nothing."""
    return {
        "tokens": {"id": own["token"], "credential": own["key"]},
        "clients": {"id": own["client"], "credential": own["client key"]},
        "teams": {"name": own["team"], "id": own["person"]},
        "members": {"id": own["person"]},
        "people": {"id": own["person"]},
        "invitations": {"name": own["team"], "id": own["invitation"]},
        "webhooks": {"id": own["webhook"]},
        "applications": {"id": own["application"]},
        "services": {"service": own["slug"], "number": "2"},
        "subscriptions": {"id": own["subscription"]},
        "catalogue": {"service": own["slug"]},
    }


def bodies_of(own: Things) -> Mapping[tuple[str, str], Any]:
    """Give what is sent where more than the one field is needed; what else it names is the caller's own."""
    return {
        **MORE,
        ("POST", "/applications/{id}/tokens"): {"name": "x", "scopes": ["ai:chat"]},
        ("POST", "/subscriptions"): {"application": own["application"], "service": own["slug"]},
        ("POST", "/teams/{name}/members"): {"role": "viewer"},
        ("POST", "/tokens/revoke"): {"ids": [own["token"]]},
        ("POST", "/tokens/rotate"): {},
    }


def field_of(way: Way) -> str:
    """Give the field that a way ends in."""
    return next(step for step in reversed(way) if step not in (LIST, VALUES))


def names_something(one: Route, way: Way) -> bool:
    """Whether what a text says can be an id or a name."""
    return not set(way) & set(WORDS) or (one.method, one.path, field_of(way)) in NAMES


def nothing_like(value: str) -> str:
    """Give what looks like an id or name and is not there: its last character is another."""
    last = value[-1]
    return value[:-1] + (chr(ord(last) ^ 1) if last.isdigit() else "f" if last != "f" else "e")


def said_of(theirs: Things, field: str) -> Iterator[tuple[str, str, str]]:
    """Give each id or name, as a field says it, and how it would say one that is not there."""
    for kind, value in theirs.items():
        if field not in OF_PEOPLE or kind == "person":
            for form in FORMS.get(field, ("{}",)):
                yield value, form.format(value), form.format(nothing_like(value))


class Sweep:
    """Sends what a field may take, on a route about what is the caller's own."""

    def __init__(self, caller: Admin, own: Things) -> None:
        self._caller = caller
        self._paths, self._bodies = paths_of(own), bodies_of(own)

    async def send(self, one: Route, way: Way, said: str) -> tuple[int, str]:
        """Give what is answered, without what was said and the request's own id."""
        path = filled(one.path, **self._paths.get(segment(one), {}))
        if one.reads:
            reply = await self._caller.get(f"{path}?{urlencode({way[0]: said})}")
        else:
            body = self._bodies.get((one.method, one.path))
            reply = await self._caller.ask(one.method, path, with_text(body, way, said))
        text = re.sub("req_[0-9a-f]+", "", reply.text)
        return reply.status_code, text.replace(said, "").replace(said.rpartition("/")[2], "")


async def as_it_is(caller: Admin, admin: Admin, tables: list[Table]) -> dict[str, Any]:
    """Read what there is, but for that the caller's own token was used."""
    found = await contents(admin, tables)
    return found | {"token": [row for row in found["token"] if row.id != caller.id], "audit": await changes(admin)}


async def test_what_is_anothers_is_as_what_is_not_there_in_every_field_that_names_something(
    under: GatewayUnderTest, admin: Admin
) -> None:
    blue, own = [await things_of(admin, team) for team in ("blue", "red")]
    red = await an_admin(under, "admin:*", "ai:*", "model:gpt-*", team="red")
    sweep, tables, refused, asked = Sweep(red, own), await tables_of(admin), set(), 0
    before = await as_it_is(red, admin, tables)

    for one in routes_of(admin):
        for way in filter(lambda way: names_something(one, way), texts_of(one.takes)):
            route, field, nothing = f"{one.method} {one.path}", field_of(way), set()
            if (route, field) == GIVEN:
                continue
            for value, said, not_there in said_of(blue, field):
                answer = await sweep.send(one, way, said)
                asked += 1
                if answer not in nothing:
                    nothing.add(await sweep.send(one, way, not_there))
                assert answer in nothing, (route, way, said, answer)
                status, text = answer
                refused |= {(route, field)} if status == 403 else set()
                fine = status in (400, 404, 422) or (status == 403 and (route, field) in REFUSED)
                assert fine or (status == 200 and (one.reads or one.looks or route in EACH)), (route, way, said, answer)
                assert not [other for other in blue.values() if other in text and other != value], (route, way, answer)

    assert await as_it_is(red, admin, tables) == before
    assert refused == set(REFUSED)
    assert asked > 1_000


async def test_subscription_takes_no_application_and_service_of_which_neither_is_the_callers(
    under: GatewayUnderTest, admin: Admin
) -> None:
    blue, own = [await things_of(admin, team) for team in ("blue", "red")]
    red, tables = await an_admin(under, "admin:*", team="red"), await tables_of(admin)
    before = await as_it_is(red, admin, tables)

    replies = [
        await red.post("/subscriptions", {"application": application, "service": blue["slug"]})
        for application in (blue["application"], nothing_like(blue["application"]))
    ]
    hidden = [
        await red.post("/subscriptions", {"application": own["application"], "service": service})
        for service in (blue["slug"], blue["service"], nothing_like(blue["slug"]))
    ]

    assert {(reply.status_code, reply.json()["detail"]) for reply in replies} == {
        (422, "application: there is no such application")
    }
    assert {(reply.status_code, reply.json()["detail"]) for reply in hidden} == {
        (404, "there is no such service, or it is not published")
    }
    assert await as_it_is(red, admin, tables) == before


async def test_filter_by_what_a_team_has_finds_it_for_who_may_see_it(admin: Admin) -> None:
    blue = await things_of(admin, "blue")
    sweep, finding = Sweep(admin, blue), set()

    for one in filter(lambda one: one.reads, routes_of(admin)):
        for way in filter(lambda way: names_something(one, way), texts_of(one.takes)):
            for _, there, not_there in said_of(blue, field_of(way)):
                if await sweep.send(one, way, there) != await sweep.send(one, way, not_there):
                    finding.add(field_of(way))

    finding -= {"before"}  # a place in a list, which is there for any id
    assert finding == {"q", "team", "parent", "actor", "target", "application", "service"}
