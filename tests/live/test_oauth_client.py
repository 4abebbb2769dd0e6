"""Authlib's own client goes through every grant, over HTTP, while a person answers the pages in another."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from tests.support.jwts import jwks, signer
from tests.support.lending import administered
from tests.support.live import LiveGateway, mock_config
from tests.support.programs import ACCESS_TOKEN, BACK, VERIFIER, fields
from tests.support.visiting import PASSWORD

from tollbridge.authorizing import AuthMethod, Client, ClientRules, GrantType, IssuedClient
from tollbridge.gateway import Gateway
from tollbridge.jose import Issuer, KeySet, verify
from tollbridge.testing.upstream import ScriptedUpstream

OAUTH = "/_tollbridge/oauth"
SCOPE = "ai:chat model:*"
KEY = signer("RS256", "c1")


@dataclass(slots=True)
class World:
    """A running gateway, its store at hand, and a browser in which Ada is signed in."""

    url: str
    office: Gateway
    browser: httpx2.AsyncClient
    issuer: str = ""
    metadata: dict[str, str] = field(default_factory=dict)

    async def client(self, method: AuthMethod, *grants: GrantType, **rules: Any) -> IssuedClient:
        made = ClientRules(method, grants, **rules)
        return await self.office.clients.add(made, name="Notes", scopes=("ai:*", "model:*"))

    def session(self, client: Client, secret: str = "", **options: Any) -> AsyncOAuth2Client:
        options = {"token_endpoint": self.metadata["token_endpoint"], "scope": SCOPE, **options}
        method = client.rules.auth_method.value
        return AsyncOAuth2Client(client.id, secret or None, token_endpoint_auth_method=method, **options)

    async def agree(self, page: httpx2.Response, path: str) -> httpx2.Response:
        form = {**fields(page), "answer": "agree"}
        return await self.browser.post(path, data=form, headers={"origin": self.url})

    async def models(self, client: AsyncOAuth2Client) -> int:
        """Call the bridge as the client does, with the token it got."""
        status: int = (await client.get(f"{self.url}/v1/models")).status_code
        return status


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    folder = tmp_path_factory.mktemp("oauth")
    with ScriptedUpstream.in_thread() as upstream:
        config = mock_config(upstream.url, "[oauth]\nenabled = true\n")
        with LiveGateway(folder, config) as gateway:
            yield gateway


@pytest.fixture
async def world(live: LiveGateway) -> AsyncIterator[World]:
    async with administered(live.config) as office, httpx2.AsyncClient(base_url=live.url) as browser:
        if await office.people.find_person("ada@example.com") is None:
            await office.people.teams.add(name="blue", title="Blue")
            ada = await office.people.add_person(email="ada@example.com", name="Ada", password=PASSWORD)
            await office.people.set_membership(ada.id, "blue", "consumer")
        form = {"email": "ada@example.com", "password": PASSWORD}
        assert (await browser.post("/_tollbridge/sign-in", data=form, headers={"origin": live.url})).status_code == 303
        found = World(live.url, office, browser)
        told = (await browser.get("/.well-known/oauth-authorization-server")).json()
        found.issuer = told.pop("issuer")
        texts = {name: value for name, value in told.items() if isinstance(value, str)}
        # The gateway was told to find a free port, so that its issuer has none; a real one says its public URL.
        found.metadata = {name: text.replace(found.issuer, live.url) for name, text in texts.items()}
        yield found


async def test_client_credentials_by_each_way_to_prove_who_a_client_is(world: World) -> None:
    for method in (AuthMethod.BASIC, AuthMethod.POST, AuthMethod.PRIVATE_KEY):
        keys = jwks(KEY).decode() if method is AuthMethod.PRIVATE_KEY else ""
        made = await world.client(method, GrantType.CLIENT_CREDENTIALS, keys=keys)
        private = KEY.key.as_pem(private=True).decode()
        async with world.session(made.client, made.secret or private) as client:
            if keys:
                signing = PrivateKeyJWT(world.issuer)
                client.register_client_auth_method(signing)

            token = await client.fetch_token(grant_type="client_credentials", scope=SCOPE)

            assert (method, token["scope"]) == (method, SCOPE)
            assert await world.models(client) == 200


async def test_code_with_pkce_then_refresh_then_revocation(world: World) -> None:
    for method in (AuthMethod.BASIC, AuthMethod.NONE):
        made = await world.client(method, GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, redirect_uris=(BACK,))
        async with world.session(made.client, made.secret, redirect_uri=BACK, code_challenge_method="S256") as client:
            url, state = client.create_authorization_url(
                world.metadata["authorization_endpoint"], code_verifier=VERIFIER
            )
            page = await world.browser.get(url)
            sent_back = (await world.agree(page, f"{OAUTH}/authorize")).headers["location"]

            token = await client.fetch_token(authorization_response=sent_back, code_verifier=VERIFIER, state=state)
            assert await world.models(client) == 200
            renewed = await client.refresh_token(world.metadata["token_endpoint"], refresh_token=token["refresh_token"])
            assert renewed["refresh_token"] != token["refresh_token"]
            assert await world.models(client) == 200
            gone = await client.revoke_token(world.metadata["revocation_endpoint"], token=renewed["refresh_token"])
            assert gone.status_code == 200
            client.token = {**renewed, "expires_at": None}
            assert await world.models(client) == 401


async def test_device_code_after_somebody_agreed(world: World) -> None:
    made = await world.client(AuthMethod.BASIC, GrantType.DEVICE_CODE)
    async with world.session(made.client, made.secret) as client:
        asked, shown = {"scope": "ai:chat"}, (made.client.id, made.secret)
        begun = await world.browser.post(world.metadata["device_authorization_endpoint"], data=asked, auth=shown)
        page = await world.browser.get(f"{OAUTH}/device", params={"user_code": begun.json()["user_code"]})
        await world.agree(page, f"{OAUTH}/device")

        token = await client.fetch_token(grant_type=GrantType.DEVICE_CODE, device_code=begun.json()["device_code"])

        assert token["scope"] == "ai:chat"
        assert await world.models(client) == 200


async def test_exchange_then_introspection_and_a_check_of_its_own(world: World) -> None:
    made = await world.client(AuthMethod.BASIC, GrantType.TOKEN_EXCHANGE, GrantType.CLIENT_CREDENTIALS)
    subject = await world.office.tokens.issue(name="ada's", scopes=("ai:*", "model:*"), owner="ada")
    async with world.session(made.client, made.secret) as client:
        token = await client.fetch_token(
            grant_type=GrantType.TOKEN_EXCHANGE,
            subject_token=subject.secret,
            subject_token_type=ACCESS_TOKEN,
            scope="ai:chat",
        )
        looked = await client.introspect_token(world.metadata["introspection_endpoint"], token=token["access_token"])
        keys = KeySet.parse((await world.browser.get(world.metadata["jwks_uri"])).content)

        rules = Issuer(world.issuer, world.issuer, ("ES256",))
        claims = verify(token["access_token"].encode(), rules, keys, world.office.clock.time())

        assert (claims["sub"], claims["act"]) == ("ada", {"sub": made.client.id})
        assert looked.json()["sub"] == "ada"
        assert await world.models(client) == 200


async def test_nothing_that_was_issued_stands_in_the_log_or_the_database(world: World, live: LiveGateway) -> None:
    made = await world.client(
        AuthMethod.BASIC, GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, redirect_uris=(BACK,)
    )
    async with world.session(made.client, made.secret, redirect_uri=BACK, code_challenge_method="S256") as client:
        url, state = client.create_authorization_url(world.metadata["authorization_endpoint"], code_verifier=VERIFIER)
        page = await world.browser.get(url)
        sent_back = (await world.agree(page, f"{OAUTH}/authorize")).headers["location"]
        token = await client.fetch_token(authorization_response=sent_back, code_verifier=VERIFIER, state=state)

    kept = [path.read_bytes() for path in live.folder.rglob("*") if path.is_file() and "db" in path.name]
    code = sent_back.partition("code=")[2].partition("&")[0]
    for secret in (token["access_token"], token["refresh_token"], code, made.secret):
        part = secret[-20:]
        assert part not in live.text
        assert not any(part.encode() in content for content in kept)
    assert kept
