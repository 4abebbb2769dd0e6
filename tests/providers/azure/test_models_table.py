"""OpenAI's models on Azure, their limits and prices."""

from datetime import UTC, datetime

import pytest
from tests.support.priced import agrees, listed, price_of, sourced

from tollbridge.testing import gateway

__all__ = ["gateway"]

DIFFERING = dict.fromkeys(
    (
        *("gpt-6.1-sol", "gpt-6.1-terra", "gpt-6-astra", "gpt-6-sol", "gpt-6-luna"),
        *("gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna", "gpt-5.5", "gpt-5.5-pro"),
        *("gpt-5.4", "gpt-5.4-pro", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.2-pro", "gpt-5.2-codex"),
        *("gpt-5.1", "gpt-5.1-codex", "gpt-5.1-codex-max"),
        *("gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-5-pro", "gpt-5-codex"),
        *("gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini"),
    ),
    "a search with Bing costs USD 0.014; genai-prices has OpenAI's price for Azure",
)
BOTH = ("azure", "azure-deployments")


@pytest.mark.parametrize("provider", BOTH)
def test_every_model_says_where_and_when_it_was_read(provider: str):
    sourced(provider)


@pytest.mark.parametrize("provider", BOTH)
def test_prices_are_openais_but_for_a_search(provider: str):
    agrees(provider, differing=DIFFERING)


@pytest.mark.parametrize("provider", BOTH)
async def test_models_are_listed_to_who_has_the_key(provider: str, gateway, monkeypatch):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "k-1")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://mine.openai.azure.com")
    monkeypatch.setenv("OPENAI_API_VERSION", "2025-04-01-preview")

    await listed(gateway(), provider)


def test_dated_name_costs_what_genai_prices_says():
    price = price_of("azure", "gpt-5.1-2025-11-13", datetime(2026, 11, 27, tzinfo=UTC))

    assert price.id.startswith("genai-prices")
    assert (price.rates.input, price.rates.output) == (1_250_000, 10_000_000)
