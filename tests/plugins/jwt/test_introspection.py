"""Opaque tokens, about which their server is asked."""

import asyncio
import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from structlog.testing import capture_logs
from tests.plugins.jwt.conftest import INTROSPECT, OPAQUE, Bridge
from tests.support.jwts import AUDIENCE, NOW, token

from tollbridge.call import open_call
from tollbridge.errors import ConfigError, UpstreamUnreachable
from tollbridge.testing.fake import Reply
from tollbridge.tokens.secret import make_secret

SHOWN = "opaque-5f7c/~+="
YES = {
    "active": True,
    "sub": "alice",
    "client_id": "c",
    "aud": AUDIENCE,
    "iss": "https://as.example",
    "token_type": "Bearer",
    "scope": "ai:chat model:*",
    "exp": NOW + 300,
    "iat": NOW,
}


def says(gw: Bridge, **changes: Any) -> None:
    """Let the server say this of every token; what is None is left out."""
    found = {name: value for name, value in {**YES, **changes}.items() if value is not None}
    gw.outside.pages[INTROSPECT] = Reply(body=json.dumps(found).encode())


@pytest.fixture
def gw(bridge) -> Bridge:
    found: Bridge = bridge(introspection=OPAQUE)
    says(found)
    return found


async def test_server_is_asked_as_its_client_and_its_word_is_the_callers_identity(gw) -> None:
    reply = await gw.call(SHOWN)

    assert (reply.status_code, [caller.id for caller in gw.callers]) == (200, ["introspection:sub:alice"])
    (asked,) = gw.outside.asked
    assert (asked.method, asked.url) == ("POST", INTROSPECT)
    headers = dict(asked.headers)
    assert headers[b"content-type"] == b"application/x-www-form-urlencoded"
    # RFC 6749 section 2.3.1: both are form-encoded before they are joined
    assert base64.b64decode(headers[b"authorization"].removeprefix(b"Basic ")) == b"gw:as%3Asecret%3F"
    assert parse_qs(asked.body.decode()) == {"token": [SHOWN], "token_type_hint": ["access_token"]}


async def test_client_may_show_itself_in_the_form(bridge) -> None:
    gw = bridge(introspection={**OPAQUE, "auth": "post"})
    says(gw)

    assert (await gw.call(SHOWN)).status_code == 200
    (asked,) = gw.outside.asked
    form = parse_qs(asked.body.decode())
    assert (form["client_id"], form["client_secret"]) == (["gw"], ["as:secret?"])
    assert b"authorization" not in dict(asked.headers)


@pytest.mark.parametrize("active", [False, None, "true", 1, [True]])
async def test_token_that_is_not_called_active_is_nobodys(gw, active) -> None:
    says(gw, active=active)

    reply = await gw.call(SHOWN)

    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, 'Bearer realm="tollbridge"')


async def test_token_that_the_server_says_is_none_of_its_kind_is_nobodys(gw) -> None:
    body = b'{"error":"unsupported_token_type","active":true,"sub":"a","token_type":"Bearer"}'
    gw.outside.pages[INTROSPECT] = Reply(status=400, body=body)

    assert (await gw.call(token())).status_code == 401


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "another"}, "wrong_audience"),
        ({"aud": None}, "wrong_audience"),
        ({"token_type": None}, "wrong_type"),
        ({"token_type": "DPoP"}, "wrong_type"),
        ({"token_type": ["Bearer"]}, "wrong_type"),
        ({"cnf": {"jkt": "x"}}, "bound_to_a_key"),
        ({"exp": NOW - 11}, "expired"),
        ({"exp": "soon"}, "bad_time"),
        ({"exp": True}, "bad_time"),
        ({"nbf": NOW + 60}, "not_valid_yet"),
        ({"sub": None, "client_id": None}, "bad_subject"),
        ({"sub": 5, "client_id": ""}, "bad_subject"),
    ],
)
async def test_active_token_that_is_not_for_us_is_refused_and_only_the_log_says_why(gw, changes, reason) -> None:
    says(gw, **changes)

    with capture_logs() as logged:
        reply = await gw.call(SHOWN)

    assert (reply.status_code, reply.headers["www-authenticate"]) == (
        401,
        'Bearer realm="tollbridge", error="invalid_token"',
    )
    assert [line["detail"] for line in logged if "detail" in line] == [
        f"a token of the introspection server was refused: {reason}"
    ]
    assert SHOWN not in reply.text + str(logged)


