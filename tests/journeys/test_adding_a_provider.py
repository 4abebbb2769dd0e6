"""Adding a provider: it is tried, its key is kept, and its models are called."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.journeys.hands import WAYS, Hands
from tests.support.chromium import chromium, opening, signed_in
from tests.support.live import LiveGateway, mock_config
from tests.support.requires import requires

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["chromium"]

pytestmark = requires("chromium")

KEY = "sk-house-abcdefghijklmnopqrstuvwxyz"
BEFORE = mock_config("http://127.0.0.1:9")


@pytest.mark.parametrize("way", WAYS)
def test_provider_is_tried_its_key_kept_and_a_model_of_it_called(chromium: Any, tmp_path: Path, way: str) -> None:
    with ScriptedUpstream.in_thread() as upstream:
        upstream.answer({"object": "list", "data": [{"id": "house-1", "object": "model"}]})
        with LiveGateway(tmp_path, BEFORE) as live:
            toml = added(chromium, live, f"{upstream.url}/v1", way)
            token = live.token("--name", "caller", "--scope", "ai:*", "--scope", "model:*")["token"]
        with LiveGateway(tmp_path, f'{BEFORE}\n{toml}\n[budgets]\nunpriced = "allow"\n') as live:
            body = {"model": "house/house-1", "messages": [{"role": "user", "content": "Hello"}]}
            headers = {"authorization": f"Bearer {token}"}
            reply = httpx2.post(f"{live.url}/v1/chat/completions", json=body, headers=headers)

    assert reply.status_code == 200, reply.text
    tried, called = upstream.requests
    assert (tried.method, called.method) == ("GET", "POST")
    assert [one.header("authorization") for one in (tried, called)] == [f"Bearer {KEY}"] * 2


def added(chromium: Any, live: LiveGateway, url: str, way: str) -> str:
    """Add it by its page; gives the section of the configuration that the page asks for."""
    with opening(chromium, signed_in(chromium, live)) as open_page:
        hands = Hands(open_page(), way)
        hands.page.goto(f"{live.url}/_tollbridge/providers")
        hands.follow("Add a provider")
        hands.choose("Provider", "another one, at a URL of yours")
        hands.fill("Key", KEY)
        hands.fill("Its name here", "house")
        hands.fill("Base URL", url)
        hands.press("Try it, and keep the key")
        hands.sees("The key is kept")
        return str(hands.page.locator("pre").filter(has_text="[providers.house]").inner_text())
