"""The token endpoint: for clients themselves, and what all ways have in common."""

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs
from tests.support.programs import ISSUER, Program, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge.clients.model import ClientChange
from tollbridge.jose import Issuer, KeySet, TokenRefused, verify
from tollbridge.stores.changes import TokenChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenKind
from tollbridge_oauth.known import scopes_of


async def test_client_gets_a_token_for_itself_and_is_told_what_it_may_do(notes: Program) -> None:
    reply = await notes.own("ai:chat model:gpt-4")

    told = reply.json()
    principal = await notes.visitor.under.gateway.tokens.identify(told.pop("access_token").encode())
    assert reply.status_code == 200
    assert told == {"token_type": "Bearer", "expires_in": 600, "scope": "ai:chat model:gpt-4"}
    assert (reply.headers["cache-control"], reply.headers["pragma"]) == ("no-store", "no-cache")
    assert principal is not None
    assert (principal.id, principal.kind) == (notes.id, TokenKind.ACCESS)
    assert [scope in principal.scopes for scope in ("ai:chat", "ai:embeddings")] == [True, False]


async def test_access_token_is_a_jwt_that_others_can_check(notes: Program) -> None:
    token = (await notes.own()).json()["access_token"].encode()
    client = await notes.visitor.under.client()
    keys = KeySet.parse((await client.get("/_tollbridge/jwks.json")).content)
    clock = notes.visitor.under.clock

    claims = dict(verify(token, Issuer(ISSUER, ISSUER, ("ES256",)), keys, clock.time()))

    now = int(clock.time())
    assert claims.pop("jti").startswith("jwt_")
    assert claims == {
        "iss": ISSUER,
        "sub": notes.id,
        "aud": ISSUER,
        "client_id": notes.id,
        "iat": now,
        "exp": now + 600,
        "scope": "ai:chat model:*",
    }
    with pytest.raises(TokenRefused, match="expired"):
        verify(token, Issuer(ISSUER, ISSUER, ("ES256",)), keys, now + 600)


async def test_no_two_tokens_are_the_same(notes: Program) -> None:
    assert (await notes.own()).json()["access_token"] != (await notes.own()).json()["access_token"]


async def test_token_ends_in_the_store_when_it_says_so(notes: Program) -> None:
    token = (await notes.own()).json()["access_token"]
    assert await notes.opens(token) == 200

    notes.visitor.under.clock.advance(600)

    assert await notes.opens(token) == 401


async def test_tokens_of_a_client_live_as_long_as_it_says_and_no_longer_than_itself(visitor: Visitor) -> None:
    short = await program(visitor, access_s=90)
    ending = await program(visitor, expires_at=visitor.under.clock.now().replace(hour=12, minute=0, second=30))

    assert [(await one.own()).json()["expires_in"] for one in (short, ending)] == [90, 30]


async def test_scopes_are_named_and_within_the_clients_own(notes: Program) -> None:
    wrong = ("", " ", "ai:chat  model:*", "admin:tokens:read", "ai:chat service:x:y", "nonsense", "ai:chat\x00")

    replies = [await notes.own(scope) for scope in wrong] + [await notes.token("client_credentials")]

    assert {(reply.status_code, reply.json()["error"]) for reply in replies} == {(400, "invalid_scope")}


async def test_token_that_would_be_too_long_is_not_made(visitor: Visitor) -> None:
    long = [f"model:{'x' * 240}-{number}" for number in range(20)]
    found = await program(visitor, scopes=("model:*",))

    reply = await found.own(" ".join(long))

    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_scope")


async def test_what_a_token_may_do_shrinks_with_its_client(notes: Program) -> None:
    gateway = notes.visitor.under.gateway
    token = (await notes.own("ai:chat model:*")).json()["access_token"].encode()

    await gateway.clients.change(notes.id, ClientChange(token=TokenChange(scopes=("ai:chat",))))

    principal = await gateway.tokens.identify(token)
    assert principal is not None
    assert [scope in principal.scopes for scope in ("ai:chat", "model:gpt-4")] == [True, False]


