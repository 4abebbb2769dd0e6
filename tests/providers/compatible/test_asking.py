"""What hosts of the catalogue are sent by a whole gateway, where they differ from their dialect."""

import json
from typing import Any

import pytest

from tollbridge.testing import gateway

__all__ = ["gateway"]


def vectors(embedding: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": 0, "embedding": embedding}]
    return {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}


VECTORS = vectors([0.5])
ANSWER = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "m",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}],
}


@pytest.fixture
def asked(gateway, monkeypatch):
    """Give `asked(host, path, body, answer)`: the request a host gets and the answer its caller gets."""

    async def ask(host: str, path: str, body: Any, answer: Any) -> tuple[str, Any, Any]:
        monkeypatch.setenv(f"{host.upper()}_API_KEY", "k")
        gw = gateway()
        gw.upstream.reply(json.dumps(answer).encode())
        reply = await gw.request("POST", path, json={"model": f"{host}/m", **body})
        (sent,) = gw.sent
        assert reply.status_code == 200, reply.content
        return str(sent.url), json.loads(sent.body), reply.json()

    return ask


@pytest.mark.parametrize(
    ("host", "encoding", "sent"),
    [
        ("voyage", {"encoding_format": "float"}, {}),
        ("voyage", {"encoding_format": "base64"}, {"encoding_format": "base64"}),
        ("voyage", {}, {}),
        ("jina", {"encoding_format": "base64"}, {"embedding_type": "base64"}),
        ("jina", {"encoding_format": "float"}, {"embedding_type": "float"}),
    ],
)
async def test_host_is_asked_for_numbers_in_its_own_way(asked, host: str, encoding: Any, sent: Any) -> None:
    url, body, reply = await asked(host, "/v1/embeddings", {"input": "a", **encoding}, VECTORS)

    assert url.endswith("/v1/embeddings")
    assert body == {"model": "m", "input": "a", **sent}
    assert reply == VECTORS


async def test_caller_of_another_dialect_is_given_numbers_by_a_host_that_refuses_the_word(asked) -> None:
    said = {"texts": ["a"], "input_type": "search_query", "embedding_types": ["float"]}

    url, body, reply = await asked("voyage", "/v2/embed", said, VECTORS)

    assert url == "https://api.voyageai.com/v1/embeddings"
    assert "encoding_format" not in body
    assert reply["embeddings"]["float"] == [[0.5]]


async def test_perplexity_is_asked_for_a_conversation_in_responses(asked) -> None:
    hello = {"messages": [{"role": "user", "content": "Hello"}]}

    url, body, reply = await asked("perplexity", "/v1/chat/completions", hello, ANSWER)

    assert url == "https://api.perplexity.ai/v1/responses"
    assert "messages" not in body
    assert reply["choices"][0]["message"]["content"] == "Hi"


@pytest.mark.parametrize(
    ("encoding", "sent", "embedding"),
    [
        ({}, {}, [1, -1]),
        ({"encoding_format": "float"}, {}, [1, -1]),
        ({"encoding_format": "base64"}, {}, "AACAPwAAgL8="),
        ({"encoding_format": "base64_int8"}, {"encoding_format": "base64_int8"}, "Af8="),
        ({"encoding_format": "base64_binary"}, {"encoding_format": "base64_binary"}, "Af8="),
    ],
)
async def test_perplexitys_bytes_become_the_floats_that_openais_clients_ask_for(
    asked, encoding: Any, sent: Any, embedding: Any
) -> None:
    said = {"input": ["a"], "dimensions": 2, "x": 1}

    url, body, reply = await asked("perplexity", "/v1/embeddings", {**said, **encoding}, vectors("Af8="))

    assert url == "https://api.perplexity.ai/v1/embeddings"
    assert body == {"model": "m", **said, **sent}
    assert reply == vectors(embedding)


async def test_perplexity_is_not_told_base64_for_a_caller_of_another_dialect(asked) -> None:
    said = {"texts": ["a"], "input_type": "search_query", "embedding_types": ["base64"]}

    url, body, reply = await asked("perplexity", "/v2/embed", said, vectors("Af8="))

    assert url == "https://api.perplexity.ai/v1/embeddings"
    assert "encoding_format" not in body
    assert reply["embeddings"]["base64"] == ["AACAPwAAgL8="]
