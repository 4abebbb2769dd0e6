"""The pages that ask people, in a real browser."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.support.chromium import LOOKS, SIZES, assert_accessible, chromium
from tests.support.lending import administered
from tests.support.live import LiveGateway
from tests.support.programs import BACK, CHALLENGE
from tests.support.requires import requires

from tollbridge.authorizing import AuthMethod, ClientRules, GrantType
from tollbridge.browsing import SESSION
from tollbridge.sessions import Browser

__all__ = ["chromium"]

pytestmark = requires("chromium")

NAME = 'Notes <b>for</b> "everybody" & co'
SCOPES = ("ai:*", "model:*", "admin:tokens:write")
GRANTS = (GrantType.AUTHORIZATION_CODE, GrantType.DEVICE_CODE)


@dataclass(frozen=True, slots=True)
class Asking:
    """A running gateway, a client, what a device shows, and the session of somebody in two teams."""

    url: str
    client_id: str
    user_code: str
    session: str

    def path(self, scope: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": BACK,
            "scope": scope,
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"authorize?{urlencode(asked)}"


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    folder = tmp_path_factory.mktemp("asking")
    with LiveGateway(folder, "[oauth]\nenabled = true\n") as live, ThreadPoolExecutor(1) as thread:
        yield thread.submit(asyncio.run, _prepared(live)).result()  # here the browser has a loop running


async def _prepared(live: LiveGateway) -> Asking:
    async with administered(live.config) as office:
        ada = await office.people.add_person(email="ada@example.com", name="Ada")
        for team in ("blue", "red"):
            await office.people.teams.add(name=team, title=team)
            await office.people.set_membership(ada.id, team, "team-admin")
        rules = ClientRules(AuthMethod.BASIC, GRANTS, redirect_uris=(BACK,))
        made = await office.clients.add(rules, name=NAME, scopes=SCOPES)
        _, user_code = await office.grants.ask_for_device(made.client.id, ("ai:chat", "model:gpt-4"), 600)
        begun = await office.sessions.begin(ada.id, "password", Browser())
        return Asking(live.url, made.client.id, user_code, begun.secret)


@pytest.fixture
def opened(chromium: Any, asking: Asking) -> Iterator[Callable[..., Any]]:
    """Give `opened(path, width, theme)`: a page, which must have said nothing to the console but statuses."""
    contexts, said = [], []

    def make(path: str, width: int = 1440, theme: str = "light") -> Any:
        viewport = {"width": width, "height": SIZES[width]}
        context = chromium.new_context(viewport=viewport, color_scheme=theme)
        contexts.append(context)
        context.add_cookies([{"name": SESSION, "value": asking.session, "url": asking.url}])
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{asking.url}/_tollbridge/oauth/{path}")
        return page

    yield make
    for context in contexts:
        context.close()
    assert [line for line in said if not line.startswith("Failed to load resource: the server responded")] == []


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_are_accessible_in_both_themes_and_widths(
    opened: Callable[..., Any], asking: Asking, width: int, theme: str
) -> None:
    paths = {
        asking.path("ai:chat model:gpt-* admin:tokens:write"): NAME,
        f"device?user_code={asking.user_code}": NAME,
        "device": "Connect a device",
        "device?user_code=BBBBBBBB": "No device waits",
        "authorize?client_id=x": "This cannot go on",
    }

    for path, words in paths.items():
        page = opened(path, width, theme)
        assert words in page.inner_text("main")
        assert_accessible(page)


def test_person_who_agrees_lands_at_the_program_with_a_code(opened: Callable[..., Any], asking: Asking) -> None:
    page = opened(asking.path("ai:chat"))
    page.check("input[value=red]")

    with page.expect_request("https://app.example/**") as asked:
        page.click("button[value=agree]")

    there = urlsplit(asked.value.url)
    found = parse_qs(there.query)
    assert (found["state"], "code" in found) == (["s"], True)
    assert there[:3] == urlsplit(BACK)[:3]


def test_person_says_yes_to_a_device_with_the_keyboard_alone(opened: Callable[..., Any], asking: Asking) -> None:
    page = opened("device")
    page.wait_for_function("document.activeElement.name === 'user_code'")
    page.locator("input:focus").press_sequentially(f"{asking.user_code[:4]}-{asking.user_code[4:]}")
    page.locator("input:focus").press("Enter")
    page.wait_for_selector("button[value=agree]")

    page.focus("button[value=agree]")
    page.keyboard.press("Enter")

    page.wait_for_selector("text=may go on")
