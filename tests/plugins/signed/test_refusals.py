"""Signed requests of which something is not as it must be."""

import hmac
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.plugins.signed.conftest import BODY, CHAT, caller, digest_of, issued

from tollbridge.credentials import CredentialKind

GET = {"method": "GET", "path": "/v1/models", "body": b"", "headers": {"content-digest": digest_of(b"")}}


@pytest.mark.parametrize(
    "changed",
    [
        {"content": BODY + b" "},
        {"content": b""},
        {"path": f"{CHAT}?x=1"},
        {"path": "/v1/embeddings"},
    ],
)
async def test_changed_part_of_a_request_is_refused_and_costs_nothing(signer, changed) -> None:
    reply = await signer.send(signer.wire(), **changed)

    assert (reply.status_code, signer.gw.sent) == (401, [])
    assert all(row.cost in (None, 0) for row in await signer.gw.gateway.store.recent(limit=9))


@pytest.mark.parametrize(
    "changed",
    [
        {"content-type": "text/plain"},
        {"content-digest": digest_of(b"{}")},
        {"content-digest": ""},
        {"content-digest": "sha-256=:AAAA:"},
        {"content-digest": "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"},
        {"signature": "sig=:AAAA:"},
        {"signature": "other=:AAAA:"},
        {"signature": ""},
        {"signature": "sig=1"},
    ],
)
async def test_changed_header_is_refused(signer, changed) -> None:
    wire = signer.wire()

    reply = await signer.send(wire, {**signer.signed(wire), **changed})

    assert (reply.status_code, signer.gw.sent) == (401, [])


@pytest.mark.parametrize("name", ["created", "nonce", "keyid", "tag", "alg", "expires"])
async def test_changed_parameter_is_refused(signer, name) -> None:
    wire = signer.wire(parameters={"alg": "ed25519", "expires": int(signer.gw.clock.time()) + 9})
    headers = signer.signed(wire)
    value = wire.parameters[name]
    other = f"{name}={value + 1}" if isinstance(value, int) else f'{name}="{value}x"'
    said = f"{name}={value}" if isinstance(value, int) else f'{name}="{value}"'
    changed = headers["signature-input"].replace(said, other)

    reply = await signer.send(wire, {**headers, "signature-input": changed})

    assert changed != headers["signature-input"]
    assert (reply.status_code, signer.gw.sent) == (401, [])


@pytest.mark.parametrize("name", ["@method", "@target-uri", "content-type", "content-digest"])
async def test_part_that_is_not_covered_is_refused(signer, name) -> None:
    wire = signer.wire()
    wire.covered = tuple(one for one in wire.covered if one != name)

    reply = await signer.send(wire)

    assert (reply.status_code, signer.gw.sent) == (401, [])


async def test_body_without_a_digest_is_refused(signer) -> None:
    wire = signer.wire(covered=("@method", "@target-uri", "content-type"))
    del wire.headers["content-digest"]

    assert (await signer.send(wire)).status_code == 401
    assert signer.gw.sent == []


@pytest.mark.parametrize("covered", ['"content-digest";key="sha-256"', '"content-type";sf', '"@method";req'])
async def test_part_that_is_covered_in_another_way_is_not_covered(signer, covered) -> None:
    wire = signer.wire()
    said = wire.said().replace(covered.partition(";")[0], covered)
    wire.said = lambda: said

    assert (await signer.send(wire)).status_code == 401


@pytest.mark.parametrize("missing", ["created", "nonce", "keyid"])
async def test_parameter_that_is_missing_is_refused(signer, missing) -> None:
    assert (await signer.chat(parameters={missing: None})).status_code == 401


@pytest.mark.parametrize(
    "parameters", [{"created": "1767614400"}, {"nonce": ""}, {"nonce": "x" * 257}, {"nonce": 7}, {"keyid": 7}]
)
async def test_parameter_of_another_kind_is_refused(signer, parameters) -> None:
    assert (await signer.chat(parameters=parameters)).status_code == 401


@pytest.mark.parametrize("later_s", [-331, 31, -(10**12), 10**14])
async def test_signature_that_is_too_old_or_from_the_future_is_refused(signer, later_s) -> None:
    now = int(signer.gw.clock.time())

    assert (await signer.chat(parameters={"created": now + later_s})).status_code == 401


async def test_two_signatures_are_refused_though_both_hold(signer) -> None:
    wire, other = signer.wire(), signer.wire(label="other", parameters={"tag": "for-somebody-else"})
    both = {
        name: f"{signer.signed(wire)[name]}, {signer.signed(other)[name]}" for name in ("signature-input", "signature")
    }

    assert (await signer.send(wire, {**signer.signed(wire), **both})).status_code == 401


