"""The official SDKs against the real model, through a whole gateway in a process of its own."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from tests.live.looking import bearer, eventually, settled
from tests.support.live import LiveGateway
from tests.support.requires import requires

pytestmark = requires("local")

CONFIG = """
[providers.local]
[models.tiny]
targets = ["local/smollm2-135m-instruct"]
price = { input = "0.10", output = "0.40" }
"""
QUESTION: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
CHAT: dict[str, Any] = {"model": "tiny", "messages": QUESTION, "max_tokens": 6, "temperature": 0}
MESSAGE: dict[str, Any] = {
    "model": "tiny",
    "messages": QUESTION,
    "max_tokens": 6,
    "extra_body": {"temperature": 0},  # the SDK knows no temperature
}
RESPONSE: dict[str, Any] = {
    "model": "tiny",
    "input": "What is the capital of France?",
    "max_output_tokens": 16,
    "temperature": 0,
}
CONTENT: dict[str, Any] = {
    "model": "tiny",
    "contents": "What is the capital of France?",
    "config": {"max_output_tokens": 6, "temperature": 0},
}
PROMPT_TOKENS = 37
STREAMS_IN_A_ROW = 12
EMOJI: list[Any] = [{"role": "user", "content": "Write emoji: 😀🎉 日本語"}]
EMOJI_TOKENS = 46


class Live:
    """A gateway and a token for it; `calls` is how many rows its ledger holds so far."""

    def __init__(self, gateway: LiveGateway) -> None:
        self.gateway = gateway
        self.token: str = gateway.token()["token"]
        self.calls = 0

    def openai(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.gateway.url}/v1", api_key=self.token, max_retries=0, timeout=60)

    def anthropic(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=self.gateway.url, api_key=self.token, max_retries=0, timeout=60)

    def google(self) -> genai.Client:
        options = genai.types.HttpOptions(base_url=self.gateway.url)
        return genai.Client(api_key=self.token, http_options=options)

    def recorded(self) -> dict[str, Any]:
        """Wait for one more row of the ledger, and give the last."""
        self.calls += 1
        return settled(self.gateway.folder, self.calls)[-1]


def model_of(folder: Path) -> int:
    """Give the process id of the model that runs for a gateway, 0 while there is none."""
    try:
        return int(json.loads((folder / ".tollbridge" / "local-model.json").read_text())["pid"])
    except FileNotFoundError:
        return 0


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with LiveGateway(tmp_path_factory.mktemp("live"), CONFIG) as gateway:
        yield Live(gateway)


def test_a_chat_is_answered_charged_and_written_down(live: Live) -> None:
    with live.openai() as client:
        raw = client.chat.completions.with_raw_response.create(**CHAT)

    answer = raw.parse()
    assert answer.choices[0].message.content
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (PROMPT_TOKENS, 6)
    assert raw.headers["x-tollbridge-provider"] == "local"
    assert float(raw.headers["x-tollbridge-cost-usd"]) == pytest.approx((PROMPT_TOKENS * 0.10 + 6 * 0.40) / 1e6)
    row = live.recorded()
    assert (row["input_tokens"], row["output_tokens"], row["usage_source"]) == (PROMPT_TOKENS, 6, "provider")
    assert row["provider"] == "local"


def test_a_chat_is_streamed_with_its_usage(live: Live) -> None:
    with live.openai() as client:
        chunks = list(client.chat.completions.create(**CHAT, stream=True, stream_options={"include_usage": True}))

    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert chunks[-1].usage is not None
    assert (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (PROMPT_TOKENS, 6)
    row = live.recorded()  # the engine may have the prompt of the call before in its cache, and says so
    assert (row["input_tokens"] + row["cache_read_tokens"], row["output_tokens"]) == (PROMPT_TOKENS, 6)
    assert row["usage_source"] == "provider"


def test_a_stream_whose_usage_nobody_asked_for_is_charged_all_the_same(live: Live) -> None:
    with live.openai() as client:
        chunks = list(client.chat.completions.create(**CHAT, stream=True))

    assert all(chunk.usage is None for chunk in chunks)
    assert live.recorded()["output_tokens"] == 6


def test_a_prompt_is_completed(live: Live) -> None:
    with live.openai() as client:
        answer = client.completions.create(model="tiny", prompt="Once upon a time", max_tokens=4, temperature=0)

    assert answer.choices[0].text
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 4)
    assert live.recorded()["output_tokens"] == 4


def test_texts_are_embedded(live: Live) -> None:
    with live.openai() as client:  # asks for base64, and reads it
        answer = client.embeddings.create(model="tiny", input=["a cat sat on the mat", "hi"])

    assert [len(entry.embedding) for entry in answer.data] == [576, 576]
    assert live.recorded()["input_tokens"] == answer.usage.prompt_tokens == 7


def test_the_models_are_listed_under_both_their_names(live: Live) -> None:
    with live.openai() as client:
        names = {model.id for model in client.models.list()}

    assert {"tiny", "local/smollm2-135m-instruct"} <= names


def test_a_message_is_answered_and_charged(live: Live) -> None:
    with live.anthropic() as client:
        raw = client.messages.with_raw_response.create(**MESSAGE)

    usage = raw.parse().usage
    assert usage.input_tokens + (usage.cache_read_input_tokens or 0) == PROMPT_TOKENS
    assert usage.output_tokens == 6
    assert float(raw.headers["x-tollbridge-cost-usd"]) > 0
    assert live.recorded()["output_tokens"] == 6


def test_a_message_is_streamed_with_its_usage(live: Live) -> None:
    with live.anthropic() as client, client.messages.stream(**MESSAGE) as stream:
        message = stream.get_final_message()

    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 6
    assert live.recorded()["output_tokens"] == 6


def test_a_response_is_answered_and_charged(live: Live) -> None:
    with live.openai() as client:
        answer = client.responses.create(**RESPONSE)

    assert answer.output_text
    assert answer.usage is not None
    assert answer.usage.output_tokens == live.recorded()["output_tokens"]


def test_a_response_is_streamed_with_its_usage(live: Live) -> None:
    with live.openai() as client:
        *_, last = client.responses.create(**RESPONSE, stream=True)

    assert last.type in ("response.completed", "response.incomplete")
    assert last.response.output_text
    assert last.response.usage.output_tokens == live.recorded()["output_tokens"]


def test_a_content_is_generated_and_charged(live: Live) -> None:
    with live.google() as client:
        answer = client.models.generate_content(**CONTENT)

    assert answer.text
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.candidates_token_count == live.recorded()["output_tokens"] == 6


def test_a_content_is_streamed_with_its_usage(live: Live) -> None:
    with live.google() as client:
        chunks = list(client.models.generate_content_stream(**CONTENT))

    assert "".join(chunk.text or "" for chunk in chunks)
    assert chunks[-1].usage_metadata is not None
    assert chunks[-1].usage_metadata.candidates_token_count == live.recorded()["output_tokens"] == 6


def test_tokens_are_counted_by_the_model_itself(live: Live) -> None:
    with live.anthropic() as client:
        raw = client.messages.with_raw_response.count_tokens(model="tiny", messages=QUESTION)
    live.recorded()
    with live.google() as client:
        counted = client.models.count_tokens(model="tiny", contents="What is the capital of France?")
    live.recorded()

    assert raw.parse().input_tokens == counted.total_tokens == PROMPT_TOKENS
    assert "x-tollbridge-estimated" not in raw.headers


def test_a_message_that_begins_amid_a_character_is_streamed_whole(live: Live) -> None:
    """The engine's own stream has no `message_start` then, and no tokens of the prompt."""
    body = {**MESSAGE, "messages": EMOJI}
    with live.anthropic() as client, client.messages.stream(**body) as stream:
        message = stream.get_final_message()

    usage = message.usage
    assert usage.input_tokens + (usage.cache_read_input_tokens or 0) == EMOJI_TOKENS
    row = live.recorded()
    assert (row["input_tokens"] + row["cache_read_tokens"], row["output_tokens"]) == (EMOJI_TOKENS, 6)


