"""What a model costs: whole pico-dollars a token for each bucket of usage, and where such prices are found.

A price the bridge cannot find is None, never zero. Nothing is kept here between calls: only a source knows how long
its answer holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal

from tollbridge.errors import ConfigError
from tollbridge.metering.usage import Usage
from tollbridge.money import amount, rate, show_usd, to_nano

_PARENT = {
    "cache_read": "input",
    "cache_write": "input",
    "cache_write_1h": "cache_write",
    "audio_input": "input",
    "image_input": "input",
    "audio_output": "output",
}
_DEAREST_USD = Decimal(1_000_000)
_NANO_PER_RATE = 1_000  # a pico-dollar a token is a micro-dollar a million tokens


@dataclass(frozen=True, slots=True)
class Rates:
    """Pico-dollars a token for each bucket of `Usage`.  The dearest of each direction is worked out once."""

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
        inputs = (self.input, self.cache_read, self.cache_write, self.cache_write_1h, self.audio_input)
        object.__setattr__(self, "dearest_input", max(*inputs, self.image_input))
        object.__setattr__(self, "dearest_output", max(self.output, self.audio_output))

    @classmethod
    def of(cls, given: Mapping[str, int]) -> "Rates":
        """Make rates of those given; a bucket without its own takes its parent's, `input` and `output` without are 0."""

        def find(bucket: str) -> int:
            own = given.get(bucket)
            if own is not None:
                return own
            return find(_PARENT[bucket]) if bucket in _PARENT else 0

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

    `id` says where the price came from and which version. `tiers` ascend. `request` is nano-dollars for each call.
    `left_out` names what the provider also charges for and no bucket counts, such as web searches.
    """

    id: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()
    request: int = 0
    left_out: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether a call can cost more than is counted here."""
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
        return amount(pico) + self.request

    def bound(self, input_tokens: int, output_tokens: int) -> int:
        """Give the most a call with at most so many tokens can cost, nano-dollars: no `cost` of one is above it.

        A cheaper tier for long calls counts as far as it reaches, so the bound never falls when a count grows.
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
        """Write the price for people, in USD a million tokens: `0.15 in, 0.6 out`."""
        text = f"{_show_rate(self.rates.input)} in, {_show_rate(self.rates.output)} out"
        if self.tiers:
            text += (
                f", dearer above {self.tiers[0].above} in"
                if self._rises()
                else f", other above {self.tiers[0].above} in"
            )
        if self.request:
            text += f", {show_usd(self.request)} a call"
        return text

    @classmethod
    def from_table(cls, table: Mapping[str, str], *, id: str) -> "Price":
        """Read a price such as `{ input = "0.15", output = "0.60", request = "0.01" }`.

        USD per million tokens as strings; `request` is USD a call. Without `output` what comes out is free, as of an
        embedding model. Raises `ConfigError` naming `id` and the key for an unknown key, a bad value, a bucket without
        the one it is part of, and an empty table.
        """
        given: dict[str, Decimal] = {key: _read(key, text, id) for key, text in table.items()}
        if not given:
            raise ConfigError(f'{id}: no price is given; set at least one, such as input = "0.15"')
        for key in given:
            parent = _PARENT.get(key)
            if parent is not None and _PARENT.get(parent, parent) not in given:
                raise ConfigError(f"{id}: {key} is a part of {_PARENT.get(parent, parent)}, which has no price")
        request = to_nano(given.pop("request", Decimal(0)))
        return cls(id, Rates.of({bucket: rate(usd) for bucket, usd in given.items()}), request=request)
