"""Every SDK against every provider it is to reach: it gets what the provider's own SDK gets without a gateway."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.sdks.conftest import SECRET
from tests.sdks.page import Results
from tests.sdks.rows import CALLS, CLIENT, STATUSES, STREAMED, Client, Family, lack, pairs
from tests.sdks.side import Side, error_of, home
from tests.support.replay import SPLITS, Asked
from tests.support.requires import requires

MARKS = {"image": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB", "structured": "chance_of_rain", "tools": "get_weather"}
"""What of a call must be in what the provider is asked, whatever its dialect."""
RESULT = "sunny-4711"


def rows(*whats: str, streamed: bool = False) -> pytest.MarkDecorator:
    """Run a test for each pair and each of these calls that the provider was recorded to answer."""
    found = []
    for client, family in pairs():
        needs = {client.need, CLIENT[family.native].need}
        for what in whats:
            known = what in family.cases or what not in CALLS
            if known and (not streamed or what in STREAMED):
                id_ = f"{client.name}-{family.name}-{what}"
                found.append(pytest.param(client, family, what, marks=requires(*sorted(needs)), id=id_))
    return pytest.mark.parametrize(("client", "family", "what"), found)


@contextmanager
def noted(results: Results, client: Client, family: Family, what: str) -> Iterator[None]:
    """Note whether it went well."""
    key = (client.name, family.name, what)
    before = results.get(key, True)
    results[key] = False
    yield
    results[key] = before


def look(asked: list[Asked], family: Family, call: str, token: str) -> None:
    """Look at what the provider was asked."""
    for request in asked:
        assert request.path.startswith(f"/{family.name}{family.base}/")
        assert SECRET in " ".join(request.headers.values())
        assert token not in " ".join((request.path, *request.headers.values(), request.body.decode()))
    assert MARKS.get(call.removesuffix("_stream"), "") in asked[0].body.decode()
    if call == "tools":
        first, last = (request.body.decode() for request in asked)
        assert RESULT not in first
        assert RESULT in last


def read(said: dict[str, Any], call: str) -> dict[str, Any]:
    """Give what is compared: a JSON answer by its value, not by its spaces."""
    return {**said, "text": json.loads(said["text"])} if call == "structured" and "text" in said else said


@rows(*CALLS)
def test_sdk_gets_what_the_providers_own_sdk_gets(through, direct, results, client, family, what) -> None:
    with noted(results, client, family, what):
        expected = direct.call(family.native, family, what)
        found = through.call(client.name, family, what)

        assert "error_class" not in expected
        if lack(client, family, what):
            assert found["status"] == 400
        else:
            assert read(found, what) == read(expected, what)
            look(through.replay.asked, family, what, through.token)


@pytest.mark.parametrize("split", [split for split in SPLITS if split != "event"])
@rows(*CALLS, streamed=True)
def test_stream_is_the_same_however_it_is_cut(through: Side, results, client, family, what, split) -> None:
    if lack(client, family, what):
        return
    with noted(results, client, family, what):
        expected = through.call(client.name, family, what)

        found = through.call(client.name, family, what, split=split)

        assert found == expected
        assert "error_class" not in found


@rows(*map(str, STATUSES))
def test_refusal_of_a_provider_raises_what_the_sdk_raises_for_its_own(
    through, direct, results, client, family, what
) -> None:
    with noted(results, client, family, what):
        expected = direct.refused(client.name, home(client.name), int(what))
        found = through.refused(client.name, family, int(what))

        assert expected["error_class"]
        assert error_of(found) == error_of(expected)


@rows("401")
def test_wrong_token_raises_what_the_sdk_raises_for_a_wrong_key(through, direct, results, client, family, what) -> None:
    with noted(results, client, family, what):
        expected = direct.refused(client.name, home(client.name), 401)
        found = through.unknown(client.name, family)

        assert expected["error_class"]
        assert error_of(found) == error_of(expected)
        assert through.replay.asked == []
