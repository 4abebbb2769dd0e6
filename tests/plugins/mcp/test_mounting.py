"""The servers of a whole gateway: what is published there, called as tools by the official client."""

import re
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from structlog.testing import capture_logs
from tests.plugins.mcp.conftest import listening
from tests.plugins.mcp.test_clients import run_node
from tests.plugins.routes.shop import make_shop
from tests.support.requires import requires

from tollbridge.config import load_config
from tollbridge.services.model import Access, Design
from tollbridge.testing import GatewayUnderTest, gateway
from tollbridge.tokens.model import TokenLimits
from tollbridge_mcp import mounting
from tollbridge_mcp.app import origins_of

__all__ = ["gateway"]

CONFIG = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2"}}},
}
PROMPT = {"model": "small", "user": "{{text}}", "variables": {"text": {"type": "string", "maxLength": 100}}}
PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "getPet",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {"description": "", "content": {"application/json": {"example": {"name": "Rex"}}}}
                },
            }
        }
    },
}
REST = {"document": PETS, "default": {"mock": "always"}}
TALK = {"model": "small"}
MAIN = {"main": {"nodes": [{"url": "https://api.example"}]}}


@pytest.fixture
def bridge(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> GatewayUnderTest:
    monkeypatch.setenv("MOCK_KEY", "sk-1")
    return gateway(CONFIG)


@pytest.fixture
async def published(bridge: GatewayUnderTest) -> GatewayUnderTest:
    """Publish a prompt API and a REST service."""
    await bridge.client()
    await publish(bridge, ask=("prompt", PROMPT), pets=("rest", REST))
    return bridge


async def publish(bridge: GatewayUnderTest, **kinds: tuple[str, dict[str, Any]]) -> None:
    """Publish services by their slugs, each of a kind and with a definition."""
    services = bridge.gateway.services
    for slug, (kind, definition) in kinds.items():
        draft = Design(name=slug, access=Access.SCOPE, price_per_call_usd="0.01", definition=definition)
        service = await services.add(slug, kind, draft=draft)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)


async def tools(bridge: GatewayUnderTest, path: str, token: str, name: str, arguments: dict[str, Any]) -> Any:
    """Give the names of the tools at a path, and what one of them gives."""
    async with (
        listening(bridge.app) as url,
        httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=20) as http,
        Client(streamable_http_client(f"{url}{path}", http_client=http)) as client,
    ):
        listed = (await client.list_tools()).tools
        return [each.name for each in listed], await client.call_tool(name, arguments)


async def message(bridge: GatewayUnderTest, slug: str, token: str, name: str, arguments: dict[str, Any]) -> Any:
    """Call a tool by one message, without a handshake of the client."""
    return await asked(bridge, slug, token, "tools/call", {"name": name, "arguments": arguments})


