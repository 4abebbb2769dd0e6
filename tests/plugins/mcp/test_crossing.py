"""Two teams with services of each kind: no token of one has the other's secret used, nor a provider asked (T16).

Each kind that asks somebody else has a secret of its team: a REST service at its upstream, an outside MCP server. A
prompt and a model are asked with the provider's key, once for each call.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.types import Receive, Scope, Send
from tests.plugins.mcp.conftest import listening
from tests.plugins.mcp.test_mounting import asked

from tollbridge.administering import NewKey
from tollbridge.services.model import Access, Design, Visibility
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway

TEAMS = ("red", "blue")
MODEL = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2"}}},
    "services": {"allow_private": True},
}
KINDS = ("rest", "mcp", "prompt", "model")


class Upstream:
    """Answers everything, and keeps what credentials it was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.shown += [value.decode() for name, value in scope.get("headers", []) if name == b"authorization"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"from": "upstream"}'})


class Bridge:
    """The gateway with both teams.  REST services ask the upstream, all else goes by the gateway's own transport."""

    def __init__(self, under: GatewayUnderTest, upstream: Upstream, access: Access) -> None:
        self.under = under
        self.access = access
        self._upstream = upstream

    def used(self) -> set[str]:
        """Take what credentials left since it was asked last."""
        sent = [one.headers.get("authorization", "") for one in self.under.sent]
        used = {shown.removeprefix("Bearer sk-") for shown in (*sent, *self._upstream.shown)}
        self.under.sent.clear()
        self._upstream.shown.clear()
        return used


def definitions(team: str, url: str) -> dict[str, dict[str, Any]]:
    """Write a service of each kind, with the team's secret where it has one."""
    node = {"nodes": [{"url": url}], "allow_private": True, "auth": {"key": f"stored:{team}.rest"}}
    rest = {"upstreams": {"main": node}, "routes": [{"name": "any", "path": "/{rest*}", "upstream": "main"}]}
    variables = {"text": {"type": "string", "maxLength": 100}}
    server = {"url": "https://mcp.example/mcp", "headers": {"authorization": f"Bearer stored:{team}.mcp"}}
    return {
        "rest": rest,
        "mcp": {**server, "tools": [{"name": "*"}]},
        "prompt": {"model": "small", "user": "{{text}}", "variables": variables},
        "model": {"model": "small"},
    }


async def publish(under: GatewayUnderTest, team: str, url: str, access: Access) -> None:
    for kind, definition in definitions(team, url).items():
        if kind in ("rest", "mcp"):
            await under.gateway.secrets.set("services", NewKey(f"sk-{team}"), name=f"{team}.{kind}")
        draft = Design(name=kind, access=access, visibility=Visibility.TEAM, definition=definition)
        service = await under.gateway.services.add(f"{team}-{kind}", kind, team=team, draft=draft)
        await under.gateway.services.release(service.id, version="1")
        await under.gateway.services.publish(service.id, 1)


@pytest.fixture(params=list(Access))
async def bridge(
    request: pytest.FixtureRequest, anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Bridge]:
    monkeypatch.setenv("MOCK_KEY", "sk-provider")
    under = make_gateway(MODEL, data=tmp_path, clock=FixedClock())
    async with AsyncExitStack() as stack:
        await under.client()
        stack.push_async_callback(under.close)
        upstream = Upstream()
        url = await stack.enter_async_context(listening(upstream))
        for team in TEAMS:
            await publish(under, team, url, request.param)
        yield Bridge(under, upstream, request.param)


async def by_path(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    return await under.request("POST", f"/v1/apis/{slug}", token=token, json={"text": "x"})


async def below_path(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    return await under.request("GET", f"/v1/apis/{slug}@1/any/thing?text=x", token=token)


async def as_model(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    return await under.chat(f"api/{slug}", token=token)


async def as_versioned_model(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    return await under.chat(f"api/{slug}@1", token=token, stream=True)


async def listed_by_mcp(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    return await asked(under, slug, token, "tools/list", {})  # type: ignore[no-any-return]


async def called_by_mcp(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    tool = {"rest": "any_post", "mcp": "forecast", "prompt": "call", "model": "call"}[slug.partition("-")[2]]
    arguments = {"city": "Bern"} if tool == "forecast" else {"rest": "x"} if tool == "any_post" else {"text": "x"}
    return await asked(under, slug, token, "tools/call", {"name": tool, "arguments": arguments})  # type: ignore[no-any-return]


async def invoked_by_mcp(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    wish = {"name": "invoke", "arguments": {"service": slug, "path": "", "body": {"text": "x"}}}
    return await asked(under, "", token, "tools/call", wish)  # type: ignore[no-any-return]


async def documented_by_mcp(under: GatewayUnderTest, token: str, slug: str) -> httpx2.Response:
    wish = {"name": "openapi_document", "arguments": {"service": slug}}
    return await asked(under, "", token, "tools/call", wish)  # type: ignore[no-any-return]


WAYS: tuple[Callable[[GatewayUnderTest, str, str], Awaitable[httpx2.Response]], ...] = (
    *(by_path, below_path, as_model, as_versioned_model),
    *(listed_by_mcp, called_by_mcp, invoked_by_mcp, documented_by_mcp),
)


async def using(bridge: Bridge, token: str, team: str) -> set[tuple[str, str, str]]:
    """Go all ways to each service of a team; gives those on which a credential left, with its kind and whose it is."""
    found = set()
    for kind in KINDS:
        for way in WAYS:
            reply = await way(bridge.under, token, f"{team}-{kind}")
            assert reply.status_code < 500, (kind, way, reply.text)
            found |= {(kind, way.__name__, whose) for whose in bridge.used()}
    return found


async def test_team_uses_its_own_secrets_and_the_provider_on_each_way_that_there_is(bridge: Bridge) -> None:
    own = await bridge.under.token("ai:*", "model:*", "service:*", team="red")

    used = await using(bridge, own, "red")

    assert used == {
        *(("rest", way, "red") for way in ("by_path", "below_path", "called_by_mcp", "invoked_by_mcp")),
        *(("mcp", way, "red") for way in ("listed_by_mcp", "called_by_mcp")),
        *(("prompt", way, "provider") for way in ("by_path", "as_model", "as_versioned_model")),
        *(("prompt", way, "provider") for way in ("called_by_mcp", "invoked_by_mcp")),
        *(("model", way, "provider") for way in ("as_model", "as_versioned_model")),
    }


@pytest.mark.parametrize("wide", [True, False])
async def test_no_way_to_a_service_of_another_team_uses_its_secret_or_a_provider(bridge: Bridge, wide: bool) -> None:
    if wide and bridge.access is Access.SCOPE:
        return  # then whoever is given the scope may call
    for team, other in (TEAMS, TEAMS[::-1]):
        services = ("service:*",) if wide else tuple(f"service:{team}-{kind}:*" for kind in KINDS)
        models = ("model:*",) if wide else ("model:small", f"model:api/{team}-*")
        token = await bridge.under.token("ai:*", *models, *services, team=team)

        assert await using(bridge, token, other) == set()
        assert len(await using(bridge, token, team)) > 10  # the same token, where it may
