"""What a model costs: whole pico-dollars a token for each bucket of usage, and where such prices are found.

A price the bridge cannot find is None, never zero. A book keeps no answers of its sources: only a source knows how long
its answer holds.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tollbridge.errors import ConfigError
from tollbridge.metering.usage import Usage
from tollbridge.money import amount, parse_usd, rate, show_usd, to_nano

_PARENT = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "audio_input": "input",
    "image_input": "input",
    "audio_output": "output",
}
_MOST_USD = 1_000_000
_NANO_PER_RATE = 1_000  # one pico-dollar a token is one micro-dollar a million tokens


@dataclass(frozen=True, slots=True)
class Rates:
    """Pico-dollars a token for each bucket of `Usage`, and the dearest of each direction."""

    input: int
    cache_read: int
    cache_write: int
    cache_write_1h: int
    audio_input: int
    image_input: int
    output: int
    audio_output: int
    dearest_input: int = field(init=False, repr=False)
    dearest_output: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        written = max(self.cache_write, self.cache_write_1h)
        dearest = max(self.input, self.cache_read, written, self.audio_input, self.image_input)
        object.__setattr__(self, "dearest_input", dearest)
        object.__setattr__(self, "dearest_output", max(self.output, self.audio_output))

    @classmethod
    def of(cls, given: Mapping[str, int]) -> "Rates":
        """Fill up the rates given: a bucket without its own takes its parent's; `input` and `output` are else 0."""

        def find(bucket: str) -> int:
            if bucket in given:
                return given[bucket]
            parent = _PARENT.get(bucket)
            return find(parent) if parent is not None else 0

        return cls(**{bucket: find(bucket) for bucket in BUCKETS})


BUCKETS = tuple(f.name for f in fields(Rates) if f.init)


@dataclass(frozen=True, slots=True)
class Tier:
    """The rates of a call with more than `above` input tokens in all.  They hold for every token of it."""

    above: int
    rates: Rates


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs.

    `id` says where the price came from and which version. `tiers` ascend. `request` is nano-dollars for each call,
    `server_tool_call` for each that the provider makes of a tool of its own, such as a web search.
    `left_out` names what the provider charges for besides and no bucket counts, such as searches in stored files.
    """

    id: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    request: int = 0
    server_tool_call: int = 0
    left_out: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether the provider may charge for more than is counted here."""
        return bool(self.left_out)

    def cost(self, usage: Usage) -> int:
        """Give what a usage costs, nano-dollars, rounded up once."""
        r = self.rates
        if self.tiers:
            total = usage.input_total
            for tier in self.tiers:
                if total <= tier.above:
                    break
                r = tier.rates
        pico = (
            usage.input * r.input
            + usage.cache_read * r.cache_read
            + usage.cache_write * r.cache_write
            + usage.cache_write_1h * r.cache_write_1h
            + usage.audio_input * r.audio_input
            + usage.image_input * r.image_input
            + usage.output * r.output
            + usage.audio_output * r.audio_output
        )
        return amount(pico) + self.request + usage.server_tool_calls * self.server_tool_call

    def bound(self, input_tokens: int, output_tokens: int) -> int:
        """Give the most a call with at most so many tokens can cost, nano-dollars: `cost` is never above it.

        Every tier within reach counts, with the most tokens it can hold: a long call may be cheaper than a shorter one.
        How often the provider runs its own tools nobody knows before: that is not in it.
        """
        r, most = self.rates, 0
        for tier in self.tiers:
            if input_tokens <= tier.above:
                break
            most = max(most, tier.above * r.dearest_input + output_tokens * r.dearest_output)
            r = tier.rates
        most = max(most, input_tokens * r.dearest_input + output_tokens * r.dearest_output)
        return amount(most) + self.request

    def shown(self) -> str:
        """Write it for people, in USD per million tokens: `1.25 in, 10 out; 2.5 in, 15 out above 200000`."""
        rows = [_show(self.rates), *(f"{_show(tier.rates)} above {tier.above}" for tier in self.tiers)]
        if self.request:
            rows.append(f"{show_usd(self.request)} a call")
        if self.server_tool_call:
            rows.append(f"{show_usd(self.server_tool_call)} a server-tool call")
        return "; ".join(rows)

    def table(self) -> dict[str, object]:
        """Give it for programs, in USD as strings: each bucket for a million tokens, the others for a call."""
        tiers = [{"above": tier.above, **_table(tier.rates)} for tier in self.tiers]
        calls = {key: show_usd(getattr(self, key)) for key in _BY_CALL}
        return {**_table(self.rates), **calls, "tiers": tiers, "source": self.id}

    @classmethod
    def from_table(
        cls, table: Mapping[str, str], *, id: str, tiers: Mapping[int, Mapping[str, str]] | None = None
    ) -> "Price":
        """Read a price such as `{ input = "0.15", output = "0.60", request = "0.01" }`.

        USD per million tokens as strings; `request` is USD a call, `server_tool_call` USD for each call of a tool the
        provider runs. `tiers` hold what changes above so many input tokens in all. Without `output` the answer is free,
        as embeddings are. Raises `ConfigError` for an unknown key, a bad value, a part whose whole has no price, and an
        empty table.
        """
        given = {key: _read(key, text, id) for key, text in table.items()}
        if not given:
            raise ConfigError(f'{id}: there is no price in it; give at least one, such as input = "0.15"')
        for key in given:
            whole = "output" if key == "audio_output" else "input"
            if key in _PARENT and whole not in given:
                raise ConfigError(f"{id}: {key} is a part of {whole}, which has no price here; set {whole} too")
        by_call = {key: to_nano(given.pop(key)) for key in _BY_CALL if key in given}
        above = tuple(_tier(start, given, row, id) for start, row in sorted((tiers or {}).items()))
        request, server_tool_call = (by_call.get(key, 0) for key in _BY_CALL)
        return cls(id, _rates(given), above, request, server_tool_call)


