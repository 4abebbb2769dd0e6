"""What two releases cost and how they fared, side by side."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_services import READY, make, publish
from tests.support.answering import Answering

from tollbridge.testing import GatewayUnderTest

CONFIG = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {
        "small": {"targets": ["mock/tiny-1"], "price": {"input": "1", "output": "2.5"}},
        "big": {"targets": ["mock/huge-1", "mock/tiny-1"], "price": {"input": "10", "output": "20"}},
    },
}
NOTHING = {"before": {"models": [], "evaluation": None}, "after": {"models": [], "evaluation": None}}


@pytest.fixture
async def priced(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Admin:
    monkeypatch.setenv("MOCK_KEY", "sk-1")
    return await an_admin(gateway(CONFIG, plugins=(Answering(),)))


async def figures(admin: Admin, query: str = "from=1&to=2") -> dict[str, Any]:
    reply = await admin.get(f"/services/weather/diff?{query}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()["figures"]
    return found


async def test_releases_are_compared_by_what_their_trials_gave(priced: Admin) -> None:
    await make(priced, draft={**READY, "definition": {"text": "rain", "tested": True, "unproven": "no"}})
    await priced.post("/services/weather/releases", {"version": "1"})
    await priced.patch("/services/weather", {"draft": {"definition": {"text": "rain", "tested": True}}})
    await priced.post("/services/weather/releases", {"version": "2"})
    for number in (1, 2):
        await priced.post(f"/services/weather/releases/{number}/prove")

    better, worse = await figures(priced), await figures(priced, "from=2&to=1")

    assert [better[side]["evaluation"]["cases_passed"] for side in ("before", "after")] == [0, 1]
    assert (better["cases_passed"], better["cost_per_case_usd"]) == (1, "0")
    assert (better["passing"], better["failing"]) == (["rain"], [])
    assert (worse["cases_passed"], worse["passing"], worse["failing"]) == (-1, [], ["rain"])


async def test_what_was_not_tried_has_no_figures(priced: Admin) -> None:
    await make(priced)
    await publish(priced)

    assert await figures(priced, "from=live&to=draft") == {
        **NOTHING,
        **{"cases_passed": None, "cost_per_case_usd": None, "failing": [], "passing": []},
    }


async def test_models_are_shown_with_their_prices_as_far_as_those_are_known(priced: Admin) -> None:
    await make(priced, draft={**READY, "definition": {"text": "rain", "models": ["small"]}})
    await publish(priced)
    await priced.patch("/services/weather", {"draft": {"definition": {"text": "rain", "models": ["big", "none/x"]}}})

    found = await figures(priced, "from=live&to=draft")

    assert found["before"]["models"] == [{"model": "small", "input_usd": "1", "output_usd": "2.5"}]
    assert found["after"]["models"] == [
        {"model": "big", "input_usd": "10", "output_usd": "20"},
        {"model": "none/x", "input_usd": None, "output_usd": None},
    ]


async def test_definition_that_cannot_be_read_names_no_models(priced: Admin) -> None:
    await make(priced)
    await publish(priced)
    await priced.patch("/services/weather", {"draft": {"definition": {"colour": "blue"}}})

    assert (await figures(priced, "from=live&to=draft"))["after"]["models"] == []


async def test_kind_that_no_plugin_offers_names_no_models(priced: Admin) -> None:
    await make(priced)
    await publish(priced)
    del priced.under.gateway.registry.service_kinds["answering"]

    assert await figures(priced, "from=live&to=draft") == {
        **NOTHING,
        **{"cases_passed": None, "cost_per_case_usd": None, "failing": [], "passing": []},
    }
