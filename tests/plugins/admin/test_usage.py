"""Reports of usage over the API: what is summed up, in which steps, as what, and who may see it."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plugins.admin.conftest import Admin

from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage
from tollbridge.testing.samples import NOON, ROW

DAY = "from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z"
CALL = replace(ROW, usage=Usage(input=2, output=1), cost=1_000_000, duration_ms=50, first_byte_ms=9)


async def settled(admin: Admin, *rows: UsageRow) -> None:
    """Write rows, each as a call of its own."""
    store = admin.under.gateway.store
    number = len(await store.recent(limit=1_000))
    for row in rows:
        await store.settle(replace(row, call_id=f"req_{number}"))
        number += 1


async def reported(admin: Admin, query: str, path: str = "/usage") -> Any:
    reply = await admin.get(f"{path}?{query}")
    assert reply.status_code == 200, reply.text
    return reply.json()


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


async def test_report_says_what_was_used_and_what_it_cost(admin: Admin) -> None:
    await settled(admin, CALL, replace(CALL, model="large", status=502, outcome="upstream_failed", cost=None))

    found = await reported(admin, f"{DAY}&by=model&step=day")

    zero = {name: 0 for name in ("refused", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")}
    times = {"latency_p50_ms": 50, "latency_p95_ms": 50, "first_byte_p50_ms": 9}
    assert found["totals"] == {
        **zero,
        **{"calls": 2, "failed": 1, "unpriced": 1, "cost_usd": "0.001", "input_tokens": 4, "output_tokens": 2},
        **times,
    }
    assert (found["from"], found["to"], found["zone"], found["step"]) == (
        *("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"),
        *("UTC", "day"),
    )
    assert found["series"] == [found["totals"]]
    assert [(group["key"], group["totals"]["cost_usd"]) for group in found["groups"]] == [
        ("small", "0.001"),
        ("large", "0"),
    ]
    assert found["others"] is None


@pytest.mark.parametrize(
    ("zone", "starts"),
    [
        ("UTC", ["2026-01-05T00:00:00Z"]),
        ("Pacific/Kiritimati", ["2026-01-04T10:00:00Z", "2026-01-05T10:00:00Z"]),
        ("Asia/Kathmandu", ["2026-01-04T18:15:00Z", "2026-01-05T18:15:00Z"]),
        ("Pacific/Pago_Pago", ["2026-01-04T11:00:00Z", "2026-01-05T11:00:00Z"]),
    ],
)
async def test_days_are_those_of_the_zone_and_add_up(admin: Admin, zone: str, starts: list[str]) -> None:
    await settled(admin, *(replace(CALL, at=NOON + timedelta(hours=hours)) for hours in range(-11, 12)))

    found = await reported(admin, f"{DAY}&zone={zone}")

    assert found["starts"] == starts
    assert sum(step["calls"] for step in found["series"]) == found["totals"]["calls"] == 23


async def test_day_on_which_clocks_go_forward_has_twenty_three_hours(admin: Admin) -> None:
    found = await reported(admin, "from=2026-03-28T12:00:00Z&to=2026-03-30T12:00:00Z&zone=Europe/Berlin")

    assert found["starts"] == ["2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]
    assert found["to"] == "2026-03-30T22:00:00Z"


@pytest.mark.parametrize(
    ("step", "starts", "until"),
    [
        ("quarter", ["2026-01-31T23:00:00Z"], "2026-01-31T23:15:00Z"),
        ("hour", ["2026-01-31T23:00:00Z"], "2026-02-01T00:00:00Z"),
        ("day", ["2026-01-31T00:00:00Z"], "2026-02-01T00:00:00Z"),
        ("week", ["2026-01-26T00:00:00Z"], "2026-02-02T00:00:00Z"),
        ("month", ["2026-01-01T00:00:00Z"], "2026-02-01T00:00:00Z"),
        ("none", ["2026-01-31T23:00:00Z"], "2026-01-31T23:15:00Z"),
    ],
)
async def test_steps_are_whole(admin: Admin, step: str, starts: list[str], until: str) -> None:
    found = await reported(admin, f"from=2026-01-31T23:01:00Z&to=2026-01-31T23:02:00Z&step={step}")

    assert (found["starts"], found["to"]) == (starts, until)


async def test_range_ends_now_where_nobody_says(admin: Admin) -> None:
    await settled(admin, CALL)

    found = await reported(admin, "step=hour")

    assert (found["from"], found["to"], len(found["starts"])) == ("2026-01-04T12:00:00Z", "2026-01-05T12:00:00Z", 24)
    assert found["totals"]["calls"] == 0  # the hour that begins at noon has not begun before it
    assert len((await reported(admin, "step=month"))["starts"]) == 12


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("zone=Mars/Olympus", "zone"),
        ("zone=../etc/passwd", "zone"),
        ("from=2026-01-06T00:00:00Z&to=2026-01-05T00:00:00Z", "from"),
        ("from=0001-01-01T00:00:00Z", "from"),
        ("to=9999-12-31T00:00:00Z", "to"),
        ("step=quarter&from=2025-01-05T00:00:00Z", "step"),
        ("by=colour", "by"),
        ("top=0", "top"),
        ("ending=nice", "ending"),
        ("colour=blue", "colour"),
        ("step=day&step=hour", "step"),
    ],
)
async def test_query_that_cannot_be_is_refused_by_field(admin: Admin, query: str, field: str) -> None:
    reply = await admin.get(f"/usage?{query}")

    assert (reply.status_code, reply.json()["errors"][0]["field"].partition("[")[0]) == (422, field)


async def test_what_would_take_too_many_rows_is_refused(admin: Admin) -> None:
    reply = await admin.get("/usage?by=operation")

    assert reply.status_code == 400
    assert "a day at most" in reply.json()["detail"]


async def test_filters_come_several_times_and_all_hold(admin: Admin) -> None:
    await settled(
        admin,
        *(replace(CALL, model=model, team=team) for model in ("a", "b", "c") for team in ("blue", "red")),
    )

    async def calls(query: str) -> int:
        found: int = (await reported(admin, f"{DAY}&{query}"))["totals"]["calls"]
        return found

    assert await calls("model=a&model=b") == 4
    assert await calls("model=a&model=b&team=red") == 2
    assert await calls("ending=failed") == 0


async def test_biggest_groups_are_told_by_name_and_the_others_together(admin: Admin) -> None:
    token = await admin.make(name="till")
    costs = (3, 2, 1)
    rows = [
        replace(CALL, token_id=id, cost=cost) for id, cost in zip((token["id"], "tok_2", "tok_3"), costs, strict=True)
    ]
    await settled(admin, *rows)

    found = await reported(admin, f"{DAY}&by=token&top=2")

    assert [(group["key"], group["name"]) for group in found["groups"]] == [(token["id"], "till"), ("tok_2", None)]
    assert (found["others"]["groups"], found["others"]["totals"]["cost_usd"]) == (1, "0.000000001")


@pytest.mark.parametrize("way", ["format", "accept"])
async def test_table_has_a_row_for_each_step_and_group_and_adds_up(admin: Admin, way: str) -> None:
    await settled(
        admin, *(replace(CALL, model=model, cost=cost) for model, cost in (("a", 5), ("=cmd()", 7), ("c", 1)))
    )
    query = f"{DAY}&by=model&top=2&step=hour"

    asked = f"/usage?{query}&format=csv" if way == "format" else f"/usage?{query}"
    reply = await admin.get(asked, **({} if way == "format" else {"accept": "text/csv, application/json;q=0.5"}))

    rows = table(reply.text)
    assert reply.headers["content-type"].startswith("text/csv")
    assert reply.headers["content-disposition"] == 'attachment; filename="usage.csv"'
    assert len(rows) == 24 * 3
    assert [row["group"] for row in rows[:3]] == ["'=cmd()", "a", "others"]
    nano = sum(round(float(row["cost_usd"]) * 1_000_000_000) for row in rows)
    assert (nano, sum(int(row["calls"]) for row in rows)) == (13, 3)
    assert rows[36]["from"] == "2026-01-05T12:00:00Z"


async def test_table_without_groups_is_the_series(admin: Admin) -> None:
    await settled(admin, CALL)

    (row,) = table((await admin.get(f"/usage?{DAY}&format=csv")).text)

    assert (row["group"], row["name"], row["calls"], row["cost_usd"], row["latency_p50_ms"]) == (
        "",
        "",
        "1",
        "0.001",
        "50",
    )


async def test_who_has_a_team_sees_its_calls_alone(admin: Admin) -> None:
    await settled(admin, replace(CALL, team="blue"), replace(CALL, team="red"))
    blue = await admin.other("admin:usage:read", team="blue")

    assert (await reported(blue, DAY))["totals"]["calls"] == 1
    assert [group["key"] for group in (await reported(blue, f"{DAY}&by=team"))["groups"]] == ["blue"]
    assert (await blue.get(f"/usage?{DAY}&team=red")).status_code == 403
    assert (await blue.get(f"/usage?{DAY}&team=blue")).status_code == 200
    assert (await reported(admin, DAY))["totals"]["calls"] == 2


async def test_scope_is_needed_for_all_and_not_for_ones_own(admin: Admin) -> None:
    somebody = await admin.other("ai:chat")
    await settled(admin, replace(CALL, token_id=somebody.id), CALL)

    assert (await somebody.get(f"/usage?{DAY}")).status_code == 403
    assert (await reported(somebody, DAY, "/me/usage"))["totals"]["calls"] == 1
    assert (await somebody.get(f"/me/usage?{DAY}&token=tok_1")).status_code == 404
    assert (await reported(somebody, f"{DAY}&token={somebody.id}&by=model", "/me/usage"))["groups"][0]["key"] == "small"
