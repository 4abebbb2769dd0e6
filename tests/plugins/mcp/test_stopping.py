"""A gateway that is asked to stop: tool calls end in the time there is, and what is cut is told and settled."""

import asyncio
import json
import signal
import threading
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.live.looking import bearer, eventually, rows, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

TOOL = {"name": "call", "arguments": {"text": "hi"}}
PROMPT = {"model": "gpt-4o-mini", "user": "{{text}}", "variables": {"text": {"type": "string", "maxLength": 100}}}
BOTH = "application/json, text/event-stream"
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"},
}
NEW = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "call"}
OLD = {"mcp-protocol-version": "2025-11-25"}


def publish(gateway: LiveGateway, secret: str) -> None:
    """Publish a prompt API as `ask`."""
    draft = {"name": "Ask", "access": "scope", "definition": PROMPT}
    with httpx2.Client(base_url=f"{gateway.url}/_tollbridge/api/v1", headers=bearer(secret), timeout=30) as admin:
        for path, body in (
            ("/services", {"slug": "ask", "kind": "prompt", "draft": draft}),
            ("/services/ask/releases", {"version": "1"}),
            ("/services/ask/releases/1/publish", {}),
        ):
            answer = admin.post(path, json=body)
            assert answer.is_success, answer.text


class Caller:
    """Calls the tool in a thread; `answer` is what came of it."""

    def __init__(self, gateway: LiveGateway, secret: str, headers: dict[str, str]) -> None:
        self.answer: httpx2.Response | None = None
        self._url, self._headers = f"{gateway.url}/v1/mcp/ask", {**bearer(secret), "accept": BOTH, **headers}
        self._thread = threading.Thread(target=self._call)
        self._thread.start()

    def _call(self) -> None:
        params = {**TOOL, "_meta": META} if "mcp-method" in self._headers else TOOL
        message = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}
        self.answer = httpx2.post(self._url, json=message, headers=self._headers, timeout=40)

    def ended(self) -> httpx2.Response:
        self._thread.join(40)
        assert self.answer is not None, "the connection broke off"
        return self.answer


@pytest.mark.parametrize("headers", [OLD, NEW, {**OLD, "accept": "application/json"}])
def test_tool_calls_end_in_the_grace_and_those_that_cannot_are_told_and_settled(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    go = asyncio.Event()
    chat: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    body = json.dumps(chat).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
    with ScriptedUpstream.in_thread() as upstream:
        upstream.raw(go, head + body)
        upstream.raw(asyncio.Event())
        with LiveGateway(tmp_path, mock_config(upstream.url, "[server]\nshutdown_grace_s = 3\n")) as gateway:
            secret = gateway.token(
                "--scope", "admin:*", "--scope", "service:*", "--scope", "ai:*", "--scope", "model:*"
            )["token"]
            publish(gateway, secret)
            first = Caller(gateway, secret, headers)
            eventually(lambda: len(upstream.requests) == 1, "the provider is asked")
            second = Caller(gateway, secret, headers)
            eventually(lambda: len(upstream.requests) == 2, "the provider is asked again")

            gateway.process.send_signal(signal.SIGTERM)
            assert not upstream.requests[0].gone.wait(1.5)
            upstream.release(go)
            whole, cut = first.ended(), second.ended()
            gateway.stop(0)

    assert whole.json()["result"]["structuredContent"] == {"text": "hello"}
    assert (cut.status_code, cut.json()["id"], cut.json()["error"]["data"]) == (503, 7, {"code": "unavailable"})
    assert upstream.requests[1].gone.wait(5)
    found = settled(tmp_path, 4)  # each call of the prompt, and what it asked its model
    assert [row["outcome"] for row in found].count("complete") == 2
    assert not rows(tmp_path, "reservation")
    assert "finish_failed" not in gateway.text
    assert "tasks_left_over" not in gateway.text
