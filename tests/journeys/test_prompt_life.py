"""A prompt API: designed, published, found, asked for, let in, tried, and taken away again."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.journeys.filled import Api
from tests.journeys.hands import WAYS, Hands
from tests.support.chromium import REFUSALS, opening
from tests.support.live import LiveGateway
from tests.support.requires import requires
from tests.support.visiting import PASSWORD

SUMMARY = "Summarise a text Sums up a text in a few sentences."

pytestmark = requires("chromium")


@pytest.fixture(scope="module")
def api(live: LiveGateway) -> Iterator[Api]:
    """The admin API, by which a team and a developer in it are there."""
    found = Api(live)
    found.post("/teams", name="shop", title="Shop")
    person = found.post("/people", email="dev@example.com", name="Dev", password=PASSWORD)["id"]
    found.post("/teams/shop/members", person=person, role="team-admin")
    yield found
    found.close()


@pytest.fixture
def developer(chromium: Any, api: Api) -> Iterator[Callable[..., Any]]:
    """Open pages before somebody who is not signed in yet."""
    with opening(chromium, spared=REFUSALS) as make:
        yield make


@pytest.mark.parametrize("way", WAYS)
def test_prompt_is_published_subscribed_to_tried_deprecated_and_retired(
    live: LiveGateway, api: Api, open_page: Callable[..., Any], developer: Callable[..., Any], way: str
) -> None:
    slug, base = f"digest-{way}", f"{live.url}/_tollbridge"
    owner, caller = Hands(open_page(), way), Hands(developer(), way)
    owner.page.goto(f"{base}/prompts")
    design(owner, slug)
    publish(owner)

    caller.page.goto(f"{base}/portal/services/{slug}")
    caller.fill("E-mail", "dev@example.com")
    caller.fill("Password", PASSWORD)
    caller.press("Sign in")
    ask_for_access(caller, base, slug)
    owner.page.goto(f"{base}/approvals")
    approve(owner)
    token = token_of(caller, slug)
    assert ask(live, slug, token).status_code == 200
    try_it(caller, base, slug)

    owner.page.goto(f"{base}/services/{slug}/lifecycle")
    deprecate(owner)
    answer = ask(live, slug, token)
    assert answer.status_code == 200
    assert "sunset" in answer.headers
    retire(owner, slug)
    assert ask(live, slug, token).status_code == 410
    caller.page.goto(f"{base}/portal")
    assert slug not in caller.page.inner_text("main")


def design(owner: Hands, slug: str) -> None:
    owner.follow("New prompt API")
    owner.follow(SUMMARY)
    owner.fill("Name", slug)
    owner.fill("Slug", slug)
    owner.fill("Model", "gpt-4o-mini")
    owner.press("Create draft")
    owner.arrives("Try it")
    owner.fill("text", "The bridge at Elm Road is closed.")
    owner.press("Run")
    owner.sees("Answered")
    owner.fill("What must hold, as a JSON list", '[{"contains": "Hello"}]')
    owner.press("Save draft")
    owner.sees("The draft is saved")


def publish(owner: Hands) -> None:
    owner.follow("Release and publish")
    owner.fill("Version", "1.0.0")
    owner.press("Make the release")
    owner.follow("Publish 1.0.0")
    owner.tick("Run its tests first, on my account, and publish only if it passes")
    owner.press("Publish")
    owner.sees("It serves from now on")


def ask_for_access(caller: Hands, base: str, slug: str) -> None:
    """Make an application, and ask for the service with it."""
    name = f"front of {slug}"
    caller.follow("Applications")
    caller.follow("New application")
    caller.fill("Name", name)
    caller.press("Create application")
    caller.sees("The application is there")
    caller.page.goto(f"{base}/portal/services/{slug}")
    caller.choose("For your application", name)
    caller.fill("What for", "To tell the drivers.")
    caller.press("Ask for access")
    caller.sees("The owners of the service were asked")


def approve(owner: Hands) -> None:
    owner.follow("Decide")
    owner.sees("To tell the drivers.")
    owner.press("Approve")
    owner.sees("The application may call the service from now on")


def token_of(caller: Hands, slug: str) -> str:
    """Make a token of the application, and give its secret."""
    caller.follow("Applications")
    caller.follow(f"front of {slug}")
    caller.follow("New token")
    caller.fill("Name", "server")
    caller.press("Create token")
    caller.arrives("Copy it now")
    return str(caller.page.locator("#secret").inner_text())


def try_it(caller: Hands, base: str, slug: str) -> None:
    caller.page.goto(f"{base}/portal/services/{slug}")
    caller.sees("You have access")
    caller.fill("text required", "Will it rain?")
    caller.press("Send")
    caller.sees("in all")
    assert caller.page.locator("[data-answer]").inner_text() == "Hello."
    assert "req_" in caller.page.locator("[data-facts]").inner_text()


def deprecate(owner: Hands) -> None:
    owner.follow("Deprecate")
    owner.set_moment("When it ends", datetime.now(UTC) + timedelta(days=90))
    owner.press("Deprecate")
    owner.sees("Callers are told from now on that it will end")


def retire(owner: Hands, slug: str) -> None:
    owner.follow("Retire it for good")
    owner.fill(f"Type the name {slug}", slug)
    owner.press("Retire it for good")
    owner.sees("It is retired; callers hear 410 from now on")


def ask(live: LiveGateway, slug: str, token: str) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.post(f"{live.url}/v1/apis/{slug}", json={"text": "It rains."}, headers=headers)
