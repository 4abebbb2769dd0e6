"""A real Chromium, and what is demanded of every page in it."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOKS = [(width, theme) for width in (1440, 390) for theme in ("light", "dark")]
SIZES = {1440: 900, 390: 844}
VIOLATIONS = """axe.run({resultTypes: ["violations"]}).then(
  (found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)])
)"""
"""What axe finds wrong, without all that it finds right."""


def missing() -> str:
    """Say what is not installed, if anything."""
    try:
        for name in ("playwright.sync_api", "axe_playwright_python.sync_playwright"):
            import_module(name)
    except ImportError as exc:
        return f"{exc.name} is not installed"
    return "" if CHROMIUM.exists() else f"{CHROMIUM} is not installed"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Give the browser, one for all tests of a module."""
    if missing():
        pytest.skip(missing())
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


def assert_accessible(page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(Axe().axe_script)
    assert page.evaluate(VIOLATIONS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the window"
