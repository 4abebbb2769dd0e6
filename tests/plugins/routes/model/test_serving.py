"""A model route that is published in a gateway, called from outside."""

import asyncio
import json
from typing import Any

import pytest
from tests.plugins.routes.model.conftest import Publish

from tollbridge import TokenBudget, TokenLimits
from tollbridge.errors import UpstreamUnreachable
from tollbridge.testing import GatewayUnderTest

CHAT = "/v1/chat/completions"
ASKED: dict[str, Any] = {"model": "api/fast", "messages": [{"role": "user", "content": "hi"}]}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def sent(bridge: GatewayUnderTest) -> Any:
    return json.loads(bridge.sent[-1].body)


async def test_it_is_a_model_in_every_dialect(publish: Publish) -> None:
    bridge = await publish(system="Be brief.")

    chat = await bridge.request("POST", CHAT, json=ASKED)
    messages = await bridge.request("POST", "/v1/messages", json={**ASKED, "max_tokens": 9, "system": "Be kind."})
    responses = await bridge.request("POST", "/v1/responses", json={"model": "api/fast", "input": "hi"})
    gemini = await bridge.request(
        "POST",
        "/v1beta/models/api/fast:generateContent",
        json={"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    )

    assert (chat.json()["model"], chat.json()["choices"][0]["message"]["content"]) == ("api/fast", "Hello.")
    assert (messages.json()["model"], messages.json()["content"][0]["text"]) == ("api/fast", "Hello.")
    assert responses.json()["output"][0]["content"][0]["text"] == "Hello."
    assert gemini.json()["candidates"][0]["content"]["parts"][0]["text"] == "Hello."
    said = [[one["content"] for one in json.loads(one.body)["messages"]] for one in bridge.sent]
    assert said == [["Be brief.", "hi"], ["Be brief.\n\nBe kind.", "hi"], ["Be brief.", "hi"], ["Be brief.", "hi"]]
    assert {json.loads(one.body)["model"] for one in bridge.sent} == {"tiny-1"}


@pytest.mark.parametrize("system", [None, "Be kind.", [{"type": "text", "text": "Be kind."}]])
async def test_words_come_to_a_provider_of_the_callers_own_dialect(publish: Publish, system: Any) -> None:
    bridge = await publish(model="other", system="Be brief.")
    bridge.upstream.reply(
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "big-1",
            "content": [{"type": "text", "text": "Hello."}],
            "stop_reason": "end_turn",
            "usage": {"input_tokens": 3, "output_tokens": 2},
        }
    )
    said = {} if system is None else {"system": system}

    answer = await bridge.request("POST", "/v1/messages", json={**ASKED, "max_tokens": 9, **said})

    assert answer.status_code == 200, answer.text
    body = sent(bridge)
    assert [one["role"] for one in body["messages"]] == ["user"]
    words = body["system"]
    whole = words if isinstance(words, str) else "".join(part["text"] for part in words)
    assert whole == ("Be brief." if system is None else "Be brief.\n\nBe kind.")


async def test_tools_pictures_and_unknown_members_go_along_and_calls_come_back(publish: Publish) -> None:
    bridge = await publish(defaults={"temperature": 0.25}, most={"output": 50})
    call = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    bridge.upstream.reply(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": "tiny-1",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "Hm."},
                    "finish_reason": "tool_calls",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    )
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    content = [{"type": "text", "text": "hi"}, picture]

    answer = await bridge.request(
        "POST",
        CHAT,
        json={
            "model": "api/fast",
            "messages": [{"role": "user", "content": content}],
            "tools": [WEATHER],
            "temperature": None,
            "vendor": {"a": 1},
        },
    )

    body = sent(bridge)
    assert (body["tools"], body["messages"], body["vendor"]) == (
        [WEATHER],
        [{"role": "user", "content": content}],
        {"a": 1},
    )
    assert body["temperature"] == 0.25
    assert [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body] == [50]
    message = answer.json()["choices"][0]["message"]
    assert message["tool_calls"] == [call]
    assert message["reasoning_content"] == "Hm."
    assert answer.json()["choices"][0]["finish_reason"] == "tool_calls"


async def test_what_the_provider_cannot_be_told_is_told_to_the_caller_or_refused(publish: Publish) -> None:
    bridge = await publish()
    asked = {**ASKED, "max_tokens": 9, "top_k": 5}

    told = await bridge.request("POST", "/v1/messages", json=asked)
    refused = await bridge.request("POST", "/v1/messages", json=asked, headers={"prefer": "handling=strict"})

    assert (told.status_code, told.headers["x-tollbridge-dropped"]) == (200, "top_k")
    assert refused.status_code == 400


async def test_answer_streams_in_the_callers_dialect(publish: Publish) -> None:
    bridge = await publish()

    chat = await bridge.request("POST", CHAT, json={**ASKED, "stream": True})
    messages = await bridge.request("POST", "/v1/messages", json={**ASKED, "max_tokens": 9, "stream": True})

    first = json.loads(chat.text.split("\n\n")[0].removeprefix("data: "))
    assert first["model"] == "api/fast"
    assert chat.text.rstrip().endswith("data: [DONE]")
    assert '"model":"api/fast"' in messages.text.replace(" ", "")
    assert "event: message_stop" in messages.text
    assert sent(bridge)["stream"] is True


async def test_toll_is_that_of_the_model_and_the_price_of_a_call(publish: Publish) -> None:
    bridge = await publish()

    answer = await bridge.request("POST", CHAT, json=ASKED)

    outer, inner = sorted(await bridge.gateway.store.recent(), key=lambda row: row.parent)
    # 1,000 tokens in x 1 + 500 out x 2, per million tokens
    assert (inner.model, inner.cost, inner.parent, inner.service) == ("small", 2_000_000, outer.call_id, "fast")
    assert (outer.model, outer.cost, outer.parent, outer.operation) == (
        "api/fast",
        10_000_000,
        "",
        "service:fast:speak",
    )
    assert answer.headers["x-tollbridge-cost-usd"] == "0.002"


async def test_limits_and_the_budget_of_the_service_hold_its_callers(publish: Publish) -> None:
    limited = await publish({"limits": TokenLimits(requests_per_minute=1)})

    first, second = [await limited.request("POST", CHAT, json=ASKED) for _ in range(2)]

    assert (first.status_code, second.status_code) == (200, 429)


async def test_budget_of_the_service_is_drawn_on_by_its_model(publish: Publish) -> None:
    bridge = await publish({"budget": TokenBudget(amount=11_000_000, period="day")})

    refused = await bridge.request("POST", CHAT, json=ASKED)

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "insufficient_quota")
    assert bridge.sent == []


