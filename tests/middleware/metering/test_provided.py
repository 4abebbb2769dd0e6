"""Prices that providers bring along."""

from datetime import UTC, datetime

import pytest

from tollbridge.errors import ConfigError
from tollbridge.metering.provided import ProviderPrices
from tollbridge.providers import Model, Models, Provider

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def sold(**price: str) -> Provider:
    models = Models({"large": Model("large", price), "free-of-price": Model("free-of-price")})
    return Provider("acme", base_url="https://acme.example", models=models, price_id="acme-inc")


def test_price_is_found_by_the_providers_id_in_price_data() -> None:
    prices = ProviderPrices({"acme": sold(input="0.59", output="0.79")})

    found = prices.find("acme-inc", "large", NOW)

    assert found is not None
    assert (found.id, found.rates.input, found.rates.output) == ("acme: large", 590_000, 790_000)
    assert prices.find("acme", "large", NOW) is None


@pytest.mark.parametrize("model", ["free-of-price", "unheard-of"])
def test_model_without_a_price_of_its_own_has_none_here(model) -> None:
    assert ProviderPrices({"acme": sold(input="1")}).find("acme-inc", model, NOW) is None


def test_price_that_cannot_be_read_names_provider_and_model() -> None:
    with pytest.raises(ConfigError, match="acme: large"):
        ProviderPrices({"acme": sold(inptu="1")})
