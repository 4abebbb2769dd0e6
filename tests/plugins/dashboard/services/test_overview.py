"""The first tab of a service: figures of the API, problems with a way to mend them, and facts."""

import re
from typing import Any

from tests.plugins.dashboard.servicing import PROMPT, api, begun, published
from tests.support.visiting import Visitor

from tollbridge_dashboard.services.overview import traffic_of


async def called(visit: Visitor, times: int) -> None:
    for _ in range(times):
        await visit.under.request("POST", "/v1/apis/sum", json={"text": "hello"})


def figure(page: str, id: str) -> str:
    found = re.search(rf'id="{id}">(?:<data value="([^"]*)">)?([^<]*)', page)
    assert found is not None
    return found[1] or found[2]


async def test_figures_are_those_of_the_api(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt", definition={**PROMPT["definition"], "tests": {}}, price_per_call_usd="0.5")
    await published(visit, "sum")
    await called(visit, 2)
    await visit.under.request("POST", "/v1/apis/sum", json={"txt": "no such variable"})

    visit.under.clock.advance(60)

    page = (await visit.get("/services/sum?range=7d")).text

    totals = (await api(visit).get("/services/sum/analytics"))["totals"]
    assert figure(page, "calls") == str(totals["calls"]) == "3"
    assert figure(page, "failed") == "0 %"
    assert "$0.50" not in page
    assert "$1.00 for calls" in page.replace('<data value="1">', "").replace("</data>", "")
    assert "invalid_fields" in page
    assert ">1.0</b>" in page


async def test_service_nobody_called_says_so(visit: Visitor) -> None:
    await begun(visit)

    page = (await visit.get("/services/orders")).text

    assert "No calls in this range." in page
    assert "Nobody called it in this range." in page
    assert "All orders." in page


async def test_problems_lead_to_where_they_are_mended(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt", policies={"nobody": {}}, name="", slos=[{"name": "", "objective": 99}])
    definition = (await api(visit).get("/services/sum/draft"))["draft"]["definition"]
    await api(visit).patch("/services/sum", {"draft": {"definition": {**definition, "user": "{{nobody}}"}}})

    page = (await visit.get("/services/sum")).text

    for field, tab in (("policies/nobody", "policies"), ("name", "settings"), ("user", "prompt")):
        assert f'href="/_tollbridge/services/sum/{tab}"><code>{field}</code>' in page


async def test_pause_stands_above_everything_with_its_reason(visit: Visitor) -> None:
    await begun(visit)
    await api(visit).post("/services/orders/pause", {"why": "the sensors are <away>"})

    page = (await visit.get("/services/orders/endpoints")).text

    assert "the sensors are &lt;away&gt;" in page
    assert "/services/orders/resume" in page


def analytics(**more: Any) -> dict[str, Any]:
    totals = {"toll_usd": "0.5", "model_cost_usd": "0.000000001", "calls": 3}
    known = {"from": "2026-01-04T12:00:00Z", "to": "2026-01-05T12:00:00Z", "step": "hour", "totals": totals}
    return {**known, "series": [], **more}


def test_steps_without_calls_are_columns_too() -> None:
    one = {"at": "2026-01-04T14:00:00Z", "calls": 3, "failed": 1, "latency_p50_ms": 4, "latency_p95_ms": 9}

    traffic = traffic_of(analytics(series=[one]))

    assert len(traffic.columns) == 24
    assert list(traffic.each) == [0, 0, 3, *[0] * 21]
    assert (traffic.columns[2].values, traffic.columns[2].label) == ((3, 1), "14:00")
    assert (traffic.p50[2], traffic.p95[2], traffic.p50[0]) == (4, 9, None)
    assert traffic.cost == 500_000_001  # 0.5 and a nano-dollar


def test_steps_of_a_month_are_days() -> None:
    found = analytics(step="day", to="2026-02-03T00:00:00Z", **{"from": "2026-01-04T00:00:00Z"})

    traffic = traffic_of(found)

    assert len(traffic.columns) == 30
    assert (traffic.columns[0].label, traffic.columns[-1].title) == ("4 Jan", "2 Feb 2026")
