"""Callers of outside issuers, by their JWTs."""

import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.plugins.jwt.conftest import INTROSPECT, JWKS, JWT, OPAQUE, Bridge, Make, issuer
from tests.support.jwts import AUDIENCE, ISSUER, Signer, b64, claims, header, jwks, signed, signer, token
from tests.support.waiting import until

from tollbridge.errors import ConfigError, UpstreamError
from tollbridge.testing.fake import Reply
from tollbridge.tokens.secret import make_secret

CHALLENGE = 'Bearer realm="tollbridge", error="invalid_token"'
SECOND = "https://second.example"


async def test_caller_of_an_issuer_crosses_with_the_scopes_of_its_token(bridge) -> None:
    gw = bridge(jwt=JWT)

    allowed = await gw.call(token())
    other_model = await gw.call(token(scope="ai:chat model:large"))
    nothing = await gw.call(token(scope=None))

    assert (allowed.status_code, other_model.status_code, nothing.status_code) == (200, 403, 403)
    assert [caller.id for caller in gw.callers] == ["jwt:corp:alice"] * 3
    assert gw.outside.urls == [JWKS]


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "x-goog-api-key"])
async def test_token_is_taken_from_wherever_an_sdk_puts_its_key_and_goes_no_further(bridge, name) -> None:
    gw = bridge(jwt=JWT)
    shown = token().decode()

    reply = await gw.call("", headers={name: f"bearer  {shown} " if name == "authorization" else shown})

    assert reply.status_code == 200
    (sent,) = gw.sent
    assert shown not in str(sent)


async def test_nothing_is_fetched_before_a_token_of_that_issuer_comes(bridge) -> None:
    gw = bridge(jwt=JWT)
    await gw.client()

    for shown in ("", "sk-opaque", token(iss="https://other.example").decode(), "a.b", "a.b.c"):
        assert (await gw.call(shown)).status_code == 401

    assert gw.outside.urls == []


async def test_what_claims_to_be_of_no_issuer_here_is_refused_as_without_any_source(bridge) -> None:
    with_source, without = bridge(jwt=JWT), bridge()

    replies = [await gw.call(token(iss="https://other.example")) for gw in (with_source, without)]

    assert replies[0].content == replies[1].content
    assert [reply.headers["www-authenticate"] for reply in replies] == ['Bearer realm="tollbridge"'] * 2


