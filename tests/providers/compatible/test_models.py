"""The tables of the models of the biggest hosts."""

from datetime import UTC, datetime

import pytest
from tests.support.priced import agrees, installed, sourced

from tollbridge.metering.genai import GenaiPrices
from tollbridge.metering.provided import ProviderPrices
from tollbridge_compatible.catalogue import load_services
from tollbridge_compatible.models import tables

HOSTS = tuple(tables())
UNKNOWN_TO_GENAI = ("dashscope", "deepinfra", "nebius", "sambanova")
WITHOUT_PRICES = ("deepseek",)
PEAK, QUIET = (datetime(2026, 11, 27, hour, tzinfo=UTC) for hour in (2, 12))


def test_the_biggest_hosts_name_their_models() -> None:
    assert {"groq", "deepseek", "xai", "together-ai", "fireworks-ai", "openrouter", "moonshot", "z-ai"} <= set(HOSTS)


def test_every_table_belongs_to_a_row_and_they_stand_in_alphabetical_order() -> None:
    assert set(HOSTS) <= {service.id for service in load_services()}
    assert list(HOSTS) == sorted(HOSTS)


@pytest.mark.parametrize("host", HOSTS)
def test_each_model_says_where_it_was_read_and_when(host: str) -> None:
    sourced(host)


@pytest.mark.parametrize("host", [host for host in HOSTS if host not in (*UNKNOWN_TO_GENAI, *WITHOUT_PRICES)])
def test_prices_are_those_genai_prices_has_for_the_same_models(host: str) -> None:
    agrees(host)


@pytest.mark.parametrize("host", UNKNOWN_TO_GENAI)
def test_prices_of_a_host_that_genai_prices_does_not_know_can_be_read(host: str) -> None:
    provider = installed()[host]
    ours = ProviderPrices({host: provider})

    for model in provider.models:
        price = ours.find(provider.price_id, model.name, QUIET)
        assert GenaiPrices().find(provider.price_id, model.name, QUIET) is None
        assert (price is None) == (not model.price), model.name
        assert price is None or price.rates.dearest_input > 0, model.name


@pytest.mark.parametrize("host", HOSTS)
def test_an_answer_is_never_longer_than_the_context(host: str) -> None:
    for model in installed()[host].models:
        assert model.max_output is None or model.max_output < (model.context or 0), model.name


@pytest.mark.parametrize("name", ["deepseek-flash", "deepseek-v4-flash", "deepseek-v4-pro"])
def test_prices_of_deepseek_are_left_to_the_source_that_knows_its_hours(name: str) -> None:
    provider, genai = installed()["deepseek"], GenaiPrices()
    at_peak, else_ = (genai.find(provider.price_id, name, at) for at in (PEAK, QUIET))

    assert provider.models.get(name) is not None
    assert ProviderPrices({"deepseek": provider}).find(provider.price_id, name, QUIET) is None
    assert at_peak is not None
    assert else_ is not None
    assert at_peak.rates.output == 2 * else_.rates.output


@pytest.mark.parametrize(("tokens", "usd"), [(199_999, "2"), (200_000, "4")])
def test_grok_costs_more_from_200_000_tokens_on(tokens: int, usd: str) -> None:
    provider = installed()["xai"]
    price = ProviderPrices({"xai": provider}).find(provider.price_id, "grok-4.7", QUIET)

    assert price is not None
    (tier,) = price.tiers
    rates = tier.rates if tokens > tier.above else price.rates
    assert rates.input == int(usd) * 1_000_000


@pytest.mark.parametrize(
    ("host", "alias", "name"),
    [
        ("deepseek", "deepseek-v4-flash", "deepseek-flash"),
        ("xai", "grok-4.20", "grok-4.20-0309-reasoning"),
        ("together-ai", "deepseek-ai/DeepSeek-V4.1-Flash-1017", "deepseek-ai/DeepSeek-V4.1-Flash"),
    ],
)
def test_other_name_finds_its_model(host: str, alias: str, name: str) -> None:
    found = installed()[host].models.get(alias)

    assert found is not None
    assert found.name == name


def test_host_without_a_table_names_no_models() -> None:
    assert list(installed()["dashscope-cn"].models) == []