def test_a_chat_that_begins_amid_a_character_names_its_role_first(live: Live) -> None:
    """The engine's own first chunk names none then."""
    with live.openai() as client:
        first, *_ = client.chat.completions.create(**{**CHAT, "messages": EMOJI}, stream=True)
    live.recorded()

    assert [choice.delta.role for choice in first.choices] == ["assistant"]


def test_streams_in_a_row_are_all_answered(live: Live) -> None:
    """The engine drops connections after streams; a gateway that used one again would answer 502."""
    with live.openai() as client:
        for _ in range(STREAMS_IN_A_ROW):
            assert list(client.chat.completions.create(**CHAT, stream=True))
            live.recorded()


def test_a_killed_model_comes_back_and_the_gateway_goes_on(live: Live) -> None:
    before = model_of(live.gateway.folder)

    os.kill(before, signal.SIGKILL)
    eventually(lambda: model_of(live.gateway.folder) not in (0, before), "another model")

    def answered() -> bool:
        with httpx2.Client(
            base_url=live.gateway.url, headers=bearer(live.token), timeout=60, trust_env=False
        ) as client:
            status = client.post("/v1/chat/completions", json=CHAT).status_code
        live.recorded()
        return status == 200

    eventually(answered, "an answer")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_model_ends_with_the_gateway_however_that_ends(how: signal.Signals, tmp_path: Path, alive: Any) -> None:
    with LiveGateway(tmp_path, CONFIG) as gateway:
        pid = model_of(tmp_path)
        assert alive(pid)

        gateway.stop(how)

        eventually(lambda: not alive(pid), "the model's end")


def test_the_models_key_is_in_nothing_that_is_printed(live: Live) -> None:
    key = json.loads((live.gateway.folder / ".tollbridge" / "local-model.json").read_text())["key"]

    assert key not in live.gateway.text
    assert key not in live.gateway.run("models").stdout
