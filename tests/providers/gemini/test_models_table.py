"""Gemini's models, their limits and prices."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.priced import agrees, installed, listed, price_of, sourced

from tollbridge import Usage
from tollbridge.testing import gateway

__all__ = ["gateway"]

DIFFERING = {
    "gemini-2.5-pro": "it ends on 2026-12-01, and 3.8 Flash answers at its own price",
    "gemini-2.5-flash": "it ends on 2026-12-01, and 3.5 Flash-Lite answers at its own price",
}


def test_every_model_says_where_and_when_it_was_read():
    sourced("gemini")


def test_prices_are_those_of_genai_prices_but_for_what_answers_in_place_of_2_5():
    agrees("gemini", differing=DIFFERING)


def test_name_that_means_the_same_finds_its_model():
    models = installed()["gemini"].models

    assert models.get("gemini-3.1-pro-preview-customtools") is models.get("gemini-3.1-pro-preview") is not None


async def test_models_are_listed_to_who_has_the_key(gateway, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "k-1")

    await listed(gateway(), "gemini")


@pytest.mark.parametrize(
    ("model", "last", "before_usd", "after_usd"),
    [
        ("gemini-4-carbon", "2026-11-30", 10, 20),
        ("gemini-4-argon", "2026-11-30", 10, 20),
        ("gemini-3.8-flash", "2026-12-31", 3.75, 7.5),
        ("gemini-3.7-flash", "2026-12-31", 3.75, 7.5),
        ("gemini-3.6-flash", "2026-12-31", 3.75, 7.5),
    ],
)
def test_price_doubles_after_the_last_day_of_the_first(model: str, last: str, before_usd: float, after_usd: float):
    midnight = datetime.fromisoformat(f"{last}T00:00+00:00") + timedelta(days=1)
    before, after = price_of("gemini", model, midnight - timedelta(seconds=1)), price_of("gemini", model, midnight)

    assert (before.rates.output, after.rates.output) == (before_usd * 1_000_000, after_usd * 1_000_000)
    assert after.rates.input == 2 * before.rates.input
    assert after.rates.cache_read == 2 * before.rates.cache_read
    assert after.server_tool_call == before.server_tool_call


@pytest.mark.parametrize(
    ("model", "other"), [("gemini-2.5-pro", "gemini-3.8-flash"), ("gemini-2.5-flash", "gemini-3.5-flash-lite")]
)
@pytest.mark.parametrize("day", [datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)])
def test_model_that_has_ended_costs_what_the_one_does_that_answers_for_it(model: str, other: str, day: datetime):
    ended, answering = (price_of("gemini", name, day) for name in (model, other))

    assert (ended.rates, ended.tiers, ended.server_tool_call) == (
        answering.rates,
        answering.tiers,
        answering.server_tool_call,
    )


def test_sound_and_a_search_cost_what_google_asks():
    price = price_of("gemini", "gemini-3-flash-preview", datetime(2026, 11, 27, tzinfo=UTC))

    # 1,000 x 0.5 + 1,000 x 1 + 1,000 x 3, per million, and one search of 0.014
    assert price.cost(Usage(input=1_000, audio_input=1_000, output=1_000, server_tool_calls=1)) == 18_500_000


def test_gemma_is_free_and_not_without_a_price():
    price = price_of("gemini", "gemma-4-31b-it", datetime(2026, 11, 27, tzinfo=UTC))

    assert price.cost(Usage(input=1_000_000, output=1_000_000)) == 0
