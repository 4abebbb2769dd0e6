"""Prices that providers bring along."""

from datetime import UTC, date, datetime

import pytest

from tollbridge.errors import ConfigError
from tollbridge.metering.provided import ProviderPrices
from tollbridge.models import Change, Model, Models
from tollbridge.providers import Provider

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def sold(**price: str) -> Provider:
    models = Models({"large": Model("large", price), "free-of-price": Model("free-of-price")})
    return Provider("acme", base_url="https://acme.example", models=models, price_id="acme-inc")


def test_price_is_found_by_the_providers_id_in_price_data() -> None:
    prices = ProviderPrices({"acme": sold(input="0.59", output="0.79")})

    found = prices.find("acme-inc", "large", NOW)

    assert found is not None
    assert (found.id, found.rates.input, found.rates.output) == ("acme: large", 590_000, 790_000)
    assert prices.find("acme", "large", NOW) is None


def test_price_says_where_and_when_it_was_read_and_holds_for_every_name_of_its_model() -> None:
    model = Model(
        "large",
        {"input": "1"},
        tiers={10: {"input": "2"}},
        also=("large-2026",),
        source="https://acme.example/prices",
        checked=date(2026, 11, 2),
    )
    prices = ProviderPrices({"acme": Provider("acme", models=Models({"large": model}))})

    found = prices.find("acme", "large-2026", NOW)

    assert found is not None
    assert found.id == "acme: large (https://acme.example/prices 2026-11-02)"
    assert [tier.above for tier in found.tiers] == [10]
    assert found == prices.find("acme", "large", NOW)


def test_price_changes_on_its_day_and_what_is_not_named_stays() -> None:
    model = Model(
        "large",
        {"input": "1", "output": "2"},
        tiers={10: {"input": "5"}},
        changes=(Change(date(2027, 1, 1), {"output": "9"}, {}), Change(date(2026, 12, 1), {"input": "3"})),
        left_out=("storage",),
    )
    prices = ProviderPrices({"acme": Provider("acme", models=Models({"large": model}))})

    def shown(*day: int) -> tuple[str, str]:
        found = prices.find("acme", "large", datetime(*day, tzinfo=UTC))
        assert found is not None
        assert found.left_out == ("storage",)
        return found.shown(), found.id

    assert shown(2026, 11, 30, 23, 59) == ("1 in, 2 out; 5 in, 2 out above 10", "acme: large")
    assert shown(2026, 12, 1) == ("3 in, 2 out; 5 in, 2 out above 10", "acme: large from 2026-12-01")
    assert shown(2027, 6, 1) == ("3 in, 9 out", "acme: large from 2027-01-01")


@pytest.mark.parametrize("model", ["free-of-price", "unheard-of"])
def test_model_without_a_price_of_its_own_has_none_here(model) -> None:
    assert ProviderPrices({"acme": sold(input="1")}).find("acme-inc", model, NOW) is None


def test_price_that_cannot_be_read_names_provider_and_model() -> None:
    acme = sold(inptu="1")

    with pytest.raises(ConfigError, match="acme: large"):
        ProviderPrices({"acme": acme}, offered=[acme])
    with pytest.raises(ConfigError, match="acme: large"):
        ProviderPrices({"acme": acme}).find("acme-inc", "large", NOW)
