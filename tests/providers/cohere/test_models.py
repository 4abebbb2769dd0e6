"""The table of Cohere's models."""

from datetime import UTC, datetime

import pytest
from tests.support.priced import agrees, installed, sourced

from tollbridge import Usage
from tollbridge.metering.prices import Price
from tollbridge.metering.provided import ProviderPrices

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
DIFFERING = {"embed-v4.0": "genai-prices has no rate for tokens of images, which Cohere sells at 0.47"}


def price(model: str) -> Price | None:
    return ProviderPrices({"cohere": installed()["cohere"]}).find("cohere", model, NOON)


def test_each_model_says_where_it_was_read_and_when() -> None:
    sourced("cohere")


def test_prices_are_those_genai_prices_has_for_the_same_models() -> None:
    agrees("cohere", differing=DIFFERING)


@pytest.mark.parametrize(
    ("model", "nano"),
    [("rerank-v4.0-pro", 2_500_000), ("rerank-v4.0-fast", 2_000_000), ("rerank-v3.5", 2_000_000)],
)
def test_reranking_up_to_version_4_costs_one_search_unit_whatever_the_tokens(model: str, nano: int) -> None:
    found = price(model)

    assert found is not None
    assert found.cost(Usage()) == found.cost(Usage(input=10_000)) == found.bound(10_000, 0) == nano


def test_reranking_of_version_5_costs_its_tokens() -> None:
    found = price("rerank-v5.0-pro")

    assert found is not None
    assert found.cost(Usage(input=1_000_000)) == 50_000_000  # 0.05 USD a million


def test_images_to_embed_cost_more_than_text() -> None:
    found = price("embed-v4.0")

    assert found is not None
    # 1,000 x 0.12 + 1,000 x 0.47, per million tokens
    assert found.cost(Usage(input=1_000, image_input=1_000)) == 590_000


@pytest.mark.parametrize("model", ["command-a-plus-05-2026", "command-a-reasoning-08-2025", "tiny-aya-global"])
def test_model_whose_price_nobody_tells_is_named_without_one(model: str) -> None:
    named = installed()["cohere"].models.get(model)

    assert named is not None
    assert named.context
    assert price(model) is None