async def test_what_is_not_demanded_is_not_looked_at(bridge) -> None:
    gw = bridge(introspection={**OPAQUE, "audience": "", "token_type": ""})
    says(gw, aud=None, token_type=None, exp=None, iat=None, iss=None)

    assert (await gw.call(SHOWN)).status_code == 200


async def test_issuer_of_an_answer_is_compared_where_one_is_named(bridge) -> None:
    gw = bridge(introspection={**OPAQUE, "issuer": "https://as.example"})
    statuses = []
    for issuer in ("https://as.example", "https://as.example/", None):
        says(gw, iss=issuer)
        statuses.append((await gw.call(SHOWN)).status_code)

    assert statuses == [200, 401, 401]


async def test_person_and_application_of_one_name_are_two_callers(gw) -> None:
    await gw.call(SHOWN)
    says(gw, sub=None, client_id="alice")
    await gw.call(SHOWN)

    assert [caller.id for caller in gw.callers] == ["introspection:sub:alice", "introspection:client:alice"]


async def test_secret_that_begins_as_a_token_of_ours_is_never_sent(gw) -> None:
    for secret in (make_secret(), "tb_mistyped", "tb_live_of_another_kind"):
        assert (await gw.call(secret)).status_code == 401

    assert gw.outside.urls == []


async def test_source_itself_sends_no_token_of_ours_whoever_asks_it(gw) -> None:
    await gw.client()
    ((_, source),) = gw.gateway.sources
    headers = [(b"authorization", b"Bearer " + make_secret().encode())]

    assert await source.identify(open_call({"type": "http", "path": "/", "headers": headers}, gw.clock)) is None
    assert gw.outside.urls == []


@pytest.mark.parametrize("shown", ["", "a b", "é", "a" * 8193])
async def test_what_can_be_no_token_is_not_sent(gw, shown) -> None:
    reply = await gw.call("", headers={"x-api-key": shown.encode()} if shown else {})

    assert (reply.status_code, gw.outside.urls) == (401, [])


async def test_only_tokens_that_begin_as_the_servers_do_are_sent_where_that_is_said(bridge) -> None:
    gw = bridge(introspection={**OPAQUE, "token_prefix": "as_"})
    says(gw)

    statuses = [(await gw.call(shown)).status_code for shown in ("as_1", "sk-provider-key", token().decode())]

    assert (statuses, len(gw.outside.asked)) == ([200, 401, 401], 1)


@pytest.mark.parametrize(
    ("page", "why"),
    [
        (Reply(status=500), "as.example: it answered 500"),
        (Reply(status=401, body=b'{"error":"invalid_client"}'), "as.example: it answered 401"),
        (Reply(status=302, headers=[(b"location", b"https://elsewhere.example/")]), "as.example: it answered 302"),
        (Reply(status=400, body=b'{"error":"invalid_request","active":true}'), "it answered 400"),
        (Reply(status=400, body=b"<html>"), "its answer cannot be read: "),
        (Reply(body=b"{"), "its answer cannot be read: "),
        (Reply(body=b'{"active":false,"active":true}'), "its answer cannot be read: a name stands in it twice"),
        (Reply(body=b"[true]"), "its answer cannot be read: it is no JSON object"),
        (Reply(body=b" " * 300_000), "over 262144 bytes"),
        (Reply(error=UpstreamUnreachable("the provider as.example cannot be reached", detail="refused")), "refused"),
    ],
)
async def test_server_that_does_not_say_lets_nobody_in(gw, page, why) -> None:
    gw.outside.pages[INTROSPECT] = page

    with capture_logs() as logged:
        reply = await gw.call(SHOWN)

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "identity_failed")
    (detail,) = [line["detail"] for line in logged if "detail" in line]
    assert detail.startswith("introspection failed: ")
    assert why in detail
    assert SHOWN not in reply.text + str(logged)


async def test_every_call_asks_unless_a_time_to_keep_is_set(gw) -> None:
    for _ in range(3):
        await gw.call(SHOWN)

    assert len(gw.outside.asked) == 3


