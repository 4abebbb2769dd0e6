"""`tollbridge service analytics` and `tollbridge application usage`: for people, as JSON and as CSV."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge
from tests.plugins.admin.test_services_command import site, weather

from tollbridge.clock import SystemClock
from tollbridge.metering.usage import Usage
from tollbridge.stores.rows import USAGE_COLUMNS, usage_values
from tollbridge.testing.samples import ROW

__all__ = ["config", "laid", "site", "tollbridge", "weather"]

Command = Callable[..., Ran]


@pytest.fixture
def shop(tollbridge: Command, weather: Path) -> str:
    """Publish the service `weather`, and make an application; gives its id."""
    for words in (("release", "weather", "--version", "1"), ("publish", "weather", "1")):
        ran = tollbridge("service", *words)
        assert ran.code == 0, ran.err
    made: str = tollbridge("application", "create", "--name", "shop", "--json").json["id"]
    return made


def called(path: Path, *, hours_ago: int = 0, **changes: Any) -> None:
    """Write a call into the database of a configuration."""
    at = SystemClock().now() - timedelta(hours=hours_ago)
    said = {"service": "weather", "operation": "service:weather:say", "provider": "", "usage": Usage(), "at": at}
    with closing(sqlite3.connect(path.parent / ".tollbridge" / "tollbridge.db")) as db, db:
        (number,) = db.execute("SELECT count(*) FROM usage").fetchone()
        row = replace(ROW, **{**said, "call_id": f"req_{number}", "cost": 1_000_000, **changes})
        marks = ", ".join("?" * len(USAGE_COLUMNS))
        db.execute(f"INSERT INTO usage ({', '.join(USAGE_COLUMNS)}) VALUES ({marks})", usage_values(row))


def lines(ran: Ran, title: str) -> list[list[str]]:
    """Give the words of the lines of a table."""
    assert ran.code == 0, ran.err
    rows = [row.strip() for row in ran.out.splitlines()]
    start = rows.index(title) + 2
    end = next((place for place in range(start, len(rows)) if "  " not in rows[place]), len(rows))
    return [row.split() for row in rows[start:end]]


def test_service_is_shown_with_all_its_parts(tollbridge: Command, config: Path, shop: str) -> None:
    release = tollbridge("service", "releases", "weather", "--json").json[0]["id"]
    called(config, application=shop, release=release)
    called(config, release="rel_gone", token_id="", status=503, outcome="upstream_failed", error="upstream")

    ran = tollbridge("service", "analytics", "weather")

    words = {row[0]: row[1:] for row in (line.split() for line in ran.out.splitlines()) if row}
    assert (words["calls"], words["failed"]) == (["2"], ["1"])
    assert [row[:6] for row in lines(ran, "Callers")] == [
        ["no", "token", "1", "1", "0", "0"],
        ["shop", "1", "0", "0", "0", "0.001"],
    ]
    assert [row[0] for row in lines(ran, "Releases")] == ["1", "rel_gone"]
    assert [row[:3] for row in lines(ran, "Operations")] == [["service:weather:say", "2", "1"]]
    assert lines(ran, "Failures") == [["upstream", "503", "1"]]
    # 1 of 2 failed, of which half a percent may
    assert lines(ran, "Objectives") == [["fast", "99.5", "%", "50", "%", "-99", *["100"] * 4, "-"]]


def test_service_that_nobody_called_is_shown_too(tollbridge: Command, config: Path, weather: Path) -> None:
    ran = tollbridge("service", "analytics", "weather")

    assert ran.out.splitlines()[-5:] == [
        "Callers: none.",
        "Releases: none.",
        "Operations: none.",
        "Nothing went wrong.",
        "Nothing is promised.",
    ]


def test_objective_that_burns_is_marked(tollbridge: Command, config: Path, shop: str) -> None:
    for _ in range(20):
        called(config, status=500)

    assert lines(tollbridge("service", "analytics", "weather"), "Objectives")[0][-1] == "1h"


def test_application_is_shown_by_service(tollbridge: Command, config: Path, shop: str) -> None:
    called(config, application=shop)
    called(config, application=shop, hours_ago=30)

    ran = tollbridge("application", "usage", shop)
    longer = tollbridge("application", "usage", shop, "--last", "2d", "--step", "day", "--json").json

    assert [row[:6] for row in lines(ran, "Services")] == [["weather", "1", "0", "0", "0", "0.001"]]
    assert "Nothing went wrong." in ran.out
    assert (longer["totals"]["calls"], longer["step"], len(longer["series"])) == (2, "day", 2)


def test_series_is_printed_as_csv(tollbridge: Command, config: Path, shop: str) -> None:
    called(config, application=shop, duration_ms=40)

    service = tollbridge("service", "analytics", "weather", "--csv").out.splitlines()
    usage = tollbridge("application", "usage", shop, "--csv").out.splitlines()

    assert service[0] == "at,calls,failed,cost_usd,latency_p50_ms,latency_p95_ms"
    assert service[1].endswith(":00:00Z,1,0,0.001,40,40")
    assert service == usage


@pytest.mark.parametrize("since", ["2020-01-01", "soon"])
def test_range_that_cannot_be_used_is_refused(tollbridge: Command, weather: Path, since: str) -> None:
    ran = tollbridge("service", "analytics", "weather", "--last", since)

    assert ran.code in (1, 2)
    assert ("92 days" if since[0] == "2" else "neither a span") in ran.err


def test_what_is_not_there_ends_with_three(tollbridge: Command, weather: Path) -> None:
    assert tollbridge("service", "analytics", "nothing").code == 3
    assert tollbridge("application", "usage", "app_nothing").code == 3
