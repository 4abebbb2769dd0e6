"""The one model that runs on this machine."""

from tests.support.priced import installed, sourced

from tollbridge import Usage
from tollbridge.metering.prices import Price


def test_model_says_where_it_comes_from_and_costs_nothing() -> None:
    sourced("local")
    (model,) = installed()["local"].models

    assert model.context == 8192
    assert Price.from_table(model.price, id="local").cost(Usage(input=1_000_000, output=1_000_000)) == 0