async def test_key_of_another_signs_nothing_in_ones_name(signer) -> None:
    other = await caller(signer.gw)
    wire = signer.wire()

    stolen_name = await signer.send(wire, signer.signed(wire, other.sign))
    no_such = await signer.chat(parameters={"keyid": "key_" + "0" * 28})

    assert (stolen_name.status_code, no_such.status_code) == (401, 401)


async def test_access_key_does_not_sign_here(signer) -> None:
    made = await issued(signer.gw, CredentialKind.AKSK)

    wire = signer.wire(parameters={"keyid": made.credential.id})

    reply = await signer.send(wire, signer.signed(wire, lambda base: hmac.digest(made.secret.encode(), base, "sha256")))

    assert reply.status_code == 401


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "rsa-pss-sha512", "ecdsa-p256-sha256", "none"])
async def test_algorithm_is_the_keys_whatever_the_signature_says(signer, algorithm) -> None:
    assert (await signer.chat(parameters={"alg": algorithm})).status_code == 401


@pytest.mark.parametrize(
    "headers", [{"authorization": "Bearer TOKEN"}, {"x-api-key": "TOKEN"}, {"x-goog-api-key": "no"}]
)
async def test_signature_and_another_credential_are_refused(signer, headers) -> None:
    token, wire = await signer.gw.token(), signer.wire()
    shown = {name: value.replace("TOKEN", token) for name, value in headers.items()}

    reply = await signer.send(wire, {**signer.signed(wire), **shown})

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ambiguous_credential")


async def test_every_refusal_is_the_same_and_says_what_to_sign(signer) -> None:
    wire = signer.wire()
    headers = signer.signed(wire)
    await signer.send(wire, headers)
    disabled = await caller(signer.gw)
    await signer.gw.gateway.tokens.disable(disabled.id)
    with capture_logs() as logs:
        refusals = [
            await signer.send(wire, headers),
            await signer.chat(parameters={"keyid": "key_" + "0" * 28}),
            await signer.chat(parameters={"created": 0}),
            await signer.send(signer.wire(), content=b"{}"),
            await disabled.chat(),
        ]

    assert {(reply.status_code, reply.content) for reply in refusals} == {(401, refusals[0].content)}
    wanted = re.compile(
        r'sig=\("@method" "@target-uri" "content-type" "content-digest"\);created;nonce="[\w-]{22}";tag="tollbridge"'
    )
    asked = [reply.headers["accept-signature"] for reply in refusals]
    assert all(map(wanted.fullmatch, asked))
    assert len(set(asked)) == len(asked)
    told = [entry["detail"] for entry in logs if entry["event"] == "call_failed"]
    assert told == [
        "a signature was refused: its nonce was shown before",
        "a signature was refused: there is no such key",
        "a signature was refused: it is too old",
        "a signature was refused: the body has another digest",
        "a signature was refused: the token of the key is not live",
    ]
    assert not any(nonce in str(logs) for nonce in (wire.parameters["nonce"], headers["signature"]))


async def test_key_of_a_canary_is_refused_like_one_that_is_unknown_and_is_told(signer) -> None:
    bait = await signer.gw.gateway.tokens.issue(name="in the old wiki", canary=True)
    found = await caller(signer.gw, token_id=bait.token.id)

    with capture_logs() as logs:
        reply = await found.chat()
    unknown = await signer.chat(parameters={"keyid": "key_" + "0" * 28})

    assert (reply.status_code, reply.content) == (401, unknown.content)
    assert set(reply.headers) == set(unknown.headers)
    assert [line["token_id"] for line in logs if line["event"] == "canary_token_used"] == [bait.token.id]


async def test_nonce_that_is_offered_can_be_used(signer) -> None:
    refusal = await signer.chat(parameters={"created": 0})
    (nonce,) = re.findall(r'nonce="([^"]+)"', refusal.headers["accept-signature"])

    assert (await signer.chat(parameters={"nonce": nonce})).status_code == 200


PART = st.integers(0, 400)


NOISE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["signature-input", "signature", "content-digest", "content-type"]), a=PART, b=PART, by=NOISE
)
async def test_header_that_was_changed_anyhow_is_refused_and_nothing_fails(signer, name, a, b, by) -> None:
    wire = signer.wire()
    headers = signer.signed(wire)
    value = headers[name]
    begin, end = sorted((a % (len(value) + 1), b % (len(value) + 1)))
    changed = f"{value[:begin]}{by}{value[end:]}"
    same = {" ".join(each.split()) for each in (value, changed)}

    reply = await signer.send(wire, {**headers, name: changed})

    assert reply.status_code == 401 or len(same) == 1


@pytest.mark.parametrize("path", ["/v1/models?a=b|c", "/v1/models?a=%22^"])
async def test_url_that_is_none_is_refused_and_nothing_fails(signer, path) -> None:
    wire = signer.wire(**{**GET, "path": path, "covered": ("@method", "@target-uri", "content-digest")})

    assert (await signer.send(wire)).status_code in (400, 401)
