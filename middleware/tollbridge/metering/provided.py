"""Prices that providers bring along in their own `models.toml`."""

from collections.abc import Mapping
from datetime import datetime

from tollbridge.metering.prices import Price, PriceSource
from tollbridge.models import Model
from tollbridge.providers import Provider


class ProviderPrices:
    """Finds a price among the models a provider names itself."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._prices = {
            (provider.price_id, name): _priced(provider, model)
            for provider in providers.values()
            for model in provider.models
            if model.price
            for name in (model.name, *model.also)
        }

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        """Find the price of a provider's model."""
        return self._prices.get((provider, model))


def _priced(provider: Provider, model: Model) -> Price:
    """Compile a price; its id says where and when it was read."""
    read = f" ({' '.join(str(said) for said in (model.source, model.checked) if said)})" if model.source else ""
    return Price.from_table(model.price, id=f"{provider.name}: {model.name}{read}", tiers=model.tiers)


_: type[PriceSource] = ProviderPrices
