from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import ConfigError
from tollbridge.metering.prices import BUCKETS, Price, PriceBook, Rates, Tier
from tollbridge.metering.usage import Usage

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINI = Price.from_table({"input": "0.15", "output": "0.60"}, id="config")

rates = st.builds(Rates.of, st.dictionaries(st.sampled_from(BUCKETS), st.integers(0, 10**9)))
tiers = st.lists(st.builds(Tier, st.integers(0, 300), rates), max_size=3, unique_by=lambda tier: tier.above).map(
    lambda found: tuple(sorted(found, key=lambda tier: tier.above))
)
prices = st.builds(Price, st.just("any"), rates, tiers, st.integers(0, 10**9))
usages = st.builds(Usage, **{name: st.integers(0, 400) for name in Usage.__struct_fields__})


def test_cost_is_the_sum_over_the_buckets():
    price = Price.from_table(
        {"input": "3", "cache_read": "0.30", "cache_write": "3.75", "cache_write_1h": "6", "output": "15"}, id="config"
    )
    usage = Usage(input=1000, cache_read=8000, cache_write=1000, cache_write_1h=100, output=100, reasoning=50)

    # 3,000 + 2,400 + 3,750 + 600 + 1,500 micro-dollars
    assert price.cost(usage) == 11_250_000


def test_cost_is_rounded_up_once():
    # 7 x 150,000 pico-dollars are 1,050 nano-dollars; 1 x 1.5 nano-dollars is rounded up to 2.
    assert MINI.cost(Usage(input=7)) == 1_050
    assert Price.from_table({"input": "0.0015"}, id="config").cost(Usage(input=1)) == 2
    assert Price.from_table({"input": "0.0015", "output": "0.0015"}, id="config").cost(Usage(input=1, output=1)) == 3


def test_nothing_used_costs_nothing_but_the_call():
    assert MINI.cost(Usage()) == 0
    assert Price.from_table({"request": "0.01"}, id="config").cost(Usage()) == 10_000_000


@given(prices, usages)
def test_cost_equals_exact_arithmetic(price, usage):
    found = price.rates
    for tier in price.tiers:
        if usage.input_total > tier.above:
            found = tier.rates
    nano = sum(Fraction(getattr(usage, bucket) * getattr(found, bucket), 1000) for bucket in BUCKETS)

    assert price.cost(usage) == ceil(nano) + price.request


@given(prices, usages)
def test_no_cost_is_above_its_bound(price, usage):
    assert price.cost(usage) <= price.bound(usage.input_total, usage.output_total)


@given(prices, st.integers(0, 400), st.integers(0, 400), st.integers(0, 99), st.integers(0, 99))
def test_bound_never_falls_when_a_count_grows(price, inputs, outputs, more_in, more_out):
    assert price.bound(inputs, outputs) <= price.bound(inputs + more_in, outputs + more_out)


@given(prices, st.integers(0, 400), st.integers(0, 400))
def test_bound_is_reached_by_some_usage(price, inputs, outputs):
    ends = {inputs, *(tier.above for tier in price.tiers if tier.above < inputs)}
    costs = [
        price.cost(Usage(**{bucket: count, out: outputs}))
        for count in ends
        for bucket in BUCKETS[:6]
        for out in BUCKETS[6:]
    ]

    assert max(costs) == price.bound(inputs, outputs)


def test_tier_begins_above_its_threshold_and_holds_for_all_tokens():
    low, high = (
        Rates.of({"input": 1_250_000, "output": 10_000_000}),
        Rates.of({"input": 2_500_000, "output": 15_000_000}),
    )
    price = Price("any", low, (Tier(200_000, high),))

    assert price.cost(Usage(input=200_000, output=1)) == 250_000_000 + 10_000
    assert price.cost(Usage(input=150_000, cache_read=50_001, output=1)) == 500_002_500 + 15_000
    assert price.bound(200_000, 1) == 250_010_000
    assert price.bound(200_001, 1) == 500_017_500


def test_cheaper_tier_leaves_the_bound_where_it_was():
    price = Price("any", Rates.of({"input": 2_000_000}), (Tier(1000, Rates.of({"input": 1_000_000})),))

    # 1,000 tokens at 2,000 nano-dollars are more than 1,001 at 1,000.
    assert price.bound(1001, 0) == price.bound(1000, 0) == 2_000_000


