"""Prices from the installed genai-prices data, compiled to whole numbers at first use.

They equal `genai_prices.calc_price` for every row of its data but these: standard processing only (no batch, flex,
priority); a price finer than a micro-dollar is rounded to it; what no bucket counts is named in `Price.left_out`; a row
without a price for tokens or calls is unpriced, not free; a provider has to be named exactly by its id.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from tollbridge.metering.prices import Price, PriceSource, Rates, Tier
from tollbridge.money import rate, to_nano

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

_BUCKET_OF = {
    "input_mtok": "input",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "input_image_mtok": "image_input",
    "output_mtok": "output",
    "output_audio_mtok": "audio_output",
}
_CALL_OF = {"requests_kcount": "request", "web_searches_kcount": "server_tool_call"}
_KEPT = 2048
_LONGEST_NAME = 256
_DATE = re.compile(r"[-@]20\d\d(-?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])$")

Row = tuple[Callable[[datetime], bool], Price | None]


class GenaiPrices:
    """Finds prices in the data of genai-prices.  Making one takes 0.4 s the first time: it imports the data."""

    def __init__(self) -> None:
        from genai_prices import __version__
        from genai_prices.data import providers

        self._version = __version__
        self._providers = providers
        self._by_id = {provider.id: provider for provider in providers}
        self._rows = lru_cache(maxsize=_KEPT)(self._compile)

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        """Find the price that holds at that time: the last row whose condition is met.

        A model with a date behind its name that is not in the data costs what the model without it does.
        """
        if len(model) > _LONGEST_NAME:
            return None
        for holds, price in self._rows(provider, model):
            if holds(at):
                return price
        return None

    def _compile(self, provider: str, model: str) -> tuple[Row, ...]:
        """Give a model's rows, each with when it holds, in the order to try them: the choice itself is never kept."""
        host = self._by_id.get(provider)
        info = self._find_model(host, model) if host is not None else None
        if info is None:
            return ()
        id = f"genai-prices {self._version}: {self._owner(info)}/{info.id}"
        if not isinstance(info.prices, list):
            return ((_always, compile_row(info.prices, id)),)
        rows: list[Row] = [
            (_always if row.constraint is None else row.constraint.active, compile_row(row.prices, id))
            for row in reversed(info.prices)
        ]
        rows.append((_always, rows[-1][1]))  # where no condition is met the first price holds
        return tuple(rows)

    def _find_model(self, host: "Provider", name: str) -> "ModelInfo | None":
        found = host.find_model(name, all_providers=self._providers)
        undated = _DATE.sub("", name)
        if found is None and undated != name:
            return host.find_model(undated, all_providers=self._providers)
        return found

    def _owner(self, info: "ModelInfo") -> str:
        """Name the provider whose price list the model stands in: Azure's OpenAI models stand in OpenAI's."""
        return next(p.id for p in self._providers if any(model is info for model in p.models))


_: type[PriceSource] = GenaiPrices


def compile_row(row: "ModelPrice", id: str) -> Price | None:
    """Compile one row of prices; None where it has none for tokens or calls, as for a model paid by the minute."""
    given: dict[str, Decimal | TieredPrices] = {key: value for key, value in vars(row).items() if value is not None}
    ours = {bucket: given.pop(key) for key, bucket in _BUCKET_OF.items() if key in given}
    by_call: dict[str, int] = {}
    for key, name in _CALL_OF.items():
        price = given.get(key)
        if isinstance(price, Decimal):
            by_call[name] = to_nano(price / 1000)
            del given[key]
    if not ours and "request" not in by_call:
        return None
    starts = sorted({start for price in ours.values() for start in _starts(price)})
    return Price(
        id,
        Rates.of({bucket: _rate(price, 0) for bucket, price in ours.items()}),
        tuple(Tier(start, Rates.of({b: _rate(price, start + 1) for b, price in ours.items()})) for start in starts),
        left_out=tuple(key.removesuffix("_mtok").removesuffix("_kcount") for key, price in given.items() if price != 0),
        **by_call,
    )


def _always(at: datetime) -> bool:
    return True


def _starts(price: "Decimal | TieredPrices") -> list[int]:
    return [] if isinstance(price, Decimal) else [tier.start for tier in price.tiers]


def _rate(price: "Decimal | TieredPrices", input_tokens: int) -> int:
    """Give the rate for a call with so many input tokens in all."""
    if isinstance(price, Decimal):
        return rate(price)
    found = price.base
    for tier in price.tiers:
        if input_tokens > tier.start:
            found = tier.price
    return rate(found)
