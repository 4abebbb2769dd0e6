"""Prices that providers bring along in their own `models.toml`."""

from collections.abc import Mapping
from datetime import datetime

from tollbridge.metering.prices import Price, PriceSource
from tollbridge.providers import Provider


class ProviderPrices:
    """Finds a price among the models a provider names itself."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._prices = {
            (provider.price_id, model.name): Price.from_table(model.price, id=f"{provider.name}: {model.name}")
            for provider in providers.values()
            for model in provider.models
            if model.price
        }

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        """Find the price of a provider's model."""
        return self._prices.get((provider, model))


_: type[PriceSource] = ProviderPrices
