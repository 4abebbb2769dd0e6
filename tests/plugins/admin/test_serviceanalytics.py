"""How services fare and what applications call, over the API: what is summed up, and who may see it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_services import READY, make, publish

from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage
from tollbridge.testing.samples import ACT, NOON, ROW
from tollbridge.testing.service_contract import DESIGN, SERVICE

RANGE = "from=2026-01-05T12:00:00Z&to=2026-01-05T13:00:00Z"
SUMS = {
    **{"calls": 3, "failed": 1, "client_errors": 1, "refused": 0, "toll_usd": "0.003", "model_cost_usd": "0.02"},
    **{"model_calls": 1, "unpriced": 0, "input_tokens": 4, "output_tokens": 2, "bytes_in": 33, "bytes_out": 66},
    **{"latency_avg_ms": 60, "latency_p50_ms": 50, "latency_p95_ms": 90, "latency_p99_ms": 90},
}
SLOS = [{"name": "sure", "objective": 99.0}, {"name": "fast", "objective": 50.0, "latency_ms": 45}]


def call(**changes: Any) -> UsageRow:
    """Make a call of the service `weather`."""
    said = {"service": "weather", "operation": "service:weather:say", "provider": "", "model": "", "usage": Usage()}
    return replace(ROW, **{**said, "cost": 1_000_000, "duration_ms": 50, **changes})


async def settled(admin: Admin, *rows: UsageRow) -> None:
    for row in rows:
        id = f"req_{len(await admin.under.gateway.store.recent(limit=1_000))}"
        await admin.under.gateway.store.settle(replace(row, call_id=id))


async def called(admin: Admin, *, team: str = "blue") -> tuple[str, str, str]:
    """Publish a service that an application, a token and somebody called; gives the ids of those and of its release."""
    for name in ("blue", "red", "green"):
        assert (await admin.post("/teams", {"name": name})).status_code == 201
    await make(admin, team=team, draft={**READY, "slos": SLOS})
    release = (await publish(admin))["id"]
    application = (await admin.post("/applications", {"name": "shop", "team": "red"})).json()["id"]
    token = (await admin.make(name="till", team="red"))["id"]
    asked = call(parent="req_0", provider="openai", model="small", cost=20_000_000, usage=Usage(input=4, output=2))
    await settled(
        admin,
        call(application=application, release=release),
        replace(asked, application=application, release=release, status=200, token_id="tok_9"),
        call(token_id=token, release=release, status=404, duration_ms=40, at=NOON + timedelta(minutes=1)),
        call(token_id="", release="rel_gone", status=502, outcome="upstream_failed", error="upstream", duration_ms=90),
        call(service="sun", operation="service:sun:say", application=application, cost=0),
    )
    return application, token, release


def share(calls: int, **more: Any) -> dict[str, Any]:
    zero = {"failed": 0, "client_errors": 0, "refused": 0}
    return {"calls": calls, **zero, "cost_usd": "0.001", "last_at": "2026-01-05T12:00:00Z", **more}


async def test_service_is_summed_up_with_callers_releases_operations_and_objectives(admin: Admin) -> None:
    application, token, release = await called(admin)
    later = "2026-01-05T12:01:00Z"

    reply = await admin.get(f"/services/weather/analytics?{RANGE}")
    found = reply.json()

    assert reply.status_code == 200, reply.text
    assert {name: found[name] for name in ("service", "from", "to", "step", "totals")} == {
        **{"service": "weather", "from": "2026-01-05T12:00:00Z", "to": "2026-01-05T13:00:00Z", "step": "hour"},
        "totals": SUMS,
    }
    app_calls = share(1, application=application, token=None, name="shop", cost_usd="0.021")
    nobody = share(1, application=None, token=None, name=None, failed=1)
    tokens = share(1, application=None, token=token, name="till", client_errors=1, last_at=later)
    assert found["callers"] == [nobody, app_calls, tokens]
    known = {"id": release, "number": 1, "version": "1", "state": "live"}
    assert found["releases"] == [
        share(2, **known, client_errors=1, cost_usd="0.022", last_at=later),
        share(1, id="rel_gone", number=None, version=None, state=None, failed=1),
    ]
    assert found["operations"] == [
        share(3, operation="service:weather:say", failed=1, client_errors=1, cost_usd="0.003", last_at=later)
    ]
    assert found["failures"] == [
        {"code": None, "status": 404, "calls": 1},
        {"code": "upstream", "status": 502, "calls": 1},
    ]
    step = {"at": "2026-01-05T12:00:00Z", "calls": 3, "failed": 1, "cost_usd": "0.023"}
    assert found["series"] == [{**step, "latency_p50_ms": 50, "latency_p95_ms": 90}]


async def test_objectives_stand_as_they_do_now_whatever_range_is_asked(admin: Admin) -> None:
    await called(admin)
    await settled(admin, *[call(status=500)] * 20)

    sure, fast = (await admin.get("/services/weather/analytics?to=2025-12-01T00:00:00Z")).json()["slos"]

    counts = {"objective": 99.0, "latency_ms": None, "window_days": 30, "calls": 22, "failed": 21}
    rate = 95.4545  # 21 of 22 failed, of which 1 % may; the one of 404 lies ahead
    assert sure == {
        **{"name": "sure", **counts, "attained": 4.5455, "budget_left": round(1 - 2_100 / 22, 4)},
        **{"burn_rates": dict.fromkeys(("1h", "6h", "24h", "3d"), rate), "burning": {"window": "1h", "rate": "95.5"}},
    }
    assert (fast["calls"], fast["failed"], fast["burning"]) == (22, 22, {"window": "3d", "rate": "2.0"})


async def test_service_that_promises_nothing_or_ended_has_no_objectives(admin: Admin) -> None:
    await make(admin)
    assert (await admin.get("/services/weather/analytics")).json()["slos"] == []

    await publish(admin)
    await admin.post("/services/weather/retire")

    found = (await admin.get("/services/weather/analytics")).json()
    assert (found["slos"], found["callers"], found["releases"], found["totals"]["calls"]) == ([], [], [], 0)
    assert found["totals"]["latency_avg_ms"] is None


async def test_application_is_summed_up_by_service(admin: Admin) -> None:
    application, _, _ = await called(admin)

    found = (await admin.get(f"/applications/{application}/usage?{RANGE}")).json()

    assert (found["application"], found["totals"]["calls"], found["totals"]["model_cost_usd"]) == (
        application,
        2,
        "0.02",
    )
    assert found["services"] == [share(1, service="sun", cost_usd="0"), share(1, service="weather", cost_usd="0.021")]
    assert found["failures"] == []
    assert [(one["at"], one["calls"]) for one in found["series"]] == [("2026-01-05T12:00:00Z", 2)]


@pytest.mark.parametrize(
    ("query", "since", "until", "steps"),
    [
        ("", "04T12", "05T12", ["04T23", "05T11"]),
        ("step=day", "04T00", "06T00", ["04T00", "05T00"]),
        ("from=2026-01-05T11:20:00Z&to=2026-01-05T11:30:00Z", "05T11", "05T12", ["05T11"]),
        ("from=2026-01-05T13:20:00%2B02:00", "05T11", "05T12", ["05T11"]),
        ("from=2026-01-05T11:00:00Z&to=2026-01-05T12:00:00.000001Z", "05T11", "05T13", ["05T11", "05T12"]),
    ],
)
async def test_range_is_that_of_the_whole_steps_it_touches(
    admin: Admin, query: str, since: str, until: str, steps: list[str]
) -> None:
    store = await admin.under.gateway.store.services()
    await store.add_service(replace(SERVICE, created_at=NOON - timedelta(days=1)), DESIGN, ACT)
    await settled(admin, *(call(at=NOON - timedelta(hours=ago, minutes=-5)) for ago in (13, 1, 0)))

    found = (await admin.get(f"/services/weather/analytics?{query}")).json()

    assert (found["from"], found["to"]) == (f"2026-01-{since}:00:00Z", f"2026-01-{until}:00:00Z")
    assert [one["at"] for one in found["series"]] == [f"2026-01-{step}:00:00Z" for step in steps]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-01-05T12:00:00Z&to=2026-01-05T12:00:00Z", "from"),
        ("from=2026-02-05T12:00:00Z", "from"),
        ("from=2025-10-01T00:00:00Z", "from"),
        ("from=yesterday", "from"),
        ("to=9999-12-31T23:59:59Z", "to"),
        ("to=0001-01-01T05:00:00Z", "to"),
        ("from=9999-12-31T23:59:59-23:59", "from"),
        ("from=0001-01-01T00:00:00%2B12:00&to=0001-01-03T00:00:00Z", "from"),
        ("from=2026-01-05T12:00:00", "from"),
        ("step=week", "step"),
        ("top=0", "top"),
        ("top=101", "top"),
        ("days=7", "days"),
    ],
)
async def test_range_that_cannot_be_used_is_refused_by_its_field(admin: Admin, query: str, field: str) -> None:
    await make(admin)

    refused = await admin.get(f"/services/weather/analytics?{query}")

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text


async def test_no_more_callers_are_shown_than_were_asked_for(admin: Admin) -> None:
    await called(admin)

    found = (await admin.get(f"/services/weather/analytics?{RANGE}&top=1")).json()

    assert [len(found[name]) for name in ("callers", "releases", "operations", "failures")] == [1, 1, 1, 1]
    assert found["totals"]["calls"] == 3


async def test_owners_see_all_calls_of_their_service_and_no_name_of_another_teams(admin: Admin) -> None:
    application, token, _ = await called(admin)
    blue = await an_admin(admin.under, "admin:services:read", team="blue")

    found = (await blue.get(f"/services/weather/analytics?{RANGE}")).json()

    assert found["totals"] == SUMS
    assert [(one["application"], one["token"], one["name"]) for one in found["callers"]] == [
        *((None, None, None), (application, None, None), (None, token, None))
    ]
    named = await an_admin(admin.under, "admin:services:read", "admin:applications:read", team="blue")
    assert (await named.get(f"/services/weather/analytics?{RANGE}")).json()["callers"] == found["callers"]


async def test_nobody_sees_what_is_another_teams(admin: Admin) -> None:
    application, _, _ = await called(admin)
    red = await an_admin(admin.under, "admin:services:read", "admin:applications:read", team="red")
    green = await an_admin(admin.under, "admin:services:read", "admin:applications:read", team="green")

    for other, path in ((red, "/services/weather/analytics"), (green, f"/applications/{application}/usage")):
        hidden = await other.get(path)
        missing = await other.get(path.replace("weather", "nothing").replace(application, "app_nothing"))
        assert (hidden.status_code, missing.status_code) == (404, 404)
        assert hidden.json()["detail"] == missing.json()["detail"]
    assert (await red.get(f"/applications/{application}/usage")).status_code == 200


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("admin:applications:read", "/services/weather/analytics"),
        ("admin:services:read", "/applications/{}/usage"),
    ],
)
async def test_each_needs_its_own_scope(admin: Admin, scope: str, path: str) -> None:
    application, _, _ = await called(admin)
    other = await an_admin(admin.under, scope)

    assert (await other.get(path.format(application))).status_code == 403


async def test_token_is_no_application(admin: Admin) -> None:
    _, token, _ = await called(admin)

    assert (await admin.get(f"/applications/{token}/usage")).status_code == 404


async def test_service_with_the_slug_that_models_are_counted_as_sees_no_calls_of_models(admin: Admin) -> None:
    store = await admin.under.gateway.store.services()
    await store.add_service(replace(SERVICE, slug="ai"), DESIGN, ACT)
    await settled(admin, call(service="ai", provider="openai", model="small"))

    reply = await admin.get(f"/services/ai/analytics?{RANGE}")

    assert reply.status_code == 404
    assert "counted as 'ai' are the gateway's own" in reply.json()["detail"]


async def test_calls_of_a_service_that_was_forgotten_are_none_of_the_next_one_with_its_slug(admin: Admin) -> None:
    await make(admin, team="blue")
    await settled(admin, call(token_id="tok_9"))
    await admin.post("/services/weather/drop")
    admin.under.clock.advance(60)
    await make(admin, team="red")
    await publish(admin)

    found = (await admin.get(f"/services/weather/analytics?{RANGE}")).json()
    card = (await admin.get("/catalogue/services/weather")).json()

    assert (found["totals"]["calls"], found["callers"], found["series"]) == (0, [], [])
    assert card["calls_24h"] == 0
