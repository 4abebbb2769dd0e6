"""Prices that providers bring along in their own `models.toml`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from operator import attrgetter

from tollbridge.metering.prices import Price, PriceSource
from tollbridge.models import Model, Tiers
from tollbridge.providers import Provider

Dated = tuple[datetime | None, Price]
"""A price and since when it holds; None for ever."""


class ProviderPrices:
    """Finds a price among the models a provider names itself.

    The tables of those `offered` are compiled at once, others when one of their models is first asked for. Raises
    `ConfigError` for a table that is wrong.
    """

    def __init__(self, providers: Mapping[str, Provider], *, offered: Iterable[Provider] = ()) -> None:
        self._providers: dict[str, list[Provider]] = {}
        for provider in providers.values():
            self._providers.setdefault(provider.price_id, []).append(provider)
        self._prices = {id: self._compiled(id) for id in {provider.price_id for provider in offered}}

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        """Find the price of a provider's model that holds at that time."""
        known = self._prices.get(provider)
        if known is None:
            known = self._prices[provider] = self._compiled(provider)
        prices = known.get(model)
        if prices is None:
            return None
        return next(price for since, price in prices if since is None or at >= since)

    def _compiled(self, id: str) -> Mapping[str, Sequence[Dated]]:
        """Compile the prices of providers that share this id, by every name a model has."""
        return {
            name: prices
            for provider in self._providers.get(id, ())
            for model in provider.models
            if model.price
            for prices in (_priced(provider, model),)
            for name in (model.name, *model.also)
        }


def _priced(provider: Provider, model: Model) -> Sequence[Dated]:
    """Compile the prices of a model, the latest first; the id says where and when it was read."""
    read = f" ({' '.join(str(said) for said in (model.source, model.checked) if said)})" if model.source else ""
    id = f"{provider.name}: {model.name}{read}"
    price, tiers = dict(model.price), model.tiers
    found: list[Dated] = [(None, _compiled(price, tiers, id, model))]
    for change in sorted(model.changes, key=attrgetter("day")):
        price |= change.price
        tiers = tiers if change.tiers is None else change.tiers
        since = datetime.combine(change.day, time(), UTC)
        found.append((since, _compiled(price, tiers, f"{id} from {change.day}", model)))
    return found[::-1]


def _compiled(price: Mapping[str, str], tiers: Tiers, id: str, model: Model) -> Price:
    return replace(Price.from_table(price, id=id, tiers=tiers), left_out=model.left_out)


_: type[PriceSource] = ProviderPrices
