"""Providers on their pages: shown, tried, added, and their keys kept where nothing shows them again."""

import re
from collections.abc import Callable

import pytest
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

SECRET = "sk-abcdefghijklmnopqrstuvwxyz0123456789wxyz"
ANOTHER = "sk-0123456789abcdefghijklmnopqrstuvwxyz9876"


def once(letter: str) -> str:
    """Give the key of a form."""
    return letter * 22


async def keep(visit: Visitor, **fields: str) -> None:
    reply = await visit.post("/providers/openai/keys/new", {"api_key": SECRET, "sent": once("k"), **fields})
    assert reply.status_code == 303, reply.text


async def versions(visit: Visitor, name: str = "openai") -> list[int]:
    key = await visit.under.gateway.secrets.find(name)
    return [] if key is None else [one.version for one in key.versions]


async def test_providers_are_listed_by_how_they_stand(visit: Visitor) -> None:
    first = await visit.get("/providers")
    serving, known = (
        (await visit.get("/providers?state=serving")).text,
        (await visit.get("/providers?state=known")).text,
    )

    assert first.headers["location"] == "/_tollbridge/providers?state=serving"
    assert 'href="/_tollbridge/providers/mock"' in serving
    assert "Serving" in serving
    assert "env:MOCK_KEY" in serving
    assert 'href="/_tollbridge/providers/mock"' not in known
    assert "Can be added" in known
    assert 'href="/_tollbridge/providers/mock"' in (await visit.get("/search?q=mock")).text
    assert "No provider is called so" in (await visit.get("/providers?q=zzzzz")).text


async def test_provider_says_how_its_calls_fared(visit: Visitor) -> None:
    token = await visit.under.token()
    for _ in range(3):
        await visit.under.chat("gpt-4o-mini", token=token)
    visit.under.clock.advance(60)

    page = (await visit.get("/providers/mock")).text

    assert "3 calls, 0 % failed" in page
    assert 'href="/_tollbridge/models?provider=mock"' in page
    assert "https://mock.example/v1" in page


async def test_provider_that_could_be_added_says_what_it_needs(visit: Visitor) -> None:
    page = (await visit.get("/providers/openai")).text

    assert "OPENAI_API_KEY" in page
    assert "Not set" in page
    assert 'href="/_tollbridge/providers/new?provider=openai"' in page
    assert "It serves from the moment its key is there" in page


async def test_key_goes_in_and_comes_out_nowhere(visit: Visitor) -> None:
    await keep(visit)

    page = (await visit.get("/providers/openai?said=kept")).text

    assert SECRET not in page
    assert "wxyz" in page
    assert "stored:openai" in page
    assert "The key is kept" in page
    assert "Rotate" in page


async def test_key_is_rotated_unless_somebody_changed_it_meanwhile(visit: Visitor) -> None:
    await keep(visit)
    form = (await visit.get("/providers/openai/keys/openai/rotate")).text
    tag = re.search(r'name="tag" value="([^"]*)"', form)[1].replace("&#34;", '"')
    fields = {"api_key": ANOTHER, "hours": "48", "tag": tag}

    first = await visit.post("/providers/openai/keys/openai/rotate", fields)
    second = await visit.post("/providers/openai/keys/openai/rotate", fields)

    assert first.headers["location"].endswith("/providers/openai?said=rotated")
    assert second.status_code == 400
    assert ANOTHER not in second.text
    assert await versions(visit) == [2, 1]


@pytest.mark.parametrize(("hours", "field"), [("9999", "hours"), ("many", "hours"), ("", "")])
async def test_overlap_that_is_none_is_refused_beside_its_field(visit: Visitor, hours: str, field: str) -> None:
    await keep(visit)

    reply = await visit.post("/providers/openai/keys/openai/rotate", {"api_key": ANOTHER, "hours": hours})

    assert reply.status_code == (400 if field else 303)
    assert bool(re.search(r'id="f-hours"[^>]*aria-invalid="true"', reply.text)) == bool(field)


async def test_key_without_signs_is_refused_beside_its_field(visit: Visitor) -> None:
    reply = await visit.post("/providers/openai/keys/new", {"api_key": "", "name": "mine", "sent": once("a")})

    assert reply.status_code == 400
    assert 'value="mine"' in reply.text
    assert re.search(r'id="f-api_key"[^>]*aria-invalid="true"', reply.text)


async def test_versions_and_whole_keys_are_forgotten_once_somebody_is_sure(visit: Visitor) -> None:
    await keep(visit)
    await visit.post("/providers/openai/keys/openai/rotate", {"api_key": ANOTHER, "hours": "48"})

    asked = (await visit.get("/providers/openai/keys/openai/1/remove")).text
    one = await visit.post("/providers/openai/keys/openai/1/remove")
    left = await versions(visit)
    wrong = await visit.post("/providers/openai/keys/openai/remove", {"name": "else"})
    every = await visit.post("/providers/openai/keys/openai/remove", {"name": "openai"})

    assert "That version is forgotten at once" in asked
    assert one.headers["location"].endswith("?said=version_removed")
    assert left == [2]
    assert (wrong.status_code, every.status_code) == (400, 303)
    assert await versions(visit) == []


async def test_key_is_not_in_the_address_when_somebody_has_to_prove_who_they_are(
    mock: Callable[..., GatewayUnderTest],
) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", bridge="platform-admin"))
    visit.under.clock.advance(3600)

    reply = await visit.post("/providers/openai/keys/new", {"api_key": SECRET, "name": "mine"})

    assert reply.status_code == 303
    assert "/sign-in/again" in reply.headers["location"]
    assert SECRET not in reply.headers["location"]
    assert "name%3Dmine" in reply.headers["location"]
    assert await versions(visit) == []


async def test_viewer_sees_providers_and_changes_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", bridge="viewer"))

    listed, page = (await visit.get("/providers?state=serving")).text, (await visit.get("/providers/mock")).text
    replies = [await visit.get("/providers/new"), await visit.post("/providers/mock/try")]

    assert "Add a provider" not in listed
    assert "Test it now" not in page
    assert "env:MOCK_KEY" in page
    assert [reply.status_code for reply in replies] == [403, 403]


async def test_whoever_has_a_team_sees_no_keys(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="team-admin"))

    listed, page = (await visit.get("/providers?state=serving")).text, (await visit.get("/providers/mock")).text

    assert "MOCK_KEY" not in listed + page
    assert "mock.example" not in page
    assert "mock" in listed


async def test_gateway_without_a_provider_leads_to_adding_one(gateway: Callable[..., GatewayUnderTest]) -> None:
    visit = await Visitor(gateway({})).sign_in()

    pages = [(await visit.get(path)).text for path in ("/providers?state=serving", "/models")]
    others = [(await visit.get(path)).text for path in ("/providers?state=known", "/models?q=zzz")]

    for page in pages:
        assert 'href="/_tollbridge/providers/new?provider=anthropic"' in page
    for page in others:
        assert 'href="/_tollbridge/providers/new?provider=anthropic"' not in page
    assert '<option value="gemini" selected>' in (await visit.get("/providers/new?provider=gemini")).text
