"""Finding out why a call was refused, and letting the next one cross."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.journeys.calling import call
from tests.journeys.hands import WAYS, Hands
from tests.support.live import LiveGateway
from tests.support.requires import requires

pytestmark = requires("chromium")


@pytest.mark.parametrize("way", WAYS)
def test_refusal_is_pasted_explained_and_mended(live: LiveGateway, open_page: Callable[..., Any], way: str) -> None:
    name = f"narrow of {way}"
    token = live.token("--name", name, "--scope", "ai:*", "--scope", "model:other")["token"]
    refused = call(live, token)
    assert refused.status_code == 403
    pasted = f"x-request-id: {refused.headers['x-request-id']} {refused.text}"
    hands = Hands(open_page(), way)
    hands.page.goto(f"{live.url}/_tollbridge/")

    hands.follow("Explain")
    hands.fill("A request's id, or the refusal as it arrived", pasted)
    hands.press("Explain it")
    hands.arrives("Refused")
    outcome = hands.page.locator(".outcome")
    assert "is refused by the layer authorize" in outcome.inner_text()
    assert "403" in outcome.inner_text()
    assert "model:gpt-4o-mini" in outcome.inner_text()

    hands.follow(name, within=outcome)
    hands.arrives(f"{name} Active")
    hands.follow("Edit")
    hands.fill("Scopes", "ai:* model:gpt-4o-mini")
    hands.press("Save")
    hands.arrives(f"{name} Active")
    assert call(live, token).status_code == 200
