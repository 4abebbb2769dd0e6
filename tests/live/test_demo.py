"""README's first command, with the real local model: a tour goes every way across; the next start makes nothing."""

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

from tests.support.requires import requires

pytestmark = requires("local")


def toured(data: Path) -> tuple[str, list[str]]:
    """Run the tour alone; gives what it printed, and what it says it did."""
    command = [sys.executable, "-m", "tollbridge", "demo", "--tour-only", "--port", "0"]
    env = {**os.environ, "TOLLBRIDGE_DATA": str(data)}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout, [line.removeprefix("==> ") for line in ran.stderr.splitlines() if line.startswith("==> ")]


def test_tour_goes_every_way_across_and_what_a_gateway_begins_with_is_made_once(tmp_path: Path) -> None:
    printed, did = toured(tmp_path)
    _, again = toured(tmp_path)

    (made,) = [line.removeprefix("made to begin with: ") for line in did if line.startswith("made to begin")]
    assert made.split(", ") == [
        *("team starter", "application starter", "service sentiment", "subscription to sentiment"),
        *("service depot", "subscription to depot"),
    ]
    tolls = [Decimal(found[1]) for line in did if (found := re.match(r"toll taken: ([0-9.]+) USD", line))]
    assert len(tolls) == 5
    assert min(tolls) > 0
    assert re.search(r'200 \{.*"sentiment":"(positive|negative|neutral|mixed)"', printed)
    assert '200 {"item":"lantern","left":12}' in printed
    assert not [line for line in again if line.startswith("made to begin")]
    assert len([line for line in again if line.startswith("toll taken")]) == len(tolls)
