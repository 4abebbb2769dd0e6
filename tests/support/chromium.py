"""A real Chromium, and what is demanded of every page in it."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.support.live import LiveGateway

CHROMIUMS = [Path(f"/usr/bin/{name}") for name in ("chromium-headless-shell", "chromium")]
"""Debian's two: the same engine, the first without the windows around it, which cost half as much again."""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
LOOKS = [(width, theme) for width in (1440, 390) for theme in ("light", "dark")]
SIZES = {1440: 900, 390: 844}
VIOLATIONS = """(rules) => axe.run({resultTypes: ["violations"], ...(rules ? {runOnly: rules} : {})}).then(
  (found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)])
)"""
"""What axe finds wrong, without all that it finds right."""
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that a theme can break: all that a page has but its colours is the same in each."""


def missing() -> str:
    """Say what is not installed, if anything."""
    try:
        for name in ("playwright.sync_api", "axe_playwright_python.sync_playwright"):
            import_module(name)
    except ImportError as exc:
        return f"{exc.name} is not installed"
    return "" if any(map(Path.exists, CHROMIUMS)) else f"{CHROMIUMS[-1]} is not installed"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Give the browser, one for all tests of a module."""
    if missing():
        pytest.skip(missing())
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        there = next(filter(Path.exists, CHROMIUMS))
        found = playwright.chromium.launch(executable_path=str(there), args=FLAGS)
        yield found
        found.close()


NOTHING = re.compile("(?!)")
REFUSALS = re.compile(r"the server responded with a status of 4\d\d")
"""What Chromium says of an answer that refuses, whatever the page makes of it."""


def signed_in(browser: Any, live: LiveGateway) -> Any:
    """Sign in by the operator's link; gives the state of that browser, for `opening`."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(live.run("admin-link", "--base-url", live.url).stdout.strip())
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").first.wait_for(state="attached")
    state = context.storage_state()
    context.close()
    return state


@contextmanager
def opening(browser: Any, state: Any = None, *, spared: re.Pattern[str] = NOTHING) -> Iterator[Callable[..., Any]]:
    """Give `open_page(width, theme)`: a page that may say to its console what is `spared` alone, and ask nothing."""
    said: list[str] = []
    contexts = []

    def make(width: int = 1440, theme: str = "light", **options: Any) -> Any:
        viewport = {"width": width, "height": SIZES.get(width, 900)}
        context = browser.new_context(viewport=viewport, color_scheme=theme, **{"storage_state": state, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        return page

    try:
        yield make
    finally:
        for context in contexts:
            context.close()
    loud = [line for line in said if not spared.search(line)]
    assert loud == [], loud


@pytest.fixture(scope="module")
def operator(chromium: Any, live: LiveGateway) -> Any:
    """The state of the operator's browser, before the `live` gateway of a module."""
    return signed_in(chromium, live)


@pytest.fixture
def open_page(chromium: Any, operator: Any) -> Iterator[Callable[..., Any]]:
    """Give `open_page(width, theme)`: a page before the operator that fails the test if its console says anything."""
    with opening(chromium, operator) as make:
        yield make


def violations(page: Any, *, rules: Sequence[str] = ()) -> Any:
    """Give what axe finds wrong: the rules, of all or of some, and the elements that break them."""
    from axe_playwright_python.sync_playwright import Axe

    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(Axe().axe_script)
    return page.evaluate(VIOLATIONS, list(rules) or None)


def assert_accessible(page: Any) -> None:
    found = violations(page)
    assert found == [], found
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
