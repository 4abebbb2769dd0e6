"""The models of Vertex AI's publishers, their limits and prices."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge.testing import gateway

__all__ = ["gateway"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PROVIDERS = ("vertex", "vertex-anthropic", "vertex-mistral")
DIFFERING = {
    "claude-sonnet-4-5@20250929": "genai-prices has a price above the 200,000 tokens that the model takes",
    "claude-opus-4-1@20250805": "genai-prices has no price for an hour in the cache, which costs twice the input",
}


@pytest.mark.parametrize("provider", [f"{name}{place}" for name in PROVIDERS for place in ("", "-global")])
def test_every_model_says_where_and_when_it_was_read(provider: str):
    sourced(provider)


@pytest.mark.parametrize("provider", ["vertex", "vertex-global"])
def test_geminis_prices_are_those_of_genai_prices(provider: str):
    agrees(provider)


def test_claudes_prices_are_those_of_genai_prices_but_for_two():
    agrees("vertex-anthropic-global", differing=DIFFERING)


@pytest.mark.parametrize(
    ("name", "model"),
    [("claude-opus-5@default", "claude-opus-5"), ("claude-haiku-4-5", "claude-haiku-4-5@20251001")],
)
def test_name_that_means_the_same_finds_its_model(name: str, model: str):
    for provider in ("vertex-anthropic", "vertex-anthropic-global"):
        models = installed()[provider].models

        assert models.get(name) is models.get(model) is not None


@pytest.mark.parametrize("provider", [f"{name}{place}" for name in PROVIDERS for place in ("", "-global")])
async def test_models_are_listed_to_who_has_the_key(provider: str, gateway, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/key.json")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "my-project")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "europe-west4")

    await listed(gateway(), provider)


def test_claude_in_a_region_costs_a_tenth_more_for_each_token_from_4_5_on():
    everywhere, regional = (installed()[name].models for name in ("vertex-anthropic-global", "vertex-anthropic"))

    assert [model.name for model in regional] == [model.name for model in everywhere]
    for model in everywhere:
        same = regional.get(model.name)
        assert same is not None
        assert (same.context, same.max_output, same.also) == (model.context, model.max_output, model.also)
        more = Decimal(1 if model.name == "claude-opus-4-1@20250805" else "1.1")
        for above, there in ((0, same.price), *same.tiers.items()):
            here = model.tiers[above] if above else model.price
            for bucket, usd in there.items():
                factor = 1 if bucket == "server_tool_call" else more
                assert Decimal(usd) == Decimal(here[bucket]) * factor, (model.name, above, bucket)


def test_the_same_claude_has_its_own_price_at_anthropic_on_vertex_and_in_a_region():
    found = {
        name: price_of(name, "claude-opus-5", NOW)
        for name in ("anthropic", "vertex-anthropic-global", "vertex-anthropic")
    }

    assert [price.rates.input for price in found.values()] == [5_000_000, 5_000_000, 5_500_000]
    assert [price.id.partition(":")[0] for price in found.values()] == list(found)
