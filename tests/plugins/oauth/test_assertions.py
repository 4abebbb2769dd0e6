"""Clients that sign who they are."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.jwts import Signer, header, jwks, signed, signer
from tests.support.programs import ISSUER, Program, program
from tests.support.visiting import Visitor

from tollbridge.authorizing import AuthMethod, GrantType
from tollbridge.errors import UpstreamUnreachable
from tollbridge.testing import GatewayUnderTest
from tollbridge_oauth.assertions import ALGORITHMS, ASSERTION, LEEWAY_S, LONGEST_LIFE_S

Makes = Callable[..., GatewayUnderTest]
KEY = signer("ES256", "c1")
URL = "https://client.example/keys"
RULES: dict[str, Any] = {
    "auth_method": AuthMethod.PRIVATE_KEY,
    "grants": (GrantType.CLIENT_CREDENTIALS,),
    "redirect_uris": (),
}


async def signing(visitor: Visitor, *keys: Signer) -> Program:
    """Make a client that signs with one of some keys."""
    return await program(visitor, **RULES, keys=jwks(*(keys or (KEY,))).decode())


def claims(client: Program, jti: str = "1", **changes: Any) -> dict[str, Any]:
    now = int(client.visitor.under.clock.time())
    found = {"iss": client.id, "sub": client.id, "aud": ISSUER, "iat": now, "exp": now + 60, "jti": jti, **changes}
    return {name: value for name, value in found.items() if value is not None}


async def ask(client: Program, assertion: bytes | str, **form: str) -> tuple[int, str]:
    text = assertion.decode("latin-1") if isinstance(assertion, bytes) else assertion
    shown = {"client_assertion_type": ASSERTION, "client_assertion": text, **form}
    asked = {"grant_type": "client_credentials", "scope": "ai:chat", **shown}
    reply = await client.post("token", {name: value for name, value in asked.items() if value})
    return reply.status_code, reply.json().get("error", "")


async def shows(
    client: Program, by: Signer = KEY, head: dict[str, Any] | None = None, **changes: Any
) -> tuple[int, str]:
    return await ask(client, signed(header(by, typ="JWT", **(head or {})), claims(client, **changes), by))


async def test_client_proves_itself_with_any_of_its_keys(visitor: Visitor) -> None:
    keys = [signer(algorithm, algorithm) for algorithm in ALGORITHMS]
    client = await signing(visitor, *keys)

    found = [await shows(client, key, jti=key.kid) for key in keys]

    assert found == [(200, "")] * len(ALGORITHMS)
    one = [await shows(await signing(visitor), head={"kid": None}, jti="no kid")]
    assert one == [(200, "")]


async def test_assertion_is_shown_once(visitor: Visitor) -> None:
    client = await signing(visitor)
    other = await signing(visitor)

    assert await shows(client, jti="a") == (200, "")
    assert await shows(client, jti="a") == (401, "invalid_client")
    assert await shows(client, jti="b") == (200, "")
    assert await shows(other, jti="a") == (200, "")


async def test_assertion_is_used_up_by_a_request_that_is_refused(visitor: Visitor) -> None:
    client = await signing(visitor)
    assertion = signed(header(KEY, typ="JWT"), claims(client), KEY)

    assert await ask(client, assertion, scope="admin:*") == (400, "invalid_scope")
    assert await ask(client, assertion) == (401, "invalid_client")


async def test_assertion_is_from_and_about_the_client_for_this_issuer_and_now(server: Makes) -> None:
    visitor = Visitor(server({"throttle": {"enabled": False}}))
    client, stranger = await signing(visitor), signer("ES256", "c2")
    now = int(visitor.under.clock.time())
    token = f"{ISSUER}/_tollbridge/oauth/token"
    wrong: list[dict[str, Any]] = [
        {"iss": "client_0"},
        {"iss": None},
        {"sub": "client_0"},
        {"aud": token},
        {"aud": [ISSUER, token]},
        {"aud": f"{ISSUER}/"},
        {"aud": None},
        {"exp": None},
        {"exp": now - LEEWAY_S - 1},
        {"exp": now + LONGEST_LIFE_S + LEEWAY_S + 1},
        {"exp": str(now + 60)},
        {"iat": None},
        {"iat": now + 60},
        {"nbf": now + 60},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 257},
        {"cnf": {"jkt": "x"}},
        {"by": stranger},
        {"by": Signer("ES256", "c1", stranger.key)},
        {"head": {"alg": "none"}},
        {"head": {"alg": "HS256"}},
        {"head": {"crit": ["b64"]}},
        {"head": {"kid": "unknown"}},
    ]

    for changes in wrong:
        assert (changes, await shows(client, **changes)) == (changes, (401, "invalid_client"))
    assert await shows(client, aud=[ISSUER]) == (200, "")


async def test_log_says_why_a_client_was_not_proved(visitor: Visitor) -> None:
    client, secret, clock = await signing(visitor), await program(visitor), visitor.under.clock
    later = int(clock.time() + LONGEST_LIFE_S + LEEWAY_S + 1)
    assert await shows(client, jti="a") == (200, "")

    with capture_logs() as logs:
        for changes in (
            {"jti": "a"},
            {"aud": f"{ISSUER}/_tollbridge/oauth/token"},
            {"aud": [ISSUER, "https://elsewhere.example"]},
            {"sub": client.id, "iss": client.id, "exp": later},
            {"jti": None},
            {"by": Signer("ES256", "c1", signer("ES256", "c2").key)},
        ):
            await shows(client, **changes)
        await ask(client, signed(header(KEY, typ="JWT"), claims(client, iss=secret.id), KEY))
        await secret.own()
        await secret.ask("token", secret="tb_wrong", grant_type="client_credentials")
        await secret.post("token", {"client_id": secret.id, "grant_type": "client_credentials"})
        await secret.post("token", {"client_id": "client_0", "grant_type": "client_credentials"})

    told = [(log["client_id"], log["reason"]) for log in logs if log["event"] == "client_not_proved"]
    signed_by = ["shown_before", "wrong_audience", "wrong_audience", "bad_time", "bad_claims", "bad_signature"]
    assert told == [
        *((client.id, reason) for reason in (*signed_by, "wrong_issuer")),
        (secret.id, "wrong_secret"),
        (secret.id, "not_its_way"),
    ]


async def test_whatever_stands_in_place_of_an_assertion_is_refused(server: Makes) -> None:
    visitor = Visitor(server({"throttle": {"enabled": False}}))
    client, secret = await signing(visitor), await program(visitor)
    good = signed(header(KEY, typ="JWT"), claims(client), KEY).decode()

    for text in ("", "x", "a.b.c", "....", good[:-2], f"{good}.x", "é" * 40, "eyJ9.e30.x", good.replace(".", "")):
        assert (text, await ask(client, text)) == (text, (401, "invalid_client"))
    assert await ask(client, good, client_assertion_type="urn:x") == (401, "invalid_client")
    assert await ask(client, good, client_assertion_type="") == (401, "invalid_client")
    assert await ask(client, good, client_id=secret.id) == (401, "invalid_client")
    forged = signed(header(KEY, typ="JWT"), claims(secret), KEY)
    assert await ask(secret, forged) == (401, "invalid_client")  # it proves itself in its own way alone
    assert await ask(client, good, client_id=client.id) == (200, "")


async def test_keys_are_fetched_once_and_again_for_a_new_one(visitor: Visitor) -> None:
    client = await program(visitor, **RULES, keys_url=URL)
    upstream, newer = visitor.under.upstream, signer("ES256", "c2")
    upstream.reply(json.loads(jwks(KEY)))

    assert [await shows(client, jti=str(number)) for number in range(3)] == [(200, "")] * 3
    assert [(sent.method, sent.url) for sent in visitor.under.sent] == [("GET", URL)]
    upstream.reply(json.loads(jwks(KEY, newer)))
    visitor.under.clock.advance(75)
    assert await shows(client, newer, jti="new") == (200, "")
    assert len(visitor.under.sent) == 2


async def test_keys_that_cannot_be_had_leave_the_request_undecided(visitor: Visitor) -> None:
    client = await program(visitor, **RULES, keys_url=URL)
    visitor.under.upstream.fail(UpstreamUnreachable("nobody there"))

    assert await shows(client) == (503, "identity_failed")
    visitor.under.clock.advance(20)
    visitor.under.upstream.reply({}, status=404)
    assert await shows(client) == (503, "identity_failed")
    visitor.under.clock.advance(20)
    visitor.under.upstream.reply(json.loads(jwks(KEY)))
    assert await shows(client) == (200, "")


async def test_fetch_of_keys_ends_with_the_gateway(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await program(visitor, **RULES, keys_url=URL)
    asked, given_up = asyncio.Event(), asyncio.Event()

    async def stalls(request: object) -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    monkeypatch.setattr(visitor.under.gateway.transport, "send", stalls)
    coming = asyncio.create_task(shows(client))
    await asked.wait()
    coming.cancel()
    await asyncio.wait([coming])
    assert not given_up.is_set()

    await visitor.under.gateway.stop()

    assert given_up.is_set()
