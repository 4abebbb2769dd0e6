"""A team that is made, and somebody who is invited into it and comes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.journeys.hands import WAYS, Hands
from tests.support.chromium import REFUSALS, assert_accessible, chromium, opening
from tests.support.live import LiveGateway, mock_config
from tests.support.requires import requires
from tests.support.visiting import PASSWORD

__all__ = ["chromium"]

pytestmark = requires("chromium")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """A gateway where whoever is new may choose a password."""
    config = mock_config("http://127.0.0.1:9", "[signin]\nsign_up = true\n")
    with LiveGateway(tmp_path_factory.mktemp("live"), config) as gateway:
        yield gateway


@pytest.mark.parametrize("way", WAYS)
def test_somebody_is_invited_into_a_team_and_comes(
    chromium: Any, live: LiveGateway, open_page: Callable[..., Any], way: str
) -> None:
    hands = Hands(open_page(), way)
    hands.page.goto(f"{live.url}/_tollbridge/teams")
    hands.follow("New team")
    hands.fill("Title", f"Team by {way}")
    hands.fill("Name", f"by-{way}")
    hands.press("Create team")
    hands.sees("The team is there")
    hands.follow("Invite somebody")
    hands.fill("E-mail address", f"{way}@example.com")
    hands.press("Invite")
    hands.arrives("Invitation made")
    assert_accessible(hands.page)
    link = hands.page.locator("#secret-1").inner_text()

    with opening(chromium, spared=REFUSALS) as another:
        guest = Hands(another(), way)
        guest.page.goto(link)
        guest.fill("Your name", "New Here")
        guest.fill("New password", PASSWORD)
        guest.fill("New password again", PASSWORD)
        guest.press("Join the team")
        guest.arrives("My usage")
        guest.follow("My tokens")
        guest.sees("You have no token yet.")

    hands.follow("I have copied it")
    hands.sees("New Here")
