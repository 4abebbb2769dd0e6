"""From the first start to the first call: a link, a token, a line to paste."""

import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.hands import WAYS, Hands
from tests.support.chromium import chromium, opening
from tests.support.live import LiveGateway, mock_config
from tests.support.requires import requires

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["chromium"]

pytestmark = requires("chromium", "curl")

TWO_MINUTES_S = 120.0


@pytest.mark.parametrize("way", WAYS)
def test_first_call_comes_within_two_minutes_of_the_first_start(chromium: Any, tmp_path: Path, way: str) -> None:
    began = time.monotonic()
    with (
        ScriptedUpstream.in_thread() as upstream,
        opening(chromium) as open_page,
        LiveGateway(tmp_path, mock_config(upstream.url), fresh=True) as live,
    ):
        hands = Hands(open_page(), way)
        hands.page.goto(live.run("admin-link", "--base-url", live.url).stdout.strip())
        hands.press("Sign in as administrator")
        hands.arrives("Home")
        hands.follow("New token")
        hands.fill("Name", "my first")
        hands.press("Create token")
        hands.arrives("Copy it now")

        command = hands.page.get_by_role("tabpanel").locator("pre").inner_text()
        said = subprocess.run(["sh", "-c", f"{command} --silent --fail"], capture_output=True, text=True, check=True)

        assert '"choices"' in said.stdout
        hands.sees("The first call arrived")
        hands.follow("I have copied it")
        hands.arrives("my first Active")
        hands.follow("Home")
        hands.page.locator('#requests data[value="1"]').wait_for()
    assert time.monotonic() - began < TWO_MINUTES_S
