"""Claude's models, their limits and prices."""

from datetime import UTC, datetime

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge import Usage
from tollbridge.testing import gateway

__all__ = ["gateway"]

DIFFERING = {
    "claude-sonnet-4-5": "genai-prices keeps the price above 200,000 tokens, which the API has refused since 2026-04-30"
}


def test_every_model_says_where_and_when_it_was_read():
    sourced("anthropic")


def test_prices_are_those_of_genai_prices_but_for_one():
    agrees("anthropic", differing=DIFFERING)


@pytest.mark.parametrize(
    ("name", "model"),
    [("claude-haiku-4-5-20251001", "claude-haiku-4-5"), ("claude-opus-4-5-20251101", "claude-opus-4-5")],
)
def test_name_that_means_the_same_finds_its_model(name: str, model: str):
    models = installed()["anthropic"].models

    assert models.get(name) is models.get(model) is not None


async def test_models_are_listed_to_who_has_the_key(gateway, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-1")

    await listed(gateway(), "anthropic")


def test_every_kind_of_cached_token_and_a_search_cost_what_anthropic_asks():
    price = price_of("anthropic", "claude-opus-5-5", datetime(2026, 11, 27, tzinfo=UTC))

    usage = Usage(input=1_000, cache_read=1_000, cache_write=1_000, cache_write_1h=1_000, output=1_000)

    # 1,000 x (4 + 0.2 + 5 + 8 + 20), per million
    assert price.cost(usage) == 37_200_000
    # 1 x 0.01
    assert price.cost(Usage(server_tool_calls=1)) == 10_000_000


def test_prompt_above_a_hundred_thousand_tokens_costs_haiku_five_times_as_much():
    price = price_of("anthropic", "claude-haiku-5-5", datetime(2026, 11, 27, tzinfo=UTC))

    # 100,000 x 0.1, then 100,001 x 0.5, per million
    assert price.cost(Usage(input=100_000)) == 10_000_000
    assert price.cost(Usage(input=100_001)) == 50_000_500
