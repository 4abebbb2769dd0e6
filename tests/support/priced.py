"""What every package's table of models is held against: its own promises, and the rates genai-prices has."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import cache
from types import MappingProxyType

from tollbridge.metering.genai import GenaiPrices
from tollbridge.metering.prices import Price, PriceBook
from tollbridge.metering.provided import ProviderPrices
from tollbridge.models import Model
from tollbridge.plugins import Plugins
from tollbridge.providers import Provider
from tollbridge.testing.gateway import GatewayUnderTest

_NONE: Mapping[str, str] = MappingProxyType({})
_END = datetime(2100, 1, 1, 12, tzinfo=UTC)


@cache
def installed() -> Mapping[str, Provider]:
    """Give the providers of the installed plugins, by name."""
    return Plugins().register_all().providers


@cache
def _genai() -> GenaiPrices:
    return GenaiPrices()


def sourced(provider: str) -> None:
    """Check that each model of a provider says where it was read and when, and that its numbers can be."""
    models = list(installed()[provider].models)
    assert models, f"{provider} names no models"
    for model in models:
        assert model.source.startswith("https://"), (model.name, model.source)
        assert model.checked is not None, model.name
        assert model.context is None or model.context > 0, model.name
        assert model.max_output is None or model.max_output > 0, model.name
        assert not model.tiers or model.price, model.name


def agrees(provider: str, *, under: str = "", differing: Mapping[str, str] = _NONE) -> None:
    """Check that a provider's prices are those genai-prices has for the same names, under its `price_id` or `under`.

    So is what no bucket counts. Compared are the prices of the day the model was `checked`, those just before and after
    each of its changes, and those of a day by which all that is known to change has changed.
    `differing` names the models that are known to differ, each with the reason: one more or one less of them fails. A
    model differs where any of its names does.
    """
    host = installed()[provider]
    ours = ProviderPrices({provider: host})
    found: dict[str, list[str]] = {}
    compared = 0
    for model in host.models:
        for name in (model.name, *model.also):
            for at in _times(model):
                own, theirs = ours.find(host.price_id, name, at), _genai().find(under or host.price_id, name, at)
                if own is None or theirs is None:
                    continue
                compared += 1
                unlike = _unlike(own, theirs)
                if unlike:
                    found.setdefault(model.name, []).append(f"{name}: {unlike} in {theirs.id} at {at:%Y-%m-%d %H:%M}")
    assert compared, f"genai-prices knows no model of {provider}: there is nothing to compare"
    new = [line for name in found.keys() - differing for line in found[name]]
    assert not new, "\n".join(["these differ and are not in the list:", *new])
    gone = sorted(differing.keys() - found)
    assert not gone, f"these are in the list and do not differ: {gone}"
    assert all(differing.values()), "each difference needs its reason"


def price_of(provider: str, model: str, at: datetime) -> Price:
    """Give the price of a provider's model as a gateway finds it: in the packages' tables, then in genai-prices."""
    book = PriceBook([ProviderPrices(installed()), _genai()], {})
    price = book.find(installed()[provider].price_id, model, at)
    assert price is not None, (provider, model)
    return price


async def listed(gateway: GatewayUnderTest, provider: str) -> None:
    """Check that `GET /v1/models` of a gateway that offers the provider names each of its models."""
    answer = await gateway.request("GET", "/v1/models")

    assert answer.status_code == 200, answer.text
    names = {entry["id"] for entry in answer.json()["data"]}
    assert names >= {f"{provider}/{model.name}" for model in installed()[provider].models}


def _times(model: Model) -> Iterator[datetime]:
    assert model.checked is not None, model.name
    yield datetime.combine(model.checked, time(12), UTC)
    for change in model.changes:
        since = datetime.combine(change.day, time(), UTC)
        yield since - timedelta(seconds=1)
        yield since
    yield _END


def _unlike(own: Price, theirs: Price) -> str:
    """Name what differs: `output 10 here, 12`.  A charge by the call that genai-prices lacks is no difference."""
    here, there = ({**price.table(), "left_out": sorted(price.left_out)} for price in (own, theirs))
    ignored = {"source", *(key for key in ("request", "server_tool_call") if there[key] == "0")}
    return ", ".join(
        f"{key} {here[key]} here, {there[key]}" for key in here if key not in ignored and here[key] != there[key]
    )
