"""The table of the models of Workers AI."""

from tests.support.priced import agrees, installed, sourced


def test_each_model_says_where_it_was_read_and_when() -> None:
    sourced("cloudflare")


def test_prices_are_those_genai_prices_has_for_the_same_models() -> None:
    agrees("cloudflare")


def test_names_are_those_the_host_knows_them_by_and_each_has_a_price() -> None:
    models = list(installed()["cloudflare"].models)

    assert [model.name for model in models if not model.name.startswith("@cf/")] == []
    assert [model.name for model in models if "input" not in model.price] == []
