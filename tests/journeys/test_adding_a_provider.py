"""A provider that waits for its key: the key is kept, tried, and a model is called, without a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.calling import call
from tests.journeys.hands import WAYS, Hands
from tests.support.chromium import chromium, opening, signed_in
from tests.support.live import LiveGateway, mock_config
from tests.support.requires import requires

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["chromium"]

pytestmark = requires("chromium")

KEY = "sk-house-abcdefghijklmnopqrstuvwxyz"
HOUSE = """
[providers.house]
base_url = "{url}/v1"
dialect = "openai-chat"
api_key = "stored:house"
allow_private = true
[budgets]
unpriced = "allow"
"""


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream.in_thread() as found:
        yield found


@pytest.fixture
def live(upstream: ScriptedUpstream, tmp_path: Path) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path, mock_config("http://127.0.0.1:9", HOUSE.format(url=upstream.url))) as gateway:
        yield gateway


@pytest.mark.parametrize("way", WAYS)
def test_key_is_kept_and_tried_and_a_model_is_called(
    chromium: Any, live: LiveGateway, upstream: ScriptedUpstream, way: str
) -> None:
    with opening(chromium, signed_in(chromium, live)) as open_page:
        hands = Hands(open_page(), way)
        hands.page.goto(f"{live.url}/_tollbridge/")
        hands.follow("Providers")
        hands.follow("Waiting for a key")
        hands.follow("house")
        hands.follow("Keep a key")
        hands.fill("Key", KEY)
        hands.press("Keep it")
        hands.sees("The key is kept, and shown to the provider from the next call on.")
        assert KEY not in hands.page.content()
        upstream.answer({"object": "list", "data": [{"id": "house-1", "object": "model"}]})
        upstream.answer({"error": {"message": "no such key"}}, status=401)
        hands.press("Test it now")
        hands.sees("It answers")

    token = live.token("--name", "caller", "--scope", "ai:*", "--scope", "model:*")["token"]
    reply = call(live, token, model="house/house-1")

    assert reply.status_code == 200, reply.text
    tried, beside, called = upstream.requests
    assert [(one.method, one.path) for one in (tried, called)] == [
        ("GET", "/v1/models"),
        ("POST", "/v1/chat/completions"),
    ]
    assert [one.header("authorization") for one in (tried, called)] == [f"Bearer {KEY}"] * 2
    assert KEY not in beside.header("authorization"), "it is asked a second time, with no key that opens anything"
