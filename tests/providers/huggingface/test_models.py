"""The table of the models behind the router of Hugging Face."""

from datetime import UTC, datetime

from tests.support.priced import installed, sourced

from tollbridge.metering.genai import GenaiPrices
from tollbridge.metering.provided import ProviderPrices

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def test_each_model_says_where_it_was_read_and_when() -> None:
    sourced("huggingface")


def test_prices_are_those_genai_prices_has_for_the_partner_each_name_ends_in() -> None:
    genai, ours = GenaiPrices(), ProviderPrices({"huggingface": installed()["huggingface"]})

    for model in installed()["huggingface"].models:
        name, _, partner = model.name.rpartition(":")
        own, theirs = ours.find("huggingface", model.name, NOON), genai.find(f"huggingface_{partner}", name, NOON)
        assert own is not None, model.name
        assert theirs is not None, model.name
        assert own.rates == theirs.rates, model.name


def test_bare_name_has_no_price_for_the_router_chooses_the_partner() -> None:
    assert installed()["huggingface"].models.get("openai/gpt-oss-120b") is None
    assert installed()["huggingface"].models.get("openai/gpt-oss-120b:groq") is not None