@pytest.mark.parametrize("stream", [False, True])
async def test_refusal_of_the_provider_comes_to_the_caller_as_it_would_without_the_service(
    publish: Publish, stream: bool
) -> None:
    bridge = await publish()
    error = {"error": {"message": "slow down", "type": "rate_limit", "code": "rate_limited"}}

    answers = []
    for model in ("small", "api/fast"):
        bridge.upstream.reply(error, status=429, headers=[("retry-after", "7")])
        answers.append(await bridge.request("POST", CHAT, json={**ASKED, "model": model, "stream": stream}))

    plain, through = answers
    assert through.status_code == plain.status_code == 429
    assert through.headers["retry-after"] == plain.headers["retry-after"] == "7"
    assert through.json()["error"]["message"] == plain.json()["error"]["message"]


async def test_provider_out_of_reach_is_told_as_it_would_be_without_the_service(publish: Publish) -> None:
    bridge = await publish()

    answers = []
    for model in ("small", "api/fast"):
        bridge.upstream.fail(UpstreamUnreachable("the provider cannot be reached"))
        answers.append(await bridge.request("POST", CHAT, json={**ASKED, "model": model}))

    assert answers[0].status_code == answers[1].status_code == 502
    assert answers[0].json()["error"]["code"] == answers[1].json()["error"]["code"]


