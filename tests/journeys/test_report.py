"""A report that is looked at and taken elsewhere."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.calling import call
from tests.journeys.hands import WAYS, Hands
from tests.support.live import LiveGateway
from tests.support.requires import requires

pytestmark = requires("chromium")


@pytest.mark.parametrize("way", WAYS)
def test_report_is_exported_with_the_numbers_that_the_page_shows(
    live: LiveGateway, open_page: Callable[..., Any], way: str
) -> None:
    token = live.token("--name", f"report of {way}", "--scope", "ai:*", "--scope", "model:*")["token"]
    costs = [Decimal(call(live, token).headers["x-tollbridge-cost-usd"]) for _ in range(3)]
    hands = Hands(open_page(), way)
    hands.page.goto(f"{live.url}/_tollbridge/")

    hands.follow("Usage and cost")
    hands.follow("Token")
    hands.sees(f"report of {way}")
    shown = Decimal(hands.page.locator("#cost data").get_attribute("value"))
    calls = int(hands.page.locator("#calls data").get_attribute("value"))
    with hands.page.expect_download() as download:
        hands.follow("CSV")

    rows = list(csv.DictReader(Path(download.value.path()).read_text().splitlines()))
    own = [row for row in rows if f"report of {way}" in row.values()]
    assert sum(Decimal(row["cost_usd"]) for row in rows) == shown
    assert sum(int(row["calls"]) for row in rows) == calls
    assert sum(Decimal(row["cost_usd"]) for row in own) == sum(costs) > 0
    assert sum(int(row["calls"]) for row in own) == len(costs)
