"""Providers that are tried before they are used."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.keyed import MOCK, NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway

from tollbridge.audit import OPERATOR
from tollbridge.errors import BadRequest
from tollbridge.providerkeys.checking import Result
from tollbridge.providerkeys.service import NewKey
from tollbridge.providerkeys.trying import ProviderTry, try_provider
from tollbridge.testing import GatewayUnderTest
from tollbridge.transport.base import UpstreamRequest, UpstreamResponse

LISTED = b'{"data": [{"id": "small"}, {"id": "large"}]}'
URL = "https://acme.example/v1"
SECTIONS = {
    "mock": {**MOCK, "headers": {"x-contract": "c-123"}},
    "away": {"base_url": "https://away.example/v1", "api_key": "stored:away"},
    "open": {"base_url": "https://open.example/v1"},
}


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY)


@pytest.fixture
async def under(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", upstream, {"providers": SECTIONS}, env={"SECRET": "quartz-lamp"})
    await made.client()
    yield made
    await made.close()


async def tried(under: GatewayUnderTest, provider: str, **fields: str) -> Any:
    return await try_provider(under.gateway, ProviderTry(provider=provider, **fields), OPERATOR)


async def refused(under: GatewayUnderTest, provider: str, **fields: str) -> tuple[str | None, str]:
    with pytest.raises(BadRequest) as refusal:
        await tried(under, provider, **fields)
    return refusal.value.param, refusal.value.message


async def test_provider_elsewhere_is_asked_for_its_models_with_the_key_that_was_given(under, upstream) -> None:
    upstream.reply(LISTED)

    found = await tried(under, "acme", base_url=URL, key=OLD_KEY)

    assert (found.checked.result, found.checked.status, found.models) == (Result.OK, 200, ("small", "large"))
    assert [(sent.method, sent.url) for sent in upstream.sent] == [("GET", f"{URL}/models")] * 2
    assert upstream.shown == [OLD_KEY, ""]


async def test_known_provider_is_asked_where_it_is(under, upstream) -> None:
    found = await tried(under, "openai", key=NEW_KEY)

    assert (found.checked.result, found.checked.status) == (Result.REFUSED, 401)
    assert [sent.url for sent in upstream.sent] == ["https://api.openai.com/v1/models"]


async def test_key_can_go_in_a_header_of_its_own(under, upstream) -> None:
    await tried(under, "acme", base_url=URL, key=OLD_KEY, auth_header="x-acme", dialect="openai-chat")

    assert upstream.sent[0].headers["x-acme"] == OLD_KEY
    assert "authorization" not in upstream.sent[0].headers


async def test_stored_key_of_a_provider_is_shown_where_the_configuration_says(under, upstream) -> None:
    await under.gateway.secrets.set("mock", NewKey(OLD_KEY))

    found = await tried(under, "mock", stored="mock")

    assert found.checked.result is Result.OK
    assert upstream.sent[0].url == "https://mock.example/v1/models"
    assert upstream.sent[0].headers["x-contract"] == "c-123"


async def test_provider_that_has_a_key_is_tried_with_it_and_one_without_with_none(under, upstream) -> None:
    await under.gateway.secrets.set("mock", NewKey(OLD_KEY))

    own = await tried(under, "mock")
    none = await tried(under, "away")
    bare = await tried(under, "open")

    assert (own.checked.result, none.checked.result, bare.checked.result) == (
        Result.OK,
        Result.REFUSED,
        Result.REFUSED,
    )
    assert upstream.shown == [OLD_KEY, "", "", ""]


async def test_no_key_of_ours_and_no_header_of_the_section_goes_to_another_url(under, upstream) -> None:
    await under.gateway.secrets.set("mock", NewKey(OLD_KEY))

    await tried(under, "mock", base_url=URL)

    assert [sent.url for sent in upstream.sent] == [f"{URL}/models"]
    assert upstream.shown == [""]
    assert "x-contract" not in upstream.sent[0].headers
    assert (await refused(under, "mock", base_url=URL, stored="mock"))[0] == "stored"


@pytest.mark.parametrize(
    ("provider", "fields", "param"),
    [
        ("acme", {}, "provider"),
        ("mock", {"dialect": "openai-chat"}, "dialect"),
        ("mock", {"auth_header": "x-key"}, "auth_header"),
        ("vertex", {}, "provider"),
        ("acme", {"base_url": "https://acme.example/{SECRET}"}, "base_url"),
        ("acme", {"base_url": "https://acme.example/v1}"}, "base_url"),
        ("acme", {"base_url": "ftp://acme.example"}, "base_url"),
        ("acme", {"base_url": "https://user:pw-quartz@acme.example/v1"}, "base_url"),
        ("acme", {"base_url": "http://127.0.0.1:11434/v1"}, "base_url"),
        ("acme", {"base_url": "http://169.254.169.254/latest"}, "base_url"),
        ("acme", {"base_url": "http://localhost/v1"}, "base_url"),
        ("ollama", {"base_url": "http://127.0.0.1:11434/v1"}, "base_url"),
        ("acme", {"base_url": URL, "dialect": "klingon"}, "dialect"),
        ("acme", {"base_url": URL, "key": "sk-1", "auth_header": "no header"}, "base_url"),
        ("mock", {"key": OLD_KEY, "stored": "mock"}, "stored"),
        ("mock", {"stored": "mock"}, "stored"),
        ("mock", {"stored": "away"}, "stored"),
        ("open", {"key": "sk-1"}, "key"),
        ("openai", {"key": "sk-\u00e9"}, "key"),
    ],
)
async def test_what_cannot_be_tried_is_refused_by_its_field_and_asks_nobody(
    under, upstream, provider: str, fields: dict[str, str], param: str
) -> None:
    await under.gateway.secrets.set("away", NewKey(OLD_KEY))

    where, said = await refused(under, provider, **fields)

    assert where == param, said
    assert upstream.sent == []
    assert not [word for word in ("quartz", OLD_KEY, "sk-1") if word in said]


async def test_try_is_recorded_before_anybody_is_asked_and_without_the_key(under, upstream) -> None:
    upstream.away = True

    found = await tried(under, "acme", base_url=URL, key=OLD_KEY)

    (record,) = await under.gateway.store.list_audit(action="provider.try")
    assert (found.checked.result, found.models) == (Result.UNREACHABLE, ())
    assert (record.target, json.loads(record.after)) == ("acme", {"base_url": URL, "shown": "given"})
    assert OLD_KEY not in repr(ProviderTry(provider="acme", key=OLD_KEY))


class Silent(KeyedUpstream):
    """Never answers."""

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")


async def test_provider_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    under = keyed_gateway(tmp_path / "data", Silent(), {"upstream": {"first_byte_timeout_s": 0.001}})
    await under.client()

    found = await tried(under, "acme", base_url=URL, key=OLD_KEY)
    await under.close()

    assert found.checked.result is Result.UNREACHABLE
    assert found.checked.detail == "the provider did not answer within 0.001 s"
