"""Ids and secrets, as Basic has them (RFC 7617)."""

import base64

import pytest
from structlog.testing import capture_logs
from tests.plugins.signed.conftest import SCOPES
from tests.support.naughty import LONG, credentials

from tollbridge.clients.model import AuthMethod, ClientRules, GrantType
from tollbridge.tokens.model import TokenLimits
from tollbridge_signed.basic import read_pair

SECTIONS = {"identity": {"basic": {}}}


class Basics:
    """A gateway, and a token or a client of it."""

    def __init__(self, gw, id: str, secret: str) -> None:
        self.gw, self.id, self.secret = gw, id, secret

    @property
    def pair(self) -> bytes:
        return f"{self.id}:{self.secret}".encode()

    async def show(self, pair: bytes, scheme: str = "Basic", **headers: str):
        return await self.send(f"{scheme} {base64.b64encode(pair).decode()}", **headers)

    async def send(self, shown: str | bytes, **headers: str):
        body = {"model": "small", "messages": []}
        sent = {"authorization": shown, **headers}
        return await self.gw.request("POST", "/v1/chat/completions", token="", headers=sent, json=body)


@pytest.fixture
async def basics(bridge):
    """Give a gateway that takes Basic, and a token of it."""
    gw = bridge(**SECTIONS)
    await gw.client()
    made = await gw.gateway.tokens.issue(name="t", scopes=SCOPES)
    return Basics(gw, made.token.id, made.secret)


@pytest.fixture
async def client(basics):
    """Give an OAuth client of the same gateway."""
    rules = ClientRules(AuthMethod.BASIC, grants=(GrantType.CLIENT_CREDENTIALS,))
    made = await basics.gw.gateway.clients.add(rules, name="shop", scopes=SCOPES)
    return Basics(basics.gw, made.client.id, made.secret)


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
async def test_id_and_secret_of_a_token_cross_as_that_token(basics, scheme) -> None:
    assert (await basics.show(basics.pair, scheme)).status_code == 200

    (row,) = await basics.gw.gateway.store.recent(limit=9)
    assert row.token_id == basics.id


async def test_id_and_secret_of_a_client_cross_and_its_secret_alone_does_not(client) -> None:
    basic = await client.show(client.pair)
    bearer = await client.gw.chat("small", token=client.secret)

    assert (basic.status_code, bearer.status_code) == (200, 401)
    assert [row.token_id for row in await client.gw.gateway.store.recent(limit=9)] == [client.id]


async def test_client_that_acts_for_people_alone_does_not_cross_as_itself(basics) -> None:
    rules = ClientRules(
        AuthMethod.BASIC,
        grants=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
        redirect_uris=("https://shop.example/done",),
    )
    made = await basics.gw.gateway.clients.add(rules, name="a program that registered itself", scopes=SCOPES)

    reply = await basics.show(f"{made.client.id}:{made.secret}".encode())

    assert (reply.status_code, reply.content) == (401, (await basics.show(b"nobody:tb_nothing")).content)
    assert await basics.gw.gateway.credentials.prove(made.client.id, made.secret) is not None


async def test_canary_is_refused_like_a_secret_that_is_none_and_is_told(basics) -> None:
    bait = await basics.gw.gateway.tokens.issue(name="in the old wiki", scopes=SCOPES, canary=True)

    with capture_logs() as logs:
        reply = await basics.show(f"{bait.token.id}:{bait.secret}".encode())
    none = await basics.show(f"{bait.token.id}:{basics.secret}".encode())

    assert (reply.status_code, reply.content) == (401, none.content)
    assert reply.headers["www-authenticate"] == none.headers["www-authenticate"]
    assert [line["token_id"] for line in logs if line["event"] == "canary_token_used"] == [bait.token.id]


async def test_limits_are_those_of_the_token_however_it_is_shown(bridge) -> None:
    gw = bridge(**SECTIONS)
    await gw.client()
    limits = TokenLimits(requests_per_minute=2)
    made = await gw.gateway.tokens.issue(name="t", scopes=SCOPES, limits=limits)
    basics = Basics(gw, made.token.id, made.secret)

    replies = [
        await basics.show(basics.pair),
        await gw.chat("small", token=made.secret),
        await basics.show(basics.pair),
    ]

    assert [reply.status_code for reply in replies] == [200, 200, 429]