WRONG: dict[str, tuple[bytes, str]] = {
    "expired": (token(exp=1), "expired"),
    "for another": (token(aud="x"), "wrong_audience"),
    "an ID token": (token(head={"typ": "JWT"}), "wrong_type"),
    "without typ": (token(head={"typ": None}), "wrong_type"),
    "not signed": (signed(header(alg="none"), claims()), "algorithm_not_allowed"),
    "of another key": (token(signer(kid="k2"), head={"kid": "k1"}), "bad_signature"),
    "of an unknown key": (token(signer(kid="k2")), "unknown_key"),
    "without a header": (b"." + token().split(b".", 1)[1], "bad_header"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_claims_to_be_of_an_issuer_and_is_not_gets_the_same_words_and_only_the_log_says_why(
    bridge, name
) -> None:
    gw = bridge(jwt=JWT)
    shown, reason = WRONG[name]

    with capture_logs() as logged:
        reply = await gw.call(shown)

    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, CHALLENGE)
    assert reply.json()["error"]["message"] == "this token is not valid here; get a new one from its issuer"
    details = [line["detail"] for line in logged if "detail" in line]
    assert details == [f"a token of the issuer 'corp' was refused: {reason}"]
    assert shown.decode() not in reply.text + str(logged)
    assert "alice" not in reply.text + str(logged)
    assert gw.sent == []


async def test_typ_is_waived_for_an_issuer_that_says_so_alone(bridge) -> None:
    shown = [token(head={"typ": typ}) for typ in (None, "JWT", "at+jwt")]

    verdicts = {}
    for typ in ("at+jwt", "JWT", ""):
        gw = bridge(jwt=issuer(typ=typ))
        verdicts[typ] = [(await gw.call(one)).status_code for one in shown]

    assert verdicts == {"at+jwt": [401, 401, 200], "JWT": [401, 200, 401], "": [200, 200, 200]}


def of_two(bridge: Make, other: Signer) -> Bridge:
    """Make a gateway with a second issuer, whose key is another."""
    second = {"issuer": SECOND, "audience": AUDIENCE, "jwks_url": f"{SECOND}/k"}
    gw = bridge(jwt={"issuers": {**JWT["issuers"], "second": second}})
    gw.outside.pages[f"{SECOND}/k"] = Reply(body=jwks(other))
    return gw


async def test_callers_of_two_issuers_are_two_callers_whatever_their_tokens_share(bridge) -> None:
    other = signer(kid="second")
    gw = of_two(bridge, other)
    long = {"pad": "x" * 400}

    shown = [signed(header(), {**long, **claims(sub=name)}) for name in ("alice", "bob", "second:alice", "#", "é")]
    shown.append(token(other, iss=SECOND))
    for one in shown * 2:
        assert (await gw.call(one)).status_code == 200

    callers = [caller.id for caller in gw.callers]
    assert callers[:6] == callers[6:]
    assert callers[:3] == ["jwt:corp:alice", "jwt:corp:bob", "jwt:corp:second:alice"]
    assert callers[5] == "jwt:second:alice"
    assert len(set(callers[:6])) == 6
    assert len({one[:200] for one in shown[:5]}) == 1


async def test_key_of_one_issuer_signs_nothing_for_another(bridge) -> None:
    other = signer(kid="second")
    gw = of_two(bridge, other)

    assert (await gw.call(token(other))).status_code == 401
    assert (await gw.call(token(iss=SECOND))).status_code == 401


async def test_keys_that_were_rotated_are_found_and_those_that_are_gone_open_nothing(bridge) -> None:
    gw = bridge(jwt=JWT)
    await gw.call(token())
    gw.clock.advance(73)
    gw.outside.pages[JWKS] = Reply(body=jwks(signer(kid="k2")))

    new, old = await gw.call(token(signer(kid="k2"))), await gw.call(token())

    assert (new.status_code, old.status_code) == (200, 401)
    assert gw.outside.urls == [JWKS, JWKS]


async def test_issuer_says_where_its_keys_are_and_must_be_the_one_that_was_meant(bridge) -> None:
    place = f"{ISSUER}/.well-known/openid-configuration"
    found = {}
    for said in (ISSUER, f"{ISSUER}/"):
        gw = bridge(jwt=issuer(jwks_url=None))
        gw.outside.pages[place] = Reply(body=json.dumps({"issuer": said, "jwks_uri": JWKS}).encode())
        found[said] = (await gw.call(token())).status_code, gw.outside.urls

    assert found == {ISSUER: (200, [place, JWKS]), f"{ISSUER}/": (503, [place])}


async def test_keys_are_not_fetched_from_where_metadata_leads_off_https(bridge) -> None:
    place, plain = f"{ISSUER}/.well-known/openid-configuration", "http://idp.example/jwks"
    gw = bridge(jwt=issuer(jwks_url=None))
    gw.outside.pages[place] = Reply(body=json.dumps({"issuer": ISSUER, "jwks_uri": plain}).encode())
    gw.outside.pages[plain] = Reply(body=jwks(signer()))

    assert (await gw.call(token())).status_code == 503
    assert gw.outside.urls == [place]


@pytest.mark.parametrize(
    "page",
    [
        Reply(status=500, body=jwks(signer())),
        Reply(status=302, headers=[(b"location", b"https://elsewhere.example/")]),
        Reply(body=b"<html>"),
        Reply(body=b" " * 300_000),
        Reply(error=UpstreamError("the provider idp.example cannot be reached", detail="connection refused")),
    ],
)
async def test_issuer_that_is_away_stops_no_start_and_its_callers_alone_are_refused_until_it_answers(
    bridge, page
) -> None:
    gw = bridge(jwt=JWT)
    gw.outside.pages[JWKS] = page

    away, of_ours = await gw.call(token()), await gw.call(await gw.token())
    gw.outside.pages[JWKS] = Reply(body=jwks(signer()))
    gw.clock.advance(13)

    assert (away.status_code, away.json()["error"]["code"], of_ours.status_code) == (503, "identity_failed", 200)
    assert int(away.headers["retry-after"]) in (10, 11, 12)
    assert (await gw.call(token())).status_code == 200


async def test_issuer_that_goes_away_later_leaves_its_callers_alone(bridge) -> None:
    gw = bridge(jwt=JWT)
    await gw.call(token())
    gw.outside.pages[JWKS] = Reply(status=500)
    gw.clock.advance(250)

    assert (await gw.call(token())).status_code == 200


async def test_thousand_tokens_of_unknown_keys_are_one_fetch_and_callers_with_a_valid_token_notice_nothing(
    bridge,
) -> None:
    gw = bridge(jwt=JWT)
    await gw.call(token())
    gw.clock.advance(73)
    gw.outside.speaks.clear()
    forged = [b64(header(kid=f"random-{n}")) + b"." + b64(claims()) + b"." + b64(b"x" * 256) for n in range(1000)]

    herd = [asyncio.create_task(gw.call(one)) for one in forged]
    await until(lambda: len(gw.outside.urls) == 2, "the fetch")
    in_the_stall = {(await gw.call(token())).status_code for _ in range(10)}
    gw.outside.pages[JWKS] = Reply(status=500)
    gw.outside.speaks.set()
    refused = {reply.status_code for reply in await asyncio.gather(*herd)}

    assert (in_the_stall, refused) == ({200}, {503})
    assert (await gw.call(token())).status_code == 200
    assert gw.outside.urls == [JWKS, JWKS]


HOSTS = ("evil.example", "idp.example", "gw.example", "x/health?y=", "user@idp.example", "idp.example:443")


@pytest.mark.parametrize("host", HOSTS)
async def test_no_header_decides_who_an_issuer_is_nor_where_its_keys_are(bridge, host) -> None:
    gw = bridge(jwt=issuer(jwks_url=None))
    place = f"{ISSUER}/.well-known/openid-configuration"
    gw.outside.pages[place] = Reply(body=json.dumps({"issuer": ISSUER, "jwks_uri": JWKS}).encode())
    forwarded = {"host": host, "x-forwarded-host": host, "x-forwarded-proto": "http", "forwarded": f'host="{host}"'}
    of_host = [{"iss": f"https://{host}"}, {"aud": f"https://{host}x"}]

    statuses = [(await gw.call(token(**one), headers=forwarded)).status_code for one in of_host]
    good = await gw.call(token(), headers=forwarded)
    plain = await gw.call(token())

    assert plain.status_code == 200
    assert good.status_code in (200, 400)  # a Host that is none is refused whoever sends it
    assert 200 not in statuses or host == "idp.example"
    assert gw.outside.urls == [place, JWKS]


async def test_secret_that_begins_as_a_token_of_ours_is_none_of_an_issuers(bridge) -> None:
    gw = bridge(jwt=JWT)

    assert (await gw.call(make_secret())).status_code == 401
    assert gw.outside.urls == []


async def test_token_of_an_issuer_is_never_shown_to_another_server(bridge) -> None:
    gw = bridge(introspection=OPAQUE, jwt=JWT)
    gw.outside.pages[INTROSPECT] = Reply(body=b'{"active":true}')

    assert (await gw.call(token(exp=1))).status_code == 401
    assert gw.outside.urls == []


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({}, r"identity\.jwt: the option 'issuers' is missing"),
        ({"issuers": {}}, r"identity\.jwt: issuers has a table for each issuer"),
        (
            {"issuers": {"Corp": issuer()["issuers"]["corp"]}},
            r"identity\.jwt: issuers has a table for each issuer, named",
        ),
        ({"issuers": [1]}, r"identity\.jwt\.issuers must be a table"),
        ({"issuers": {}, "isuers": {}}, r"identity\.jwt: unknown option 'isuers'; did you mean 'issuers'\?"),
        (issuer(jwks="x"), r"identity\.jwt\.issuers\.corp: unknown option 'jwks'; did you mean 'jwks_url'\?"),
        (issuer(audience=None), r"identity\.jwt\.issuers\.corp: the option 'audience' is missing"),
        (issuer(audience=5), r"identity\.jwt\.issuers\.corp\.audience must be a string, not 5"),
        (issuer(algorithms=["HS256"]), r"identity\.jwt\.issuers\.corp: algorithms must be some of RS256"),
        (issuer(algorithms=["none"]), r"identity\.jwt\.issuers\.corp: algorithms must be some of RS256"),
        (issuer(leeway_s=61), r"identity\.jwt\.issuers\.corp: leeway_s must be 0 to 60"),
        (issuer(jwks_url="http://idp.example/jwks"), r"identity\.jwt\.issuers\.corp: a URL must begin with https://"),
        (issuer(jwks_url=None, issuer="corp"), r"identity\.jwt\.issuers\.corp: a URL must begin with https://"),
        (issuer(scopes=["everything"]), r"identity\.jwt\.issuers\.corp: 'everything' is no scope"),
        (issuer(scope_map={"a": ["ai:"]}), r"identity\.jwt\.issuers\.corp: 'ai:' is no scope"),
        (issuer(scope_map={"a": "ai:chat"}), r"identity\.jwt\.issuers\.corp\.scope_map\.a must be a list"),
        (
            {"issuers": {name: issuer()["issuers"]["corp"] for name in ("one", "two")}},
            r"identity\.jwt: two of the issuers have the same 'issuer'",
        ),
    ],
)
def test_section_that_cannot_be_used_is_refused_by_name(bridge, section: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        bridge(jwt=section)


async def test_gateway_that_starts_again_serves_the_same_issuers(bridge) -> None:
    gw = bridge(jwt=JWT)
    await gw.call(token())
    await gw.gateway.stop()
    await gw.gateway.start()

    assert (await gw.call(token())).status_code == 200
    assert gw.outside.urls == [JWKS, JWKS]


PETS = "https://gw.example/v1/mcp/pets"


@pytest.mark.parametrize(
    ("audience", "path", "known"),
    [
        (PETS, "/v1/mcp/pets", True),
        ([PETS, "https://other.example"], "/v1/mcp/pets/", True),
        ("https://gw.example/v1/mcp", "/v1/mcp", True),
        (AUDIENCE, "/v1/mcp/pets", True),
        (PETS, "/v1/mcp/dogs", False),
        (PETS, "/v1/mcp", False),
        ("https://gw.example/v1/mcp", "/v1/mcp/pets", False),
        (f"{PETS}/", "/v1/mcp/pets", False),
        ("https://evil.example/v1/mcp/pets", "/v1/mcp/pets", False),
        (PETS, "/v1/chat/completions", False),
        ("https://gw.example/v1/apis/pets", "/v1/apis/pets", False),
        ("https://gw.example/v1/mcpets", "/v1/mcpets", False),
    ],
)
async def test_token_for_an_mcp_server_opens_that_one_alone(bridge, audience: Any, path: str, known: bool) -> None:
    gw = bridge(jwt=JWT, server={"public_url": "https://gw.example"})

    reply = await gw.request(
        "POST", path, token=token(aud=audience).decode(), json={}, headers={"host": "evil.example"}
    )

    assert (reply.status_code != 401) is known
