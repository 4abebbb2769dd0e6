"""The table of Mistral's models."""

import pytest
from tests.support.priced import agrees, installed, sourced

DIFFERING = {
    "mistral-large-latest": "genai-prices has the price of Large 2, which Large 3 and Large 4 followed",
    "codestral-2508": "genai-prices gives the name codestral-latest no rate for cached input",
    "mistral-embed-2312": "genai-prices charges for an output that embeddings do not have",
}


def test_each_model_says_where_it_was_read_and_when() -> None:
    sourced("mistral")


def test_prices_are_those_genai_prices_has_for_the_same_models() -> None:
    agrees("mistral", differing=DIFFERING)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("mistral-medium-latest", "mistral-medium-3-5"),
        ("mistral-small-latest", "mistral-small-2603"),
        ("codestral-latest", "codestral-2508"),
        ("mistral-embed", "mistral-embed-2312"),
        ("mistral-large-4", "mistral-large-4-0"),
    ],
)
def test_name_that_moves_finds_the_model_it_means_today(alias: str, name: str) -> None:
    found = installed()["mistral"].models.get(alias)

    assert found is not None
    assert found.name == name
    assert found.context
    assert found.price["input"]