_BY_CALL = ("request", "server_tool_call")
_KEYS = (*BUCKETS, *_BY_CALL)


def _rates(given: Mapping[str, Decimal]) -> Rates:
    return Rates.of({bucket: rate(usd) for bucket, usd in given.items()})


def _tier(start: int, base: Mapping[str, Decimal], row: Mapping[str, str], id: str) -> Tier:
    """Read the rates above so many input tokens; a bucket that is not in the row costs what it does below."""
    where = f"{id} above {start}"
    changed = {key: _read(key, text, where) for key, text in row.items()}
    for key in changed:
        if key not in base:
            raise ConfigError(f"{where}: {key} has no price below that; set it there too")
    return Tier(start, _rates({**base, **changed}))


def _read(key: str, text: object, id: str) -> Decimal:
    if key not in _KEYS:
        near = difflib.get_close_matches(key, _KEYS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"{id}: a price has no key {key!r}, only {', '.join(_KEYS)}{hint}")
    if not isinstance(text, str):
        raise ConfigError(f'{id}: {key} must be a string in USD, such as "0.15", not {text!r:.40}')
    try:
        usd = parse_usd(text)
    except ValueError as exc:
        raise ConfigError(f"{id}: {key}: {exc}") from None
    if usd > _MOST_USD:
        raise ConfigError(f"{id}: {key} = {text[:40]!r} is above {_MOST_USD} USD, which no model costs")
    if usd and not (to_nano(usd) if key in _BY_CALL else rate(usd)):
        raise ConfigError(f"{id}: {key} = {text[:40]!r} is too small to count; the least above 0 is 0.000001")
    return usd


def _table(rates: Rates) -> dict[str, str]:
    return {bucket: show_usd(getattr(rates, bucket) * _NANO_PER_RATE) for bucket in BUCKETS}


def _show(rates: Rates) -> str:
    return f"{show_usd(rates.input * _NANO_PER_RATE)} in, {show_usd(rates.output * _NANO_PER_RATE)} out"


class PriceSource(Protocol):
    """Knows prices.  Asked for every model call, so it keeps what is dear to find, for as long as that holds."""

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        """Find what a provider (by its `price_id`) asks for its model at that time; None where it is not known."""
        ...


class PriceBook:
    """The operator's own prices first, then those of the sources, in order.

    `overrides` are keyed by the name callers use for a model, and by `provider/model`.
    """

    def __init__(self, sources: Sequence[PriceSource], overrides: Mapping[str, Price]) -> None:
        self._sources = tuple(sources)
        self._overrides = dict(overrides)

    def find(self, provider: str, model: str, at: datetime, *, alias: str = "") -> Price | None:
        """Find the price of a provider's model, called `alias` by the caller; None is unpriced."""
        own = self._overrides
        if own:
            price = own.get(alias) or own.get(f"{provider}/{model}")
            if price is not None:
                return price
        for source in self._sources:
            price = source.find(provider, model, at)
            if price is not None:
                return price
        return None
