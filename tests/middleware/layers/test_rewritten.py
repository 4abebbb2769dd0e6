"""What hosts write amiss in their dialect: read, and written anew for the caller."""

import base64
import json
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tollbridge import hookimpl
from tollbridge.errors import UpstreamUnreachable
from tollbridge.providers import Provider, Quirks
from tollbridge.testing import GatewayUnderTest


class Host:
    """Provides a host that writes Chat and embeddings amiss, and Messages well; one that writes Chat amiss; and one to
    ask for Messages' counts alone."""

    @hookimpl
    def register_providers(self, register: Callable[[Provider], None]) -> None:
        urls = {"openai-chat": "https://amiss.example/v1", "anthropic-messages": "https://amiss.example/v1"}
        left_out = {"encoding_format": ('"float"', '"base64"')}
        quirks = Quirks(rewritten=("openai-chat", "openai-embeddings"), drop_values=left_out)
        register(Provider("amiss", base_urls=urls, quirks=quirks))
        register(Provider("chatty", base_urls=urls, quirks=Quirks(rewritten=("openai-chat",))))
        register(Provider("counting", base_urls=urls, quirks=Quirks(only_counts=("anthropic-messages",))))


PRICE = {"input": "1", "output": "10"}
MODELS = {
    "amiss": {"targets": ["amiss/m"], "price": PRICE},
    "chatty": {"targets": ["chatty/m"], "price": PRICE},
    "counting": {"targets": ["counting/m"], "price": PRICE},
    "either": {"targets": ["mock/gpt-4o-mini", "amiss/m"], "price": PRICE},
}
USAGE = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
DATA = [
    {"choices": [{"index": 0, "delta": {"content": "Bon"}}], "odd": 1},
    {"choices": [{"index": 0, "delta": {"content": "jour."}}], "odd": 1},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE},
]
CHUNKS = [b"data: %b\n\n" % json.dumps({"id": "x", "created": 1, "model": "m", **data}).encode() for data in DATA]
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def gw(mock: Any) -> GatewayUnderTest:
    mocked = {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}
    keyed = {"api_key": "env:MOCK_KEY"}
    hosts = {"mock": mocked, "amiss": keyed, "chatty": keyed, "counting": keyed}
    under_test: GatewayUnderTest = mock(providers=hosts, models=MODELS, plugins=(Host(),))
    return under_test


def said(text: str) -> list[Any]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


async def test_stream_is_written_as_its_dialect_has_it_and_charged(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([*CHUNKS, DONE])

    reply = await gw.chat("amiss", stream=True)

    first, *between, last = said(reply.text)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert [chunk["choices"][0]["delta"] for chunk in between] == [{"content": "Bon"}, {"content": "jour."}]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert reply.text.endswith("data: [DONE]\n\n")
    assert reply.headers["content-type"] == "text/event-stream"
    (row,) = await gw.gateway.store.recent()
    assert (row.cost, row.usage_source, row.outcome) == (600_000, "provider", "complete")


async def test_cost_is_written_into_what_is_written_anew_if_switched_on(mock: Any) -> None:
    hosts = {"amiss": {"api_key": "env:MOCK_KEY"}}
    gw = mock(providers=hosts, models={"amiss": MODELS["amiss"]}, plugins=(Host(),), upstream={"cost_in_stream": True})
    gw.upstream.stream([*CHUNKS, DONE])

    reply = await gw.chat("amiss", stream=True, stream_options={"include_usage": True})

    assert [one["usage"]["cost"] for one in said(reply.text) if one.get("usage")] == [0.0006]


async def test_body_goes_to_the_host_as_it_came(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([*CHUNKS, DONE])

    await gw.chat("amiss", stream=True, wish={"of": "the host's own"})

    (sent,) = gw.sent
    body = sent.json()
    assert isinstance(body, dict)
    assert (body["model"], body["wish"]) == ("m", {"of": "the host's own"})


async def test_stream_that_breaks_off_ends_in_an_error(gw: GatewayUnderTest) -> None:
    gw.upstream.stream(CHUNKS[:2])

    reply = await gw.chat("amiss", stream=True)

    assert said(reply.text)[-1]["error"]["code"] == "upstream_truncated"
    assert "[DONE]" not in reply.text


async def test_what_cannot_be_read_is_refused_before_the_host_is_asked(gw: GatewayUnderTest) -> None:
    reply = await gw.chat("amiss", stream=True, messages=[{"role": "user", "content": 7}])

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "messages[0].content")
    assert gw.sent == []


async def test_whole_answer_passes_as_it_is(gw: GatewayUnderTest) -> None:
    whole = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}, "odd": 1}
    gw.upstream.reply(whole)

    assert (await gw.chat("amiss")).json() == whole


