"""The models of Vertex AI's publishers, their limits and prices."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge.metering.genai import GenaiPrices
from tollbridge.metering.prices import PriceBook
from tollbridge.metering.provided import ProviderPrices
from tollbridge.testing import gateway

__all__ = ["gateway"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)
PROVIDERS = ("vertex", "vertex-anthropic", "vertex-mistral")
EVERYWHERE = ("vertex-predict", *(f"{name}{place}" for name in PROVIDERS for place in ("", "-global")))
DIFFERING = {
    "claude-sonnet-4-5@20250929": "genai-prices has a price above the 200,000 tokens that the model takes",
    "claude-opus-4-1@20250805": "genai-prices has no price for an hour in the cache, which costs twice the input",
}

DEARER = (
    *("gemini-4-argon", "gemini-3.8-flash", "gemini-3.7-flash", "gemini-3.6-flash"),
    *("gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-3.1-flash-lite", "gemini-3.1-flash-image"),
)


@pytest.mark.parametrize("provider", EVERYWHERE)
def test_every_model_says_where_and_when_it_was_read(provider: str):
    sourced(provider)


@pytest.mark.parametrize("provider", ["vertex-global", "vertex-predict"])
def test_geminis_prices_are_those_of_genai_prices(provider: str):
    agrees(provider, under="google")


def test_geminis_prices_in_a_region_differ_from_those_of_genai_prices_by_what_a_region_costs():
    agrees("vertex", under="google", differing=dict.fromkeys(DEARER, "a region costs a tenth more"))


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


@pytest.mark.parametrize("provider", EVERYWHERE)
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


def test_gemini_in_a_region_costs_a_tenth_more_for_each_token_where_google_says_so():
    everywhere, regional = (installed()[name].models for name in ("vertex-global", "vertex"))

    assert [model.name for model in regional] == [model.name for model in everywhere]
    for model in everywhere:
        same = regional.get(model.name)
        assert same is not None
        assert replace(same, price=model.price, tiers=model.tiers, changes=model.changes) == model
        assert [change.day for change in same.changes] == [change.day for change in model.changes]
        more = Decimal("1.1" if model.name in (*DEARER, "gemini-4-carbon", "gemini-4-neon", "gemini-4-hydrogen") else 1)
        prices = [(model.price, same.price), *zip(model.tiers.values(), same.tiers.values(), strict=True)]
        prices += [(here.price, there.price) for here, there in zip(model.changes, same.changes, strict=True)]
        for here, there in prices:
            assert there.keys() == here.keys()
            for bucket, usd in there.items():
                factor = 1 if bucket == "server_tool_call" else more
                assert Decimal(usd) == Decimal(here[bucket]) * factor, (model.name, bucket)


def test_the_same_gemini_has_its_own_price_at_the_gemini_api_on_vertex_and_in_a_region():
    day = datetime(2026, 12, 1, tzinfo=UTC)
    names = ("gemini", "vertex-global", "vertex")
    pro, argon = ([price_of(name, model, day) for name in names] for model in ("gemini-2.5-pro", "gemini-4-argon"))

    assert [price.rates.input for price in pro] == [750_000, 1_250_000, 1_250_000]
    assert [price.rates.input for price in argon] == [4_000_000, 4_000_000, 4_400_000]
    assert [price.id.partition(":")[0] for price in argon] == list(names)


def test_what_google_charges_for_by_the_letter_has_no_price():
    book = PriceBook([ProviderPrices(installed()), GenaiPrices()], {})
    host = installed()["vertex-predict"]

    prices = {model.name: book.find(host.price_id, model.name, NOW) for model in host.models}

    assert [name for name, price in prices.items() if price is None] == [
        "text-embedding-005",
        "text-multilingual-embedding-002",
    ]


def test_the_same_claude_has_its_own_price_at_anthropic_on_vertex_and_in_a_region():
    found = {
        name: price_of(name, "claude-opus-5", NOW)
        for name in ("anthropic", "vertex-anthropic-global", "vertex-anthropic")
    }

    assert [price.rates.input for price in found.values()] == [5_000_000, 5_000_000, 5_500_000]
    assert [price.id.partition(":")[0] for price in found.values()] == list(found)
