"""Callers of issuers that are none of ours, with tokens and a client that are none of ours."""

import base64
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from tests.support.issuers import NodeIssuer
from tests.support.live import LiveGateway
from tests.support.requires import requires
from tests.support.waiting import until

from tollbridge.config import load_config
from tollbridge.gateway import Gateway
from tollbridge.testing import FixedClock
from tollbridge.wrapping import Tollbridge

pytestmark = requires("oidc-node")

AUDIENCE = "https://gw.example"
CHAT = {"model": "echo/say", "messages": [{"role": "user", "content": "Hello"}]}
SCOPES = "ai:chat model:echo/*"
CONFIG = """
[providers.echo]
[logging]
format = "json"
[identity.jwt.issuers.corp]
issuer = "{provider}"
audience = "https://gw.example"
allow_private = true
[identity.jwt.issuers.robots]
issuer = "{mock}"
audience = "https://gw.example"
jwks_url = "{mock}/jwks"
scopes = ["ai:*", "model:*"]
allow_private = true
[identity.introspection]
url = "{provider}/token/introspection"
client_id = "gw"
client_secret = "env:AS_SECRET"
audience = "https://gw.example"
allow_private = true
"""
SECRET = "gw:secret?"


@pytest.fixture(scope="module")
def provider() -> Iterator[NodeIssuer]:
    with NodeIssuer("provider.mjs") as issuer:
        yield issuer


@pytest.fixture(scope="module")
def mock() -> Iterator[NodeIssuer]:
    with NodeIssuer("mock.mjs") as issuer:
        yield issuer


@pytest.fixture(scope="module")
def served(provider: NodeIssuer, mock: NodeIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    config = CONFIG.format(provider=provider.url, mock=mock.url)
    with LiveGateway(tmp_path_factory.mktemp("served"), config, env={"AS_SECRET": SECRET}) as gateway:
        yield gateway


def client() -> AsyncOAuth2Client:
    return AsyncOAuth2Client("app", "app-secret")


async def robot(mock: NodeIssuer, **changes: Any) -> str:
    """Get a token of the mock server, with these changes to its header and payload."""
    mock.tell(changes=changes)
    async with client() as oauth:
        found = await oauth.fetch_token(f"{mock.url}/token", grant_type="client_credentials")
    token: str = found["access_token"]
    return token


async def ask(url: str, token: str) -> int:
    async with httpx2.AsyncClient() as plain:
        reply = await plain.post(f"{url}/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {token}"})
    return reply.status_code


@pytest.mark.parametrize(
    ("resource", "caller"),
    [
        (AUDIENCE, "jwt:corp:app"),
        (f"{AUDIENCE}/ec", "jwt:corp:app"),
        (f"{AUDIENCE}/opaque", "introspection:client:app"),
    ],
)
async def test_token_of_an_outside_issuer_calls_a_model(served, provider, resource, caller) -> None:
    async with client() as oauth:
        await oauth.fetch_token(
            f"{provider.url}/token", grant_type="client_credentials", resource=resource, scope=SCOPES
        )
        reply = await oauth.post(f"{served.url}/v1/chat/completions", json=CHAT)
        other = await oauth.post(f"{served.url}/v1/embeddings", json={"model": "echo/embed", "input": "x"})

    assert reply.status_code == 200
    assert reply.json()["choices"][0]["message"]["content"] == "Hello"
    assert other.status_code == 403
    call_id = reply.headers["x-request-id"]
    await until(lambda: call_id in served.text, "the line of the call")
    (line,) = [json.loads(line) for line in served.output if call_id in line]
    assert line["token_id"] == caller
    assert oauth.token["access_token"] not in served.text


async def test_token_for_another_resource_does_not_cross(served, provider) -> None:
    async with client() as oauth:
        await oauth.fetch_token(
            f"{provider.url}/token", grant_type="client_credentials", resource="https://other.example", scope=SCOPES
        )
        reply = await oauth.post(f"{served.url}/v1/chat/completions", json=CHAT)

    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="tollbridge", error="invalid_token"'