async def test_stream_of_a_host_that_writes_it_well_passes_as_it_is(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([*CHUNKS, DONE])

    reply = await gw.chat("either", stream=True, stream_options={"include_usage": True})

    assert reply.content == b"".join([*CHUNKS, DONE])


async def test_next_target_that_writes_amiss_is_written_anew(gw: GatewayUnderTest) -> None:
    gw.upstream.fail(UpstreamUnreachable("no route"))
    gw.upstream.stream([*CHUNKS, DONE])

    reply = await gw.chat("either", stream=True)

    assert said(reply.text)[0]["choices"][0]["delta"]["role"] == "assistant"


async def test_other_dialects_of_the_host_pass_as_they_are(gw: GatewayUnderTest) -> None:
    stream = b'event: message_stop\ndata: {"type": "message_stop"}\n\n'
    gw.upstream.stream([stream])
    body = {"model": "amiss", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}], "stream": True}

    reply = await gw.request("POST", "/v1/messages", json=body)

    assert reply.content == stream


PACKED = base64.b64encode(bytes([1, 0xFF])).decode()
VECTORS = b"""{ "data":[{"embedding":"%b","index":0,"object":"embedding"}],"model":"m","object":"list",
"usage":{"cost":{"total_cost":2.8e-08},"prompt_tokens":100,"total_tokens":100} }""" % PACKED.encode()
FLOATS = base64.b64encode(struct.pack("<2f", 1, -1)).decode()


@pytest.mark.parametrize(
    ("asked", "sent", "given"),
    [
        ({}, {}, [1, -1]),
        ({"encoding_format": "float"}, {}, [1, -1]),
        ({"encoding_format": "base64"}, {}, FLOATS),
        ({"encoding_format": "base64_int8"}, {"encoding_format": "base64_int8"}, PACKED),
    ],
)
async def test_embeddings_are_written_as_their_caller_asked_for_them(
    gw: GatewayUnderTest, asked: dict[str, str], sent: dict[str, str], given: Any
) -> None:
    gw.upstream.reply(VECTORS)

    reply = await gw.request("POST", "/v1/embeddings", json={"model": "amiss", "input": "a", "x": 1, **asked})

    assert [json.loads(request.body) for request in gw.sent] == [{"model": "m", "input": "a", "x": 1, **sent}]
    assert reply.json() == {**json.loads(VECTORS), "data": [{"embedding": given, "index": 0, "object": "embedding"}]}
    assert reply.headers["content-type"] == "application/json"
    (row,) = await gw.gateway.store.recent()
    assert (row.cost, row.usage_source, row.outcome) == (100_000, "provider", "complete")


async def test_embeddings_that_cannot_be_read_are_refused_before_the_host_is_asked(gw: GatewayUnderTest) -> None:
    reply = await gw.request("POST", "/v1/embeddings", json={"model": "amiss", "input": 7})

    assert (reply.status_code, reply.json()["error"]["param"]) == (400, "input")
    assert gw.sent == []


async def test_embeddings_of_a_host_that_writes_another_dialect_amiss_pass_as_they_are(gw: GatewayUnderTest) -> None:
    gw.upstream.reply(VECTORS)

    reply = await gw.request("POST", "/v1/embeddings", json={"model": "chatty", "input": "a"})

    assert reply.content == VECTORS


async def test_completions_of_a_host_that_streams_chat_amiss_pass_as_they_are(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([*CHUNKS, DONE])
    asked = {"model": "amiss", "prompt": "a", "stream": True, "stream_options": {"include_usage": True}}

    reply = await gw.request("POST", "/v1/completions", json=asked)

    assert reply.content == b"".join([*CHUNKS, DONE])


async def test_host_that_only_counts_in_the_callers_dialect_is_called_in_its_other_and_counts(
    gw: GatewayUnderTest,
) -> None:
    body = {"model": "counting", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    gw.upstream.stream([*CHUNKS, DONE])
    gw.upstream.reply({"input_tokens": 7})

    reply = await gw.request("POST", "/v1/messages", json={**body, "stream": True})
    counted = await gw.request("POST", "/v1/messages/count_tokens", json=body)

    assert [sent.url.rpartition("/v1/")[2] for sent in gw.sent] == ["chat/completions", "messages/count_tokens"]
    assert said(reply.text)[0]["type"] == "message_start"
    assert counted.json() == {"input_tokens": 7}
    assert "x-tollbridge-estimated" not in counted.headers
