"""A token from its making to its end."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.journeys.calling import call
from tests.journeys.hands import WAYS, Hands
from tests.support.live import LiveGateway
from tests.support.requires import requires

pytestmark = requires("chromium")


def status(live: LiveGateway, token: str) -> int:
    """Call a model with a token."""
    return call(live, token).status_code


@pytest.mark.parametrize("way", WAYS)
def test_token_is_made_used_rotated_and_revoked(live: LiveGateway, open_page: Callable[..., Any], way: str) -> None:
    name = f"till of {way}"
    hands = Hands(open_page(), way)
    hands.page.goto(f"{live.url}/_tollbridge/tokens")
    hands.follow("New token")
    hands.fill("Name", name)
    hands.fill("Budget", "25")
    hands.choose("For each", "a day")
    hands.press("Create token")
    hands.arrives("Copy it now")
    first = hands.page.locator("#secret").inner_text()
    assert status(live, first) == 200
    hands.sees("The first call arrived")

    hands.follow("I have copied it")
    hands.follow("New secret")
    hands.arrives("Another secret")
    hands.choose("The secret before opens", "not any more, from now on")
    hands.press("Make another secret")
    hands.arrives("Copy it now")
    second = hands.page.locator("#secret").inner_text()
    assert [status(live, secret) for secret in (first, second)] == [401, 200]

    hands.follow("I have copied it")
    hands.follow("Revoke")
    hands.fill(f"Type the token's name to confirm: {name}", name)
    hands.press("Revoke for good")
    hands.sees("It is refused from now on")
    assert [status(live, secret) for secret in (first, second)] == [401, 401]
