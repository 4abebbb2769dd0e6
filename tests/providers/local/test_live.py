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
PROMPT_TOKENS = 37
STREAMS_IN_A_ROW = 12


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
    assert "capital" in (answer.choices[0].message.content or "")
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (PROMPT_TOKENS, 6)
    assert raw.headers["x-tollbridge-provider"] == "local"
    assert float(raw.headers["x-tollbridge-cost-usd"]) == pytest.approx((PROMPT_TOKENS * 0.10 + 6 * 0.40) / 1e6)
    print(live.recorded())
