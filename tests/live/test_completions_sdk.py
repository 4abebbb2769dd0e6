"""The official `openai` SDK asks legacy completions of a provider that has never heard of them."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from tests.support.live import LiveGateway

from tollbridge.testing.upstream import ScriptedUpstream

CLAUDE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": " upon a time"}],
    "stop_reason": "max_tokens",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 4},
}
EVENTS: tuple[tuple[str, Any], ...] = (
    ("message_start", {"message": {**CLAUDE, "content": [], "stop_reason": None}}),
    ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": " upon"}}),
    ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": " a time"}}),
    ("content_block_stop", {"index": 0}),
    ("message_delta", {"delta": {"stop_reason": "max_tokens", "stop_sequence": None}, "usage": {"output_tokens": 4}}),
    ("message_stop", {}),
)
STREAM = [f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in EVENTS]
CONFIG = """
[providers.claude]
base_url = "{url}"
dialect = "anthropic-messages"
api_key = "env:MOCK_KEY"
auth_header = "x-api-key"
allow_private = true
[models.tale]
targets = ["claude/their-name"]
price = {{ input = "1", output = "2" }}
"""


class Sdk:
    """A gateway before a provider of Anthropic's dialect, and a client of the SDK that shows a token."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.upstream = upstream
        self.url = gateway.url
        self.token = gateway.token()["token"]

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=self.token, timeout=20, max_retries=0)


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sdk]:
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(tmp_path_factory.mktemp("completions"), CONFIG.format(url=upstream.url)) as gateway,
    ):
        yield Sdk(gateway, upstream)


def test_prompt_is_completed(sdk: Sdk) -> None:
    sdk.upstream.answer(CLAUDE)

    with sdk.client() as client:
        raw = client.completions.with_raw_response.create(model="tale", prompt="Once", echo=True, seed=7, best_of=1)

    answer = raw.parse()
    assert answer.choices[0].text == "Once upon a time"
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (3, 4)
    assert raw.headers["x-tollbridge-dropped"] == "seed"
    sent = sdk.upstream.requests[-1]
    asked = {"model": "their-name", "max_tokens": 16, "messages": [{"role": "user", "content": "Once"}]}
    assert (sent.path, sent.json()) == ("/messages", asked)


def test_stream_is_read_to_its_end(sdk: Sdk) -> None:
    sdk.upstream.stream(STREAM)

    with sdk.client() as client:
        asked = {"model": "tale", "prompt": ["Once"], "stream": True, "stream_options": {"include_usage": True}}
        chunks = list(client.completions.create(**asked))

    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == " upon a time"
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "length"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 7


@pytest.mark.parametrize(
    ("more", "param"), [({"prompt": ["a", "b"]}, "prompt"), ({"prompt": [1, 2]}, "prompt"), ({"suffix": "."}, "suffix")]
)
def test_what_the_provider_cannot_be_asked_is_a_bad_request_that_names_it(sdk: Sdk, more: Any, param: str) -> None:
    before = len(sdk.upstream.requests)

    with sdk.client() as client, pytest.raises(openai.BadRequestError) as refused:
        client.completions.create(**{"model": "tale", "prompt": "Once", **more})

    assert (refused.value.code, refused.value.param) == ("unsupported_by_target", param)
    assert len(sdk.upstream.requests) == before


def test_providers_refusal_is_the_sdks_own_error(sdk: Sdk) -> None:
    sdk.upstream.answer({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}, status=429)

    with sdk.client() as client, pytest.raises(openai.RateLimitError, match="slow down"):
        client.completions.create(model="tale", prompt="Once")
