"""Services listed with how they fared in the last day."""

from typing import Any

from msgspec.structs import replace
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.test_services import READY, make, publish

from tollbridge.testing.samples import ACT
from tollbridge.testing.service_contract import DESIGN, SERVICE

SERVING = {**READY, "access": "scope", "price_per_call_usd": "0.25"}


async def figures(admin: Admin, query: str = "") -> dict[str, Any]:
    reply = await admin.get(f"/service-figures{query}")
    assert reply.status_code == 200, reply.text
    wanted = ("version", "calls", "failed", "cost_usd")
    return {one["slug"]: tuple(one[name] for name in wanted) for one in reply.json()["items"]}


async def call(admin: Admin, slug: str, times: int = 1) -> None:
    for _ in range(times):
        await admin.under.request("POST", f"/v1/apis/{slug}", json={})


async def test_each_service_has_the_calls_of_the_last_day_and_the_version_that_serves(admin: Admin) -> None:
    for slug in ("rain", "sun", "wind"):
        await make(admin, slug, draft=SERVING)
    await publish(admin, "rain", "1.2")
    await admin.patch("/services/sun", {"draft": {"definition": {"text": "hot", "status": 500}}})
    await publish(admin, "sun", "7")
    await call(admin, "rain", 2)
    admin.under.clock.advance(23 * 3600)
    await call(admin, "sun")
    admin.under.clock.advance(60)

    found = await figures(admin)

    assert found == {"rain": ("1.2", 2, 0, "0.5"), "sun": ("7", 1, 1, "0.25"), "wind": (None, 0, 0, "0")}
    admin.under.clock.advance(2 * 3600)
    assert (await figures(admin, "?q=rain")) == {"rain": ("1.2", 0, 0, "0")}


async def test_pages_and_filters_are_those_of_the_list_of_services(admin: Admin) -> None:
    for slug in ("rain", "sun", "wind"):
        await make(admin, slug)

    first = (await admin.get("/service-figures?limit=2")).json()
    plain = (await admin.get("/services?limit=2")).json()
    rest = await figures(admin, f"?limit=2&after={first['next']}")

    assert first["next"] == plain["next"]
    shown = [{name: one[name] for name in plain["items"][0]} for one in first["items"]]
    assert shown == plain["items"]
    assert list(rest) == ["wind"]
    assert await figures(admin, "?kind=other") == {}


async def test_team_sees_the_figures_of_its_services_alone(admin: Admin) -> None:
    await make(admin, "rain", team="blue", draft=SERVING)
    await make(admin, "sun", draft=SERVING)
    await publish(admin, "rain")
    await call(admin, "rain")
    admin.under.clock.advance(60)
    blue = await admin.other("admin:services:read", team="blue")

    assert await figures(blue) == {"rain": ("1", 1, 0, "0.25")}
    assert await figures(blue, "?team=red") == {}


async def test_service_whose_name_is_the_gateways_own_has_no_figures(admin: Admin) -> None:
    store = await admin.under.gateway.store.services()
    await store.add_service(replace(SERVICE, slug="ai"), DESIGN, ACT)

    assert await figures(admin) == {"ai": (None, None, None, None)}
