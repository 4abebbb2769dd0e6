"""A call in one dialect to a provider of another, through the whole chain."""

import asyncio
import json
from typing import Any

import pytest
from tests.support.scripted import Answer, Caller, Script

from tollbridge import hookimpl
from tollbridge.call import Call, open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import InternalError, UpstreamUnreachable
from tollbridge.formats import Envelope
from tollbridge.layers.dispatch import Dispatch
from tollbridge.layers.translate import write_upstream
from tollbridge.providers import Provider, Target
from tollbridge.testing import GatewayUnderTest
from tollbridge_openai.dialects import ChatDialect

CLAUDE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Bonjour."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 100, "cache_read_input_tokens": 20, "output_tokens": 50},
}
EVENTS = [
    ("message_start", {"message": {**CLAUDE, "content": [], "stop_reason": None}}),
    ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "Bon"}}),
    ("ping", {}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "jour."}}),
    ("content_block_stop", {"index": 0}),
    ("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 50}}),
    ("message_stop", {}),
]
STREAM = [f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in EVENTS]
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
HELLO = [{"role": "user", "content": "Hello"}]
MODELS = {
    "claude": {"targets": ["anthropic-like/claude"], "price": {"input": "1", "cache_read": "0.5", "output": "10"}},
    "both": {"targets": ["anthropic-like/claude", "mock/gpt-4o-mini"], "price": {"input": "1", "output": "10"}},
    "foreign": {"targets": ["odd/x"], "price": {"input": "1", "output": "10"}},
    "apart": {"targets": ["apart/m"], "price": {"input": "1", "output": "10"}},
}
PROVIDERS = {
    "mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"},
    "anthropic-like": {
        "base_url": "https://claude.example/v1",
        "dialect": "anthropic-messages",
        "api_key": "env:MOCK_KEY",
        "auth_header": "x-api-key",
    },
    "odd": {"base_url": "https://odd.example/v1", "dialect": "openai-moderations", "api_key": "env:MOCK_KEY"},
    "apart": {
        "base_urls": {"openai-chat": "https://chat.example/v1", "openai-embeddings": "https://vectors.example/v1"},
        "api_key": "env:MOCK_KEY",
    },
}


@pytest.fixture
def gw(mock: Any) -> GatewayUnderTest:
    under_test: GatewayUnderTest = mock(providers=PROVIDERS, models=MODELS)
    return under_test


@pytest.mark.parametrize(
    ("path", "asked", "url"),
    [
        ("/v1/embeddings", {"input": "a"}, "https://vectors.example/v1/embeddings"),
        ("/v2/embed", {"texts": ["a"], "input_type": "search_query"}, "https://vectors.example/v1/embeddings"),
        ("/v1/chat/completions", {"messages": []}, "https://chat.example/v1/chat/completions"),
    ],
)
async def test_dialect_is_asked_at_the_url_of_its_own_name_before_the_one_it_shares(
    gw: GatewayUnderTest, path: str, asked: dict[str, Any], url: str
) -> None:
    await gw.request("POST", path, json={"model": "apart", **asked})

    assert [sent.url for sent in gw.sent] == [url]


@pytest.mark.parametrize("cost", [True, False])
@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/chat/completions", {"messages": HELLO, "stream_options": {"include_usage": True}}),
        ("/v1/responses", {"input": "Hello"}),
        ("/v2/chat", {"messages": HELLO}),
        ("/v1beta/models/claude:streamGenerateContent?alt=sse", {"contents": [{"parts": [{"text": "Hello"}]}]}),
    ],
)
async def test_cost_is_written_into_a_translated_stream_if_switched_on(
    mock: Any, path: str, asked: dict[str, Any], cost: bool
) -> None:
    gw = mock(providers=PROVIDERS, models=MODELS, upstream={"cost_in_stream": cost})
    gw.upstream.stream(STREAM)

    reply = await gw.request("POST", path, json={"model": "claude", "stream": True, **asked})

    assert reply.status_code == 200
    assert reply.text.count('"cost":0.00061') == (1 if cost else 0)
    assert "Bon" in reply.text


async def test_caller_who_asked_for_no_usage_is_told_no_cost(mock: Any) -> None:
    gw = mock(providers=PROVIDERS, models=MODELS, upstream={"cost_in_stream": True})
    gw.upstream.stream(STREAM)

    reply = await gw.chat("claude", stream=True)

    assert "cost" not in reply.text
    assert reply.text.endswith("data: [DONE]\n\n")


