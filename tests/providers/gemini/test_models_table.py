"""Gemini's models, their limits and prices."""

from datetime import UTC, datetime

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge import Usage
from tollbridge.testing import gateway

__all__ = ["gateway"]


def test_every_model_says_where_and_when_it_was_read():
    sourced("gemini")


def test_prices_are_those_of_genai_prices():
    agrees("gemini")


def test_name_that_means_the_same_finds_its_model():
    models = installed()["gemini"].models

    assert models.get("gemini-3.1-pro-preview-customtools") is models.get("gemini-3.1-pro-preview") is not None


async def test_models_are_listed_to_who_has_the_key(gateway, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "k-1")

    await listed(gateway(), "gemini")


@pytest.mark.parametrize(
    ("model", "day", "output_usd"),
    [
        ("gemini-4-argon", datetime(2026, 11, 30, tzinfo=UTC), 10),
        ("gemini-4-argon", datetime(2026, 12, 1, tzinfo=UTC), 20),
        ("gemini-3.8-flash", datetime(2026, 12, 31, tzinfo=UTC), 3.75),
        ("gemini-3.8-flash", datetime(2027, 1, 1, tzinfo=UTC), 7.5),
    ],
)
def test_price_that_changes_on_a_day_google_named_is_left_to_who_knows_the_day(
    model: str, day: datetime, output_usd: float
):
    price = price_of("gemini", model, day)

    assert price.id.startswith("genai-prices")
    assert price.rates.output == output_usd * 1_000_000


def test_sound_and_a_search_cost_what_google_asks():
    price = price_of("gemini", "gemini-3-flash-preview", datetime(2026, 11, 27, tzinfo=UTC))

    # 1,000 x 0.5 + 1,000 x 1 + 1,000 x 3, per million, and one search of 0.014
    assert price.cost(Usage(input=1_000, audio_input=1_000, output=1_000, server_tool_calls=1)) == 18_500_000


def test_gemma_is_free_and_not_without_a_price():
    price = price_of("gemini", "gemma-4-31b-it", datetime(2026, 11, 27, tzinfo=UTC))

    assert price.cost(Usage(input=1_000_000, output=1_000_000)) == 0
