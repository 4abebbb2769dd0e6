"""OpenAI's models, their limits and prices."""

from datetime import UTC, datetime

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge import Usage
from tollbridge.testing import gateway

__all__ = ["gateway"]


def test_every_model_says_where_and_when_it_was_read():
    sourced("openai")


def test_prices_are_those_of_genai_prices():
    agrees("openai")


@pytest.mark.parametrize(
    ("name", "model"),
    [("gpt-5.6", "gpt-5.6-sol"), ("gpt-4o-2024-11-20", "gpt-4o"), ("o3-2025-04-16", "o3")],
)
def test_name_that_means_the_same_finds_its_model(name: str, model: str):
    models = installed()["openai"].models

    assert models.get(name) is models.get(model) is not None


async def test_models_are_listed_to_who_has_the_key(gateway, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")

    await listed(gateway(), "openai")


def test_long_call_with_a_cached_prompt_and_searches_costs_what_openai_asks():
    price = price_of("openai", "gpt-6.2-sol", datetime(2026, 11, 27, tzinfo=UTC))

    short = Usage(input=1_000, cache_read=270_000, cache_write=1_000, output=1_000, server_tool_calls=2)
    long = Usage(input=1_001, cache_read=270_000, cache_write=1_000, output=1_000)

    # 1,000 x 2 + 270,000 x 0.1 + 1,000 x 2.5 + 1,000 x 10, per million, and two searches of 0.01
    assert price.cost(short) == 61_500_000
    # 1,001 x 4 + 270,000 x 0.2 + 1,000 x 5 + 1,000 x 15, per million
    assert price.cost(long) == 78_004_000
