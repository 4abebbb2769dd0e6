"""The table of Replicate's official language models."""

from datetime import UTC, datetime

from tests.support.priced import installed, price_of, sourced

from tollbridge import Usage


def test_each_model_says_where_it_was_read_and_when() -> None:
    sourced("replicate")


def test_all_but_one_model_have_a_price_of_what_goes_in_and_what_comes_out() -> None:
    models = list(installed()["replicate"].models)

    assert [model.name for model in models if not model.price] == ["openai/gpt-5.1"]
    assert all({"input", "output"} <= model.price.keys() for model in models if model.price)


def test_bill_that_replicate_gives_as_an_example_is_what_its_call_costs() -> None:
    price = price_of("replicate", "meta/meta-llama-3.1-405b-instruct", datetime(2026, 11, 27, tzinfo=UTC))

    assert price.cost(Usage(input=8, output=43)) == 484_500  # nano-dollars: 0.0004845 in all


def test_names_are_those_of_an_owner_and_a_model() -> None:
    assert all(model.name.count("/") == 1 for model in installed()["replicate"].models)
