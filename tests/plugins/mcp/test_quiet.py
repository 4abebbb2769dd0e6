"""Nothing of a message is logged by the SDK for our calls, wherever logging goes (T30)."""

import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from tests.plugins.mcp.conftest import Bridge
from tests.plugins.mcp.test_endpoint import NEW, OLD, ask
from tests.plugins.mcp.test_outside import JSON, modern, scripted

from tollbridge.errors import UpstreamError
from tollbridge_mcp.invoking import InProcess
from tollbridge_mcp.model import ToolResult
from tollbridge_mcp.quiet import quiet, watch_sdk

SECRET = "words that nobody may keep"


def of_sdk(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name.partition(".")[0] in ("mcp", "sse_starlette")]


@pytest.mark.parametrize(
    "answer",
    [
        (200, JSON, f'{{"{SECRET}'.encode()),
        (200, [(b"content-type", b"text/event-stream")], f"data: {{{SECRET}\n\n".encode()),
        (200, [(b"content-type", f"text/{SECRET}".encode())], b"x"),
        modern({"content": [{"type": "text", "text": SECRET}]}),
    ],
)
async def test_sdk_logs_nothing_that_an_outside_server_says(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="mcp")
    server, _ = scripted(answer)

    with suppress(UpstreamError):
        await server.call("a", {"prompt": SECRET}, {})

    assert of_sdk(caplog) == []
    assert SECRET not in caplog.text


@pytest.mark.parametrize("version", [OLD, NEW])
async def test_sdk_logs_nothing_that_a_tool_gives(version: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="mcp")
    bridge = Bridge(ping_s=0.0)

    class Saying:
        async def tools(self, principal: Any) -> Any:
            return []

        async def call(self, call: Any, name: str, arguments: Any) -> ToolResult:
            return ToolResult(({"type": "text", "text": SECRET},))

    bridge.sources["shop"] = Saying()  # type: ignore[assignment]

    answer = await ask(bridge, "tools/call", {"name": "x", "arguments": {"q": SECRET}}, version=version)

    assert SECRET in answer.text
    assert of_sdk(caplog) == []
    assert SECRET not in caplog.text


async def test_who_else_uses_the_sdk_keeps_its_logs(bridge: Bridge, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="mcp")
    logger = logging.getLogger("mcp.shared.jsonrpc_dispatcher")
    watch_sdk()

    async def entry(call: Any, scope: Any, receive: Any, send: Any) -> None:
        logger.info("of the app")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps({}).encode()})

    bridge.sources["shop"]._invoke = InProcess(entry)

    await ask(bridge, "tools/call", {"name": "logo", "arguments": {}})
    logger.info("of another")
    with quiet():
        logger.info("of ours")

    assert [record.message for record in of_sdk(caplog)] == ["of the app", "of another"]