async def test_answer_comes_back_in_the_callers_dialect(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(CLAUDE, headers=[("request-id", "up_1")])

    reply = await gw.chat("claude", max_tokens=60, temperature=0.5)

    (sent,) = gw.sent
    assert sent.url == "https://claude.example/v1/messages"
    assert sent.headers["x-api-key"] == "sk-upstream-secret"
    assert sent.json() == {
        "model": "claude",
        "max_tokens": 60,
        "temperature": 0.5,
        "messages": [{"role": "user", "content": "Hello"}],
    }
    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == "Bonjour."
    assert reply.json()["usage"]["total_tokens"] == 170
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-tollbridge-provider"] == "anthropic-like"
    assert "x-tollbridge-dropped" not in reply.headers
    # 100 x 1 + 20 x 0.5 + 50 x 10, per million tokens
    assert reply.headers["x-tollbridge-cost-usd"] == "0.00061"


async def test_stream_comes_back_in_the_callers_dialect(gw: GatewayUnderTest) -> None:
    gw.upstream.stream(STREAM)

    reply = await gw.chat("claude", stream=True, stream_options={"include_usage": True})

    (sent,) = gw.sent
    body = sent.json()
    assert isinstance(body, dict)
    assert body["stream"] is True
    assert "stream_options" not in body
    chunks = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert "".join(c["delta"].get("content", "") for chunk in chunks for c in chunk["choices"]) == "Bonjour."
    assert chunks[-1]["usage"]["total_tokens"] == 170
    assert reply.text.endswith("data: [DONE]\n\n")


async def test_caller_of_messages_reaches_a_provider_of_chat(gw: GatewayUnderTest) -> None:
    body = {"model": "both", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "stream": True}
    gw.upstream.fail(UpstreamUnreachable("no route"))

    reply = await gw.request("POST", "/v1/messages", json=body)

    asked = gw.sent[1].json()
    assert isinstance(asked, dict)
    assert (asked["model"], asked["stream"], asked["stream_options"]) == ("gpt-4o-mini", True, {"include_usage": True})
    names = [line[7:] for line in reply.text.splitlines() if line.startswith("event: ")]
    assert names[0] == "message_start"
    assert names[-1] == "message_stop"


async def test_stream_that_is_cut_ends_in_an_error_of_the_callers_dialect(gw: GatewayUnderTest) -> None:
    gw.upstream.stream(STREAM[:5])

    reply = await gw.chat("claude", stream=True)

    assert "[DONE]" not in reply.text
    assert json.loads(reply.text.strip().splitlines()[-1][6:])["error"]["code"] == "upstream_truncated"


async def test_error_inside_a_stream_is_told_in_the_callers_dialect(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([*STREAM[:3], f"event: error\ndata: {json.dumps(OVERLOADED)}\n\n".encode()])

    reply = await gw.chat("claude", stream=True)

    assert "[DONE]" not in reply.text
    assert json.loads(reply.text.strip().splitlines()[-1][6:])["error"]["message"] == "Overloaded"


async def test_refusal_of_the_provider_keeps_its_class_and_its_wish(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(
        {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down"}},
        status=429,
        headers=[("retry-after", "7")],
    )

    reply = await gw.chat("claude")

    assert reply.status_code == 429
    assert reply.headers["retry-after"] == "7"
    assert reply.json()["error"]["message"] == "Slow down"
    assert reply.json()["error"]["type"] == "rate_limit_error"


async def test_refusal_without_words_is_told_all_the_same(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(b"", status=500)
    gw.upstream.reply(b"<html>", status=500)

    empty, page = await gw.chat("claude"), await gw.chat("claude")

    assert (empty.status_code, page.status_code) == (500, 500)
    assert page.json()["error"]["message"]


async def test_answer_that_is_none_is_a_fault_of_the_provider(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(b"<html>")
    gw.upstream.reply({"type": "odd"})

    for _ in range(2):
        reply = await gw.chat("claude")
        assert reply.status_code == 502


async def test_whole_answer_to_one_who_asked_for_a_stream_is_streamed(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(CLAUDE)

    reply = await gw.chat("claude", stream=True)

    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.text.endswith("data: [DONE]\n\n")


async def test_stream_to_one_who_asked_for_the_whole_is_folded(gw: GatewayUnderTest) -> None:
    gw.upstream.stream(STREAM)

    reply = await gw.chat("claude")

    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["choices"][0]["message"]["content"] == "Bonjour."


async def test_what_was_left_behind_is_named(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(CLAUDE)

    reply = await gw.chat("claude", seed=7, n=2, headers={"openai-beta": "x"})

    assert set(reply.headers["x-tollbridge-dropped"].split(", ")) >= {"seed", "n"}


async def test_what_was_left_behind_of_the_answer_is_named_too(gw: GatewayUnderTest) -> None:
    search = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}}
    gw.upstream.reply({**CLAUDE, "content": [search, *CLAUDE["content"]]})

    reply = await gw.chat("claude", seed=7)

    assert reply.headers["x-tollbridge-dropped"] == "seed, choices[].message.server_tools"


async def test_tool_that_takes_free_text_is_called_with_it(gw: GatewayUnderTest) -> None:
    call = {"type": "tool_use", "id": "t", "name": "sql", "input": {"input": "select 1"}}
    gw.upstream.reply({**CLAUDE, "content": [call], "stop_reason": "tool_use"})
    tool = {"type": "custom", "custom": {"name": "sql", "description": "Runs SQL."}}

    reply = await gw.chat("claude", tools=[tool])

    (called,) = reply.json()["choices"][0]["message"]["tool_calls"]
    assert called["custom"] == {"name": "sql", "input": "select 1"}


async def test_strict_call_is_refused_by_name_and_costs_nothing(gw: GatewayUnderTest) -> None:
    body = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}], "seed": 7}

    reply = await gw.request("POST", "/v1/chat/completions", json=body, headers={"prefer": "handling=strict"})

    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "seed"
    assert gw.sent == []


async def test_every_call_is_strict_where_the_configuration_says_so(mock: Any) -> None:
    gw = mock(providers=PROVIDERS, models=MODELS, upstream={"strict": True})

    reply = await gw.chat("claude", seed=7)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unsupported_by_target")


async def test_request_that_cannot_be_read_is_refused_before_anything_is_reserved(gw: GatewayUnderTest) -> None:
    reply = await gw.request("POST", "/v1/chat/completions", json={"model": "claude", "messages": [{"role": "king"}]})

    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == "messages[0].role"


async def test_other_targets_are_tried_in_their_own_dialects(gw: GatewayUnderTest) -> None:
    gw.upstream.fail(UpstreamUnreachable("no route"))

    reply = await gw.chat("both")

    assert [sent.url for sent in gw.sent] == [
        "https://claude.example/v1/messages",
        "https://mock.example/v1/chat/completions",
    ]
    assert reply.json()["choices"][0]["message"]["content"] == "Hello."


class Masking:
    """Hides a name from providers."""

    async def body(self, call: Call) -> None:
        call.body = (call.body or b"").replace(b"Ada", b"PERSON")


async def test_what_a_policy_makes_of_the_body_is_what_another_dialect_is_told(mock: Any) -> None:
    gw = mock(providers=PROVIDERS, models=MODELS, plugins=(Masking(),))
    gw.upstream.fail(UpstreamUnreachable("no connection"))

    await gw.chat("both", messages=[{"role": "user", "content": "I am Ada"}])

    assert [b"Ada" in sent.body for sent in gw.sent] == [False, False]
    assert [sent.json()["messages"][0]["content"] for sent in gw.sent] == ["I am PERSON"] * 2


async def test_target_that_cannot_be_told_makes_way_for_the_next(gw: GatewayUnderTest) -> None:
    body = {"model": "both", "messages": [{"role": "user", "content": "Hi"}], "seed": 7}

    reply = await gw.request("POST", "/v1/chat/completions", json=body, headers={"prefer": "handling=strict"})

    assert reply.status_code == 200
    assert [sent.url for sent in gw.sent] == ["https://mock.example/v1/chat/completions"]


async def test_provider_that_speaks_no_dialect_of_conversations_is_refused(gw: GatewayUnderTest) -> None:
    reply = await gw.chat("foreign")

    assert reply.status_code == 400
    assert "cannot be asked in openai-chat" in reply.json()["error"]["message"]


async def test_dialect_that_nothing_is_translated_from_is_refused(gw: GatewayUnderTest) -> None:
    reply = await gw.request("POST", "/v1/moderations", json={"model": "claude", "input": "Hi"})

    assert reply.status_code == 400
    assert "cannot be asked in openai-moderations" in reply.json()["error"]["message"]


async def test_headers_of_one_vendor_are_not_shown_to_another(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(CLAUDE)
    shown = {"openai-beta": "x", "openai-organization": "o", "prefer": "wait", "user-agent": "me"}
    body = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}

    reply = await gw.request("POST", "/v1/chat/completions", json=body, headers=shown)

    assert gw.sent[0].headers["user-agent"] == "me"
    assert not {"openai-beta", "openai-organization", "prefer"} & gw.sent[0].headers.keys()
    assert reply.headers["x-tollbridge-dropped"] == "openai-beta"


async def test_tokens_are_estimated_where_the_provider_does_not_count(gw: GatewayUnderTest) -> None:
    body = {"model": "both", "messages": [{"role": "user", "content": "x" * 40}]}
    only_chat = {**body, "model": "mock/gpt-4o-mini"}

    estimated = await gw.request("POST", "/v1/messages/count_tokens", json=only_chat)

    assert estimated.json() == {"input_tokens": 14}  # 40 bytes and a message
    assert estimated.headers["x-tollbridge-estimated"] == "input_tokens"
    assert gw.sent == []


async def test_tokens_are_counted_where_the_provider_counts(gw: GatewayUnderTest) -> None:
    gw.upstream.reply({"input_tokens": 5})

    counted = await gw.request("POST", "/v1/messages/count_tokens", json={"model": "both", "messages": []})

    assert counted.json() == {"input_tokens": 5}
    assert "x-tollbridge-estimated" not in counted.headers


@pytest.mark.parametrize(
    ("status", "body"), [(404, b"404 page not found"), (404, b'{"detail":"Not Found"}'), (405, b""), (501, b"{}")]
)
async def test_tokens_are_estimated_where_the_provider_has_no_path_to_count(
    gw: GatewayUnderTest, status: int, body: bytes
) -> None:
    gw.upstream.reply(body, status=status)
    asked = {"model": "claude", "messages": [{"role": "user", "content": "x" * 40}]}

    estimated = await gw.request("POST", "/v1/messages/count_tokens", json=asked)

    assert (estimated.status_code, estimated.json()) == (200, {"input_tokens": 14})
    assert estimated.headers["x-tollbridge-estimated"] == "input_tokens"
    assert [sent.url for sent in gw.sent] == ["https://claude.example/v1/messages/count_tokens"]


async def test_tokens_are_estimated_too_where_another_dialects_path_is_missing(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(b"404 page not found", status=404)
    asked = {"contents": [{"role": "user", "parts": [{"text": "x" * 40}]}]}

    estimated = await gw.request("POST", "/v1beta/models/claude:countTokens", json=asked)

    assert (estimated.status_code, estimated.json()) == (200, {"totalTokens": 14})


@pytest.mark.parametrize(
    ("status", "body", "messages"),
    [
        (404, {"error": {"type": "not_found_error", "message": "model: claude"}}, []),
        (429, {"error": {"type": "rate_limit_error", "message": "slow down"}}, []),
        (404, {"error": {"type": "not_found_error", "message": "nothing here"}}, "no list"),
    ],
)
async def test_refusal_to_count_is_passed_on(gw: GatewayUnderTest, status: int, body: Any, messages: Any) -> None:
    gw.upstream.reply(body, status=status)

    refused = await gw.request("POST", "/v1/messages/count_tokens", json={"model": "claude", "messages": messages})

    assert (refused.status_code, refused.json()) == (status, body)


async def test_translation_caps_the_output_like_any_other_call(mock: Any) -> None:
    gw = mock(providers=PROVIDERS, models=MODELS, budgets={"cap_output": True, "assume_output_tokens": 77})
    gw.upstream.reply(CLAUDE)

    await gw.chat("claude")

    assert gw.sent[0].json()["max_tokens"] == 77


async def test_silent_stream_shows_that_it_lives(mock: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gw = mock(upstream={"keep_alive_s": 0.001})
    secret = await gw.token()
    more = asyncio.Event()
    first, *rest = STREAM_OF_CHAT
    script = Script(Answer(first, more, *rest))
    dispatch = dispatch_of(gw)
    monkeypatch.setattr(dispatch, "transport", script)
    monkeypatch.setattr(dispatch.watch, "_period_s", 0.001)
    caller = Caller(gw.app, secret, model="gpt-4o-mini")
    call = asyncio.create_task(caller.call())
    while b": keep-alive\n\n" not in caller.body:
        await asyncio.sleep(0)
    more.set()
    await call

    assert caller.body.replace(b": keep-alive\n\n", b"") == b"".join(STREAM_OF_CHAT)


SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
SEARCHING = [
    EVENTS[0],
    ("content_block_start", {"index": 0, "content_block": SEARCH}),
    ("content_block_stop", {"index": 0}),
    ("content_block_start", {"index": 1, "content_block": {"type": "text", "text": ""}}),
    ("content_block_delta", {"index": 1, "delta": {"type": "text_delta", "text": "Bonjour."}}),
    ("content_block_stop", {"index": 1}),
    *EVENTS[-2:],
]


def searching(*, end: bool = True) -> list[bytes]:
    parts = [f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in SEARCHING]
    return parts if end else parts[:-1]


class Heard:
    """Keeps the calls that have ended."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    @hookimpl
    def register_metrics(self, register: Any) -> None:
        register(self.calls.append)


async def test_what_a_streamed_answer_lost_is_told_in_a_comment_before_its_end(mock: Any) -> None:
    heard = Heard()
    gw = mock(providers=PROVIDERS, models=MODELS, plugins=(heard,))
    gw.upstream.stream(searching())

    reply = await gw.chat("claude", stream=True, seed=7)

    told, last = reply.text.split("\n\n")[-3:-1]
    assert (told, last) == (": x-tollbridge-dropped: choices[].message.server_tools", "data: [DONE]")
    assert reply.headers["x-tollbridge-dropped"] == "seed"
    assert [call.dropped for call in heard.calls] == [("seed", "choices[].message.server_tools")]


async def test_what_a_stream_lost_that_breaks_off_is_kept_with_the_call(mock: Any) -> None:
    heard = Heard()
    gw = mock(providers=PROVIDERS, models=MODELS, plugins=(heard,))
    gw.upstream.stream(searching(end=False))

    reply = await gw.chat("claude", stream=True)

    assert "x-tollbridge-dropped" not in reply.text
    assert [call.dropped for call in heard.calls] == [("choices[].message.server_tools",)]


@pytest.mark.parametrize(
    "path", ["/v1beta/models/claude:streamGenerateContent?alt=sse", "/api/chat"], ids=["gemini", "ollama"]
)
async def test_no_comment_stands_in_streams_whose_clients_know_none(mock: Any, path: str) -> None:
    heard = Heard()
    gw = mock(providers=PROVIDERS, models=MODELS, plugins=(heard,))
    gw.upstream.stream(searching())
    asked = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    if path == "/api/chat":
        asked = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}

    reply = await gw.request("POST", path, json=asked)

    assert "Bonjour." in reply.text
    assert "dropped" not in reply.text
    assert heard.calls[0].dropped


async def test_what_a_whole_answer_lost_is_told_in_its_head(mock: Any) -> None:
    heard = Heard()
    gw = mock(providers=PROVIDERS, models=MODELS, plugins=(heard,))
    gw.upstream.reply({**CLAUDE, "content": [SEARCH, *CLAUDE["content"]]})

    reply = await gw.chat("claude")

    assert reply.headers["x-tollbridge-dropped"] == "choices[].message.server_tools"
    assert [call.dropped for call in heard.calls] == [("choices[].message.server_tools",)]


async def test_target_that_no_layer_has_looked_at_is_a_fault_of_the_chain() -> None:
    call = open_call({"type": "http", "path": "/", "headers": []}, SystemClock())
    call.dialect, call.body, call.envelope = ChatDialect(), b"{}", Envelope("m")
    call.operation = call.dialect.operations[0]

    with pytest.raises(InternalError, match="no layer has checked"):
        write_upstream(call, Target(Provider("p"), "m"))


STREAM_OF_CHAT = [
    b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n',
    b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
]


def dispatch_of(gw: GatewayUnderTest) -> Dispatch:
    layer: Any = gw.gateway.chain
    while not isinstance(layer, Dispatch):
        layer = layer.app
    return layer


async def test_embeddings_are_asked_for_in_the_providers_dialect(mock: Any) -> None:
    google = {
        "base_url": "https://google.example/v1beta",
        "dialect": "gemini-generate-content",
        "api_key": "env:MOCK_KEY",
        "auth_header": "x-goog-api-key",
    }
    models = {"vectors": {"targets": ["google-like/embedding-1"], "price": {"input": "1"}}}
    gw = mock(providers={"google-like": google}, models=models)
    gw.upstream.reply({"embeddings": [{"values": [0.5, 1]}, {"values": [2, 0.25]}]})

    reply = await gw.request("POST", "/v1/embeddings", json={"model": "vectors", "input": ["a", "b"]})

    assert gw.sent[0].url.endswith("/models/embedding-1:batchEmbedContents")
    assert [entry["embedding"] for entry in reply.json()["data"]] == [[0.5, 1], [2, 0.25]]


async def test_compressed_answer_is_refused(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(b"\x1f\x8b", headers=[("content-encoding", "gzip")])

    reply = await gw.chat("claude")

    assert reply.status_code == 502
    assert "compressed" in reply.json()["error"]["message"]


async def test_refusal_that_is_empty_is_told_all_the_same(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([])
    gw.upstream.reply(b"", status=429)

    assert (await gw.chat("claude", stream=True)).status_code == 200
    assert (await gw.chat("claude")).status_code == 429


async def test_tool_that_takes_free_text_is_called_with_it_in_a_stream_too(gw: GatewayUnderTest) -> None:
    call = {"type": "tool_use", "id": "t", "name": "sql", "input": {}}
    events = [
        EVENTS[0],
        ("content_block_start", {"index": 0, "content_block": call}),
        ("content_block_delta", {"index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"input":'}}),
        ("content_block_delta", {"index": 0, "delta": {"type": "input_json_delta", "partial_json": '"select 1"}'}}),
        *EVENTS[5:],
    ]
    gw.upstream.stream(
        f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in events
    )
    tool = {"type": "custom", "custom": {"name": "sql", "description": "Runs SQL."}}

    reply = await gw.chat("claude", stream=True, tools=[tool])

    chunks = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
    calls = [call for chunk in chunks for choice in chunk["choices"] for call in choice["delta"].get("tool_calls", ())]
    assert "".join(call["custom"]["input"] for call in calls) == "select 1"


async def test_sdk_that_looks_below_another_path_is_served_there(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(CLAUDE)
    body = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}

    reply = await gw.request("POST", "/openai/v1/chat/completions", json=body)
    listed = await gw.request("GET", "/openai/v1/models")
    shown = await gw.request("GET", "/openai/v1/models/claude")

    assert reply.json()["choices"][0]["message"]["content"] == "Bonjour."
    assert "claude" in {model["id"] for model in listed.json()["data"]}
    assert shown.json()["id"] == "claude"


ONLY_COMPLETIONS = {
    "old": {"base_url": "https://old.example/v1", "dialect": "openai-completions", "api_key": "env:MOCK_KEY"}
}
COMPLETION = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "x",
    "choices": [{"text": " Hi", "index": 0, "logprobs": None, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


@pytest.fixture
def old(mock: Any) -> GatewayUnderTest:
    price = {"input": "1", "output": "1"}
    under_test: GatewayUnderTest = mock(
        providers=ONLY_COMPLETIONS, models={"old": {"targets": ["old/x"], "price": price}}
    )
    return under_test


async def test_chat_reaches_a_provider_that_only_completes_prompts(old: GatewayUnderTest) -> None:
    old.upstream.reply(COMPLETION)

    reply = await old.chat("old", max_tokens=9)

    assert reply.json()["choices"][0]["message"]["content"] == " Hi"
    (sent,) = old.sent
    assert sent.url == "https://old.example/v1/completions"
    assert sent.json() == {"model": "x", "prompt": "Hello", "max_tokens": 9}


async def test_prompts_reach_it_as_they_are(old: GatewayUnderTest) -> None:
    old.upstream.reply(COMPLETION)
    asked = {"model": "old", "prompt": ["a", "b"], "echo": True}

    reply = await old.request("POST", "/v1/completions", json=asked)

    assert reply.json() == COMPLETION
    assert old.sent[0].json() == {**asked, "model": "x"}
