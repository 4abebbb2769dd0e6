"""A provider is added: asked once before its key is kept, and never shown with it again."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.keyed import CONFIG, NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway
from tests.support.visiting import Visitor

LISTED = {"object": "list", "data": [{"id": "big-1"}, {"id": "<i>small</i>"}]}


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY)


@pytest.fixture
async def visit(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[Visitor]:
    under = keyed_gateway(
        tmp_path / "data", upstream, {**CONFIG, "providers": {"mock": {**CONFIG["providers"]["mock"]}}}
    )
    yield await Visitor(under).sign_in()
    await under.close()


async def kept(visit: Visitor) -> list[tuple[str, str]]:
    return [(key.provider, key.name) for key in await visit.under.gateway.secrets.list()]


def form(**fields: str) -> dict[str, Any]:
    return {"known": "groq", "api_key": OLD_KEY, "do": "keep", "sent": "k" * 22, **fields}


async def test_key_that_the_provider_takes_is_kept(visit: Visitor) -> None:
    page = (await visit.get("/providers/new?provider=groq")).text

    reply = await visit.post("/providers/new", form())

    assert '<option value="groq" selected>' in page
    assert 'value="mock"' in page
    assert reply.headers["location"] == "/_tollbridge/providers/groq?said=kept"
    assert await kept(visit) == [("groq", "groq")]
    assert "Serving" in (await visit.get("/providers/groq")).text


async def test_try_alone_says_what_came_of_it_and_keeps_nothing(visit: Visitor, upstream: KeyedUpstream) -> None:
    upstream.reply(LISTED)

    page = (await visit.post("/providers/new", form(do="try"))).text

    assert '<span class="pill ok">It answers</span>' in page
    assert "big-1" in page
    assert "&lt;i&gt;small" in page
    assert OLD_KEY not in page
    assert "was not kept" in page
    assert await kept(visit) == []


async def test_key_that_is_refused_is_kept_only_where_somebody_wishes(visit: Visitor) -> None:
    refused = await visit.post("/providers/new", form(api_key=NEW_KEY))
    before = await kept(visit)
    anyway = await visit.post("/providers/new", form(api_key=NEW_KEY, anyway="yes"))

    assert '<span class="pill bad">The key is refused</span>' in refused.text
    assert NEW_KEY not in refused.text
    assert before == []
    assert 'name="anyway"' in refused.text
    assert anyway.status_code == 303
    assert await kept(visit) == [("groq", "groq")]


async def test_provider_at_a_url_of_ones_own_comes_with_the_lines_it_needs(visit: Visitor) -> None:
    own = form(known="", name="acme", base_url="https://acme.example/v1")

    tried = (await visit.post("/providers/new", {**own, "do": "try"})).text

    assert "[providers.acme]" in tried
    assert "base_url = &#34;https://acme.example/v1&#34;" in tried
    assert "ACME_API_KEY" in tried
    assert OLD_KEY not in tried
    assert await kept(visit) == []


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"known": ""}, "name", "Choose a provider"),
        ({"known": "", "name": "acme"}, "", ""),
        ({"known": "", "name": "acme", "base_url": "http://10.0.0.1/v1"}, "base_url", ""),
        ({"known": "", "name": "acme", "base_url": "https://a.example", "dialect": "x"}, "dialect", "unknown dialect"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field(
    visit: Visitor, fields: dict[str, str], field: str, said: str
) -> None:
    reply = await visit.post("/providers/new", form(**fields))

    assert reply.status_code == 400
    assert OLD_KEY not in reply.text
    assert said.casefold() in reply.text.casefold()
    if field:
        assert re.search(rf'id="f-{field}"[^>]*aria-invalid="true"', reply.text)
    assert await kept(visit) == []


async def test_provider_is_tested_with_the_key_that_it_has(visit: Visitor, upstream: KeyedUpstream) -> None:
    await visit.post("/providers/new", form())
    upstream.reply(LISTED)

    page = (await visit.post("/providers/groq/try")).text
    upstream.keys = set()
    away = (await visit.post("/providers/groq/try")).text

    assert "It answers" in page
    assert "big-1" in page
    assert "The key is refused" in away
    assert OLD_KEY not in page + away


async def test_check_of_a_key_is_told_beside_it(visit: Visitor) -> None:
    await visit.post("/providers/new", form())

    reply = await visit.post("/providers/groq/keys/groq/check")
    page = (await visit.get("/providers/groq?said=checked")).text

    assert reply.headers["location"].endswith("/providers/groq?said=checked")
    assert "Checked " in page
    assert "Version 1: ok." in page
