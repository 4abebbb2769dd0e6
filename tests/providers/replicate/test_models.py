"""The table of Replicate's official language models."""

from tests.support.priced import installed, sourced


def test_each_model_says_where_it_was_read_and_when() -> None:
    sourced("replicate")


def test_no_model_has_a_price_while_none_could_be_read() -> None:
    assert [model.name for model in installed()["replicate"].models if model.price] == []


def test_names_are_those_of_an_owner_and_a_model() -> None:
    models = list(installed()["replicate"].models)

    assert all(model.name.count("/") == 1 and model.name in model.source for model in models)
