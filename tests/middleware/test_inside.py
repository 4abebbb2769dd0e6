"""Calls from inside: of the same caller, through the whole chain."""

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from tollbridge import hookimpl
from tollbridge.formats import Operation
from tollbridge.inside import entrance
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenLimits


class Inner:
    """A plugin whose app asks a model for its caller, and gives what came."""

    @hookimpl
    def register_apps(self, register: Any) -> None:
        def make(gateway: Any) -> Any:
            enter = entrance(gateway)

            async def app(scope: Any, receive: Any, send: Any) -> None:
                asked = await Request(scope, receive).json()
                await JSONResponse(await ask(enter, scope, asked))(scope, receive, send)

            find = Operation(scope="", label="inner", ai=False)
            refusal = lambda call, error: (b"application/json", b"{}")  # noqa: E731
            return gateway.guard(app, service="inner", find=lambda call: find, write_refusal=refusal)

        register("/inner", make)


async def ask(enter: Any, outer: Any, asked: dict[str, Any]) -> dict[str, Any]:
    body, found = json.dumps(asked["body"]).encode(), {"status": 0, "body": b""}
    sent = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return sent.pop(0) if sent else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        found["status"] = message.get("status", found["status"])
        found["body"] += message.get("body", b"")

    scope = {
        "type": "http",
        "method": "POST",
        "path": asked["path"],
        "raw_path": asked["path"].encode(),
        "query_string": b"",
        "headers": [(b"host", b"x"), (b"content-length", b"%d" % len(body)), *map(pair, asked.get("headers", []))],
        "client": ("127.0.0.1", 1),
    }
    await enter(outer["tollbridge"], scope, receive, send)
    return {"status": found["status"], "body": json.loads(found["body"])}


def pair(header: list[str]) -> tuple[bytes, bytes]:
    return header[0].encode(), header[1].encode()


@pytest.fixture
def bridge(gateway: Any) -> GatewayUnderTest:
    return gateway({"providers": {"echo": {}}}, plugins=(Inner(),))


CHAT = {
    "path": "/v1/chat/completions",
    "body": {"model": "echo/echo-1", "messages": [{"role": "user", "content": "hello"}]},
}


async def asked(bridge: GatewayUnderTest, token: str, what: dict[str, Any] = CHAT) -> Any:
    answer = await bridge.request("POST", "/_tollbridge/inner/", token=token, json=what)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_call_from_inside_is_one_of_the_same_caller(bridge: GatewayUnderTest) -> None:
    few = await bridge.token("ai:chat", "model:other")

    found = await asked(bridge, few)

    assert (found["status"], found["body"]["error"]["code"]) == (403, "insufficient_scope")
    rows = await bridge.gateway.store.recent()
    assert [(row.status, row.token_id) for row in rows] == [(403, (await bridge.gateway.store.list_tokens())[0].id)]


async def test_what_a_call_from_inside_says_of_who_calls_is_not_looked_at(bridge: GatewayUnderTest) -> None:
    few, all_ = await bridge.token("ai:chat", "model:other"), await bridge.token()

    found = await asked(bridge, few, {**CHAT, "headers": [["authorization", f"Bearer {all_}"]]})

    assert found["status"] == 403


async def test_limits_hold_calls_from_inside(bridge: GatewayUnderTest) -> None:
    slow = await bridge.token(limits=TokenLimits(2))

    answers = [await asked(bridge, slow), await bridge.request("POST", "/_tollbridge/inner/", token=slow, json=CHAT)]

    assert answers[0]["status"] != 429
    assert answers[1].status_code == 429


async def test_nobody_inside_calls_for_nobody(bridge: GatewayUnderTest) -> None:
    answer = await bridge.request("POST", "/_tollbridge/inner/", token="", json=CHAT)

    assert answer.status_code == 401
