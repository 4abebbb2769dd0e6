import json
import os
import random
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import genai_prices
import pytest
from genai_prices import calc_price
from genai_prices.data import providers
from genai_prices.types import (
    ModelPrice,
    PriceCalculation,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from tollbridge.metering.genai import _BUCKET_OF, GenaiPrices, compile_row
from tollbridge.metering.prices import Price
from tollbridge.metering.usage import Usage

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
NANO = Decimal(10**9)
LARGEST = 600_000

PRICED = [
    pytest.param(provider, id=provider.id) for provider in providers if any(model.prices for model in provider.models)
]


@pytest.fixture(scope="module")
def source() -> GenaiPrices:
    return GenaiPrices()


def theirs(usage: Usage) -> genai_prices.Usage:
    """Say the same usage in the words of genai-prices, where a whole includes its parts."""
    written = usage.cache_write + usage.cache_write_1h
    return genai_prices.Usage(
        input_tokens=usage.input_total,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=written,
        cache_write_1h_tokens=usage.cache_write_1h,
        input_audio_tokens=usage.audio_input,
        input_image_tokens=usage.image_input,
        cache_audio_read_tokens=0,
        cache_image_read_tokens=0,
        output_tokens=usage.output_total,
        output_audio_tokens=usage.audio_output,
    )


def some_usages(seed: str) -> list[Usage]:
    chosen = random.Random(seed)

    def count(*sizes: int) -> int:
        return chosen.choice((0, 1, chosen.randrange(1000), *sizes, chosen.randrange(LARGEST)))

    return [
        Usage(input=1, output=1),
        Usage(input=chosen.randrange(1, 10_000), output=chosen.randrange(10_000)),
        Usage(
            input=count(),
            cache_read=count(100_000),
            cache_write=count(),
            cache_write_1h=count(),
            audio_input=count(),
            image_input=count(),
            output=count(),
            audio_output=count(),
        ),
    ]


def is_fine(row: ModelPrice) -> bool:
    """Whether a row has a price for tokens finer than a micro-dollar a million, which is rounded."""
    finest = Decimal("0.000001")
    values = [value for key, value in vars(row).items() if value is not None and key in _BUCKET_OF]
    amounts = [
        v for value in values for v in ([value] if isinstance(value, Decimal) else [t.price for t in value.tiers])
    ]
    return any(value % finest for value in amounts)


def calculated(provider: str, model: str, usage: Usage, at: datetime) -> PriceCalculation | None:
    """Ask genai-prices; None where it knows no such model, as for some names of its own list."""
    try:
        return calc_price(theirs(usage), model, provider_id=provider, genai_request_timestamp=at)
    except LookupError:
        return None


def check(price: Price, usage: Usage, expected: Decimal, row: ModelPrice) -> None:
    exact = int((expected * NANO).to_integral_value(ROUND_CEILING))
    if is_fine(row):
        # Each token is off by half a pico-dollar at most, and the sum by one nano-dollar in rounding.
        assert abs(price.cost(usage) - exact) <= usage.total // 2000 + 1
    else:
        assert price.cost(usage) == exact
    assert price.cost(usage) <= price.bound(usage.input_total, usage.output_total)


@pytest.mark.parametrize("provider", PRICED)
def test_every_row_costs_what_genai_prices_says(provider):
    for model in provider.models:
        rows = [row.prices for row in model.prices] if isinstance(model.prices, list) else [model.prices]
        for number, row in enumerate(rows):
            price = compile_row(row, "any")
            for usage in some_usages(f"{provider.id}/{model.id}/{number}"):
                expected = row.calc_price(theirs(usage))["total_price"]
                if price is None:
                    assert expected == 0
                else:
                    check(price, usage, expected, row)


@pytest.mark.untraced
@pytest.mark.parametrize("provider", PRICED)
def test_every_model_is_found_as_genai_prices_finds_it(source, provider):
    for model in provider.models:
        price = source.find(provider.id, model.id, AT)
        usage = Usage(input=1000, cache_read=200, output=500)
        found = calculated(provider.id, model.id, usage, AT)
        if price is None:
            assert found is None or found.total_price == 0
        else:
            assert price.id == f"genai-prices {genai_prices.__version__}: {provider.id}/{found.model.id}"
            check(price, usage, found.total_price, found.model_price)


def test_unpriced_rows_are_those_without_tokens_or_calls():
    rows = [
        row
        for provider in providers
        for model in provider.models
        for row in ([c.prices for c in model.prices] if isinstance(model.prices, list) else [model.prices])
    ]
    unpriced = [row for row in rows if compile_row(row, "any") is None]

    assert len(rows) > 2_000
    assert 0 < len(unpriced) < len(rows) / 10
    for row in unpriced:
        kinds = {key.rpartition("_")[2] for key, value in vars(row).items() if value is not None}
        assert kinds <= {"hours", "kpages", "mchars", "kcount"}


def test_no_price_above_zero_is_rounded_to_zero():
    for provider in providers:
        for model in provider.models:
            for row in [c.prices for c in model.prices] if isinstance(model.prices, list) else [model.prices]:
                price = compile_row(row, "any")
                for key, bucket in _BUCKET_OF.items():
                    value = getattr(row, key)
                    least = value if isinstance(value, Decimal) else getattr(value, "base", Decimal(0))
                    assert not least or getattr(price.rates, bucket) > 0


CONDITIONAL = [
    (provider.id, model)
    for provider in providers
    for model in provider.models
    if isinstance(model.prices, list) and any(row.constraint is not None for row in model.prices)
]


def turning_points(model) -> list[datetime]:
    """Give the moments at which a condition of the model begins or ends, on a day after all its starts."""
    found = []
    for row in model.prices:
        if isinstance(row.constraint, StartDateConstraint):
            found.append(datetime.combine(row.constraint.start_date, time(), UTC))
        elif isinstance(row.constraint, TimeOfDateConstraint):
            for at in (row.constraint.start_time, row.constraint.end_time):
                found += [datetime.combine(day, at) for day in (AT.date(), AT.date() + timedelta(1))]
    return found


def test_price_changes_at_the_moment_its_condition_does(source):
    usage, before = Usage(input=1000, output=500), timedelta(microseconds=1)
    changes = 0
    for provider, model in CONDITIONAL:
        for moment in turning_points(model):
            costs = []
            for at in (moment - before, moment, moment + before, moment - before):
                found = calculated(provider, model.id, usage, at)
                price = source.find(provider, model.id, at)
                if price is None:
                    assert found is None or found.total_price == 0
                else:
                    check(price, usage, found.total_price, found.model_price)
                    costs.append(price.cost(usage))
            changes += len(set(costs)) > 1

    assert changes > 50


def test_price_by_the_hour_comes_and_goes(source):
    cheap = source.find("deepseek", "deepseek-chat", AT.replace(hour=20))
    dear = source.find("deepseek", "deepseek-chat", AT.replace(hour=12))

    assert {cheap.id, dear.id} == {f"genai-prices {genai_prices.__version__}: deepseek/deepseek-chat"}
    assert cheap.rates.input != dear.rates.input
    assert source.find("deepseek", "deepseek-chat", AT.replace(hour=20)) is cheap
    assert source.find("deepseek", "deepseek-chat", AT.replace(hour=12)) is dear


def test_first_price_holds_where_no_condition_is_met():
    one, two = ModelPrice(input_mtok=Decimal(1)), ModelPrice(input_mtok=Decimal(2))
    late = StartDateConstraint(start_date=datetime(2030, 1, 1).date())
    later = StartDateConstraint(start_date=datetime(2031, 1, 1).date())
    source = GenaiPrices()
    openai = source._by_id["openai"]
    model = type(openai.models[0])
    conditional = type(CONDITIONAL[0][1].prices[0])
    info = model(
        id="new",
        match=openai.models[0].match,
        prices=[conditional(constraint=late, prices=one), conditional(constraint=later, prices=two)],
    )
    source._find_model = lambda host, name: info
    source._owner = lambda info: "openai"

    assert source.find("openai", "new", AT).rates.input == 1_000_000
    assert info.get_prices(AT) is one


@pytest.mark.parametrize(
    ("provider", "model", "named"),
    [
        ("openai", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("openai", "gpt-4o-mini-2031-02-28", "openai/gpt-4o-mini"),
        ("openai", "gpt-4o-mini-20310228", "openai/gpt-4o-mini"),
        ("openai", "GPT-4o-mini", "openai/gpt-4o-mini"),
        ("anthropic", "claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        ("google", "claude-sonnet-4-5@20250929", "google/claude-sonnet-4-5"),
        ("azure", "gpt-4o", "openai/gpt-4o"),
    ],
)
def test_dated_name_costs_what_its_model_does(source, provider, model, named):
    assert source.find(provider, model, AT).id == f"genai-prices {genai_prices.__version__}: {named}"


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-4o-mini-2031-02-99"),
        ("openai", "gpt-4o-mini-20310228-evil"),
        ("openai", "no-such-model"),
        ("openai", "no-such-model-2025-01-01"),
        ("openai", "x" * 257),
        ("openai", ""),
        ("no-such-provider", "gpt-4o"),
        ("my-openai-mirror", "gpt-4o"),
        ("groq", "whisper-large-v3"),
    ],
)
def test_what_is_not_in_the_data_is_unpriced(source, provider, model):
    assert source.find(provider, model, AT) is None


def test_what_no_bucket_counts_is_named(source):
    assert source.find("openai", "gpt-4o", AT).left_out == ("storage_searches",)
    assert source.find("perplexity", "sonar-deep-research", AT).partial
    assert not source.find("groq", "llama-3.1-8b-instant", AT).partial


def test_price_of_a_call_is_taken_where_there_is_one(source):
    # 12 dollars a thousand calls, 1 dollar a million tokens each way.
    assert source.find("perplexity", "sonar", AT).cost(Usage(input=10, output=5)) == 12_000_000 + 15_000


def test_search_in_the_web_costs_what_the_data_says(source):
    price = source.find("anthropic", "claude-sonnet-4-5", AT)  # 10 dollars a thousand searches

    assert price.cost(Usage(server_tool_calls=3)) == 30_000_000
    assert not price.partial


def test_model_that_is_priced_by_the_search_alone_is_unpriced():
    assert compile_row(ModelPrice(web_searches_kcount=Decimal(10)), "any") is None


def test_call_priced_by_the_call_alone_is_priced():
    price = compile_row(ModelPrice(requests_kcount=Decimal(5)), "any")

    assert price.cost(Usage(input=100)) == 5_000_000


def test_tiered_price_of_a_call_is_left_out():
    tiered = TieredPrices(base=Decimal(5), tiers=[Tier(start=10, price=Decimal(6))])

    assert compile_row(ModelPrice(requests_kcount=tiered), "any") is None
    assert compile_row(ModelPrice(input_mtok=Decimal(1), requests_kcount=tiered), "any").left_out == ("requests",)


def test_unit_that_costs_nothing_is_not_left_out():
    row = ModelPrice(input_mtok=Decimal(1), audio_hours=Decimal(0))

    assert not compile_row(row, "any").partial


def test_tiers_of_different_reach_are_kept_apart():
    row = ModelPrice(
        input_mtok=TieredPrices(base=Decimal(1), tiers=[Tier(start=100, price=Decimal(2))]),
        output_mtok=TieredPrices(base=Decimal(10), tiers=[Tier(start=200, price=Decimal(20))]),
    )
    price = compile_row(row, "any")

    assert [(tier.above, tier.rates.input, tier.rates.output) for tier in price.tiers] == [
        (100, 2_000_000, 10_000_000),
        (200, 2_000_000, 20_000_000),
    ]
    for size in (99, 100, 101, 200, 201):
        usage = Usage(input=size, output=7)
        assert price.cost(usage) == row.calc_price(theirs(usage))["total_price"] * NANO


def test_what_is_kept_is_bounded():
    source = GenaiPrices()
    for number in range(2_100):
        source.find("no-such-provider", f"model-{number}", AT)

    assert source._rows.cache_info().currsize == 2_048


CORPUS = os.environ.get("TOLLBRIDGE_CORPUS", "")
_PROVIDER_OF = {
    "anthropic_messages": "anthropic",
    "azure_openai_chat": "azure",
    "cerebras_chat": "cerebras",
    "deepseek_chat": "deepseek",
    "gemini_generate": "google",
    "groq_chat": "groq",
    "mistral_chat": "mistral",
    "openai_chat": "openai",
    "openai_embeddings": "openai",
    "openai_responses": "openai",
    "xai_responses": "x-ai",
}


@pytest.mark.skipif(not CORPUS, reason="TOLLBRIDGE_CORPUS does not name the recorded traffic")
def test_models_of_recorded_answers_are_priced(source):
    priced, unpriced = set(), set()
    for folder, provider in _PROVIDER_OF.items():
        for path in Path(CORPUS, "dev", folder).glob("*.json"):
            answer = json.loads(path.read_text("utf-8"))["response"].get("body")
            model = answer.get("model") or answer.get("modelVersion") if isinstance(answer, dict) else None
            if model:
                (unpriced if source.find(provider, model, AT) is None else priced).add((provider, model))

    assert len(priced) > 70
    assert unpriced == {
        ("azure", "us.anthropic.claude-3-7-sonnet-20250219-v1:0"),  # another host behind Azure's dialect
        ("cerebras", "qwen-3-coder-480b"),  # in the data, without a price
        ("mistral", "ministral-14b-latest"),  # not in the data
    }
