"""A gateway with something on each of its pages, all of it named by people who know HTML."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests.plugins.admin.test_markup import CODE, MARKUP
from tests.support.live import LiveGateway, mock_config
from tests.support.visiting import PASSWORD

from tollbridge.testing.upstream import ScriptedUpstream

NAUGHTY = MARKUP[1]
LONG = "a-rather-long-name-without-any-blank-" * 2
EMAIL = "ada@example.com"
PROMPT: dict[str, Any] = {
    "name": f"Digest {NAUGHTY}"[:90],
    "description": f"Sums up {MARKUP[0]} {CODE[0]}",
    "tags": ["text"],
    "access": "scope",
    "visibility": "public",
    "docs": f"# Digest\n\n{MARKUP[4]}",
    "slos": [{"name": "fast", "objective": 99.5, "latency_ms": 800}],
    "policies": {"masking": {"level": "full"}},
    "definition": {
        "model": "gpt-4o-mini",
        "system": "You write for people in a hurry.",
        "user": "{{text}} in {{language}}",
        "variables": {
            "text": {"type": "string", "minLength": 1, "maxLength": 200, "description": f"What to sum up. {NAUGHTY}"},
            "language": {"type": "string", "default": "en", "maxLength": 9},
        },
    },
}
NODE = {"nodes": [{"url": "https://api.example.com"}]}
ROUTES = [{"name": "all", "path": "/orders/{id}", "upstream": "main"}]
REST: dict[str, Any] = {
    "name": LONG,
    "description": "All orders.",
    "definition": {"upstreams": {"main": NODE}, "routes": ROUTES},
}


class Api:
    """The admin API of a gateway, asked over HTTP by a token that may do everything."""

    def __init__(self, live: LiveGateway) -> None:
        scopes = [word for scope in ("admin:*", "ai:*", "model:*", "service:*") for word in ("--scope", scope)]
        self.token: str = live.token("--name", "automation", *scopes)["token"]
        self._http = httpx2.Client(
            base_url=f"{live.url}/_tollbridge/api/v1", headers={"authorization": f"Bearer {self.token}"}
        )

    def get(self, path: str) -> dict[str, Any]:
        return self._sent("GET", path, None)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._sent("POST", path, body)

    def patch(self, path: str, **body: Any) -> dict[str, Any]:
        return self._sent("PATCH", path, body)

    def close(self) -> None:
        self._http.close()

    def _sent(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any]:
        reply = self._http.request(method, path, json=body)
        assert reply.is_success, f"{method} {path}: {reply.text}"
        found: dict[str, Any] = reply.json()
        return found


@dataclass
class Filled:
    """It, with the paths of what the operator sees, by `PARTS` and by name, and the API behind it."""

    gateway: LiveGateway
    api: Api
    paths: dict[str, Mapping[str, str]] = field(default_factory=dict)
    naughty: str = NAUGHTY

    def call(self, token: str, path: str = "/v1/chat/completions", **fields: Any) -> httpx2.Response:
        """Call a model, or what is at a path with a `body`."""
        messages = [{"role": "user", "content": "Will it rain?"}]
        body = fields.get("body") or {"model": "gpt-4o-mini", "messages": messages, **fields}
        return httpx2.post(f"{self.gateway.url}{path}", json=body, headers={"authorization": f"Bearer {token}"})


@contextmanager
def filled(folder: Path) -> Iterator[Filled]:
    """Serve it until the `with` block ends."""
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url)) as gateway:
        found = Filled(gateway, Api(gateway))
        found.paths |= {name: part(found) for name, part in PARTS.items()}
        yield found
        found.api.close()


def _people(found: Filled) -> Mapping[str, str]:
    api = found.api
    api.post("/teams", name="shop", title=f"Shop {NAUGHTY}", description=LONG, budget={"usd": "0.0005"})
    person = api.post("/people", email=EMAIL, name=f"Ada {NAUGHTY}", password=PASSWORD, role="platform-admin")["id"]
    other = api.post("/people", email="bob@example.com", name=LONG, role="viewer")["id"]
    for one, role in ((person, "team-admin"), (other, "consumer")):
        api.post("/teams/shop/members", person=one, role=role)
    invited = api.post("/teams/shop/invitations", email="new@example.com", role="consumer")["id"]
    api.post("/roles", name="looker", description=f"Looks {NAUGHTY}", scopes=["admin:usage:read"])
    team, people, role = "/teams/shop", f"/people/{other}", "/roles/looker"
    member, invitation = f"{team}/members/{other}", f"{team}/invitations/{invited}"
    return {
        **{"teams": "/teams", "team": team, "team-new": "/teams/new"},
        **{f"team-{deed}": f"{team}/{deed}" for deed in ("edit", "disable", "enable", "end")},
        **{"member-new": f"{team}/members/new", "member-role": f"{member}/role", "member-remove": f"{member}/remove"},
        **{f"invitation-{deed}": f"{invitation}/{deed}" for deed in ("resend", "revoke")},
        **{"invite": f"{team}/invitations/new", "people": "/people", "person-new": "/people/new"},
        **{"person": people, "person-ada": f"/people/{person}"},
        **{f"person-{deed}": f"{people}/{deed}" for deed in ("edit", "role", "disable", "enable", "remove")},
        **{"person-role-remove": f"{people}/role/remove", "person-sessions-end": f"{people}/sessions/end"},
        **{"roles": "/roles", "role": role, "role-new": "/roles/new", "role-own": "/roles/team-admin"},
        **{f"role-{deed}": f"{role}/{deed}" for deed in ("edit", "remove")},
    }


def _machines(found: Filled) -> Mapping[str, str]:
    api = found.api
    hook = api.post("/webhooks", name=NAUGHTY, url=f"https://hooks.example.com/{LONG}", events=["token.*"])["id"]
    client = api.post("/clients", name=NAUGHTY, scopes=["ai:chat"], redirect_uris=[])["id"]
    key = api.post(f"/clients/{client}/credentials", kind="hmac")["id"]
    kept = "sk-abcdefghijklmnopqrstuvwxyz0123456789"
    stored = api.post("/provider-credentials", provider="openai", key=kept)["name"]
    api.post(f"/provider-credentials/{stored}/rotate", key=f"{kept}x")
    one, provider, webhook = f"/clients/{client}", f"/providers/openai/keys/{stored}", f"/webhooks/{hook}"
    return {
        **{"clients": "/clients", "client": one, "client-new": "/clients/new", "client-key-new": f"{one}/keys/new"},
        **{f"client-{deed}": f"{one}/{deed}" for deed in ("edit", "rotate", "disable", "enable", "revoke")},
        **{f"client-key-{deed}": f"{one}/keys/{key}/{deed}" for deed in ("rotate", "remove")},
        **{"webhooks": "/webhooks", "webhook": webhook, "webhook-new": "/webhooks/new"},
        **{f"webhook-{deed}": f"{webhook}/{deed}" for deed in ("edit", "rotate", "remove")},
        **{"providers": "/providers", "providers-known": "/providers?state=known", "provider": "/providers/openai"},
        **{"provider-new": "/providers/new?provider=groq", "provider-key-new": "/providers/openai/keys/new"},
        **{f"provider-key-{deed}": f"{provider}/{deed}" for deed in ("rotate", "remove", "1/remove")},
        **{"models": "/models", "model": "/model?id=gpt-4o-mini", "jobs": "/jobs", "plugins": "/plugins"},
        **{"settings": "/settings", "audit": "/audit", "audit-verify": "/audit/verify"},
    }


def _tokens(found: Filled) -> Mapping[str, str]:
    scopes = ["ai:*", "model:*"]
    more = {"scopes": scopes, "owner": f"Owner {NAUGHTY}", "team": "shop", "tags": [MARKUP[2], "batch"]}
    token = found.api.post("/tokens", name=f"till {NAUGHTY}", budget={"usd": "0.00045", "period": "day"}, **more)
    found.api.post("/tokens", name=LONG, scopes=scopes)
    reply = [found.call(token["token"], max_tokens=most) for most in (10, 1000)][-1]
    assert reply.status_code == 429, reply.text
    call, one = reply.headers["x-request-id"], f"/tokens/{token['id']}"
    return {
        **{"home": "/", "home-30d": "/?range=30d", "usage": "/usage", "usage-models": "/usage?by=model"},
        **{"log": "/log", "call": f"/log/{call}", "limits": "/limits", "explain": "/explain"},
        **{
            "explained": f"/explain?id={call}",
            "search": "/search?q=till",
            "search-none": "/search?q=nobody-is-called-so",
        },
        **{"tokens": "/tokens", "tokens-none": "/tokens?q=nobody", "token": one, "token-new": "/tokens/new"},
        **{f"token-{deed}": f"{one}/{deed}" for deed in ("edit", "extend", "rotate", "revoke")},
        **{"tokens-revoke": f"/tokens/revoke?id={token['id']}"},
    }


def _services(found: Filled) -> Mapping[str, str]:
    api = found.api
    api.post("/plans", name="gold")
    api.post("/services", slug="digest", kind="prompt", draft={**PROMPT, "plans": ["gold"]})
    api.post("/services/digest/releases", version="1.0.0", note=f"The first. {NAUGHTY}")
    api.post("/services/digest/releases/1/publish")
    for body in ({"text": "hi"}, {"text": "hi"}, {"txt": "hi"}):
        found.call(api.token, path="/v1/apis/digest", body=body)
    changed = {**PROMPT["definition"], "user": "Sum up: {{text}}"}
    api.patch("/services/digest", draft={"definition": changed})
    api.post("/services/digest/releases", version="1.1.0")
    api.post("/services/digest/releases/2/submit", why=NAUGHTY)
    api.post("/services", slug="orders", kind="rest", draft=REST)
    application = api.post("/applications", name=f"Front {NAUGHTY}", scopes=["ai:chat"])["id"]
    wish = {"application": application, "service": "digest", "plan": "gold", "why": f"We sell {NAUGHTY}"}
    subscription = api.post("/subscriptions", **wish)["id"]
    return _of_services("/services/digest", subscription) | _of_applications(
        f"/applications/{application}", subscription
    )


def _of_services(one: str, subscription: str) -> Mapping[str, str]:
    tabs = ("endpoints", "docs", "policies", "access", "versions", "lifecycle", "settings", "definition", "prompt")
    ends = ("pause", "resume", "deprecate", "keep", "retire", "drop")
    moves = ("submit", "approve", "refuse", "publish", "schedule", "unschedule", "withdraw", "promote", "supersede")
    return {
        **{"services": "/services", "services-none": "/services?kind=mcp", "prompts": "/prompts", "service": one},
        **{f"service-new{way}": f"/services/new{way.replace('-', '/')}" for way in ("", "-openapi", "-prompt")},
        **{f"service-{tab}": f"{one}/{tab}" for tab in (*tabs, *ends)},
        **{f"release-{move}": f"{one}/releases/2/{move}" for move in moves},
        **{"release": f"{one}/releases/1", "service-diff": f"{one}/diff?from=1&to=2"},
        **{"service-policy": f"{one}/policies/masking", "service-terms": f"{one}/settings/terms"},
        **{"service-objectives": f"{one}/settings/objectives", "prompt-compare": f"{one}/prompt/compare"},
        **{"rest": "/services/orders", "rest-endpoints": "/services/orders/endpoints"},
        **{f"subscription-{act}": f"{one}/subscriptions/{subscription}/{act}" for act in ("approve", "refuse", "end")},
        **{"portal": "/portal", "portal-none": "/portal?q=nothing", "portal-models": "/portal/models"},
        **{"portal-service": "/portal/services/digest", "portal-setup": "/portal/setup"},
        **{"portal-tool": "/portal/setup/codex", "reference": "/portal/reference"},
        **{"reference-admin": "/portal/reference/admin", "reference-service": "/portal/reference/service/digest"},
    }


def _of_applications(one: str, subscription: str) -> Mapping[str, str]:
    deeds = ("edit", "token", "disable", "enable", "end", "transfer")
    return {
        **{"applications": "/applications", "application": one, "application-new": "/applications/new"},
        **{f"application-{deed}": f"{one}/{deed}" for deed in deeds},
        **{"application-cancel": f"{one}/subscriptions/{subscription}/cancel"},
        **{"approvals": "/approvals", "approval": f"/approvals/subscriptions/{subscription}"},
    }


PARTS = {"people": _people, "machines": _machines, "tokens": _tokens, "services": _services}