@pytest.mark.parametrize("stream", [False, True])
async def test_model_that_is_gone_is_no_fault_of_the_caller(publish: Publish, stream: bool) -> None:
    bridge = await publish(model="lost")

    answer = await bridge.request("POST", CHAT, json={**ASKED, "stream": stream})

    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "model_unavailable")
    assert "lost" not in answer.text


async def test_more_than_there_may_be_is_refused_before_anybody_is_asked(publish: Publish) -> None:
    bridge = await publish(most={"tools": 0})

    answer = await bridge.request("POST", CHAT, json={**ASKED, "tools": [WEATHER]})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tools")
    assert bridge.sent == []


async def test_caller_needs_the_scope_of_this_model_and_not_of_the_one_behind_it(publish: Publish) -> None:
    bridge = await publish()
    own = await bridge.token("ai:chat", "model:api/fast")
    other = await bridge.token("ai:chat", "model:small")

    assert (await bridge.request("POST", CHAT, token=own, json=ASKED)).status_code == 200
    assert (await bridge.request("POST", CHAT, token=other, json=ASKED)).status_code == 403
    listed = await bridge.request("GET", "/v1/models", token=own)
    assert [one["id"] for one in listed.json()["data"]] == ["api/fast"]


async def test_path_of_the_service_says_how_it_is_called(publish: Publish) -> None:
    bridge = await publish()

    told = await bridge.request("GET", "/v1/apis/fast")
    head = await bridge.request("HEAD", "/v1/apis/fast/")
    posted = await bridge.request("POST", "/v1/apis/fast", json=ASKED)
    below = await bridge.request("POST", "/v1/apis/fast/chat/completions", json=ASKED)
    other = await bridge.request("GET", "/v1/apis/fast", token=await bridge.token("service:other:*"))

    assert told.json()["model"] == "api/fast"
    assert (head.status_code, head.content) == (200, b"")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    assert below.status_code == 404
    assert below.json()["detail"] == posted.json()["detail"]
    assert "as the model 'api/fast'" in below.json()["detail"]
    assert other.status_code == 403
    assert {row.cost for row in await bridge.gateway.store.recent()} == {0}


@pytest.mark.parametrize("stream", [False, True])
async def test_caller_who_leaves_ends_the_call_of_the_model(publish: Publish, stream: bool) -> None:
    bridge = await publish()
    silent = Silent()
    bridge.upstream.send = silent.send  # type: ignore[method-assign]
    body = json.dumps({**ASKED, "stream": stream}).encode()
    messages = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await silent.asked.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        assert stream, "there was no answer"

    await bridge.app(await scope_of(bridge, body), receive, send)

    assert silent.closed.is_set()
    outer, inner = sorted(await bridge.gateway.store.recent(), key=lambda row: row.parent)
    assert (outer.outcome, inner.outcome) == ("client_gone", "client_gone")
    assert inner.parent == outer.call_id


class Silent:
    """A provider that begins an answer and never ends it."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()
        self.status = 200
        self.headers = [(b"content-type", b"text/event-stream")]

    async def send(self, request: Any) -> Any:
        if not json.loads(request.body).get("stream"):
            self.headers = [(b"content-type", b"application/json")]
        return self

    async def read(self, limit: int) -> bytes:
        return await self.next_chunk()

    async def next_chunk(self) -> bytes:
        self.asked.set()
        await asyncio.Event().wait()
        return b""

    async def close(self) -> None:
        self.closed.set()


async def scope_of(bridge: GatewayUnderTest, body: bytes) -> dict[str, Any]:
    headers = {
        "host": "gateway.test",
        "authorization": f"Bearer {await bridge.token()}",
        "content-type": "application/json",
        "content-length": str(len(body)),
    }
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": CHAT,
        "raw_path": CHAT.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
    }
