"""The official clients, for Python and TypeScript, over a connection."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from tests.plugins.mcp.conftest import PNG, Bridge, listening
from tests.plugins.mcp.install import CLIENTS
from tests.support.requires import requires

ALL = "service:shop:*,service:sentiment:*"
ERAS = pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])


@asynccontextmanager
async def connected(url: str, mode: str, token: str = ALL) -> AsyncIterator[Client]:
    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {token}"}, timeout=20) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


@ERAS
async def test_python_client_lists_and_calls_tools_of_a_rest_service(bridge: Bridge, mode: str) -> None:
    async with listening(bridge) as url, connected(f"{url}/v1/mcp/shop", mode) as client:
        tools = (await client.list_tools()).tools
        listed = await client.call_tool("listOrders", {"status": ["new", "a&b"]})
        made = await client.call_tool("create_order", {"id": "7", "item": "tea"})
        text = await client.call_tool("getOrder", {"id": "a b"})
        image = await client.call_tool("logo", {})

    assert [each.name for each in tools] == [
        "listOrders",
        "create_order",
        "getOrder",
        "deleteOrder",
        "addPhoto",
        "logo",
    ]
    assert listed.structured_content == {"result": [{"id": "1", "item": "new"}, {"id": "1", "item": "a&b"}]}
    assert made.structured_content == {"id": "7", "item": "tea"}
    assert text.content[0].model_dump()["text"] == "order a b"
    assert image.content[0].model_dump()["mime_type"] == "image/png"
    assert len(bridge.metered.seen) == 4
    assert PNG


@ERAS
async def test_python_client_calls_a_prompt(bridge: Bridge, mode: str) -> None:
    async with listening(bridge) as url, connected(f"{url}/v1/mcp/sentiment", mode) as client:
        (tool,) = (await client.list_tools()).tools
        result = await client.call_tool("sentiment", {"text": "not nice"})

    assert tool.input_schema["required"] == ["text"]
    assert result.structured_content == {"sentiment": "bad"}
    assert bridge.metered.seen == [("POST", "/v1/apis/sentiment", "")]


@ERAS
async def test_refusal_of_the_service_is_told_to_the_model(bridge: Bridge, mode: str) -> None:
    async with listening(bridge) as url, connected(f"{url}/v1/mcp/shop", mode) as client:
        refused = await client.call_tool("create_order", {"id": "taken"})
        unfit = await client.call_tool("getOrder", {"id": ".."})

    assert refused.is_error
    assert refused.content[0].model_dump()["text"] == "the service answered 409: there is an order 'taken' already"
    assert unfit.is_error
    assert len(bridge.metered.seen) == 1


@ERAS
async def test_caller_sees_and_calls_only_what_its_scopes_allow(bridge: Bridge, mode: str) -> None:
    token = "service:shop:getOrder"
    async with listening(bridge) as url, connected(f"{url}/v1/mcp/shop", mode, token) as client:
        names = [each.name for each in (await client.list_tools()).tools]
        with pytest.raises(MCPError, match="there is no tool 'deleteOrder' here for you"):
            await client.call_tool("deleteOrder", {"id": "1"})

    assert names == ["getOrder"]
    assert bridge.metered.seen == []


@ERAS
async def test_global_server_lists_describes_and_invokes(bridge: Bridge, mode: str) -> None:
    async with listening(bridge) as url, connected(f"{url}/v1/mcp", mode, "service:shop:*") as client:
        listed = await client.call_tool("service_list", {})
        document = await client.call_tool("openapi_document", {"service": "shop"})
        hidden = await client.call_tool("openapi_document", {"service": "sentiment"})
        invoked = await client.call_tool(
            "invoke", {"service": "shop", "method": "GET", "path": "/orders", "query": {"status": ["x", "y"]}}
        )
        refused = await client.call_tool("invoke", {"service": "sentiment", "body": {"text": "a"}})

    assert [each["slug"] for each in listed.structured_content["services"]] == ["shop"]
    assert document.structured_content["info"]["title"] == "Shop"
    assert hidden.is_error
    assert json.loads(invoked.content[0].model_dump()["text"]) == [
        {"id": "1", "item": "x"},
        {"id": "1", "item": "y"},
    ]
    assert refused.is_error
    assert bridge.metered.seen == [
        ("GET", "/v1/apis/shop/orders", "status=x&status=y"),
        ("POST", "/v1/apis/sentiment", ""),
    ]


@ERAS
async def test_server_bears_the_name_of_its_service(bridge: Bridge, mode: str) -> None:
    async with listening(bridge) as url, connected(f"{url}/v1/mcp/shop", mode) as client:
        await client.list_tools()
        said, instructions = client.server_info, client.instructions

    if mode != "2026-07-28":  # a pinned client asks for neither
        assert said is not None
        assert (said.name, said.title, said.version, instructions) == ("shop", "Shop", "1", "Be kind.")


@pytest.mark.filterwarnings("ignore:ping is removed")
async def test_ping_is_answered(bridge: Bridge) -> None:
    async with listening(bridge) as url, connected(f"{url}/v1/mcp/shop", "legacy") as client:
        assert await client.send_ping() is not None


@ERAS
async def test_what_a_client_calls_off_is_called_off_at_the_service(bridge: Bridge, mode: str) -> None:
    bridge.metered.hold = asyncio.Event()
    async with listening(bridge) as url:
        async with connected(f"{url}/v1/mcp/shop", mode) as client:
            calling = asyncio.create_task(client.call_tool("logo", {}))
            while not bridge.metered.seen:
                await asyncio.sleep(0.01)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
        while not bridge.metered.left:
            await asyncio.sleep(0.01)

    assert bridge.metered.left == 1


async def run_node(which: str, url: str, token: str, tool: str, arguments: Any) -> Any:
    process = await asyncio.create_subprocess_exec(
        *("node", "client.mjs", which, url, token, tool, json.dumps(arguments)),
        cwd=CLIENTS.folder(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await process.communicate()
    assert process.returncode == 0, wrong.decode()
    return json.loads(said)


@requires("mcp-node")
@pytest.mark.parametrize("which", ["sdk", "client"])
class TestTypeScript:
    async def test_client_lists_and_calls_tools_of_a_rest_service(self, bridge: Bridge, which: str) -> None:
        async with listening(bridge) as url:
            found = await run_node(which, f"{url}/v1/mcp/shop", ALL, "listOrders", {"status": ["new"]})

        assert found["names"][:2] == ["listOrders", "create_order"]
        assert found["result"]["structuredContent"] == {"result": [{"id": "1", "item": "new"}]}
        assert bridge.metered.seen == [("GET", "/v1/apis/shop/orders", "status=new")]

    async def test_client_calls_a_prompt(self, bridge: Bridge, which: str) -> None:
        async with listening(bridge) as url:
            found = await run_node(which, f"{url}/v1/mcp/sentiment", ALL, "sentiment", {"text": "nice"})

        assert found["names"] == ["sentiment"]
        assert found["result"]["structuredContent"] == {"sentiment": "good"}

    async def test_client_uses_the_global_server(self, bridge: Bridge, which: str) -> None:
        async with listening(bridge) as url:
            found = await run_node(which, f"{url}/v1/mcp", ALL, "service_list", {"search": "sells"})

        assert found["names"] == ["service_list", "openapi_document", "invoke"]
        assert [each["slug"] for each in found["result"]["structuredContent"]["services"]] == ["shop"]