async def test_unknown_grant_is_refused_and_not_repeated(notes: Program) -> None:
    for grant in ("", "password", "implicit", "nonsense\"'", "CLIENT_CREDENTIALS"):
        reply = await notes.token(grant)

        assert (reply.status_code, reply.json()["error"]) == (400, "unsupported_grant_type")
        assert grant not in reply.text or not grant


async def test_token_for_whom_none_is_issued_is_not_one_for_the_gateway(notes: Program) -> None:
    lent = await notes.lent()
    for form in ({"resource": "https://other.example"}, {"audience": "https://other.example"}):
        replies = [
            await notes.token("client_credentials", scope="ai:chat", **form),
            await notes.token("refresh_token", refresh_token=lent["refresh_token"], **form),
            await notes.ask("device_authorization", scope="ai:chat", **form),
        ]

        assert {(reply.status_code, reply.json()["error"]) for reply in replies} == {(400, "invalid_target")}

    own = await notes.token("refresh_token", refresh_token=lent["refresh_token"], resource=f"{ISSUER}/")
    assert own.status_code == 200


async def test_many_ask_at_once_and_each_gets_a_token(notes: Program) -> None:
    replies = await asyncio.gather(*(notes.own() for _ in range(12)))

    assert {reply.status_code for reply in replies} == {200}


async def test_client_gets_tokens_in_its_own_ways_alone(visitor: Visitor) -> None:
    for grant in GrantType:
        others = tuple(one for one in GrantType if one not in (grant, GrantType.REFRESH_TOKEN))
        back = () if grant is GrantType.AUTHORIZATION_CODE else ("https://app.example/done",)
        found = await program(visitor, grants=others, redirect_uris=back)

        reply = await found.token(
            grant, code="x", refresh_token="x", device_code="x", subject_token="x", scope="ai:chat"
        )

        assert (grant, reply.status_code, reply.json()["error"]) == (grant, 400, "unauthorized_client")


async def test_public_client_gets_nothing_for_itself(visitor: Visitor) -> None:
    found = await program(visitor, auth_method=AuthMethod.NONE, grants=(GrantType.DEVICE_CODE,), redirect_uris=())

    reply = await found.own()

    assert (reply.status_code, reply.json()["error"]) == (400, "unauthorized_client")


async def test_use_of_a_client_is_noted(notes: Program) -> None:
    await notes.own()
    gateway = notes.visitor.under.gateway
    await gateway.store.close()
    await gateway.store.open()

    client = await gateway.clients.get(notes.id)

    assert client is not None
    assert (client.token.last_used_for, client.token.last_used_from) == ("oauth:client_credentials", "127.0.0.1")


async def test_what_is_issued_is_logged_by_ids(notes: Program) -> None:
    with capture_logs() as logs:
        reply = await notes.own()

    (line,) = [line for line in logs if line["event"] == "access_token_issued"]
    assert (line["client_id"], line["grant"], line["grant_id"]) == (notes.id, "client_credentials", "")
    assert reply.json()["access_token"] not in str(logs)
    assert notes.secret not in str(logs)


async def test_token_endpoint_is_posted_to(notes: Program) -> None:
    client = await notes.visitor.under.client()

    for method in ("GET", "PUT", "DELETE"):
        assert (await client.request(method, "/_tollbridge/oauth/token")).status_code == 405


async def test_store_that_is_away_is_said_to_be(notes: Program) -> None:
    await notes.visitor.under.gateway.store.close()

    reply = await notes.own()

    assert (reply.status_code, reply.json()["error"]) == (503, "unavailable")


async def test_server_that_is_off_is_not_there(gateway: Callable[..., GatewayUnderTest]) -> None:
    client = await gateway().client()

    assert (await client.post("/_tollbridge/oauth/token")).status_code == 404
    known = await client.get("/.well-known/oauth-authorization-server")
    assert (known.status_code, known.json()["error"]["code"]) == (401, "invalid_api_key")  # the chain has it


async def test_scope_that_is_named_twice_is_asked_for_and_given_once(notes: Program) -> None:
    reply = await notes.own("model:* ai:chat model:*")

    assert (reply.status_code, reply.json()["scope"]) == (200, "model:* ai:chat")
    assert scopes_of("model:* ai:chat model:*") == ("model:*", "ai:chat")
