"""Who calls."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from tollbridge.call import Call
from tollbridge.errors import Unauthenticated, Unavailable
from tollbridge.hookspecs import hookimpl
from tollbridge.jose import SigningKey
from tollbridge.layers.authenticate import Authenticate
from tollbridge.testing import FixedClock
from tollbridge.tokens.conditions import parse_conditions
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.secret import make_secret


class Knowing:
    """Knows one principal, whatever the secret."""

    def __init__(self, principal: Principal) -> None:
        self._principal = principal

    async def identify(self, secret: bytes) -> Principal:
        return self._principal


REFUSAL = b'{"error":{"message":"no valid token was given; send it as \'Authorization: Bearer <token>\'",'


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key", "AUTHORIZATION"])
async def test_token_is_taken_from_each_header(mock, header) -> None:
    gw = mock()
    token = await gw.token()
    value = f"Bearer {token}" if header.lower() == "authorization" else token

    reply = await gw.request("GET", "/v1/models", token="", headers={header: value})

    assert reply.status_code == 200


async def test_unknown_revoked_and_expired_tokens_get_the_same_bytes(mock) -> None:
    gw = mock(at="2026-01-05T12:00:00+00:00")
    await gw.client()
    issue = gw.gateway.tokens.issue
    revoked, expired = await issue(name="r"), await issue(name="e", expires_at=gw.clock.now().replace(hour=13))
    await gw.gateway.tokens.revoke(revoked.token.id)
    gw.clock.advance(2 * 3600)

    replies = [
        await gw.request("GET", "/v1/models", token=token)
        for token in (make_secret(), revoked.secret, expired.secret, "tb_short", "sk-somebody-elses")
    ]

    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.content for reply in replies}) == 1
    assert replies[0].content.startswith(REFUSAL)
    assert replies[0].headers["www-authenticate"] == 'Bearer realm="tollbridge"'
    ids = {"x-request-id", "request-id"}
    headers = [[pair for pair in reply.headers.items() if pair[0] not in ids] for reply in replies]
    assert all(found == headers[0] for found in headers)


async def test_missing_token_is_refused(mock) -> None:
    assert (await mock().request("GET", "/v1/models", token="")).status_code == 401


@pytest.mark.parametrize("scheme", ["Basic", "Digest"])
async def test_other_schemes_are_no_token(mock, scheme) -> None:
    reply = await mock().request("GET", "/v1/models", token="", headers={"authorization": f"{scheme} dGI="})

    assert reply.status_code == 401


async def test_two_different_credentials_are_refused_and_equal_ones_are_not(mock) -> None:
    gw = mock()
    token, other = await gw.token(), await gw.token()

    same = await gw.request("GET", "/v1/models", token=token, headers={"x-api-key": token})
    differ = await gw.request("GET", "/v1/models", token=token, headers={"x-api-key": other})

    assert same.status_code == 200
    assert differ.status_code == 400
    assert differ.json()["error"]["code"] == "ambiguous_credential"


@pytest.mark.parametrize("name", ["key", "api_key", "access_token"])
async def test_credential_in_the_url_is_refused(mock, name) -> None:
    gw = mock()
    token = await gw.token()

    reply = await gw.request("GET", f"/v1/models?{name}={token}", token=token)

    assert reply.status_code == 400
    assert token not in reply.text


async def test_ordinary_query_is_no_credential(mock) -> None:
    assert (await mock().request("GET", "/v1/models?limit=20&after=x")).status_code == 200


async def test_credentials_reach_neither_the_provider_nor_the_wrapped_app(mock) -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app)
    token = await gw.token()
    await gw.request("GET", "/mine", token=token)
    await gw.chat("gpt-4o-mini", token=token)

    assert token not in str(seen)
    (sent,) = gw.sent
    assert token not in str(sent)
    assert sent.headers["authorization"] == "Bearer sk-upstream-secret"


async def test_public_paths_need_no_token_and_others_do(mock) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app, service={"public": ["/open", "/docs/*"]})

    statuses = [
        (await gw.request("GET", path, token="")).status_code
        for path in ("/open", "/docs/a/b", "/docs", "/open/more", "/openx", "/closed")
    ]

    assert statuses == [204, 204, 401, 401, 401, 401]


async def test_layer_works_alone() -> None:
    class Tokens:
        async def identify(self, secret: bytes) -> Principal | None:
            return Principal("tok_1", "me", ScopeSet()) if secret == b"right" else None

    async def app(scope, receive, send) -> None:
        name = scope["tollbridge"].principal.name.encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name})

    sent = []

    async def send(message) -> None:
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    for secret in (b"right", b"wrong"):
        scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer " + secret)]}
        await Authenticate(app, tokens=Tokens())(scope, receive, send)

    assert sent[1]["body"] == b"me"
    assert sent[2]["status"] == Unauthenticated.status


SECRET = "very-secret-badge"


@dataclass(frozen=True, slots=True)
class Badge:
    """Knows `x-badge: <name>`, and a bearer secret `badge-<name>`; some names make it go wrong."""

    headers: ClassVar[tuple[bytes, ...]] = (b"x-badge",)
    asked: ClassVar[list[Call]] = []

    team: str = "gate"

    async def identify(self, call: Call) -> Principal | None:
        self.asked.append(call)
        shown = (call.header(b"x-badge") or (call.header(b"authorization") or b"").partition(b"badge-")[2]).decode()
        if shown == SECRET:
            raise ValueError(f"who is {shown}?")
        if shown == "slow":
            await asyncio.Event().wait()
        if shown == "banned":
            raise Unauthenticated("this badge was taken away")
        if shown == "closed":
            raise Unavailable("the desk is closed")
        return WRONG.get(shown) or (Principal(shown, shown, EVERYTHING, team=self.team) if shown else None)


EVERYTHING = ScopeSet(("ai:*", "model:*", "service:*"))
WRONG: dict[str, Any] = {
    "text": "me",
    "number": Principal(7, "me", EVERYTHING),  # type: ignore[arg-type]  # as a careless plugin would
    "long": Principal("a" * 256, "me", EVERYTHING),
    "line": Principal("a\nb", "me", EVERYTHING),
    "scopes": Principal("a", "me", "ai:chat model:*"),  # type: ignore[arg-type]  # the same
}


@dataclass(frozen=True, slots=True)
class Anybody:
    """Knows everybody by another header."""

    headers: ClassVar[tuple[bytes, ...]] = (b"x-guest",)

    async def identify(self, call: Call) -> Principal | None:
        name = call.header(b"x-guest")
        return Principal("guest", name.decode(), EVERYTHING) if name else None


class Desk:
    @hookimpl
    def register_identity_sources(self, register: Callable[[str, type], None]) -> None:
        register("badge", Badge)
        register("anybody", Anybody)


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the headers that arrived."""
    seen = b"\n".join(b": ".join(pair) for pair in scope["headers"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": seen})


@pytest.fixture
def desk(mock: Any) -> Callable[..., Any]:
    """Give `desk(...)`: a gateway with both sources."""
    Badge.asked.clear()
    identity = {"anybody": {}, "badge": {"team": "north"}}
    return lambda **sections: mock(
        app=echo, plugins=(Desk(),), plugins_section={"timeout_s": 0.05}, **{"identity": identity, **sections}
    )


async def test_caller_without_a_token_is_found_by_a_source_and_is_told_apart_by_its_name(desk) -> None:
    gw = desk()

    for headers in ({"x-badge": "ada"}, {"authorization": "Bearer badge-ada"}, {"x-guest": "ada"}):
        reply = await gw.request(
            "POST", "/v1/chat/completions", token="", headers=headers, json={"model": "small", "messages": []}
        )
        assert reply.status_code == 200

    rows = await gw.gateway.store.recent(limit=9)
    assert sorted((row.token_id, row.team) for row in rows) == [
        ("anybody:guest", ""),
        ("badge:ada", "north"),
        ("badge:ada", "north"),
    ]


async def test_sources_are_asked_in_the_order_they_were_registered(desk) -> None:
    gw = desk()

    await gw.request("POST", "/v1/chat/completions", token="", headers={"x-badge": "ada", "x-guest": "bob"}, json={})
    both = Badge.asked[-1].principal
    await gw.request("GET", "/mine", token="", headers={"x-guest": "bob"})
    second = Badge.asked[-1].principal

    assert both is not None
    assert second is not None
    assert (both.id, second.id) == ("badge:ada", "anybody:guest")


async def test_what_a_source_reads_reaches_neither_the_app_nor_the_provider(desk) -> None:
    gw = desk(server={"public": ["/v1/chat/*"]})
    token = await gw.token()
    shown = {"x-badge": "ada", "x-guest": "bob", "x-kept": "yes"}

    by_source = await gw.request("GET", "/mine", token="", headers=shown)
    by_token = await gw.request("GET", "/mine", token=token, headers=shown)
    await gw.request("POST", "/v1/completions", token="", headers=shown, json={"model": "small", "prompt": ""})
    await gw.request("POST", "/v1/chat/completions", token="", headers=shown, json={"model": "small", "messages": []})

    assert len(gw.sent) == 2
    for seen in (by_source.text, by_token.text, *(str(sent.headers) for sent in gw.sent)):
        assert "x-kept" in seen
        assert "x-badge" not in seen
        assert "x-guest" not in seen


async def test_public_path_of_the_app_keeps_its_headers(desk) -> None:
    gw = desk(service={"public": ["/open"]})

    reply = await gw.request("GET", "/open", token="", headers={"x-badge": "ada"})

    assert "x-badge: ada" in reply.text
    assert Badge.asked == []


@pytest.mark.parametrize("shown", [lambda secret: f"Bearer {secret}", lambda secret: f"bearer   {secret} ", str])
@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-badge"])
async def test_secret_that_begins_as_a_token_is_never_given_to_a_source(desk, header, shown) -> None:
    gw = desk()

    for secret in (make_secret(), "tb_mistyped"):
        reply = await gw.request("GET", "/mine", token="", headers={"x-guest": "bob", header: shown(secret)})
        assert reply.status_code == 401

    assert Badge.asked == []


async def test_valid_token_goes_before_every_source(desk) -> None:
    gw = desk()

    reply = await gw.request("GET", "/mine", headers={"x-badge": "ada"})

    assert reply.status_code == 200
    assert Badge.asked == []


async def test_caller_whom_no_source_knows_gets_the_same_refusal_as_without_any(desk, mock) -> None:
    with_sources = await desk().request("GET", "/mine", token="")
    without = await mock(app=echo).request("GET", "/mine", token="", headers={"x-badge": "ada"})

    assert with_sources.status_code == without.status_code == 401
    assert with_sources.content == without.content


@pytest.mark.parametrize(("name", "status", "words"), [("banned", 401, "taken away"), ("closed", 503, "closed")])
async def test_source_refuses_in_its_own_words_and_no_other_is_asked(desk, name, status, words) -> None:
    reply = await desk().request("GET", "/mine", token="", headers={"x-badge": name, "x-guest": "bob"})

    assert reply.status_code == status
    assert words in reply.json()["error"]["message"]


@pytest.mark.parametrize("name", [SECRET, "slow", *WRONG])
async def test_source_that_cannot_say_who_calls_refuses_the_call_and_no_other_is_asked(desk, name) -> None:
    with capture_logs() as logged:
        reply = await desk().request("GET", "/mine", token="", headers={"x-badge": name, "x-guest": "bob"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "identity_failed")
    assert "the identity source 'badge' failed: " in str(logged)
    assert SECRET not in reply.text + str(logged)


async def test_installed_source_does_nothing_until_it_is_configured(desk) -> None:
    reply = await desk(identity={}).request("GET", "/mine", token="", headers={"x-badge": "ada"})

    assert reply.status_code == 401
    assert Badge.asked == []


async def test_token_is_taken_only_where_and_when_its_conditions_say(mock) -> None:
    gw = mock(at="2026-01-05T12:00:00+00:00")  # a Monday; the client of these tests is 127.0.0.1
    here, elsewhere = parse_conditions(["127.0.0.0/8"]), parse_conditions(["192.0.2.0/24"])
    tokens = [
        await gw.token(conditions=conditions)
        for conditions in (here, elsewhere, parse_conditions(hours="mon 08:00-13:00 UTC"))
    ]

    replies = [await gw.request("GET", "/v1/models", token=token) for token in tokens]
    gw.clock.advance(3_600)
    late = await gw.request("GET", "/v1/models", token=tokens[2])

    assert [reply.status_code for reply in replies] == [200, 403, 200]
    assert replies[1].json()["error"]["code"] == "token_not_here"
    assert late.status_code == 403
    assert late.json()["error"]["code"] == "token_not_now"
    assert "mon 08:00-13:00 UTC" in late.json()["error"]["message"]


async def test_conditions_hold_also_for_a_token_that_was_just_seen(mock) -> None:
    gw = mock(at="2026-01-05T12:59:59.700000+00:00")
    token = await gw.token(conditions=parse_conditions(hours="mon 08:00-13:00 UTC"))
    assert (await gw.request("GET", "/v1/models", token=token)).status_code == 200

    gw.clock.advance(0.5)  # within the second in which it is not looked up again

    assert (await gw.request("GET", "/v1/models", token=token)).status_code == 403


async def test_canary_is_refused_like_an_unknown_token_and_somebody_is_told(mock) -> None:
    gw = mock()
    token = await gw.token(canary=True)
    with capture_logs() as lines:
        reply = await gw.request("GET", "/v1/models", token=token)
        again = await gw.request("GET", "/v1/models", token=token)

    unknown = await gw.request("GET", "/v1/models", token=make_secret())
    assert (reply.status_code, reply.content) == (again.status_code, again.content) == (401, unknown.content)
    told = [line for line in lines if line["event"] == "canary_token_used"]
    assert [(line["log_level"], line["token"], line["client"]) for line in told] == [("error", "test", "127.0.0.1")] * 2
    assert token not in str(told)
    text = gw.gateway.metrics.render("")[0].decode()
    assert "tollbridge_canary_token_uses_total 2.0" in text


async def test_canary_without_an_alarm_is_refused_all_the_same() -> None:
    clock = FixedClock()
    principal = Principal("tok_1", "bait", ScopeSet(("ai:*",)), canary=True)
    layer = Authenticate(None, tokens=Knowing(principal), clock=clock)
    call = Call("req_1", clock.now(), 0.0, "http", "GET", "/x", [(b"authorization", b"Bearer tb_x")])

    with pytest.raises(Unauthenticated):
        await layer.head(call)


async def test_answers_say_when_the_secret_ends_from_two_weeks_before(mock) -> None:
    gw = mock(at="2026-01-05T12:00:00+00:00")
    token, lasting = await gw.token(), await gw.token(rotate_days=0)
    gw.clock.advance(75 * 86_400 - 1)
    early = await gw.request("GET", "/v1/models", token=token)
    gw.clock.advance(1)
    warned = await gw.request("GET", "/v1/models", token=token)
    silent = await gw.request("GET", "/v1/models", token=lasting)
    gw.clock.advance(15 * 86_400 - 1)
    last = await gw.request("GET", "/v1/models", token=token)
    gw.clock.advance(1)
    ended = await gw.request("GET", "/v1/models", token=token)

    assert "sunset" not in early.headers
    assert warned.headers["deprecation"] == "@1774094400"  # 2026-03-21 12:00
    assert warned.headers["sunset"] == last.headers["sunset"] == "Sun, 05 Apr 2026 12:00:00 GMT"
    assert "sunset" not in silent.headers
    assert (last.status_code, ended.status_code) == (200, 401)


async def test_streams_and_answers_of_the_wrapped_app_say_so_too(mock) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app)
    token = await gw.token(rotate_days=1)
    gw.upstream.stream([b"data: [DONE]\n\n"])

    replies = [
        await gw.request("GET", "/mine", token=token),
        await gw.chat("gpt-4o-mini", token=token, stream=True),
    ]

    assert all("sunset" in reply.headers for reply in replies)


async def test_secret_that_never_lasts_so_long_ends_since_it_was_made(mock) -> None:
    gw = mock(at="2026-01-05T12:00:00+00:00")
    token = await gw.token(rotate_days=1)
    gw.clock.advance(3_600)

    reply = await gw.request("GET", "/v1/models", token=token)

    assert reply.headers["deprecation"] == "@1767614400"  # 2026-01-05 12:00
    assert reply.headers["sunset"] == "Tue, 06 Jan 2026 12:00:00 GMT"


async def test_address_of_many_bad_tokens_is_refused_and_a_good_one_crosses_from_it(mock) -> None:
    gw = mock(throttle={"bad_tokens": 3, "spared": []}, at="2026-01-05T12:00:00+00:00")
    token = await gw.token()
    bad = [make_secret(), "tb_short", "sk-somebody-elses", make_secret(), "tb_short"]

    refused = [await gw.request("GET", "/v1/models", token=each) for each in bad]
    crossed = await gw.request("GET", "/v1/models", token=token)
    nothing = await gw.request("GET", "/v1/models", token="")

    assert [reply.status_code for reply in refused] == [401, 401, 401, 429, 429]
    assert refused[3].json()["error"]["code"] == "too_many_bad_credentials"
    assert int(refused[3].headers["retry-after"]) < int(refused[4].headers["retry-after"])
    assert crossed.status_code == 200
    assert nothing.status_code == 401


async def test_throttle_does_not_tell_a_canary_or_an_ended_token_from_an_unknown_one(mock) -> None:
    gw = mock(throttle={"bad_tokens": 1, "longest_s": 1.0, "spared": []})
    await gw.client()
    issue = gw.gateway.tokens.issue
    canary, revoked = await issue(name="bait", canary=True), await issue(name="r")
    await gw.gateway.tokens.revoke(revoked.token.id)
    await gw.request("GET", "/v1/models", token=make_secret())

    shown = (canary.secret, revoked.secret, make_secret(), "tb_short", canary.secret)
    replies = [await gw.request("GET", "/v1/models", token=each) for each in shown]

    assert {reply.status_code for reply in replies} == {429}
    assert len({(reply.content, reply.headers["retry-after"]) for reply in replies}) == 1


async def test_token_used_from_elsewhere_is_no_bad_credential(mock) -> None:
    gw = mock(throttle={"bad_tokens": 1, "spared": []})
    await gw.client()
    elsewhere = await gw.gateway.tokens.issue(name="e", conditions=parse_conditions(["192.0.2.0/24"]))

    replies = [await gw.request("GET", "/v1/models", token=elsewhere.secret) for _ in range(3)]

    assert {reply.status_code for reply in replies} == {403}


async def test_caller_without_a_credential_and_one_with_two_count_for_nothing(mock) -> None:
    gw = mock(throttle={"bad_tokens": 1, "spared": []})
    for _ in range(3):
        await gw.request("GET", "/v1/models", token="")
        await gw.request("GET", "/v1/models", token="tb_1", headers={"x-api-key": "tb_2"})

    assert (await gw.request("GET", "/v1/models", token="tb_short")).status_code == 401


ISSUED = {"oauth": {"enabled": True}}
CHALLENGE = 'Bearer realm="tollbridge", resource_metadata="http://127.0.0.1:8800/.well-known/oauth-protected-resource"'


def issued(issuer: str = "http://127.0.0.1:8800") -> str:
    """Write what says that it is an access token of ours, and is in no store."""
    return SigningKey.make("key_1", "ES256").sign({"iss": issuer, "sub": "x"}, "at+jwt")


class Asked:
    """A plugin with an identity source that knows nobody and counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    @hookimpl
    def register_identity_sources(self, register: Any) -> None:
        outer = self

        @dataclass(frozen=True)
        class Source:
            headers: ClassVar[tuple[bytes, ...]] = (b"authorization",)

            async def identify(self, call: Call) -> Principal | None:
                outer.times += 1
                return None

        register("counted", Source)


async def test_refusals_say_where_an_access_token_comes_from_where_there_is_a_server(mock) -> None:
    gw = mock(**ISSUED)

    for token in ("", make_secret(), issued(), issued("https://elsewhere.example"), "nonsense"):
        reply = await gw.request("GET", "/v1/models", token=token)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, CHALLENGE)


async def test_nobody_else_is_asked_about_an_access_token_that_claims_to_be_ours(mock) -> None:
    counted = Asked()
    gw = mock(**ISSUED, identity={"counted": {}}, plugins=(counted,))

    asked = []
    for token in (issued(), issued("https://elsewhere.example"), f"{issued()}.x", "eyJhbGciOiJFUzI1NiJ9.e30.x"):
        await gw.request("GET", "/v1/models", token=token)
        asked.append(counted.times)

    assert asked == [0, 1, 2, 3]


async def test_access_token_that_ended_is_no_guess(mock) -> None:
    gw = mock(**ISSUED, throttle={"bad_tokens": 2, "spared": []})

    ended = [(await gw.request("GET", "/v1/models", token=issued())).status_code for _ in range(5)]
    guesses = [(await gw.request("GET", "/v1/models", token=make_secret())).status_code for _ in range(3)]

    assert ended == [401] * 5
    assert guesses == [401, 401, 429]


async def test_without_a_server_what_looks_issued_is_like_any_other(mock) -> None:
    counted = Asked()
    gw = mock(identity={"counted": {}}, plugins=(counted,))

    reply = await gw.request("GET", "/v1/models", token=issued())

    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, 'Bearer realm="tollbridge"')
    assert counted.times == 1
