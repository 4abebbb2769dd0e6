"""Models of Bedrock, their limits and prices."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge.testing import gateway

__all__ = ["gateway"]

NOW = datetime(2026, 11, 27, tzinfo=UTC)
GLOBAL = "global."


def test_every_model_says_where_and_when_it_was_read():
    sourced("bedrock")


def test_prices_are_those_of_genai_prices():
    agrees("bedrock")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("jp.anthropic.claude-opus-5", "anthropic.claude-opus-5"),
        ("us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0"),
    ],
)
def test_profile_of_a_geography_finds_its_model(name: str, model: str):
    models = installed()["bedrock"].models

    assert models.get(name) is models.get(model) is not None


async def test_models_are_listed_to_who_has_the_key(gateway, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "k-1")
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    await listed(gateway(), "bedrock")


def test_global_profile_costs_a_tenth_less_than_a_geography():
    models = installed()["bedrock"].models
    names = [model.name for model in models if model.name.startswith(GLOBAL)]

    assert len(names) > 20
    for name in names:
        everywhere = models.get(name)
        plain = name.removeprefix(GLOBAL)
        geography = models.get(plain) or models.get(f"us.{plain}")
        assert everywhere is not None
        assert geography is not None
        assert (geography.context, geography.max_output) == (everywhere.context, everywhere.max_output)
        for bucket, usd in everywhere.price.items():
            assert Decimal(geography.price[bucket]) == Decimal(usd) * Decimal("1.1"), (name, bucket)
        assert geography.tiers.keys() == everywhere.tiers.keys()


@pytest.mark.parametrize("geography", ["eu.", "apac.", "us-gov."])
def test_geography_of_nova_with_another_price_is_not_sold_at_that_of_the_united_states(geography: str):
    assert installed()["bedrock"].models.get(f"{geography}amazon.nova-pro-v1:0") is None


def test_model_is_priced_by_its_own_table():
    assert price_of("bedrock", "eu.anthropic.claude-haiku-5-5", NOW).id.startswith(
        "bedrock: anthropic.claude-haiku-5-5 "
    )