async def asked(bridge: GatewayUnderTest, slug: str, token: str, method: str, params: dict[str, Any]) -> Any:
    """Give the answer to one message."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    path = f"/v1/mcp/{slug}".rstrip("/")
    return await bridge.request("POST", path, token=token, json=body, headers={"accept": "application/json"})


async def seen(bridge: GatewayUnderTest, slug: str, *scopes: str) -> list[str]:
    """Name the tools that a token with these scopes sees."""
    reply = await asked(bridge, slug, await bridge.token(*scopes), "tools/list", {})
    return [each["name"] for each in reply.json()["result"]["tools"]]


async def test_prompt_api_is_a_tool_that_takes_its_toll(published: GatewayUnderTest) -> None:
    names, result = await tools(published, "/v1/mcp/ask", await published.token(), "call", {"text": "hi"})

    assert not result.is_error, result
    assert names == ["call"]
    assert len(published.sent) == 1
    rows = await published.gateway.store.recent()
    assert sorted((row.service, row.operation, bool(row.parent)) for row in rows) == [
        ("ask", "ai:chat", True),
        ("ask", "service:ask:call", False),
    ]


async def test_rest_service_has_a_tool_for_each_operation(published: GatewayUnderTest) -> None:
    names, result = await tools(published, "/v1/mcp/pets", await published.token(), "getPet", {"id": "7"})

    assert names == ["getPet"]
    assert result.structured_content == {"name": "Rex"}
    (row,) = await published.gateway.store.recent()
    assert (row.service, row.operation, row.cost) == ("pets", "service:pets:getPet", 10_000_000)


@requires("mcp-node")
@pytest.mark.parametrize("which", ["sdk", "client"])
async def test_typescript_client_calls_a_prompt_api_and_a_rest_service(published: GatewayUnderTest, which: str) -> None:
    token = await published.token()
    async with listening(published.app) as url:
        asked = await run_node(which, f"{url}/v1/mcp/ask", token, "call", {"text": "hi"})
        pet = await run_node(which, f"{url}/v1/mcp/pets", token, "getPet", {"id": "7"})
        listed = await run_node(which, f"{url}/v1/mcp", token, "service_list", {})

    assert (asked["names"], asked["result"].get("isError", False)) == (["call"], False)
    assert asked["result"]["structuredContent"]["text"]
    assert (pet["names"], pet["result"]["structuredContent"]) == (["getPet"], {"name": "Rex"})
    assert [each["slug"] for each in listed["result"]["structuredContent"]["services"]] == ["ask", "pets"]
    rows = [row for row in await published.gateway.store.recent() if not row.parent]
    assert sorted(row.operation for row in rows) == ["service:ask:call", "service:pets:getPet"]
    assert len(published.sent) == 1


async def test_global_server_lists_and_invokes(published: GatewayUnderTest) -> None:
    asked = {"service": "pets", "method": "GET", "path": "/pets/7"}
    names, result = await tools(published, "/v1/mcp", await published.token(), "invoke", asked)

    assert names == ["service_list", "openapi_document", "invoke"]
    assert '"Rex"' in str(result.content)


async def test_caller_sees_and_calls_what_its_scopes_say(published: GatewayUnderTest) -> None:
    pets = await published.token("service:pets:*")
    _, result = await tools(published, "/v1/mcp", pets, "service_list", {})
    assert "pets" in str(result.content)
    assert "ask" not in str(result.structured_content)

    for path in ("/v1/mcp/ask", "/v1/mcp/nothing"):
        reply = await published.request("POST", path, token=pets, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert reply.status_code == 404


async def test_tool_of_a_route_is_seen_with_the_scope_of_that_route(published: GatewayUnderTest) -> None:
    match = [{"in": "query", "name": "beta", "is": "exists"}]
    routes = [
        {"name": "orders", "path": "/orders", "methods": ["GET", "POST"]},
        {"name": "beta", "path": "/orders", "methods": ["GET"], "match": match},
        {"name": "file", "path": "/files/{rest*}", "methods": ["GET", "PUT"]},
    ]
    served = [{"upstream": "main", **each} for each in routes]
    await publish(published, shop=("rest", {"upstreams": MAIN, "routes": served}))

    assert await seen(published, "shop", "service:shop:file") == ["file_get", "file_put"]
    assert await seen(published, "shop", "service:shop:orders") == ["orders_get", "orders_post"]
    assert await seen(published, "shop", "service:shop:*") == ["orders_get", "orders_post", "file_get", "file_put"]


async def test_scope_of_a_tool_is_that_of_the_route_also_where_the_document_has_other_names(
    published: GatewayUnderTest,
) -> None:
    get = PETS["paths"]["/pets/{id}"]["get"]
    get = {**get, "operationId": "showPet", "parameters": [{**get["parameters"][0], "name": "petId"}]}
    document = {**PETS, "paths": {"/pets/{petId}": {"get": get}}}
    route = {"name": "pet", "path": "/pets/{id}", "methods": ["GET"], "mock": "always"}
    await publish(published, docd=("rest", {"document": document, "routes": [route]}))
    token = await published.token("service:docd:pet")

    over_http = await published.request("GET", "/v1/apis/docd/pets/7", token=token)
    over_mcp = (await message(published, "docd", token, "showPet", {"petId": "7"})).json()

    assert over_http.json() == over_mcp["result"]["structuredContent"] == {"name": "Rex"}
    assert await seen(published, "docd", "service:docd:showPet") == []


@pytest.mark.parametrize("path", ["/v1/mcp", "/v1/mcp/pets"])
async def test_who_shows_no_token_is_told_where_to_get_one(published: GatewayUnderTest, path: str) -> None:
    reply = await published.request("POST", path, token="", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})

    assert reply.status_code == 401
    assert f"/.well-known/oauth-protected-resource{path}" in reply.headers["www-authenticate"]
    document = await published.request("GET", f"/.well-known/oauth-protected-resource{path}", token="")
    assert document.json()["resource"].endswith(path)


@pytest.mark.parametrize("path", ["/v1/mcp", "/v1/mcp/pets", "/v1/mcp/pets/"])
@pytest.mark.parametrize("base", ["", "/gw", "/a/b"])
async def test_link_of_a_challenge_leads_to_the_document_whatever_the_public_url_is(
    gateway: Any, base: str, path: str
) -> None:
    bridge = gateway({"server": {"public_url": f"https://gw.example{base}"}})

    refused = await bridge.request("POST", path, token="", json={})
    link = re.search('resource_metadata="https://gw.example([^"]+)"', refused.headers["www-authenticate"])
    assert link is not None
    found = [await bridge.request("GET", link[1], token="")]
    if base:  # a proxy that takes the path away from well-known places too
        found.append(await bridge.request("GET", link[1].replace(base, "", 1), token=""))

    assert {each.json()["resource"] for each in found} == {f"https://gw.example{base}{path.rstrip('/')}"}
    slashed = await bridge.request("GET", f"{link[1]}/", token="")
    assert slashed.json() == found[0].json()


@pytest.mark.parametrize(
    ("public_url", "origin", "allowed"),
    [
        ("https://gw.example:443", "https://gw.example", True),
        ("https://GW.example/gw", "https://gw.example", True),
        ("http://gw.example:80", "http://gw.example", True),
        ("https://gw.example:8443", "https://gw.example:8443", True),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]", True),
        ("https://gw.example:8443", "https://gw.example", False),
    ],
)
def test_own_pages_may_call_however_the_public_url_is_written(public_url: str, origin: str, allowed: bool) -> None:
    assert (origin in origins_of(load_config({"server": {"public_url": public_url}}, {}))) is allowed


async def test_tool_call_and_the_call_it_makes_are_joined_in_log_and_result(published: GatewayUnderTest) -> None:
    token = await published.token()

    with capture_logs() as logged:
        reply = await message(published, "pets", token, "getPet", {"id": "7"})

    lines = {line["service"]: line for line in logged if line["event"] == "request_served"}
    (row,) = await published.gateway.store.recent()
    assert lines["pets"]["parent"] == lines["mcp"]["call_id"] == reply.headers["x-request-id"]
    assert reply.json()["result"]["_meta"]["tollbridge/call-id"] == row.call_id == lines["pets"]["call_id"]
    assert not row.parent


async def test_tool_calls_count_once_for_the_limits_of_a_token(published: GatewayUnderTest) -> None:
    token = await published.token(limits=TokenLimits(requests_per_minute=3, concurrency=1))

    statuses = [(await message(published, "pets", token, "getPet", {"id": "7"})).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert [row.status for row in await published.gateway.store.recent()] == [200, 200, 200]


async def test_prompt_that_asks_its_model_counts_once_too(published: GatewayUnderTest) -> None:
    token = await published.token(limits=TokenLimits(requests_per_minute=1, concurrency=1))

    found = (await message(published, "ask", token, "call", {"text": "hi"})).json()

    assert not found["result"]["isError"], found


async def test_limit_of_the_service_holds_what_its_tools_call(published: GatewayUnderTest) -> None:
    services, limits = published.gateway.services, TokenLimits(requests_per_minute=1)
    narrow = Design(name="narrow", access=Access.SCOPE, definition=REST, limits=limits)
    service = await services.add("narrow", "rest", draft=narrow)
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)
    token = await published.token(limits=TokenLimits(concurrency=1))

    answers = [(await message(published, "narrow", token, "getPet", {"id": "7"})).json()["result"] for _ in range(2)]

    assert [answer["isError"] for answer in answers] == [False, True]
    assert "429" in answers[1]["content"][0]["text"]


async def test_status_of_an_answer_is_logged_as_a_number(published: GatewayUnderTest) -> None:
    token = await published.token()

    with capture_logs() as logged:
        await message(published, "pets", token, "getPet", {"id": "7"})

    lines = {line["service"]: line["status"] for line in logged if line["event"] == "request_served"}
    assert {service: (status, type(status)) for service, status in lines.items()} == {
        "mcp": (200, int),
        "pets": (200, int),
    }


async def test_paths_of_a_document_are_those_that_invoke_takes(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCK_KEY", "sk-1")
    bridge = gateway(CONFIG, app=make_shop())
    await bridge.client()
    orders = {
        "prefix": "/shop",
        "routes": [{"name": "one", "path": "/orders/{id:int}"}],
        "openapi": make_shop().openapi(),
    }
    asked = {**PROMPT, "get": {"max_age_s": 60}}
    await publish(bridge, ask=("prompt", asked), pets=("rest", REST), orders=("app", orders), talk=("model", TALK))
    token = await bridge.token()

    called = {}
    for slug in ("ask", "pets", "orders", "talk"):
        found = (await message(bridge, "", token, "openapi_document", {"service": slug})).json()["result"]
        for path, item in found["structuredContent"]["paths"].items():
            for method in [each.upper() for each in item if each in ("get", "post")]:
                given = {"query": {"text": "hi"}} if method == "GET" else {"body": {"text": "hi"}}
                asking = {"service": slug, "method": method, "path": path.replace("{id}", "7"), **given}
                result = (await message(bridge, "", token, "invoke", asking)).json()["result"]
                called[slug, method, path] = result["isError"]

    assert called == {
        ("ask", "POST", "/"): False,
        ("ask", "GET", "/"): False,
        ("pets", "GET", "/pets/{id}"): False,
        ("orders", "GET", "/orders/{id}"): False,
    }


async def test_what_is_no_message_is_refused_as_json_rpc(published: GatewayUnderTest) -> None:
    reply = await published.request("POST", "/v1/mcp", json={"jsonrpc": "1.0"})

    assert reply.status_code == 400
    assert reply.json()["error"]["data"] == {"code": "invalid_request"}


async def test_gateway_without_the_sdk_says_so(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*_: object) -> Any:
        raise mounting.ConfigError("MCP needs the mcp package")

    monkeypatch.setattr(mounting, "make_endpoint", lacking)
    reply = await gateway({}).request("POST", "/v1/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})

    assert (reply.status_code, reply.json()["error"]["data"]) == (501, {"code": "not_installed"})
