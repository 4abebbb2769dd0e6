"""Models over the API: every one that has a name here, where it leads, and what it costs."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.answering import Talking
from tests.support.keyed import KeyedUpstream, keyed_gateway

from tollbridge import Bearer, Gateway, Model, Models, Provider, Unavailable, hookimpl
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.models import READ, routes_of

LARGE = Model(
    "large",
    {"input": "2", "output": "10", "cache_read": "0.2"},
    context=128_000,
    max_output=16_000,
    tiers={100_000: {"input": "4"}},
    left_out=("searches",),
    also=("large-2026",),
    source="https://acme.example/prices",
)


class Known:
    """A plugin with a provider whose models are known."""

    @hookimpl
    def register_providers(self, register: Any) -> None:
        models = Models({"large": LARGE, "new": Model("new")})
        register(Provider("acme", base_url="https://acme.example/v1", auth=Bearer("ACME_KEY"), models=models))


CONFIG: dict[str, Any] = {
    "providers": {
        "later": {"base_url": "https://later.example/v1", "api_key": "stored:later"},
        "openai": {"base_url": "https://proxy.example/v1"},
    },
    "models": {
        "best": {"targets": ["later/x", "acme/large"], "max_output": 8000},
        "cheap": {"targets": ["acme/new"], "price": {"input": "0.1", "output": "0.4"}, "context": 4096},
        "waits": {"targets": ["later/y"], "context": 99},
        "odd name/with?signs": {"targets": ["acme/large"]},
    },
}


@pytest.fixture
async def under(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    env = {"ACME_KEY": "sk-acme", "OPENAI_API_KEY": "sk-o"}
    made = keyed_gateway(tmp_path / "data", KeyedUpstream(), CONFIG, env=env, plugins=(Known(), Talking()))
    yield made
    await made.close()


async def listed(admin: Admin, query: str = "limit=200") -> list[dict[str, Any]]:
    reply = await admin.get(f"/models?{query}")
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["items"]
    return found


async def one(admin: Admin, id: str) -> dict[str, Any]:
    reply = await admin.get(f"/model?id={id}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_every_model_that_has_a_name_is_listed_by_it(admin: Admin) -> None:
    found = {item["id"]: item for item in await listed(admin)}

    assert list(found) == sorted(found)
    assert {"best", "cheap", "waits", "odd name/with?signs", "acme/large", "acme/new"} <= set(found)
    assert any(name.startswith("openai/gpt-") for name in found)
    assert {found[name]["kind"] for name in ("best", "waits")} == {"configured"}
    assert found["acme/large"]["kind"] == "provider"


async def test_model_leads_to_its_targets_in_order_and_costs_what_the_first_that_is_ready_does(admin: Admin) -> None:
    best = await one(admin, "best")

    assert [(each["provider"], each["model"], each["ready"]) for each in best["targets"]] == [
        ("later", "x", False),
        ("acme", "large", True),
    ]
    assert best["price"] == best["targets"][1]["price"]
    assert (best["state"], best["unpriced"], best["targets"][0]["price"]) == ("serving", False, None)
    assert (best["context"], best["max_output"]) == (128_000, 8000)


async def test_price_is_exact_and_says_who_says_so(admin: Admin) -> None:
    price = (await one(admin, "acme/large"))["price"]

    assert price == {
        **{"input": "2", "output": "10", "cache_read": "0.2", "cache_write": "2", "cache_write_1h": "2"},
        **{"audio_input": "2", "image_input": "2", "audio_output": "10", "request": "0", "server_tool_call": "0"},
        "tiers": [{"above": 100_000, "input": "4", "output": "10", "cache_read": "0.2", "cache_write": "4"}],
        "left_out": ["searches"],
        "origin": "provider",
        "source": "acme: large (https://acme.example/prices)",
    }
    assert (await one(admin, "cheap"))["price"]["origin"] == "configuration"
    openai = (await one(admin, "openai/gpt-4o-mini"))["price"]
    assert (openai["origin"], openai["input"]) == ("provider", "0.15")


async def test_price_of_genai_prices_and_of_a_plugin_are_told_apart(tmp_path: Path) -> None:
    class Source:
        def find(self, provider: str, model: str, at: Any) -> Any:
            from tollbridge.metering.prices import Price

            return Price.from_table({"input": "7"}, id="ours 2026") if model == "new" else None

    class Priced:
        @hookimpl
        def register_price_sources(self, register: Any) -> None:
            register(Source())

    env = {"ACME_KEY": "sk-acme", "XAI_API_KEY": "sk-x"}
    under = keyed_gateway(tmp_path / "d", KeyedUpstream(), {}, env=env, plugins=(Known(), Priced()))
    admin = await an_admin(under)

    new = (await one(admin, "acme/new"))["price"]
    old = (await one(admin, "xai/grok-2-1212"))["price"]
    await under.close()

    assert (new["origin"], new["source"], new["input"]) == ("plugin", "ours 2026", "7")
    assert old["origin"] == "genai-prices"
    assert old["source"].startswith("genai-prices ")


async def test_model_without_a_price_is_said_to_be_unpriced(admin: Admin) -> None:
    new = await one(admin, "acme/new")

    assert (new["price"], new["unpriced"], new["context"]) == (None, True, None)


async def test_model_whose_provider_has_no_key_waits_for_it(admin: Admin) -> None:
    waits = await one(admin, "waits")
    assert (waits["state"], waits["context"], waits["speaks"]) == ("waiting", 99, [])

    await admin.post("/provider-credentials", {"provider": "later", "key": "sk-" + "x" * 30})

    assert (await one(admin, "waits"))["state"] == "serving"
    assert (await one(admin, "best"))["targets"][0]["ready"]


async def test_model_is_shown_by_any_name_it_can_be_called_by(admin: Admin) -> None:
    unlisted = await one(admin, "acme/something-else")
    also = await one(admin, "acme/large-2026")

    assert (unlisted["listed"], unlisted["unpriced"], unlisted["kind"]) == (False, True, "provider")
    assert (also["listed"], also["also"], also["price"]["input"]) == (False, ["large"], "2")
    assert (await one(admin, "acme/large"))["also"] == ["large-2026"]
    assert (await one(admin, "odd%20name/with?signs"))["listed"]
    for missing in ("nobody/x", "nothing", "acme/", "/"):
        reply = await admin.get(f"/model?id={missing}")
        assert (reply.status_code, reply.json()["detail"]) == (404, "there is no such model")


async def test_model_says_in_which_dialects_it_can_be_asked(admin: Admin) -> None:
    speaks = {(each["dialect"], each["operation"]): each for each in (await one(admin, "acme/large"))["speaks"]}

    assert speaks["openai-chat", "chat"] == {
        **{"dialect": "openai-chat", "operation": "chat", "scope": "ai:chat", "path": "/v1/chat/completions"},
        "translated": False,
    }
    assert speaks["anthropic-messages", "messages"]["translated"]


async def test_models_are_searched_by_name_and_target_and_filtered_by_provider(admin: Admin) -> None:
    assert [item["id"] for item in await listed(admin, "q=LATER/")] == ["best", "waits"]
    assert [item["id"] for item in await listed(admin, "provider=later")] == ["best", "waits"]
    assert await listed(admin, "provider=late") == []
    assert [item["id"] for item in await listed(admin, "q=with?")] == ["odd name/with?signs"]


async def test_whoever_calls_sees_the_models_they_may_call_without_where_these_lead(admin: Admin) -> None:
    caller = await admin.other("ai:*", "model:acme/*", "model:best")

    reply, refused = await caller.get("/me/models?limit=200"), await caller.get("/models")

    found = {item["id"]: item for item in reply.json()["items"]}
    assert set(found) == {"best", "acme/large", "acme/new"}
    assert found["best"]["targets"] == []
    assert found["best"]["price"]["input"] == "2"
    assert refused.status_code == 403


async def test_models_come_by_pages_each_once(admin: Admin) -> None:
    found: list[str] = []
    after = ""
    while True:
        page = (await admin.get(f"/models?limit=7&after={after}")).json()
        found += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break

    assert found == [item["id"] for item in await listed(admin)] == sorted(set(found))
    assert len(found) > 7


async def test_model_has_a_tag_that_its_price_changes(admin: Admin) -> None:
    shown = await admin.get("/model?id=best")

    assert (await admin.get("/model?id=best", if_none_match=shown.headers["etag"])).status_code == 304
    await admin.post("/provider-credentials", {"provider": "later", "key": "sk-" + "x" * 30})
    assert (await admin.get("/model?id=best", if_none_match=shown.headers["etag"])).status_code == 200


async def publish(admin: Admin, slug: str, **draft: Any) -> None:
    """Publish a service that is called as a model, of the team blue."""
    design = {"name": slug.title(), "definition": {"text": "hi"}, "price_per_call_usd": "0.5", **draft}
    wish = {"slug": slug, "kind": "talking", "team": "blue", "draft": design}
    assert (await admin.post("/services", wish)).is_success
    assert (await admin.post(f"/services/{slug}/releases", {"version": "1"})).is_success
    assert (await admin.post(f"/services/{slug}/releases/1/publish")).is_success


async def test_service_that_is_called_as_a_model_is_one_until_it_ends_and_names_its_successor(admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue"})
    await publish(admin, "guide")
    await publish(admin, "helper")

    guide = await one(admin, "api/guide")
    assert (guide["kind"], guide["state"], guide["unpriced"], guide["targets"]) == ("service", "serving", False, [])
    assert guide["service"] == {"slug": "guide", "name": "Guide", "team": "blue", "price_per_call_usd": "0.5"}
    states = [guide["state"]]
    for action, body in (
        ("deprecate", {"successor": "helper", "sunset_at": "2027-01-01T00:00:00Z"}),
        ("pause", {}),
        ("resume", {}),
        ("retire", {"successor": "helper"}),
    ):
        assert (await admin.post(f"/services/guide/{action}", body)).is_success, action
        guide = await one(admin, "api/guide")
        states.append(guide["state"])
    assert states == ["serving", "deprecated", "paused", "deprecated", "retired"]
    assert guide["successor"] == "api/helper"
    assert {item["id"] for item in await listed(admin, "q=api/")} == {"api/guide", "api/helper"}


async def test_service_of_a_team_is_a_model_to_that_team_and_to_whoever_reads_all_services(
    under: GatewayUnderTest, admin: Admin
) -> None:
    for team in ("blue", "red"):
        await admin.post("/teams", {"name": team, "scopes": ["admin:*", "ai:*", "model:*"]})
    await publish(admin, "hidden", visibility="team")
    blue, red = await an_admin(under, READ, team="blue"), await an_admin(under, READ, team="red")
    whole = await an_admin(under, READ)

    seen = {each.id: [item["id"] for item in await listed(each, "q=api/")] for each in (admin, blue, red, whole)}

    assert [seen[each.id] for each in (admin, blue, red, whole)] == [["api/hidden"], ["api/hidden"], [], []]
    assert (await red.get("/model?id=api/hidden")).status_code == 404
    assert [item["id"] for item in await listed(red, "provider=later")] == ["best", "waits"]


def test_models_cannot_be_told_where_nothing_is_served_and_a_key_is_missing(tmp_path: Path) -> None:
    lacking = {"providers": {"acme": {"base_url": "https://acme.example/v1", "api_key": "env:NOT_SET"}}}
    unserving = Gateway(lacking, env={"TOLLBRIDGE_DATA": str(tmp_path)}, serves=False)

    with pytest.raises(Unavailable, match="cannot be told here") as refusal:
        routes_of(unserving)

    assert "NOT_SET" in str(refusal.value.detail)


async def test_gateway_that_publishes_nothing_has_no_services_for_models(tmp_path: Path) -> None:
    under = keyed_gateway(
        tmp_path / "d",
        KeyedUpstream(),
        {**CONFIG, "services": {"enabled": False}},
        env={"ACME_KEY": "sk-acme", "OPENAI_API_KEY": "sk-o"},
        plugins=(Known(),),
    )
    admin = await an_admin(under)

    found = [item["kind"] for item in await listed(admin)]
    await under.close()

    assert "service" not in found
    assert "configured" in found
