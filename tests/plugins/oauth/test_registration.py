"""Programs that make a client of their own."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.support.jwts import signer
from tests.support.programs import BACK, Program, told
from tests.support.visiting import Visitor

from tollbridge import ConfigError
from tollbridge.testing import GatewayUnderTest

Makes = Callable[..., GatewayUnderTest]
TOKEN = "a registration token of some length"
PATH = "/_tollbridge/oauth/register"


@pytest.fixture
async def open_server(server: Makes, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setenv("REGISTRATION", TOKEN)
    visitor = Visitor(server(registration=True, registration_token="env:REGISTRATION"))
    return await visitor.sign_in_as(await visitor.person(blue="consumer"))


async def register(visitor: Visitor, *, token: str = TOKEN, **metadata: Any) -> httpx2.Response:
    client = await visitor.under.client()
    client.cookies.clear()
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return await client.post(PATH, json={"redirect_uris": [BACK], **metadata}, headers=headers)


async def test_program_that_registers_is_told_its_client_and_can_use_it(open_server: Visitor) -> None:
    reply = await register(
        open_server,
        client_name="Editor",
        grant_types=["authorization_code", "refresh_token"],
        scope="ai:chat model:*",
        client_uri="https://editor.example",
        software_version="1.0",
    )

    made = reply.json()
    now = int(open_server.under.clock.time())
    assert (reply.status_code, reply.headers["cache-control"]) == (201, "no-store")
    assert {**made, "client_id": "", "client_secret": ""} == {
        "client_id": "",
        "client_id_issued_at": now,
        "client_secret": "",
        "client_secret_expires_at": now + 90 * 86_400,
        "client_name": "Editor",
        "redirect_uris": [BACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "ai:chat model:*",
        "client_uri": "https://editor.example",
    }
    editor = Program(open_server, made["client_id"], made["client_secret"])
    assert await editor.opens((await editor.lent())["access_token"]) == 200
    client = await open_server.under.gateway.clients.get(editor.id)
    assert client is not None
    assert (client.registered, client.rules.trusted) == ("dynamic", False)
    (record,) = await open_server.under.gateway.store.list_audit(action="client.add")
    assert (record.actor.id, record.actor.via) == ("registration", "oauth")


async def test_public_client_and_one_that_signs_get_no_secret(open_server: Visitor) -> None:
    key = signer("ES256").public()

    public = (await register(open_server, token_endpoint_auth_method="none")).json()
    signing = (await register(open_server, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key]})).json()
    fetched = await register(
        open_server, token_endpoint_auth_method="private_key_jwt", jwks_uri="https://editor.example/keys"
    )

    assert "client_secret" not in public
    assert "client_secret" not in signing
    assert signing["jwks"] == {"keys": [key]}
    assert fetched.json()["jwks_uri"] == "https://editor.example/keys"
    assert public["scope"] == "ai:* model:*"


async def test_whoever_has_not_the_token_registers_nothing(open_server: Visitor) -> None:
    for token in ("", "nonsense", TOKEN[:-1], await open_server.under.token("admin:*")):
        reply = await register(open_server, token=token)

        assert (reply.status_code, reply.json()["error"]) == (401, "invalid_token")
        assert reply.headers["www-authenticate"] == 'Bearer realm="tollbridge"'
    assert list(await open_server.under.gateway.clients.find()) == []


async def test_client_that_registered_itself_gets_nothing_but_what_people_lend(open_server: Visitor) -> None:
    for grants in (["client_credentials"], ["authorization_code", "client_credentials"], ["implicit"], []):
        reply = await register(open_server, grant_types=grants)

        assert (grants, reply.status_code, reply.json()["error"]) == (grants, 400, "invalid_client_metadata")


async def test_what_cannot_be_used_is_refused_in_the_words_of_the_standard(open_server: Visitor) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("invalid_redirect_uri", {"redirect_uris": ["http://app.example/done"]}),
        ("invalid_redirect_uri", {"redirect_uris": ["https://app.example/\u2028'\"#x"]}),
        ("invalid_redirect_uri", {"redirect_uris": []}),
        ("invalid_client_metadata", {"redirect_uris": "https://app.example/done"}),
        ("invalid_client_metadata", {"scope": "admin:*"}),
        ("invalid_client_metadata", {"scope": "nonsense"}),
        ("invalid_client_metadata", {"client_name": ""}),
        ("invalid_client_metadata", {"client_name": 7}),
        ("invalid_client_metadata", {"client_uri": "http://editor.example"}),
        ("invalid_client_metadata", {"response_types": ["token"]}),
        ("invalid_client_metadata", {"token_endpoint_auth_method": "tls_client_auth"}),
        ("invalid_client_metadata", {"token_endpoint_auth_method": "private_key_jwt"}),
        ("invalid_client_metadata", {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}}),
    ]

    for error, metadata in wrong:
        reply = await register(open_server, **metadata)

        assert (metadata, reply.status_code, reply.json()["error"]) == (metadata, 400, error)
    assert list(await open_server.under.gateway.clients.find()) == []


async def test_body_that_is_none_is_refused(open_server: Visitor) -> None:
    client = await open_server.under.client()
    for body in (b"", b"[]", b"{", b'{"a": \xff}', b'{"a":"' + b"x" * 40_000 + b'"}', b"[" * 20_000):
        reply = await client.post(PATH, content=body, headers={"authorization": f"Bearer {TOKEN}"})

        assert (reply.status_code, reply.json()["error"]) == (400, "invalid_client_metadata")


async def test_nobody_registers_where_that_is_off(server: Makes) -> None:
    client = await server().client()

    assert (await client.post(PATH, json={"redirect_uris": [BACK]})).status_code == 404


async def test_registration_without_its_token_does_not_start(server: Makes) -> None:
    with pytest.raises(ConfigError, match=r"oauth\.registration_token"):
        await server(registration=True, registration_token="env:NOT_THERE").client()


async def test_person_is_asked_about_a_client_that_registered_itself(open_server: Visitor) -> None:
    made = (await register(open_server, client_name="Editor")).json()
    editor = Program(open_server, made["client_id"], made["client_secret"])

    page = await editor.send()

    assert page.status_code == 200
    assert "code" in told(await editor.agree(page))


@pytest.fixture
async def strict_server(server: Makes, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    monkeypatch.setenv("REGISTRATION", TOKEN)
    throttle = {"throttle": {"bad_sign_ins": 3, "spared": []}}
    return Visitor(server(throttle, registration=True, registration_token="env:REGISTRATION"))


async def test_whoever_guesses_the_token_has_to_wait_and_who_has_it_does_not(strict_server: Visitor) -> None:
    seen = [await register(strict_server, token="wrong") for _ in range(4)]

    assert [reply.status_code for reply in seen] == [401, 401, 401, 429]
    assert int(seen[-1].headers["retry-after"]) > 0
    assert (await register(strict_server)).status_code == 201


async def test_one_address_registers_so_many_programs(strict_server: Visitor) -> None:
    seen = [(await register(strict_server, redirect_uris=["no"])).status_code for _ in range(30)]

    reply = await register(strict_server)

    assert set(seen) == {400}
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "2")
    strict_server.under.clock.advance(2)
    assert (await register(strict_server)).status_code == 201