async def test_what_is_done_to_the_token_or_its_secret_holds_for_the_next_request(basics) -> None:
    tokens = basics.gw.gateway.tokens
    statuses = []
    for change in (tokens.disable, tokens.enable):
        await change(basics.id)
        statuses.append((await basics.show(basics.pair)).status_code)
    await tokens.rotate(basics.id)
    rotated = await basics.show(basics.pair)
    basics.gw.clock.advance(86_400)

    assert [*statuses, rotated.status_code] == [401, 200, 200]
    assert rotated.headers["sunset"] == "Tue, 06 Jan 2026 12:00:00 GMT"
    assert (await basics.show(basics.pair)).status_code == 401


async def test_id_and_secret_must_be_of_one_and_the_same(basics, client) -> None:
    pairs = [
        f"{basics.id}:{client.secret}",
        f"{client.id}:{basics.secret}",
        f":{basics.secret}",
        f"{basics.id}:",
        f"{basics.id}:{basics.secret}x",
        f"{basics.id}:{basics.secret}:",
        f"{basics.id} :{basics.secret}",
        f"{basics.id}{basics.secret}",
    ]

    assert {(await basics.show(pair.encode())).status_code for pair in pairs} == {401}


async def test_secret_without_an_end_has_none_in_answers(basics) -> None:
    made = await basics.gw.gateway.tokens.issue(name="t", scopes=SCOPES, rotate_days=0)

    reply = await Basics(basics.gw, made.token.id, made.secret).show(f"{made.token.id}:{made.secret}".encode())

    assert (reply.status_code, "sunset" in reply.headers) == (200, False)


async def test_every_refusal_is_the_same_and_no_log_holds_a_secret(basics) -> None:
    gone = await basics.gw.gateway.tokens.issue(name="t", scopes=SCOPES)
    await basics.gw.gateway.tokens.revoke(gone.token.id)
    with capture_logs() as logs:
        refusals = [
            await basics.show(b"nobody:tb_nothing"),
            await basics.show(f"{gone.token.id}:{gone.secret}".encode()),
            await basics.show(b"\xff\xfe:\xfd"),
            await basics.send("Basic"),
            await basics.send("Basic !!!"),
        ]

    assert {(reply.status_code, reply.content) for reply in refusals} == {(401, refusals[0].content)}
    assert {reply.headers["www-authenticate"] for reply in refusals} == {'Basic realm="tollbridge", charset="UTF-8"'}
    assert gone.secret not in str(logs)


def test_hostile_bytes_are_no_pair_or_one_of_what_stands_around_the_first_colon() -> None:
    hostile = [each for each in credentials() if len(each) < LONG]

    for each in hostile:
        read_pair(each)
        found = read_pair(base64.b64encode(each))
        assert found is None or ":".join(found).encode() == each
    assert len(hostile) > 500


@pytest.mark.parametrize(
    ("shown", "pair"),
    [
        (b"aWQ6c2VjcmV0", ("id", "secret")),
        (b"aWQ6YTpi", ("id", "a:b")),
        (b"Og==", ("", "")),
        # RFC 7617 section 2.1: test and 123 with a pound sign, in UTF-8
        (b"dGVzdDoxMjPCow==", ("test", "123\xa3")),
        (b"dGVzdDoxMjOj", None),
        (b"aWQ", None),
        (b"aWQ=", None),
        (b"aWQ6c2VjcmV0\n", None),
        (b"aWQ6AA==", None),
        (b"aWQ6fw==", None),
        (b"", None),
        (base64.b64encode(b"id:" + b"x" * 1000), None),
    ],
)
def test_pair_is_parted_at_its_first_colon_and_is_plain_text(shown, pair) -> None:
    assert read_pair(shown) == pair


@pytest.mark.parametrize("headers", [{"x-api-key": "TOKEN"}, {"x-goog-api-key": "no"}])
async def test_basic_and_another_credential_are_refused(basics, headers) -> None:
    token = await basics.gw.token()
    shown = {name: value.replace("TOKEN", token) for name, value in headers.items()}

    reply = await basics.show(basics.pair, **shown)

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ambiguous_credential")


async def test_without_its_section_basic_is_nothing(bridge) -> None:
    gw = bridge(identity={})
    await gw.client()
    made = await gw.gateway.tokens.issue(name="t", scopes=SCOPES)
    basics = Basics(gw, made.token.id, made.secret)

    reply = await basics.show(basics.pair)

    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, 'Bearer realm="tollbridge"')


async def test_other_schemes_and_none_are_let_be(basics) -> None:
    assert (await basics.gw.chat("small")).status_code == 200
    assert (await basics.show(basics.pair, "Digest")).headers["www-authenticate"] == 'Bearer realm="tollbridge"'
    assert (await basics.gw.request("GET", "/v1/models", token="")).status_code == 401