def test_bucket_without_a_rate_takes_its_parents():
    found = Rates.of({"input": 5, "cache_write": 7, "output": 9})

    assert found == Rates(
        input=5,
        cache_read=5,
        cache_write=7,
        cache_write_1h=7,
        audio_input=5,
        image_input=5,
        output=9,
        audio_output=9,
    )
    assert (found.dearest_input, found.dearest_output) == (7, 9)
    assert Rates.of({"input": 5}).cache_write_1h == 5
    assert Rates.of({}) == Rates(*[0] * 8)


def test_rate_of_zero_is_a_rate():
    assert Price.from_table({"input": "3", "cache_read": "0"}, id="config").cost(Usage(cache_read=1000)) == 0


def test_price_is_frozen_and_whole_by_itself():
    assert (MINI.id, MINI.partial, MINI.left_out) == ("config", False, ())
    assert Price("any", MINI.rates, left_out=("web_searches",)).partial
    with pytest.raises(FrozenInstanceError):
        MINI.request = 1


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ({"input": "0.15", "output": "0.60"}, "0.15 in, 0.6 out"),
        ({"input": "3"}, "3 in, 0 out"),
        ({"request": "0.01"}, "0 in, 0 out; 0.01 a call"),
        ({"input": "3", "server_tool_call": "0.01"}, "3 in, 0 out; 0.01 a server-tool call"),
    ],
)
def test_price_is_shown_in_dollars_per_million(table, shown):
    assert Price.from_table(table, id="config").shown() == shown


def test_price_is_a_table_of_strings_with_its_source():
    price = Price.from_table({"input": "0.15", "output": "0.60", "cache_read": "0.075", "request": "0.01"}, id="mine")
    tiered = replace(price, tiers=(Tier(1000, price.rates),))

    table = tiered.table()

    assert (table["input"], table["output"], table["cache_read"]) == ("0.15", "0.6", "0.075")
    assert (table["request"], table["source"]) == ("0.01", "mine")
    assert table["tiers"] == [{"above": 1000, **{bucket: table[bucket] for bucket in BUCKETS}}]


def test_tiers_are_shown():
    price = Price("any", Rates.of({"input": 1_250_000}), (Tier(200_000, Rates.of({"input": 2_500_000})),))

    assert price.shown() == "1.25 in, 0 out; 2.5 in, 0 out above 200000"


def test_calls_of_the_providers_own_tools_cost_what_each_costs():
    price = Price.from_table({"input": "1", "server_tool_call": "0.01"}, id="config")

    assert price.cost(Usage(input=10, server_tool_calls=3)) == 10_000 + 30_000_000


def test_tiers_of_a_table_change_what_they_name_and_leave_the_rest():
    price = Price.from_table(
        {"input": "1", "cache_read": "0.1", "output": "4"}, id="mine", tiers={500: {"input": "3"}, 200: {"input": "2"}}
    )

    assert price.shown() == "1 in, 4 out; 2 in, 4 out above 200; 3 in, 4 out above 500"
    assert [tier.rates.cache_read for tier in price.tiers] == [100_000, 100_000]
    assert price.cost(Usage(input=201, output=1)) == 201 * 2_000 + 4_000


def test_tier_of_what_has_no_price_below_it_is_refused_with_its_place():
    with pytest.raises(ConfigError, match=r"^mine above 200: output has no price below that; set it there too$"):
        Price.from_table({"input": "1"}, id="mine", tiers={200: {"output": "3"}})


def test_unknown_key_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError) as refused:
        Price.from_table({"imput": "1"}, id="config: fast")

    assert str(refused.value) == (
        "config: fast: a price has no key 'imput', only input, cache_read, cache_write, cache_write_1h, audio_input, "
        "image_input, output, audio_output, request, server_tool_call; did you mean 'input'?"
    )


