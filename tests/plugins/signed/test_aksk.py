"""Access keys and secret keys, in the way of Kong's hmac-auth."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from tests.plugins.signed.conftest import BODY, CHAT, caller, hmac_caller, issued

from tollbridge import Call
from tollbridge.credentials import Credential, CredentialKind, OpenedCredential
from tollbridge.errors import ConfigError
from tollbridge.testing.samples import NOON
from tollbridge_signed.hmacs import Wrong, read_signed, verify

SECTIONS = {"identity": {"aksk": {}}}
LINE = "date request-line digest"


@pytest.fixture
async def signer(bridge):
    """Give somebody with an access key, and a gateway of theirs."""
    return await hmac_caller(bridge(**SECTIONS))


@pytest.mark.parametrize("names", ["date @request-target digest", LINE, "digest content-type x-date request-line"])
@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha384", "hmac-sha512"])
async def test_signed_request_crosses_as_the_token_of_the_key(bridge, names, algorithm) -> None:
    signer = await hmac_caller(bridge(**SECTIONS), algorithm=algorithm)
    values = {"content-type": "application/json", "x-date": "Mon, 05 Jan 2026 12:00:00 GMT"}
    named = {name: value for name, value in values.items() if name in names}

    reply = await signer.chat(names, algorithm=algorithm, values=named)

    assert reply.status_code == 200
    (row,) = await signer.gw.gateway.store.recent(limit=9)
    assert row.token_id == signer.id


@pytest.mark.parametrize(
    ("method", "target", "date", "secret", "signature"),
    [
        # Kong's own example, and one of a client in Go (https://qomarullah.medium.com), both read 2026-11
        (
            "GET",
            "/requests",
            "Thu, 22 Jun 2017 17:15:21 GMT",
            b"secret",
            b"ujWCGHeec9Xd6UD2zlyxiNMCiXnDOWeVFMu5VeRUxtw=",
        ),
        (
            "POST",
            "/ok",
            "Sun, 20 Oct 2019 15:21:07 GMT",
            b"7hCgo4nzEIrmHHlzPcdGdaYEII5XCIGX",
            b"0dlw8CsMix5snxulsVb5uKbPYAoHQVLdMoDRjgDSUtk=",
        ),
    ],
)
def test_what_kongs_users_sign_is_what_is_checked_here(method, target, date, secret, signature) -> None:
    shown = (
        b'hmac username="alice123", algorithm="hmac-sha256", headers="date request-line", signature="%s"' % signature
    )
    headers = [(b"date", date.encode()), (b"authorization", shown)]
    call = Call("req_1", NOON, 0.0, "http", method, target, headers, raw_path=target.encode())
    made = Credential("ak_1", "tok_1", CredentialKind.AKSK, "hmac-sha256", "", NOON)

    verify(read_signed(call), OpenedCredential(made, secret))
    with pytest.raises(Wrong):
        verify(read_signed(call), OpenedCredential(made, secret + b"x"))


async def test_request_without_a_body_needs_no_digest(signer) -> None:
    headers = signer.headers("date @request-target", method="GET", path="/v1/models?limit=1")
    del headers["digest"]

    assert (await signer.send(headers, method="GET", path="/v1/models?limit=1", content=b"")).status_code == 200


async def test_same_request_is_not_taken_twice_and_another_header_makes_another(signer) -> None:
    headers = signer.headers()
    names = "date @request-target digest x-request-number"

    statuses = [(await signer.send(headers)).status_code for _ in range(2)]
    statuses += [(await signer.chat(names, values={"x-request-number": str(number)})).status_code for number in (1, 2)]

    assert statuses == [200, 401, 200, 200]


@pytest.mark.parametrize(
    "changed", [{"content": BODY + b" "}, {"content": b""}, {"path": f"{CHAT}?x"}, {"path": "/v1/completions"}]
)
async def test_changed_part_of_a_request_is_refused(signer, changed) -> None:
    reply = await signer.send(signer.headers(), **changed)

    assert (reply.status_code, signer.gw.sent) == (401, [])


@pytest.mark.parametrize(
    "changed",
    [
        {"date": "Mon, 05 Jan 2026 12:00:01 GMT"},
        {"digest": "SHA-256=" + "A" * 43 + "="},
        {"x-date": "Mon, 05 Jan 2026 12:00:00 GMT"},
    ],
)
async def test_changed_header_is_refused(signer, changed) -> None:
    reply = await signer.send({**signer.headers(), **changed})

    assert (reply.status_code, signer.gw.sent) == (401, [])


@pytest.mark.parametrize("digest", ["", "md5=x", "SHA-256=short", "sha-512=" + "A" * 43 + "="])
async def test_digest_of_another_kind_is_refused_though_it_is_signed(signer, digest) -> None:
    assert (await signer.chat(values={"digest": digest})).status_code == 401


@pytest.mark.parametrize(
    "names", ["date digest", "@request-target digest", "date @request-target", "x-date @request-target digest"]
)
async def test_part_that_is_not_covered_is_refused(signer, names) -> None:
    headers = signer.headers(names, values={"x-date": "Mon, 05 Jan 2026 12:00:00 GMT"} if "x-date" in names else {})
    if "x-date" in names:
        del headers["x-date"]

    assert (await signer.send(headers)).status_code == 401


async def test_body_without_a_digest_is_refused(signer) -> None:
    headers = signer.headers("date @request-target")
    del headers["digest"]

    assert (await signer.send(headers)).status_code == 401
    assert signer.gw.sent == []


async def test_newer_date_counts_where_both_are_sent_and_must_be_signed(signer) -> None:
    values = {"x-date": "Mon, 05 Jan 2026 12:00:00 GMT", "date": "Mon, 05 Jan 1999 12:00:00 GMT"}

    unsigned = await signer.chat("date @request-target digest", values=values)
    signed = await signer.chat("x-date @request-target digest", values=values)

    assert (unsigned.status_code, signed.status_code) == (401, 200)


@pytest.mark.parametrize(("later_s", "status"), [(-331, 401), (-330, 200), (0, 200), (30, 200), (31, 401)])
async def test_signature_is_taken_while_it_is_young(signer, later_s, status) -> None:
    assert (await signer.chat(later_s=later_s)).status_code == status


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Jan 2026 12:00:00 GMT", "Mon, 05 Jan 99999 12:00:00 GMT"])
async def test_date_that_is_none_is_refused(signer, date) -> None:
    assert (await signer.chat(values={"date": date})).status_code == 401


async def test_header_that_is_signed_and_not_there_is_refused(signer) -> None:
    headers = signer.headers("date @request-target digest x-mine", values={"x-mine": ""})
    del headers["x-mine"]

    assert (await signer.send(headers)).status_code == 401


@pytest.mark.parametrize("name", ["date", "digest", "authorization", "x-mine"])
async def test_signed_header_that_is_there_twice_is_refused(signer, name) -> None:
    headers = signer.headers("date @request-target digest x-mine", values={"x-mine": "1"})
    client = await signer.gw.client()

    reply = await client.post(CHAT, headers=[*headers.items(), (name, headers[name])], content=BODY)

    assert reply.status_code in (400, 401)
    assert signer.gw.sent == []


@pytest.mark.parametrize(
    "options", [{"secret": "another"}, {"access_key": "ak_" + "0" * 28}, {"algorithm": "hmac-sha512"}]
)
async def test_what_the_key_did_not_sign_is_refused(signer, options) -> None:
    assert (await signer.chat(**options)).status_code == 401


async def test_key_of_another_kind_does_not_sign_here(signer) -> None:
    made = await issued(signer.gw, CredentialKind.HMAC)

    reply = await signer.chat(access_key=made.credential.id, secret=made.secret)

    assert reply.status_code == 401


async def test_what_is_done_to_the_token_holds_for_the_next_request(signer) -> None:
    await signer.gw.gateway.tokens.disable(signer.id)
    assert (await signer.chat()).status_code == 401
    await signer.gw.gateway.tokens.enable(signer.id)

    assert (
        await signer.chat("date @request-target digest content-type", values={"content-type": "application/json"})
    ).is_success


async def test_answers_say_when_a_rotated_key_ends(signer) -> None:
    await signer.gw.gateway.credentials.rotate(signer.id, signer.access_key)

    assert (await signer.chat()).headers["sunset"] == "Tue, 06 Jan 2026 12:00:00 GMT"


async def test_key_without_an_end_has_none_in_answers(bridge) -> None:
    gw = bridge(**SECTIONS)
    await gw.client()
    token = (await gw.gateway.tokens.issue(name="t", scopes=("ai:*", "model:*"), rotate_days=0)).token
    signer = await hmac_caller(gw, token_id=token.id)

    assert "sunset" not in (await signer.chat()).headers


async def test_every_refusal_is_the_same_and_the_log_alone_learns_why(signer) -> None:
    headers = signer.headers()
    await signer.send(headers)
    with capture_logs() as logs:
        refusals = [await signer.send(headers), await signer.chat(secret="x"), await signer.chat(later_s=-999)]

    assert {(reply.status_code, reply.content) for reply in refusals} == {(401, refusals[0].content)}
    assert {reply.headers["www-authenticate"] for reply in refusals} == {'hmac realm="tollbridge"'}
    assert [entry["detail"] for entry in logs if entry["event"] == "call_failed"] == [
        "a signature was refused: it was shown before",
        "a signature was refused: it is not of this key and this request",
        "a signature was refused: it is too old",
    ]
    assert signer.secret not in str(logs)


@pytest.mark.parametrize("headers", [{"x-api-key": "TOKEN"}, {"x-goog-api-key": "no"}])
async def test_signature_and_another_credential_are_refused(signer, headers) -> None:
    token = await signer.gw.token()
    shown = {name: value.replace("TOKEN", token) for name, value in headers.items()}

    reply = await signer.send({**signer.headers(), **shown})

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ambiguous_credential")


async def test_two_signatures_of_different_kinds_are_refused(bridge) -> None:
    gw = bridge(identity={"aksk": {}, "signed": {}})
    one, other = await hmac_caller(gw), await caller(gw)

    reply = await other.send(other.wire(), {**other.signed(other.wire()), **one.headers()})

    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "ambiguous_credential")


SHOWN = 'hmac username="ak_1", algorithm="hmac-sha256", headers="date", signature="AAAA"'


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 160), by=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12))
async def test_authorization_that_was_changed_anyhow_is_refused_and_nothing_fails(signer, cut, by) -> None:
    headers = signer.headers()
    value = headers["authorization"]
    changed = f"{value[:cut]}{by}{value[cut + 1 :]}"

    reply = await signer.send({**headers, "authorization": changed})

    assert reply.status_code == 401 or alike(changed) == alike(value)


def alike(shown: str) -> str:
    """Give what is shown without what may be otherwise: spaces, case, and bits of base64 that stand for nothing."""
    return re.sub(r'.="$', "", shown.lower().replace(" ", ""))


@pytest.mark.parametrize(
    "shown",
    [
        "hmac",
        "hmac x",
        SHOWN[:-1],
        SHOWN.replace("AAAA", "AAA"),
        SHOWN.replace("hmac ", "hmac"),
        SHOWN.replace('"date"', '""'),
    ],
)
async def test_authorization_that_cannot_be_read_is_refused(signer, shown) -> None:
    assert (await signer.send({**signer.headers(), "authorization": shown})).status_code == 401


async def test_other_schemes_are_let_be(signer) -> None:
    assert (await signer.gw.chat("small")).status_code == 200
    assert (await signer.send({**signer.headers(), "authorization": "Basic eDp5"})).status_code == 401


@pytest.mark.parametrize("options", [{"max_age_s": 0}, {"clock_skew_s": 301}])
def test_option_that_cannot_be_is_refused_at_start(bridge, options) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        bridge(identity={"aksk": options})
