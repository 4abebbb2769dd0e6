from typing import Any

import pytest
from tests.middleware.services.test_transferring import Keeping

from tollbridge.services.referring import clear_secrets, references_of


def test_references_are_those_of_the_kind_where_it_can_read_the_definition() -> None:
    assert references_of(Keeping(), {"text": "stored:a and env:B"}) == {"stored:a"}


def test_all_that_looks_like_a_reference_is_one_where_nobody_can_read_the_definition() -> None:
    definition = {"a": ["x stored:b", "file:/c d"], "e": "prefix:env", "n": {"m": 5, "o": None}}

    assert references_of(None, definition) == {"stored:b", "file:/c"}
    assert references_of(Keeping(), {"text": 5, "key": "env:A"}) == {"env:A"}


@pytest.mark.parametrize(
    ("definition", "at"),
    [
        ({"headers": {"X-Api-Key": "1"}}, "headers/X-Api-Key"),
        ({"oauth": {"client_secret": "1"}}, "oauth/client_secret"),
        ({"upstreams": {"a": {"auth": {"key": "1", "name": "x-api-key"}}}}, "upstreams/a/auth/key"),
        ({"routes": [{}, {"request": {"query": {"add": {"api_key": "1"}}}}]}, "routes/1/request/query/add/api_key"),
        ({"routes": ({"request": {"body": {"set": {"/password": "1"}}}},)}, "routes/0/request/body/set//password"),
    ],
)
def test_secret_is_found_where_it_is_sent_along_with_a_call(definition: Any, at: str) -> None:
    assert ["/".join(path) for path in clear_secrets(definition)] == [at]


@pytest.mark.parametrize(
    "definition",
    [
        {"headers": {"Authorization": "stored:a", "X-Api-Key": "Bearer env:B", "Cookie": "", "accept": "a"}},
        {"token": "1", "key": "1", "variables": {"password": "1"}},  # nothing says that it is sent
        {"document": {"headers": {"Authorization": "example"}}, "openapi": {"query": {"token": "example"}}},
        {"routes": [{"response": {"body": {"set": {"/token": "gone"}}}}]},
        {"headers": {"token": 5, "secret": None}},
    ],
)
def test_what_is_no_secret_or_not_sent_is_none(definition: Any) -> None:
    assert list(clear_secrets(definition)) == []