def test_key_like_no_other_is_refused_without_a_guess():
    with pytest.raises(ConfigError, match=r"no key 'zzz'.*server_tool_call$"):
        Price.from_table({"zzz": "1"}, id="config")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "config: there is no price in it"),
        ({"input": "free"}, "config: input: 'free' is not an amount"),
        ({"input": "-1"}, "config: input: '-1' is not an amount in US dollars of at least 0"),
        ({"input": "nan"}, "config: input: 'nan' is not an amount"),
        ({"input": 0.15}, 'config: input must be a string in USD, such as "0.15", not 0.15'),
        ({"input": "1000000.01"}, "config: input = '1000000.01' is above 1000000 USD"),
        ({"input": "1e999999999"}, "config: input: '1e999999999' is not an amount in US dollars of at least 0"),
        ({"input": "0.0000001"}, "config: input = '0.0000001' is too small to count"),
        ({"request": "0.0000000001"}, "config: request = '0.0000000001' is too small to count"),
        ({"output": "1", "cache_read": "0.1"}, "config: cache_read is a part of input, which has no price here"),
        ({"cache_write": "1", "cache_write_1h": "2"}, "is a part of input, which has no price here"),
        ({"input": "1", "audio_output": "2"}, "config: audio_output is a part of output, which has no price here"),
    ],
)
def test_bad_table_is_refused_by_name(table, said):
    with pytest.raises(ConfigError) as refused:
        Price.from_table(table, id="config")

    assert said in str(refused.value)


@given(st.dictionaries(st.sampled_from((*BUCKETS, "request", "inptu")), st.text(max_size=8) | st.just("1")))
def test_any_table_is_read_or_refused(table):
    try:
        price = Price.from_table(table, id="config")
    except ConfigError:
        return
    assert price.cost(Usage(input=1)) >= price.request >= 0


@given(st.decimals(0, 1000, places=6))
def test_rate_read_is_the_price_exactly(usd):
    price = Price.from_table({"input": str(usd)}, id="config")

    # A million tokens at `usd` a million cost `usd`, in nano-dollars.
    assert price.cost(Usage(input=1_000_000)) == usd * 10**9


class Listed:
    """A source with the prices given, by provider and model, that remembers what it was asked."""

    def __init__(self, **known: Price) -> None:
        self.known = known
        self.asked: list[tuple[str, str, datetime]] = []

    def find(self, provider: str, model: str, at: datetime) -> Price | None:
        self.asked.append((provider, model, at))
        return self.known.get(f"{provider}_{model}")


def priced(id: str) -> Price:
    return Price.from_table({"input": "1"}, id=id)


def test_public_names_price_comes_before_the_targets_and_both_before_the_sources():
    source = Listed(openai_gpt=priced("source"), openai_o1=priced("source"))
    book = PriceBook([source], {"fast": priced("by name"), "openai/gpt": priced("by target")})

    assert book.find("openai", "gpt", NOON, alias="fast").id == "by name"
    assert book.find("openai", "gpt", NOON, alias="slow").id == "by target"
    assert book.find("openai", "gpt", NOON).id == "by target"
    assert source.asked == []
    assert book.find("openai", "o1", NOON).id == "source"


def test_targets_own_name_is_not_taken_for_a_public_name():
    # `gpt` is a local model's public name here, and free; OpenAI's model of that name is not.
    book = PriceBook([Listed()], {"gpt": priced("local")})

    assert book.find("openai", "gpt", NOON, alias="best") is None


def test_sources_are_asked_in_order_until_one_knows():
    first, second, third = Listed(a_m=priced("1")), Listed(a_m=priced("2"), b_m=priced("2")), Listed(b_m=priced("3"))
    book = PriceBook([first, second, third], {})

    assert book.find("a", "m", NOON).id == "1"
    assert book.find("b", "m", NOON).id == "2"
    assert book.find("c", "m", NOON) is None
    assert [len(source.asked) for source in (first, second, third)] == [3, 2, 1]


def test_answer_of_a_source_is_asked_for_anew_at_each_time():
    source = Listed(a_m=priced("before"))
    book = PriceBook([source], {})
    assert book.find("a", "m", NOON).id == "before"
    source.known["a_m"] = priced("after")

    assert book.find("a", "m", NOON).id == "after"


def test_book_keeps_the_overrides_it_was_given():
    own = {"fast": priced("then")}
    book = PriceBook([], own)
    own["fast"] = priced("now")

    assert book.find("openai", "gpt", NOON, alias="fast").id == "then"
