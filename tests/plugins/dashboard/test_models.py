"""Models on their pages."""

from collections.abc import Callable

import pytest
from tests.support.visiting import MOCK, Visitor

from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.models import path_of

MODELS = {
    **MOCK["models"],
    "fast": {
        "targets": ["mock/a", "other/b"],
        "context": 1000,
        "max_output": 1,
        "price": {"input": "1", "output": "2"},
    },
    "org/odd name?#%&é": {"targets": ["mock/odd"]},
}
OTHER = {"other": {"base_url": "https://other.example/v1", "api_key": "env:MOCK_KEY"}}


@pytest.fixture
async def models(mock: Callable[..., GatewayUnderTest]) -> Visitor:
    return await Visitor(mock(models=MODELS, providers={**MOCK["providers"], **OTHER})).sign_in()


async def test_models_are_listed_with_targets_and_prices_and_found(models: Visitor) -> None:
    page = (await models.get("/models")).text
    led = (await models.get("/models?provider=other")).text
    found = (await models.get("/search?q=fast")).text

    assert "mock/a" in page
    assert "then other/b" in page
    assert '<data value="0.15">$0.150</data>' in page
    assert '<span class="pill warn">No price</span>' in page
    assert "fast" in led
    assert "gpt-4o-mini" not in led
    assert "Only those that lead to <b><bdi>other" in led
    assert 'href="/_tollbridge/model?id=fast"' in found
    assert "No model is called so" in (await models.get("/models?q=zzz")).text


async def test_model_says_where_it_leads_and_what_it_costs(models: Visitor) -> None:
    page = (await models.get("/model?id=fast")).text

    assert "1000 tokens" in page
    assert "1 token<" in page
    assert 'href="/_tollbridge/providers/other"' in page
    assert '<data value="1">$1.00</data>' in page
    assert '<data value="2">$2.00</data>' in page
    assert "By the configuration" in page
    assert "/v1/chat/completions" in page


async def test_model_without_a_price_says_what_becomes_of_its_calls(models: Visitor) -> None:
    page = (await models.get("/model?id=unknown-price")).text

    assert "The cost of its calls is not known" in page


async def test_name_of_any_sign_has_a_page(models: Visitor) -> None:
    path = path_of("org/odd name?#%&é")

    page = await models.get(path)

    assert path == "/model?id=org%2Fodd+name%3F%23%25%26%C3%A9"
    assert page.status_code == 200
    assert "org/odd name?#%&amp;é" in page.text
    assert f'href="/_tollbridge{path}"' in (await models.get("/models")).text


async def test_any_name_behind_a_provider_is_told_and_one_of_nobody_is_not_there(models: Visitor) -> None:
    passed, none = await models.get("/model?id=mock/whatever"), await models.get("/model?id=nobody/x")

    assert passed.status_code == 200
    assert "It is not in the list of models" in passed.text
    assert none.status_code == 404
    assert "There is no such model." in none.text


async def test_list_is_there_as_csv_with_exact_prices(models: Visitor) -> None:
    rows = (await models.get("/models?format=csv&q=gpt-4o")).text.lstrip("\ufeff").splitlines()

    assert rows[0] == "id,state,targets,context,input_usd,output_usd"
    assert rows[1].startswith("gpt-4o-mini,serving,mock/gpt-4o-mini,")
    assert rows[1].endswith(",0.15,0.6")


async def test_address_without_a_name_says_so(models: Visitor) -> None:
    assert (await models.get("/model")).status_code == 422


async def test_whoever_has_no_scope_sees_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="consumer"))

    assert (await visit.get("/models")).status_code == (await visit.get("/model?id=small")).status_code == 403