async def test_opaque_token_that_its_server_revoked_does_not_cross_any_more(served, provider) -> None:
    async with client() as oauth:
        token = await oauth.fetch_token(
            f"{provider.url}/token", grant_type="client_credentials", resource=f"{AUDIENCE}/opaque", scope=SCOPES
        )
        before = (await oauth.post(f"{served.url}/v1/chat/completions", json=CHAT)).status_code
        await oauth.revoke_token(f"{provider.url}/token/revocation", token["access_token"])

    assert (before, await ask(served.url, token["access_token"])) == (200, 401)


WRONG: dict[str, dict[str, Any]] = {
    "an ID token": {"header": {"typ": "JWT"}},
    "for another": {"payload": {"aud": "https://other.example"}},
    "expired": {"payload": {"exp": 1_700_000_000}},
    "not valid yet": {"payload": {"nbf": 4_000_000_000}},
    "without a subject": {"payload": {"sub": ""}},
    "of another issuer here": {"payload": {"iss": "http://localhost:1"}},
    "by an unknown key": {"header": {"kid": "nobody's"}},
}


async def test_only_the_token_that_is_right_in_all_crosses(served, mock) -> None:
    good = await ask(served.url, await robot(mock))
    wrong = {name: await ask(served.url, await robot(mock, **changes)) for name, changes in WRONG.items()}
    head, _, signature = (await robot(mock)).split(".")
    claims = base64.urlsafe_b64encode(json.dumps({"iss": mock.url, "aud": AUDIENCE, "sub": "x"}).encode()).decode()

    assert good == 200
    assert wrong == dict.fromkeys(WRONG, 401)
    assert await ask(served.url, f"{head}.{claims.rstrip('=')}.{signature}") == 401


@pytest.fixture
async def here(tmp_path: Path) -> Any:
    """Give `here(issuer)`: a gateway in this process with a clock that is moved, its way out a real one."""
    made: list[Gateway] = []

    async def make(issuer: str) -> tuple[httpx2.AsyncClient, FixedClock]:
        clock = FixedClock(datetime.now(UTC))
        corp = {"issuer": issuer, "audience": AUDIENCE, "scopes": ["ai:*", "model:*"], "allow_private": True}
        config = load_config({"providers": {"echo": {}}, "identity": {"jwt": {"issuers": {"corp": corp}}}}, os.environ)
        gateway = Gateway(replace(config, data=tmp_path), clock=clock)
        made.append(gateway)
        await gateway.start()
        app = httpx2.ASGITransport(app=Tollbridge(gateway.app, gateway=gateway))
        return httpx2.AsyncClient(transport=app, base_url="http://gateway.test"), clock

    yield make
    for gateway in made:
        await gateway.stop()


async def test_rotated_key_is_found_within_a_minute_and_the_old_one_stays_while_it_is_published(
    mock: NodeIssuer, here: Callable[..., Any]
) -> None:
    plain, clock = await here(mock.url)

    async def ask_here(token: str) -> int:
        reply = await plain.post("/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {token}"})
        status: int = reply.status_code
        return status

    old = await robot(mock)
    before = await ask_here(old)
    mock.tell(rotate="RS256")
    new = await robot(mock)
    at_once = await ask_here(new)
    clock.advance(73)

    assert (before, at_once) == (200, 401)
    assert (await ask_here(new), await ask_here(old)) == (200, 200)
    await plain.aclose()


async def test_issuer_that_is_away_refuses_its_own_callers_and_nobody_else(mock, here) -> None:
    plain, _ = await here("http://127.0.0.1:9")
    token = await robot(mock, payload={"iss": "http://127.0.0.1:9"})

    reply = await plain.post("/v1/chat/completions", json=CHAT, headers={"authorization": f"Bearer {token}"})
    of_nobody = await plain.post("/v1/chat/completions", json=CHAT)

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "identity_failed")
    assert of_nobody.status_code == 401
    await plain.aclose()
