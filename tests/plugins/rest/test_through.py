"""A REST service behind the whole chain."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.rest.conftest import World, head, listening, route, upstream
from tests.plugins.rest.test_calls import ECHO

from tollbridge.services.model import Access, Design
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway


@pytest.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    found = make_gateway({"services": {"allow_private": True}}, data=tmp_path, clock=FixedClock())
    await found.client()
    yield found
    await found.close()


async def publish(bridge: GatewayUnderTest, definition: dict[str, Any]) -> None:
    services = bridge.gateway.services
    draft = Design(name="Shop", access=Access.SCOPE, definition=definition)
    service = await services.add("shop", "rest", draft=draft)
    release = await services.release(service.id, version="1.0")
    assert release is not None
    await services.publish(service.id, release.number)


async def test_call_crosses_with_its_scope_alone_and_its_token_stays_here(
    bridge: GatewayUnderTest, world: World
) -> None:
    routes = [route("/orders/{id}", name="one"), route("/other", name="other")]
    await publish(bridge, {"upstreams": {"main": upstream(await world.app(ECHO))}, "routes": routes})
    token = await bridge.token("service:shop:one")

    answer = await bridge.request("POST", "/v1/apis/shop/orders/a%20b?x=1", token=token, content=b"body")
    refused = await bridge.request("GET", "/v1/apis/shop/other", token=token)
    nobody = await (await bridge.client()).get("/v1/apis/shop/orders/7")
    nothing = await bridge.request("GET", "/v1/apis/shop/nothing", token=await bridge.token())

    said = answer.json()
    assert (answer.status_code, said["path"], said["query"], said["body"]) == (200, "/orders/a%20b", "x=1", "body")
    assert token not in answer.text
    assert "authorization" not in dict(said["headers"])
    assert dict(said["headers"])["x-request-id"] == answer.headers["x-request-id"]
    assert [refused.status_code, nobody.status_code, nothing.status_code] == [403, 401, 404]


async def test_disabled_route_keeps_its_calls_from_the_one_behind_it(bridge: GatewayUnderTest, world: World) -> None:
    routes = [route("/orders/{id}", name="one", cors={"origins": ["https://a.example"]}), route("/{rest*}", name="all")]
    upstreams = {"main": upstream(await world.app(ECHO))}
    await publish(bridge, {"upstreams": upstreams, "routes": routes, "disabled": ["one"]})
    token = await bridge.token("service:shop:*")

    off = await bridge.request("GET", "/v1/apis/shop/orders/7", token=token)
    on = await bridge.request("GET", "/v1/apis/shop/other/7", token=token)
    nobody = await (await bridge.client()).get("/v1/apis/shop/orders/7")
    asks = {"origin": "https://a.example", "access-control-request-method": "GET"}
    browser = await (await bridge.client()).options("/v1/apis/shop/orders/7", headers=asks)

    assert (off.status_code, off.json()["code"]) == (503, "operation_disabled")
    assert off.json()["detail"] == "the operation 'one' is disabled; the owner of this service can enable it"
    assert (on.status_code, nobody.status_code, browser.status_code) == (200, 401, 204)


async def test_tool_of_a_route_that_no_document_describes_takes_any_path_query_and_body(
    bridge: GatewayUnderTest, world: World
) -> None:
    routes = [route("/files/{rest*}", name="file", methods=["GET", "PUT"])]
    await publish(bridge, {"upstreams": {"main": upstream(await world.app(ECHO))}, "routes": routes})
    token = await bridge.token("service:shop:file")
    got = {"rest": "a b/c.txt", "query": {"page": 2, "q": "ä&b"}}
    put = {"rest": "new", "body": [{"any": "thing"}]}

    said = []
    for name, arguments in (("file_get", got), ("file_put", put)):
        params = {"name": name, "arguments": arguments}
        asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = await bridge.request(
            "POST", "/v1/mcp/shop", token=token, json=asked, headers={"accept": "application/json"}
        )
        said.append(json.loads(answer.json()["result"]["content"][0]["text"]))

    assert [(one["method"], one["path"], one["query"], one["body"]) for one in said] == [
        ("GET", "/files/a%20b/c.txt", "page=2&q=%C3%A4%26b", ""),
        ("PUT", "/files/new", "", '[{"any":"thing"}]'),
    ]


async def test_preflight_needs_no_token(bridge: GatewayUnderTest, world: World) -> None:
    node = await world.raw(head(200))
    cors = {"origins": ["https://app.example"]}
    await publish(bridge, {"upstreams": {"main": upstream(node.url)}, "routes": [route("/a", cors=cors)]})
    asks = {"origin": "https://app.example", "access-control-request-method": "GET"}

    answer = await bridge.request("OPTIONS", "/v1/apis/shop/a", headers=asks)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "https://app.example")
    assert node.heads == []
    assert await bridge.gateway.store.recent() == []


async def test_upstream_that_is_gone_is_told_of_as_an_error_of_the_chain(bridge: GatewayUnderTest) -> None:
    await publish(bridge, {"upstreams": {"main": upstream("http://127.0.0.1:1")}, "routes": [route("/a")]})

    answer = await bridge.request("GET", "/v1/apis/shop/a", token=await bridge.token())

    assert answer.status_code == 502
    assert "upstream_unreachable" in answer.text
    assert "127.0.0.1" not in answer.text


async def test_answer_that_dies_on_the_way_breaks_the_callers_connection_off(
    bridge: GatewayUnderTest, world: World
) -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await writer.drain()
        writer.close()

    node = await world.raw(die)
    await publish(bridge, {"upstreams": {"main": upstream(node.url)}, "routes": [route("/a")]})
    token = await bridge.token()

    async with listening(bridge.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /v1/apis/shop/a HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {token}\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 10)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"half" in answer
    assert not answer.endswith(b"0\r\n\r\n")
