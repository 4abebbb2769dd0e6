"""What may be used once is used once, whichever of four workers is asked; used again, it ends all that came of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx2
import pytest
from tests.support.lending import administered
from tests.support.live import LiveGateway, mock_config
from tests.support.postgres import PostgresServer
from tests.support.programs import BACK, CHALLENGE, VERIFIER
from tests.support.requires import requires

from tollbridge.audit import Actor
from tollbridge.authorizing import AuthMethod, ClientRules, CodeWish, Consent, GrantType
from tollbridge.gateway import Gateway
from tollbridge.testing.upstream import ScriptedUpstream

WORKERS = 4
AT_ONCE = 50
SCOPES = ("ai:chat", "model:*")
TOKEN = "/_tollbridge/oauth/token"


@dataclass(frozen=True, slots=True)
class Race:
    """A running gateway, its store at hand, and a client with its holder."""

    url: str
    office: Gateway
    client: str
    secret: str
    holder: str

    async def code(self) -> str:
        consent = Consent(holder=self.holder, client_id=self.client, scopes=SCOPES, owner="person", name="Notes")
        wish = CodeWish(redirect_uri=BACK, challenge=CHALLENGE, confirmed_at=None, lasts_s=60)
        return await self.office.grants.authorize(consent, wish, by=Actor("person", "oauth"))

    async def post(self, form: dict[str, str], times: int = 1) -> list[httpx2.Response]:
        """Ask for a token so many times at once, each on a connection of its own."""

        async def one() -> httpx2.Response:
            async with httpx2.AsyncClient(base_url=self.url, auth=(self.client, self.secret), timeout=60) as client:
                return await client.post(TOKEN, data=form)

        return await asyncio.gather(*(one() for _ in range(times)))

    async def opens(self, token: str) -> int:
        async with httpx2.AsyncClient(base_url=self.url) as client:
            return (await client.get("/v1/models", headers={"authorization": f"Bearer {token}"})).status_code


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=requires("postgres"))])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    store, name = "", ""
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        name = server.make_database()
        store = f'[store]\nurl = "{server.url(name)}"'
    folder = tmp_path_factory.mktemp("races")
    config = f"[oauth]\nenabled = true\n{store}"
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(folder, mock_config(upstream.url, config), workers=WORKERS) as gateway,
    ):
        yield gateway
    if name:
        server.drop_database(name)


@pytest.fixture
async def race(live: LiveGateway) -> AsyncIterator[Race]:
    async with administered(live.config) as office:
        rules = ClientRules(
            AuthMethod.BASIC, (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN), redirect_uris=(BACK,)
        )
        made = await office.clients.add(rules, name="Notes", scopes=SCOPES)
        holder = await office.tokens.issue(name="person", scopes=SCOPES)
        yield Race(live.url, office, made.client.id, made.secret, holder.token.id)


async def test_one_of_fifty_redeems_a_code_and_the_others_end_what_it_got(race: Race) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}

    replies = await race.post({**form, "code": await race.code()}, AT_ONCE)

    good = [reply for reply in replies if reply.status_code == 200]
    assert len(good) == 1
    assert {reply.json()["error"] for reply in replies if reply not in good} == {"invalid_grant"}
    assert await race.opens(good[0].json()["access_token"]) == 401
    (after,) = await race.post({"grant_type": "refresh_token", "refresh_token": good[0].json()["refresh_token"]})
    assert after.json()["error"] == "invalid_grant"
    (again,) = await race.post({**form, "code": await race.code()})
    assert await race.opens(again.json()["access_token"]) == 200  # a grant of its own, made anew


async def test_one_of_fifty_uses_a_refresh_token_and_the_others_end_what_it_got(race: Race) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}
    (first,) = await race.post({**form, "code": await race.code()})
    assert await race.opens(first.json()["access_token"]) == 200

    shown = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    replies = await race.post(shown, AT_ONCE)

    good = [reply for reply in replies if reply.status_code == 200]
    assert len(good) == 1
    assert {reply.json()["error"] for reply in replies if reply not in good} == {"invalid_grant"}
    for token in (first.json()["access_token"], good[0].json()["access_token"]):
        assert await race.opens(token) == 401


async def test_codes_of_their_own_do_not_stand_in_each_others_way(race: Race) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER}
    codes = [await race.code() for _ in range(20)]

    replies = await asyncio.gather(*(race.post({**form, "code": code}) for code in codes))

    assert [reply.status_code for (reply,) in replies] == [200] * len(codes)
