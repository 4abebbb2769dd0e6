"""Cloudflare's own host, asked in OpenAI's dialect by a whole gateway."""

import json
from typing import Any

import pytest

from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway"]


@pytest.fixture
def gw(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> GatewayUnderTest:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "some-account")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "k")
    made: GatewayUnderTest = gateway()
    return made


def chunk(delta: Any, finish: str | None = None) -> bytes:
    told = {"id": "1", "object": "chat.completion.chunk", "created": 5, "model": "m"}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: %b\n\n" % json.dumps({**told, "choices": [choice]}).encode()


async def test_stream_that_names_no_role_is_given_one(gw: GatewayUnderTest) -> None:
    gw.upstream.stream([chunk({"content": "Hi"}), chunk({}, "stop"), b"data: [DONE]\n\n"])

    reply = await gw.chat("cloudflare/@cf/meta/llama-3.3-70b-instruct-fp8-fast", stream=True)

    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in reply.text.splitlines() if "{" in line]
    assert [delta.get("role") for delta in deltas] == ["assistant", None, None]
    assert "".join(delta.get("content") or "" for delta in deltas) == "Hi"
    (sent,) = gw.sent
    assert str(sent.url).endswith("/accounts/some-account/ai/v1/chat/completions")
