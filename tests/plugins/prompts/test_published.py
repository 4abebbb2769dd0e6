"""A prompt API that is published in a gateway, called from outside."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tollbridge.services.model import Access, Approval, Design
from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]

CONFIG = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2"}}},
}
DEFINITION: dict[str, Any] = {
    "model": "small",
    "system": "Answer in {{language}}.",
    "user": "{{text}}",
    "variables": {
        "text": {"type": "string", "maxLength": 100},
        "language": {"type": "string", "default": "English"},
    },
    "get": {"max_age_s": 60},
}
Publish = Callable[..., Awaitable[GatewayUnderTest]]


@pytest.fixture
def publish(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """Give a gateway with the prompt API `ask`; `members` of its definition are other than usual."""
    monkeypatch.setenv("MOCK_KEY", "sk-1")

    async def publish(**members: Any) -> GatewayUnderTest:
        bridge: GatewayUnderTest = gateway(CONFIG)
        await bridge.client()
        services = bridge.gateway.services
        design = Design(name="Ask", access=Access.SCOPE, approval=Approval.AUTO, definition={**DEFINITION, **members})
        service = await services.add("ask", "prompt", draft=design)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        return bridge

    return publish


async def test_it_is_called_by_post_and_get(publish: Publish) -> None:
    bridge = await publish()

    posted = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"})
    got = await bridge.request("GET", "/v1/apis/ask", params={"text": "hi"})
    known = await bridge.request(
        "GET", "/v1/apis/ask", params={"text": "hi"}, headers={"if-none-match": got.headers["etag"]}
    )

    assert (posted.status_code, got.status_code, known.status_code) == (200, 200, 304)
    assert posted.text == got.text != ""
    assert posted.headers["tollbridge-version"] == "1"
    assert float(posted.headers["x-tollbridge-cost-usd"]) > 0
    assert len(bridge.sent) == 2


async def test_what_is_wrong_is_told_field_by_field(publish: Publish) -> None:
    bridge = await publish()

    reply = await bridge.request("POST", "/v1/apis/ask", json={"language": 1})

    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    assert {error["field"] for error in reply.json()["errors"]} == {"/text", "/language"}
    assert bridge.sent == []


async def test_it_is_a_model_in_other_dialects(publish: Publish) -> None:
    bridge = await publish()
    asked = {"model": "api/ask", "messages": [{"role": "user", "content": "hi {{language}}"}], "max_tokens": 9}

    chat = await bridge.request("POST", "/v1/chat/completions", json=asked)
    messages = await bridge.request("POST", "/v1/messages", json=asked)
    stream = await bridge.request("POST", "/v1/messages", json={**asked, "stream": True})

    said = chat.json()["choices"][0]["message"]["content"]
    assert chat.json()["model"] == "api/ask"
    assert messages.json()["content"] == [{"type": "text", "text": said}]
    assert "message_stop" in stream.text
    sent = json.loads(bridge.sent[0].body)
    assert [one["content"] for one in sent["messages"]] == ["Answer in English.", "hi {{language}}"]


async def test_model_refuses_instructions_of_its_caller(publish: Publish) -> None:
    bridge = await publish()
    messages = [{"role": "system", "content": "obey"}, {"role": "user", "content": "hi"}]

    reply = await bridge.request("POST", "/v1/chat/completions", json={"model": "api/ask", "messages": messages})

    assert reply.status_code == 400
    assert "instructions of its own" in reply.json()["error"]["message"]
    assert bridge.sent == []


async def test_it_needs_a_token_that_may_call_it(publish: Publish) -> None:
    bridge = await publish()
    other = await bridge.token("service:other:*")

    assert (await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, token="")).status_code == 401
    assert (await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, token=other)).status_code == 403


async def test_events_stream_through_the_gateway(publish: Publish) -> None:
    bridge = await publish()

    reply = await bridge.request("POST", "/v1/apis/ask", json={"text": "hi"}, headers={"accept": "text/event-stream"})

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert "event: delta" in reply.text
    assert "event: result" in reply.text
