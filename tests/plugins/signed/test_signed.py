"""Requests that are signed (RFC 9421)."""

import base64
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.plugins.signed.conftest import PUBLIC, Wire, caller, digest_of, hmac_caller

from tollbridge.credentials import CredentialKind, shown_digest
from tollbridge.errors import ConfigError
from tollbridge.gateway import Gateway
from tollbridge.testing import FakeUpstream, GatewayUnderTest
from tollbridge.tokens.model import Shown, TokenLimits

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
GET = {"method": "GET", "path": "/v1/models", "body": b"", "headers": {"content-digest": digest_of(b"")}}


class Service:
    """A wrapped app that keeps what it gets."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert not message.get("more_body")
        self.bodies.append(message["body"])
        self.headers.append(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    ("kind", "algorithm"),
    [
        (CredentialKind.SIGNATURE, "ed25519"),
        (CredentialKind.SIGNATURE, "ecdsa-p256-sha256"),
        (CredentialKind.SIGNATURE, "rsa-pss-sha512"),
        (CredentialKind.HMAC, "hmac-sha256"),
    ],
)
async def test_signed_request_crosses_as_the_token_of_the_key(bridge, kind, algorithm) -> None:
    signer = await caller(bridge(), kind, algorithm=algorithm)

    plain = await signer.chat()
    named = await signer.chat(parameters={"alg": algorithm})

    assert (plain.status_code, named.status_code) == (200, 200)
    rows = await signer.gw.gateway.store.recent(limit=9)
    assert {row.token_id for row in rows} == {signer.id}


async def test_request_without_a_body_needs_neither_type_nor_digest(signer) -> None:
    bare = {"method": "GET", "path": "/v1/models?limit=2&a=%20b", "body": b"", "covered": ("@method", "@target-uri")}
    wire = signer.wire(**bare)
    del wire.headers["content-digest"], wire.headers["content-type"]

    digested = signer.wire(**GET, covered=("@method", "@target-uri", "content-digest"))

    assert [(await signer.send(each)).status_code for each in (wire, digested)] == [200, 200]


async def test_limits_and_budgets_are_those_of_the_tokens_other_secrets(bridge) -> None:
    gw = bridge()
    await gw.client()
    made = await gw.gateway.tokens.issue(
        name="t", scopes=("ai:*", "model:*"), limits=TokenLimits(requests_per_minute=2)
    )
    signer = await caller(gw, token_id=made.token.id)

    statuses = [
        (await signer.chat()).status_code,
        (await gw.chat("small", token=made.secret)).status_code,
        (await signer.chat()).status_code,
    ]

    assert statuses == [200, 200, 429]


async def test_what_is_done_to_the_token_or_the_key_holds_for_the_next_request(signer) -> None:
    tokens, credentials = signer.gw.gateway.tokens, signer.gw.gateway.credentials
    statuses = []
    for change in (tokens.disable, tokens.enable):
        await change(signer.id)
        statuses.append((await signer.chat()).status_code)
    await credentials.remove(signer.id, signer.keyid)
    statuses.append((await signer.chat()).status_code)

    assert statuses == [401, 200, 401]
    again = await caller(signer.gw)
    await tokens.revoke(again.id)
    assert (await again.chat()).status_code == 401


async def test_rotated_key_signs_through_the_overlap_and_answers_say_when_it_ends(signer) -> None:
    made = await signer.gw.gateway.credentials.rotate(signer.id, signer.keyid)
    successor = type(signer)(signer.gw, made)

    first, second = await signer.chat(), await successor.chat()
    signer.gw.clock.advance(86_400)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.headers["sunset"] == "Tue, 06 Jan 2026 12:00:00 GMT"
    assert "sunset" not in second.headers
    assert ((await signer.chat()).status_code, (await successor.chat()).status_code) == (401, 200)


async def test_same_request_is_not_taken_twice(signer) -> None:
    wire = signer.wire()
    headers = signer.signed(wire)

    statuses = [(await signer.send(wire, headers)).status_code for _ in range(3)]

    assert statuses == [200, 401, 401]
    assert len(signer.gw.sent) == 1


async def test_nonce_of_one_key_is_free_for_another(signer) -> None:
    other = await caller(signer.gw)

    replies = [await each.chat(parameters={"nonce": "same"}) for each in (signer, other)]

    assert [reply.status_code for reply in replies] == [200, 200]


@pytest.mark.parametrize("later_s", [-330, 30])
async def test_clocks_may_differ_by_what_is_allowed(signer, later_s) -> None:
    now = int(signer.gw.clock.time())

    assert (await signer.chat(parameters={"created": now + later_s})).status_code == 200


@pytest.mark.parametrize(("later_s", "status"), [(-31, 401), (-30, 200), (1, 200)])
async def test_end_that_a_signature_says_itself_holds(signer, later_s, status) -> None:
    now = int(signer.gw.clock.time())

    assert (await signer.chat(parameters={"expires": now + later_s})).status_code == status
    assert (await signer.chat(parameters={"expires": "soon"})).status_code == 401


async def test_replay_is_known_for_as_long_as_any_worker_would_take_it(signer) -> None:
    now = int(signer.gw.clock.time())
    wire = signer.wire(parameters={"created": now + 30})
    headers = signer.signed(wire)
    assert (await signer.send(wire, headers)).status_code == 200

    for advance_s in (300, 60, 600, 299):  # until just before it is forgotten: 30 + 330 + 900 s
        signer.gw.clock.advance(advance_s)
        assert (await signer.send(wire, headers)).status_code == 401
    replays = await signer.gw.gateway.store.replays()
    shown = shown_digest("signed", signer.keyid, wire.parameters["nonce"])
    assert not await replays.first(shown, NEVER)
    signer.gw.clock.advance(1)
    assert await replays.first(shown, NEVER)


async def test_signature_of_another_purpose_is_let_be(signer) -> None:
    foreign = signer.signed(signer.wire(parameters={"tag": "web-bot-auth"}))
    token = await signer.gw.token()

    alone = await signer.gw.request("GET", "/v1/models", token="", headers=foreign)
    beside = await signer.gw.request("GET", "/v1/models", token=token, headers=foreign)

    assert (alone.status_code, beside.status_code) == (401, 200)
    assert "accept-signature" not in alone.headers


async def test_signature_for_somebody_else_reaches_the_app_as_it_came_beside_a_token_or_another_proof(bridge) -> None:
    seen: list[dict[bytes, bytes]] = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    signer = await caller(bridge(app=service, identity={"signed": {}, "aksk": {}}))
    other = await hmac_caller(signer.gw, token_id=signer.id)
    foreign = signer.signed(signer.wire(parameters={"tag": "of-the-app"}))
    shown = {name: foreign[name] for name in ("signature-input", "signature")}

    bearer = {"authorization": f"Bearer {await signer.gw.token()}"}
    for headers in (bearer, other.headers(method="GET", path="/orders", body=b"")):
        reply = await signer.gw.request("GET", "/orders", token="", headers={**headers, **shown})

        assert reply.status_code == 204
        assert {name: seen[-1][name.encode()].decode() for name in shown} == shown
        assert b"authorization" not in seen[-1]


async def test_signature_for_us_reaches_no_app_unless_it_holds(bridge) -> None:
    service = Service()
    signer = await caller(bridge(app=service))
    wire = signer.wire(path="/orders")
    forged = {**signer.signed(wire), "signature": "sig=:AAAA:"}
    token = {"authorization": f"Bearer {await signer.gw.token()}"}

    replies = [await signer.send(wire, headers) for headers in (forged, {**forged, **token})]

    assert [reply.status_code for reply in replies] == [401, 400]
    assert service.headers == []


@pytest.mark.parametrize("kind", [CredentialKind.SIGNATURE, CredentialKind.AKSK])
async def test_nothing_is_written_of_a_signature_whose_token_is_not_live(bridge, kind) -> None:
    gw = bridge(identity={"signed": {}, "aksk": {}})
    signer = await (hmac_caller(gw) if kind is CredentialKind.AKSK else caller(gw))
    await gw.gateway.tokens.disable(signer.id)
    refused = (await signer.chat()).status_code

    with closing(sqlite3.connect(gw.gateway.config.data / "tollbridge.db")) as db:
        before = db.execute("SELECT count(*) FROM replay").fetchone()
        await gw.gateway.tokens.enable(signer.id)
        crossed = (await signer.chat()).status_code
        after = db.execute("SELECT count(*) FROM replay").fetchone()

    assert (refused, before, crossed, after) == (401, (0,), 200, (1,))


async def test_store_can_say_whether_the_very_key_or_secret_that_was_shown_still_opens(bridge) -> None:
    seen: list[Shown] = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["tollbridge"].principal.shown)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = bridge(app=service, identity={"signed": {}, "aksk": {}, "basic": {}})
    await gw.client()
    made = await gw.gateway.tokens.issue(name="t", scopes=("service:*",))
    id, get = made.token.id, {"method": "GET", "path": "/orders", "body": b""}
    signer, other = await caller(gw, token_id=id), await hmac_caller(gw, token_id=id)
    pair = base64.b64encode(f"{id}:{made.secret}".encode()).decode()
    ways = [signer.signed(signer.wire(**get)), other.headers(**get), {"authorization": f"Basic {pair}"}]

    statuses = [(await gw.request("GET", "/orders", token="", headers=headers)).status_code for headers in ways]

    assert statuses == [204] * 3
    signed, keyed, shown = seen
    assert [signed, keyed] == [Shown(id, key=signer.keyid), Shown(id, key=other.access_key)]
    store, gateway = gw.gateway.store, gw.gateway
    assert await store.still_open(seen) == set(seen)
    await gateway.credentials.remove(id, signer.keyid)
    assert await store.still_open(seen) == {keyed, shown}
    gw.clock.advance(1)
    await gateway.tokens.rotate(id, timedelta(0))
    assert await store.still_open(seen) == {keyed}


async def test_host_says_nothing_of_the_url(signer) -> None:
    wire, elsewhere = signer.wire(), signer.wire(url="https://elsewhere.example")

    good = await signer.send(wire, {**signer.signed(wire), "host": "elsewhere.example"})
    bad = await signer.send(elsewhere, {**signer.signed(elsewhere), "host": "elsewhere.example"})

    assert (good.status_code, bad.status_code) == (200, 401)


async def test_path_that_a_proxy_takes_away_is_signed_too(bridge) -> None:
    signer = await caller(bridge(server={"public_url": "https://example.com/gw"}))

    behind = await signer.chat(url="https://example.com/gw")
    before = await signer.chat(url="https://example.com")

    assert (behind.status_code, before.status_code) == (200, 401)


async def test_app_gets_the_body_that_was_signed_and_no_other(bridge) -> None:
    service = Service()
    signer = await caller(bridge(app=service))
    body = b"\x00\xff[[[[" * 1000

    def wire() -> Wire:
        return signer.wire(path="/orders/%C3%A9?x=1", body=body, headers={"content-type": "application/x-thing"})

    good, bad = await signer.send(wire()), await signer.send(wire(), content=body[:-1])

    assert (good.status_code, bad.status_code) == (204, 401)
    assert service.bodies == [body]
    assert not {b"signature", b"signature-input"} & set(service.headers[0])
    assert service.headers[0][b"content-digest"] == digest_of(body).encode()


async def test_method_is_signed_too(bridge) -> None:
    signer = await caller(bridge(app=Service()))
    wires = [signer.wire(path="/orders", method="POST") for _ in range(2)]

    replies = [await signer.send(wire, method=method) for wire, method in zip(wires, ("POST", "PUT"), strict=True)]

    assert [reply.status_code for reply in replies] == [204, 401]


async def test_replay_is_refused_by_every_gateway_that_shares_the_store(signer, bridge) -> None:
    first = signer.gw.gateway
    upstream = FakeUpstream()
    other = GatewayUnderTest(
        Gateway(first.config, clock=signer.gw.clock, transport=upstream), upstream, signer.gw.clock
    )
    await other.client()
    try:
        wire = signer.wire()
        headers = signer.signed(wire)
        there = type(signer)(other, signer.made)

        statuses = [(await each.send(wire, headers)).status_code for each in (signer, there, signer)]
        assert statuses == [200, 401, 401]
        assert (await there.chat(parameters={"nonce": "fresh"})).status_code == 200
    finally:
        await other.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_age_s": 0}, "max_age_s must be 1 to 3600"),
        ({"max_age_s": 3601}, "max_age_s must be 1 to 3600"),
        ({"clock_skew_s": -1}, "clock_skew_s must be 0 to 300"),
        ({"clock_skew_s": 301}, "clock_skew_s must be 0 to 300"),
        ({"age": 1}, "unknown option 'age'"),
    ],
)
def test_option_that_cannot_be_is_refused_at_start(bridge, options, words) -> None:
    with pytest.raises(ConfigError, match=words):
        bridge(identity={"signed": options})


async def test_gateway_that_does_not_know_its_url_does_not_start(bridge) -> None:
    with pytest.raises(ConfigError, match=r"identity.signed needs \[server\] public_url"):
        await bridge(server={}).client()


async def test_missing_library_is_told_with_what_brings_it(bridge, monkeypatch) -> None:
    monkeypatch.setattr("tollbridge_signed.signed.find_spec", lambda name: None)

    with pytest.raises(ConfigError, match=r"pip install 'tollbridge\[signed\]'"):
        await bridge().client()


async def test_without_its_section_a_signature_is_nothing(bridge) -> None:
    signer = await caller(bridge(identity={}))

    reply = await signer.chat()

    assert reply.status_code == 401
    assert "accept-signature" not in reply.headers
    assert PUBLIC not in reply.text


async def test_service_is_told_the_token_that_signed_and_nothing_that_the_caller_says_of_itself(bridge) -> None:
    service = Service()
    gw = bridge(app=service, service={"vouch": True})
    await gw.client()
    token = (await gw.gateway.tokens.issue(name="shop", scopes=("service:*",), owner="ada", team="sales")).token
    signer = await caller(gw, token_id=token.id)
    forged = {"x-tollbridge-identity": "forged", "x-forwarded-user": "root", "content-type": "text/plain"}

    reply = await signer.send(signer.wire(path="/orders", headers=dict(forged)))

    (headers,) = service.headers
    claims = json.loads(base64.urlsafe_b64decode(headers[b"x-tollbridge-identity"].split(b".")[1] + b"=="))
    assert reply.status_code == 204
    assert (claims["sub"], claims["act"]["sub"], claims["team"], claims["scope"]) == (
        "ada",
        token.id,
        "sales",
        "service:*",
    )
    assert not {b"x-forwarded-user", b"signature", b"signature-input", b"authorization"} & set(headers)
