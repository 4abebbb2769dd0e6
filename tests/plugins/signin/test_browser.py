"""The pages to sign in at in a real Chromium: quiet, accessible, by the keyboard, with an independent provider."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.live.test_signing_in import CLIENT, SECRET, OnPort, free_port
from tests.support.chromium import LOOKS, SIZES, assert_accessible, chromium
from tests.support.issuers import NodeIssuer
from tests.support.live import LiveGateway, mock_config
from tests.support.requires import requires
from tests.support.visiting import PASSWORD

__all__ = ["chromium"]

pytestmark = requires("chromium", "oidc-node")

CONFIG = """
[server]
public_url = "http://127.0.0.1:{port}"
[signin.oidc.corp]
issuer = "{corp}"
client_id = "gw"
client_secret = "env:CORP_SECRET"
title = "Example Corp"
create = true
allow_private = true
"""
NAUGHTY = "<script>alert(1)</script><img src=x onerror=alert(2)>'\"{{7*7}}\u202egnp"


@pytest.fixture(scope="module")
def corp() -> Iterator[NodeIssuer]:
    with NodeIssuer("people.mjs") as issuer:
        yield issuer


@pytest.fixture(scope="module")
def live(corp: NodeIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    port = free_port()
    back = f"http://127.0.0.1:{port}/_tollbridge/sign-in/oidc/corp/callback"
    corp.tell(client={"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": [back]})
    config = mock_config("http://127.0.0.1:9", CONFIG.format(port=port, corp=corp.url))
    with OnPort(tmp_path_factory.mktemp("live"), config, port, env={"CORP_SECRET": SECRET}) as gateway:
        add(gateway, "ada", "Ada Lovelace", "platform-admin")
        add(gateway, "naughty", NAUGHTY.replace("\u202e", ""), "viewer")
        yield gateway


def add(gateway: LiveGateway, who: str, name: str, role: str) -> None:
    """Add a person, as the program does."""
    command = ["person", "add", "--email", f"{who}@example.com", "--name", name, "--role", role, "--password-stdin"]
    subprocess.run(
        [sys.executable, "-m", "tollbridge", *command, "--config", str(gateway.config)],
        env=gateway.env,
        input=f"{PASSWORD}\n",
        text=True,
        check=True,
        capture_output=True,
    )


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Give `open_page(width, theme)`: a page that fails the test if its console said anything but a refusal."""
    said: list[str] = []
    contexts = []

    def make(width: int = 1440, theme: str = "light") -> Any:
        viewport = {"width": width, "height": SIZES[width]}
        context = chromium.new_context(viewport=viewport, color_scheme=theme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(f"{message.location.get('url')}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    ours = [line for line in said if "/_tollbridge" in line or not line.startswith("http")]
    assert [line for line in ours if not re.search(r"status of 40[0134]", line)] == []


def sign_in(page: Any, live: LiveGateway, who: str = "ada", path: str = "/") -> None:
    page.goto(f"{live.url}/_tollbridge{path}")
    page.get_by_label("E-mail").fill(f"{who}@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def agree(page: Any) -> None:
    """Fill in the provider's form."""
    page.locator("input[name=login]").fill("ada")
    page.locator("input[name=password]").fill("anything")
    page.locator("form button[type=submit], form input[type=submit]").first.click()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_pages_are_quiet_and_accessible(live, open_page, width, theme) -> None:
    page = open_page(width, theme)
    base = f"{live.url}/_tollbridge"
    page.goto(f"{base}/tokens?q=a")
    assert_accessible(page)
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert_accessible(page)
    sign_in(page, live)
    page.get_by_role("heading", name="Home").wait_for()
    assert_accessible(page)
    page.goto(f"{base}/sign-in/nothing")
    assert_accessible(page)

    for path, heading in (
        ("", "Sign in"),
        ("/again?next=/_tollbridge/tokens/new", "Is it still you?"),
        ("/sessions", "Where you are signed in"),
        ("/password", "Change the password"),
        ("?code=used", "A fresh link is needed"),
        ("/oidc/corp/callback?state=x", "Not signed in"),
    ):
        page.goto(f"{base}/sign-in{path}")
        page.get_by_role("heading", name=heading).wait_for()
        assert_accessible(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_wrong_of_a_field_stands_out(live, open_page, theme) -> None:
    page = open_page(theme=theme)
    sign_in(page, live)
    page.get_by_role("heading", name="Home").wait_for()
    page.goto(f"{live.url}/_tollbridge/sign-in/password")
    for label in ("Password until now", "New password", "New password again"):
        page.get_by_label(label, exact=True).fill("wrong")
    page.get_by_role("button", name="Change the password").click()

    wrong = page.get_by_text("That is not your password.")
    wrong.wait_for()
    colours = [each.evaluate("it => getComputedStyle(it).color") for each in (wrong, page.locator(".gate p").first)]
    assert colours[0] != colours[1]
    assert_accessible(page)


def test_somebody_signs_in_by_the_keyboard_alone(live, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/tokens")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Sign in with Example Corp"
    page.keyboard.press("Tab")
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")

    page.get_by_role("heading", name="Tokens").wait_for()
    assert "Ada Lovelace" in page.inner_text(".leave")


def test_somebody_signs_in_and_proves_it_again_by_a_provider(live, corp, open_page) -> None:
    page = open_page()
    page.goto(f"{live.url}/_tollbridge/tokens/new?name=a")
    page.get_by_role("link", name="Sign in with Example Corp").click()
    agree(page)
    page.get_by_role("button", name="Continue").click()

    page.get_by_label("Name").wait_for()
    assert page.get_by_label("Name").input_value() == "a"
    page.goto(f"{live.url}/_tollbridge/sign-in/again?next=/_tollbridge/tokens")
    page.get_by_role("link", name="Sign in with Example Corp").click()
    agree(page)

    page.get_by_role("heading", name="Tokens").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="You are signed out").wait_for()
    page.goto(f"{live.url}/_tollbridge/tokens")
    page.get_by_role("heading", name="Sign in").wait_for()


def test_names_that_are_markup_are_text(live, open_page) -> None:
    page = open_page()
    sign_in(page, live, "naughty")
    page.get_by_role("heading", name="Home").wait_for()

    assert "<script>alert(1)</script>" in page.inner_text(".leave")
    assert "{{7*7}}" in page.inner_text(".leave")
    assert_accessible(page)
    page.goto(f"{live.url}/_tollbridge/tokens/new")
    assert "admin:tokens:write" in page.inner_text("main")
    assert_accessible(page)


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(live, open_page) -> None:
    page = open_page()
    sign_in(page, live)
    page.get_by_role("heading", name="Home").wait_for()

    (cookie,) = [one for one in page.context.cookies() if one["name"] == "tollbridge_session"]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert page.evaluate("document.cookie") == ""
    other = page.context.new_page()
    other.goto("about:blank")
    other.set_content(f'<form method="post" action="{live.url}/_tollbridge/sign-in/out"><button>Go</button></form>')
    other.get_by_role("button").click()
    other.get_by_role("heading", name="Not from here").wait_for()
    page.reload()
    page.get_by_role("heading", name="Home").wait_for()
