"""The list of calls over the API, and each of them."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.test_mytokens import member, more
from tests.plugins.admin.test_usage import CALL, settled

from tollbridge.testing.samples import NOON
from tollbridge_admin import calls


async def listed(admin: Admin, query: str = "", path: str = "/calls") -> Any:
    reply = await admin.get(f"{path}?{query}")
    assert reply.status_code == 200, reply.text
    return reply.json()


async def ids(admin: Admin, query: str = "", path: str = "/calls") -> list[str]:
    return [item["id"] for item in (await listed(admin, query, path))["items"]]


async def test_call_is_shown_with_all_that_is_recorded_of_it(admin: Admin) -> None:
    token = await admin.make(name="till")
    await settled(admin, replace(CALL, token_id=token["id"], status=502, outcome="upstream_failed", error="upstream"))

    (item,) = (await listed(admin))["items"]

    assert item == {
        **{"id": "req_0", "at": "2026-01-05T12:00:00Z", "ending": "failed", "status": 502, "error": "upstream"},
        **{"outcome": "upstream_failed", "token": token["id"], "token_name": "till", "team": CALL.team},
        **{"application": "", "application_name": None, "service": CALL.service, "operation": CALL.operation},
        **{"release": "", "dialect": CALL.dialect, "provider": CALL.provider, "model": "small"},
        **{"model_used": CALL.model_used, "stream": True, "input_tokens": 2, "cache_read_tokens": 0},
        **{"cache_write_tokens": 0, "output_tokens": 1, "reasoning_tokens": 0, "server_tool_calls": 0},
        **{"usage_source": "provider", "cost_usd": "0.001", "price_id": CALL.price_id, "duration_ms": 50},
        **{"first_byte_ms": 9, "bytes_in": 11, "bytes_out": 22, "parent": ""},
    }


async def test_list_is_read_a_page_at_a_time(admin: Admin) -> None:
    await settled(admin, *(replace(CALL, at=NOON + timedelta(seconds=number // 2)) for number in range(5)))

    found, after = [], ""
    while True:
        page = await listed(admin, f"limit=2&after={after}")
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]

    assert found == ["req_4", "req_3", "req_2", "req_1", "req_0"]


@pytest.mark.parametrize("after", ["x", "Y2FsbHM6eA", "YXVkaXQ6MQ", "Y2FsbHM6OTk5OTk5OTk5OTk5OTk5OTk5OTk6eA"])
async def test_cursor_that_is_none_is_refused(admin: Admin, after: str) -> None:
    assert (await admin.get(f"/calls?after={after}")).json()["errors"][0]["field"] == "after"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=5", ["req_1"]),
        ("status=404&status=5", ["req_2", "req_1"]),
        ("ending=failed", ["req_1"]),
        ("error=upstream", ["req_1"]),
        ("least_ms=60", ["req_2"]),
        ("inner=false", ["req_2", "req_1", "req_0"]),
        ("id=req_1", ["req_1"]),
        ("team=red", ["req_3"]),
        ("from=2026-01-05T12:02:00Z", ["req_3", "req_2"]),
        ("to=2026-01-05T12:01:00Z", ["req_0"]),
    ],
)
async def test_calls_are_found_by_what_they_are(admin: Admin, query: str, found: list[str]) -> None:
    rows = [
        CALL,
        replace(CALL, status=502, outcome="upstream_failed", error="upstream"),
        replace(CALL, status=404, duration_ms=60),
        replace(CALL, parent="req_0", team="red"),
    ]
    await settled(admin, *(replace(row, at=NOON + number * timedelta(minutes=1)) for number, row in enumerate(rows)))

    assert await ids(admin, query) == found


async def test_call_is_shown_with_those_that_were_made_for_it(admin: Admin) -> None:
    await settled(admin, CALL, replace(CALL, parent="req_0"), CALL)

    found = (await admin.get("/calls/req_0")).json()

    assert (found["call"]["id"], [child["id"] for child in found["children"]]) == ("req_0", ["req_1"])
    assert (await admin.get("/calls/req_9")).status_code == 404


async def test_who_has_a_team_sees_its_calls_alone(admin: Admin) -> None:
    await settled(admin, replace(CALL, team="blue"), replace(CALL, team="red"))
    blue = await admin.other("admin:usage:read", team="blue")

    assert await ids(blue) == ["req_0"]
    assert (await blue.get("/calls?team=red")).status_code == 403
    assert [(await blue.get(f"/calls/req_{number}")).status_code for number in (0, 1)] == [200, 404]


async def test_anybody_sees_the_calls_of_their_own_token(admin: Admin) -> None:
    somebody = await admin.other("ai:chat")
    await settled(admin, replace(CALL, token_id=somebody.id), CALL)

    assert await ids(somebody, path="/me/calls") == ["req_0"]
    assert (await somebody.get("/calls")).status_code == 403
    assert (await somebody.get("/calls/req_0")).status_code == 403


async def test_calls_as_a_table_are_harmless_and_no_more_than_is_said(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MOST_ROWS", 3)
    monkeypatch.setattr(calls, "LARGEST_PAGE", 2)
    await settled(admin, *(replace(CALL, model="@SUM(A1)", error="-1") for _ in range(5)))

    reply = await admin.get("/calls?format=csv")

    rows = list(csv.DictReader(StringIO(reply.text)))
    assert reply.headers["content-disposition"] == 'attachment; filename="calls.csv"'
    assert [row["id"] for row in rows] == ["req_4", "req_3", "req_2"]
    assert {(row["model"], row["error"], row["cost_usd"]) for row in rows} == {("'@SUM(A1)", "-1", "0.001")}


async def test_person_sees_the_calls_of_all_of_their_tokens(admin: Admin) -> None:
    ada, bob = await member(admin), await member(admin, "bob")
    script = await more(ada, "script", "ai:chat")
    await settled(admin, *(replace(CALL, token_id=id) for id in (ada.id, script.id, bob.id)))

    assert await ids(ada, path="/me/calls") == ["req_1", "req_0"]
    assert await ids(ada, f"token={script.id}", "/me/calls") == ["req_1"]
    assert (await ada.get(f"/me/calls?token={bob.id}")).status_code == 404
    assert (await ada.get("/me/calls/req_1")).json()["call"]["id"] == "req_1"
    assert (await bob.get("/me/calls/req_1")).status_code == 404
    assert (await ada.get("/me/calls/req_nobody")).status_code == 404
    assert await ids(script, path="/me/calls") == ["req_1"]
    usage = (await ada.get("/me/usage?to=2026-01-06T00:00:00Z&by=token")).json()
    assert {group["key"] for group in usage["groups"]} == {ada.id, script.id}