async def test_yes_is_kept_for_its_time_and_never_beyond_the_tokens_end(bridge) -> None:
    gw = bridge(introspection={**OPAQUE, "cache_s": 30})
    says(gw)
    for _ in range(3):
        await gw.call(SHOWN)
    kept = len(gw.outside.asked)
    says(gw, active=False)
    gw.clock.advance(29)
    still = (await gw.call(SHOWN)).status_code
    gw.clock.advance(1)
    after = (await gw.call(SHOWN)).status_code
    says(gw, exp=NOW + 35)
    await gw.call(SHOWN)
    gw.clock.advance(5)
    says(gw, active=False)

    assert (kept, still, after) == (1, 200, 401)
    assert (await gw.call(SHOWN)).status_code == 401


async def test_no_is_not_kept_and_neither_is_a_yes_for_another_token(bridge) -> None:
    gw = bridge(introspection={**OPAQUE, "cache_s": 30})
    says(gw, active=False)
    first = (await gw.call("a" * 300 + "1")).status_code
    says(gw)
    second = (await gw.call("a" * 300 + "1")).status_code
    says(gw, sub="bob")
    await gw.call("a" * 300 + "2")

    assert (first, second) == (401, 200)
    assert [caller.id for caller in gw.callers] == ["introspection:sub:alice", "introspection:sub:bob"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://as.example/"}, r"identity\.introspection: a URL must begin with https://"),
        ({"url": "https://a:b@as.example/"}, r"identity\.introspection: a URL must begin with https://"),
        ({"client_secret": "hunter2"}, r"identity\.introspection: client_secret must be env:NAME, file:PATH or stored"),
        ({"cache_s": 61}, r"identity\.introspection: cache_s must be 0 to 60"),
        ({"auth": "none"}, r"identity\.introspection\.auth must be 'basic' or 'post'"),
        ({"scopes": ["x"]}, r"identity\.introspection: 'x' is no scope"),
        ({"secret": "x"}, r"identity\.introspection: unknown option 'secret'; did you mean 'client_secret'\?"),
    ],
)
def test_section_that_cannot_be_used_is_refused_by_name(bridge, changes, sentence) -> None:
    with pytest.raises(ConfigError, match=sentence) as caught:
        bridge(introspection={**OPAQUE, **changes})
    assert "hunter2" not in str(caught.value)
    assert "a:b" not in str(caught.value)


@pytest.mark.parametrize("option", ["url", "client_id", "client_secret", "audience"])
def test_option_without_a_default_must_be_said(bridge, option) -> None:
    with pytest.raises(ConfigError, match=f"identity.introspection: the option '{option}' is missing"):
        bridge(introspection={name: value for name, value in OPAQUE.items() if name != option})


async def test_secret_that_is_not_there_stops_the_start_and_names_the_option(bridge, monkeypatch) -> None:
    monkeypatch.delenv("AS_SECRET")

    with pytest.raises(ConfigError, match=r"AS_SECRET is not set; .* identity\.introspection\.client_secret"):
        await bridge(introspection=OPAQUE).client()


async def test_secret_is_in_no_repr_and_no_log(gw) -> None:
    with capture_logs() as logged:
        await gw.call(SHOWN)

    ((_, source),) = gw.gateway.sources
    assert "as:secret" not in repr(source) + repr(gw.outside.asked) + str(logged)


async def test_no_more_than_so_many_are_asked_about_at_once(gw) -> None:
    most, now, gate = 0, 0, asyncio.Event()
    send = gw.outside.send

    async def slowly(request: Any) -> Any:
        nonlocal most, now
        now += 1
        most = max(most, now)
        if most == 64:
            gate.set()
        await gate.wait()
        await asyncio.sleep(0)
        now -= 1
        return await send(request)

    gw.outside.send = slowly
    await gw.client()

    ((_, source),) = gw.gateway.sources
    asking, *_ = source._open[0]
    await asyncio.gather(*(asking.about(b"%d" % n) for n in range(200)))

    assert (most, len(gw.outside.asked)) == (64, 200)


async def test_token_for_an_mcp_server_opens_that_one_alone(bridge) -> None:
    gw = bridge(introspection=OPAQUE, server={"public_url": "https://gw.example"})
    says(gw, aud="https://gw.example/v1/mcp/pets")

    replies = [
        await gw.request("POST", path, token=SHOWN, json={})
        for path in ("/v1/mcp/pets", "/v1/mcp/dogs", "/v1/mcp", "/v1/chat/completions")
    ]

    assert [reply.status_code == 401 for reply in replies] == [False, True, True, True]
