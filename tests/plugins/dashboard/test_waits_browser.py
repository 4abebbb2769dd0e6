"""What waits, in a real Chromium: quiet, accessible, no wider than the window, and names that are markup are text."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from typing import Any

import pytest
from tests.plugins.admin.test_markup import MARKUP
from tests.support.chromium import LOOKS, assert_accessible, chromium, missing, open_page, operator
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.app import run

__all__ = ["chromium", "open_page", "operator"]

NAMES = (" ".join(MARKUP[:4])[:100], " ".join(MARKUP[5:9])[:100], "long-name-without-a-space-" * 3)


def do(live: LiveGateway, *arguments: str) -> Any:
    """Run a command of the program without a process of its own; gives what `--json` prints."""
    command = [*arguments, "--json", "--config", str(live.config)]
    with redirect_stdout(io.StringIO()) as said, ThreadPoolExecutor(1) as thread:  # here a loop may be running
        assert thread.submit(run, command).result() == 0, said.getvalue()
    return json.loads(said.getvalue())


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    if missing():
        pytest.skip(missing())
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        draft = gateway.folder / "quick.json"
        draft.write_text(json.dumps({"name": NAMES[0], "definition": {"model": "gpt-4o-mini"}}))
        do(gateway, "service", "create", "quick", "--kind", "model", "--file", str(draft))
        for version in ("1", "2"):
            do(gateway, "service", "release", "quick", "--version", version)
        do(gateway, "service", "publish", "quick", "1")
        do(gateway, "service", "submit", "quick", "2")
        for name in NAMES:
            made = do(gateway, "application", "create", "--name", name)
            asked = do(gateway, "subscription", "ask", made["id"], "quick")
        do(gateway, "subscription", "approve", asked["id"])
        do(gateway, "service", "deprecate", "quick", "--sunset", "90d")
        yield gateway


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_what_waits_is_quiet_accessible_and_text(live, open_page, width, theme) -> None:
    page = open_page(width, theme)
    page.goto(f"{live.url}/_tollbridge/")

    strip = page.get_by_role("region", name="Needs attention")

    assert "4 things need you" in strip.inner_text()
    assert strip.locator("bdi").all_inner_texts() == [
        *(NAMES[0], "quick", NAMES[1], "quick"),
        *("2", "quick"),
        *("quick", NAMES[2]),
    ]
    assert strip.locator("script, img, svg, iframe, textarea").count() == 0
    assert strip.get_by_role("link", name="Review it").count() == 1
    assert_accessible(page)


@pytest.mark.parametrize("width", [1440, 1000, 780, 390, 320])
def test_no_line_is_wider_than_the_strip(live, open_page, width) -> None:
    page = open_page()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live.url}/_tollbridge/")

    wide = page.evaluate(
        """() => { const right = document.querySelector(".attention").getBoundingClientRect().right;
          return [...document.querySelectorAll(".attention *")]
            .filter((part) => part.getBoundingClientRect().right > right + 0.5).map((part) => part.outerHTML) }"""
    )

    assert wide == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
