"""What an OpenID provider answers is checked, every part of it."""

import asyncio
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from structlog.testing import capture_logs
from tests.plugins.signin.conftest import PREFIX
from tests.plugins.signin.openid import CLIENT, IN, ISSUER, SECRET, OpenId, come, go, session, sign_in
from tests.support.jwts import NOW, signer

from tollbridge.errors import ConfigError
from tollbridge.testing.fake import Reply


@pytest.mark.parametrize(
    ("claims", "detail"),
    [
        ({"nonce": "another"}, "wrong_nonce"),
        ({"nonce": None}, "wrong_nonce"),
        ({"nonce": ["x"]}, "wrong_nonce"),
        ({"iss": "https://evil.example"}, "wrong_issuer"),
        ({"iss": ISSUER + "/"}, "wrong_issuer"),
        ({"aud": "somebody-else"}, "wrong_audience"),
        ({"aud": [CLIENT, "other"]}, "wrong_party"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "wrong_party"),
        ({"azp": "other"}, "wrong_party"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": None}, "bad_time"),
        ({"iat": NOW + 60}, "not_valid_yet"),
        ({"sub": None}, "bad_subject"),
        ({"sub": ""}, "bad_subject"),
        ({"sub": 7}, "bad_subject"),
    ],
)
async def test_id_token_that_does_not_fit_signs_nobody_in(enter, claims, detail) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.claims = claims

    with capture_logs() as logged:
        reply = await sign_in(visitor)

    assert reply.status_code == 502
    assert "cannot be used" in reply.text
    assert detail not in reply.text
    assert await session(visitor) is None
    (line,) = [entry for entry in logged if entry["event"] == "sign_in_refused"]
    assert detail in line["detail"]


@pytest.mark.parametrize("claims", [{"aud": [CLIENT]}, {"aud": [CLIENT, "other"], "azp": CLIENT}, {"azp": CLIENT}])
async def test_id_token_may_name_its_audience_otherwise(enter, claims) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.claims = claims

    assert (await sign_in(visitor)).status_code == 303


@pytest.mark.parametrize("head", [{"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}, {"kid": "k9"}, {"crit": ["x"]}])
async def test_id_token_of_another_kind_signs_nobody_in(enter, head) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.head = head

    assert (await sign_in(visitor)).status_code == 502
    assert await session(visitor) is None


async def test_id_token_that_somebody_else_signed_signs_nobody_in(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    await sign_in(visitor)  # by which the key is known
    visitor.cookies.clear()
    visitor.corp.key = replace(signer("RS256", "other"), kid="k1")

    assert (await sign_in(visitor)).status_code == 502


async def test_algorithm_must_be_one_that_the_provider_names(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.metadata = {"id_token_signing_alg_values_supported": ["ES256"]}

    assert (await sign_in(visitor)).status_code == 502
    visitor.under.clock.advance(601)
    visitor.corp.key = signer("ES256", "e1")
    visitor.corp.claims = {"iat": NOW + 601, "exp": NOW + 900}
    assert (await sign_in(visitor)).status_code == 303


async def test_what_the_id_token_leaves_out_is_asked_for(enter) -> None:
    visitor = await enter(groups_claim="realm.groups", groups={"ops": {"role": "viewer"}})
    ada = await visitor.person("ada")
    visitor.corp.claims = {"email": None, "name": None}
    visitor.corp.userinfo = {"realm": {"groups": ["ops"]}}

    await sign_in(visitor)

    assert "/me" in visitor.corp.paths
    assert (await session(visitor)).person_id == ada.id
    assert [one.role for one in await visitor.under.gateway.people.memberships(ada.id)] == ["viewer"]


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(body=b'{"sub":"bob-1","email":"ada@example.com","email_verified":true}'), 502),
        (Reply(body=b'{"sub":"ada-1","sub":"ada-1"}'), 502),
        (Reply(body=b"<html>"), 502),
        (Reply(500), 503),
    ],
)
async def test_userinfo_that_cannot_be_used_signs_nobody_in(enter, reply, status) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.claims = {"email": None}
    visitor.corp.replies["/me"] = reply

    assert (await sign_in(visitor)).status_code == status
    assert await session(visitor) is None


async def test_claims_that_are_signed_go_before_those_that_are_not(enter) -> None:
    visitor = await enter()
    ada = await visitor.person("ada")
    await visitor.person("bob")
    visitor.corp.claims = {"name": None}
    visitor.corp.userinfo = {"email": "bob@example.com"}

    await sign_in(visitor)

    assert (await session(visitor)).person_id == ada.id


async def test_provider_without_userinfo_is_not_asked(enter) -> None:
    visitor = await enter()
    visitor.corp.claims = {"email": None}
    visitor.corp.metadata = {"userinfo_endpoint": None}

    assert (await sign_in(visitor)).status_code == 403
    assert "/me" not in visitor.corp.paths


async def test_provider_that_is_down_is_told_of(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.away = True

    first = await go(visitor)
    visitor.corp.away = False
    soon = await go(visitor)
    visitor.under.clock.advance(10)
    left = await go(visitor)
    visitor.corp.away = True
    back = await come(visitor, visitor.corp.agree(left.headers["location"]))

    assert [reply.status_code for reply in (first, soon, back)] == [503, 503, 503]
    assert "cannot be reached now" in first.text
    assert left.status_code == 303
    assert await session(visitor) is None


async def test_provider_that_was_known_is_gone_to_while_it_does_not_answer(enter) -> None:
    visitor = await enter()
    await go(visitor)
    visitor.under.clock.advance(601)
    visitor.corp.away = True

    assert (await go(visitor)).status_code == 303
    assert visitor.corp.paths.count("/.well-known/openid-configuration") == 2


@pytest.mark.parametrize(
    ("path", "reply", "status"),
    [
        ("/token", Reply(400, b'{"error":"invalid_grant"}'), 502),
        ("/token", Reply(500, b"oops"), 503),
        ("/token", Reply(200, b"<html>"), 503),
        ("/token", Reply(200, b"[]"), 503),
        ("/token", Reply(200, b'{"access_token":"a","token_type":"Bearer"}'), 502),
        ("/token", Reply(200, b'{"access_token":"a","id_token":7}'), 502),
        ("/token", Reply(200, '{"access_token":"a","id_token":"é.a.a"}'.encode()), 502),
        ("/token", Reply(200, b"x" * 300_000), 503),
        ("/jwks", Reply(500), 503),
        ("/jwks", Reply(200, b'{"keys":[]}'), 503),
    ],
)
async def test_answer_that_cannot_be_read_signs_nobody_in(enter, path, reply, status) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.replies[path] = reply

    assert (await sign_in(visitor)).status_code == status
    assert await session(visitor) is None


class Stalled(OpenId):
    """A provider that never gives its keys; `asked_for` them, and `given_up` when nobody waits any more."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for, self.given_up = asyncio.Event(), False

    async def send(self, request):
        if not request.url.endswith("/jwks"):
            return await super().send(request)
        self.asked_for.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up = True


async def test_fetch_of_keys_ends_with_the_gateway(enter) -> None:
    visitor = await enter(upstream=Stalled())
    coming = asyncio.create_task(sign_in(visitor))
    await visitor.corp.asked_for.wait()
    coming.cancel()
    await asyncio.wait([coming])
    assert not visitor.corp.given_up

    await visitor.under.gateway.stop()

    assert visitor.corp.given_up


async def test_secret_is_shown_in_a_header_or_the_form_as_the_provider_takes_it(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    await sign_in(visitor)
    by_header = visitor.corp.asked[1]
    visitor.under.clock.advance(601)
    visitor.corp.claims = {"iat": NOW + 601, "exp": NOW + 900}
    visitor.corp.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}

    await sign_in(visitor)

    by_form = [request for request in visitor.corp.asked if request.url.endswith("/token")][1]
    assert visitor.corp.token_errors == []
    assert b"client_secret" not in by_header.body
    assert b"authorization" not in dict(by_form.headers)
    assert b"client_secret=" in by_form.body


async def test_public_client_has_no_secret(enter) -> None:
    visitor = await enter(client_secret="")

    await sign_in(visitor)

    token = next(request for request in visitor.corp.asked if request.url.endswith("/token"))
    assert b"client_id=tollbridge" in token.body
    assert b"client_secret" not in token.body
    assert b"authorization" not in dict(token.headers)


async def test_proof_is_given_anew_by_the_same_person(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    await visitor.person("bob")
    await sign_in(visitor)
    visitor.under.clock.advance(3600)
    visitor.corp.claims = {"iat": NOW + 3600, "exp": NOW + 3900, "auth_time": NOW + 3590}
    before = visitor.cookies[IN]

    page = await visitor.get(f"/sign-in/again?next={PREFIX}/tokens/new")
    left = await go(visitor, f"?next={PREFIX}/tokens/new&again")
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    reply = await come(visitor, visitor.corp.agree(left.headers["location"]))

    assert f'href="{PREFIX}/sign-in/oidc/corp?next=/_tollbridge/tokens/new&amp;again"' in page.text
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert reply.headers["location"] == f"{PREFIX}/tokens/new"
    assert visitor.cookies[IN] != before
    assert visitor.under.gateway.sessions.is_confirmed(await session(visitor))


@pytest.mark.parametrize("auth_time", [NOW, None, "x", True])
async def test_proof_that_is_old_is_none(enter, auth_time) -> None:
    visitor = await enter()
    await visitor.person("ada")
    await sign_in(visitor)
    visitor.under.clock.advance(3600)
    visitor.corp.claims = {"iat": NOW + 3600, "exp": NOW + 3900, "auth_time": auth_time}

    reply = await sign_in(visitor, "?again")

    assert reply.status_code == 502
    assert not visitor.under.gateway.sessions.is_confirmed(await session(visitor))


async def test_proof_of_somebody_else_is_none(enter) -> None:
    visitor = await enter()
    ada = await visitor.person("ada")
    await visitor.person("bob")
    await sign_in(visitor)
    visitor.corp.claims = {"sub": "bob-1", "email": "bob@example.com"}

    reply = await sign_in(visitor, "?again")

    assert reply.status_code == 403
    assert "somebody else" in reply.text
    assert (await session(visitor)).person_id == ada.id


async def test_proof_of_somebody_else_makes_links_and_changes_nobody(enter) -> None:
    visitor = await enter(create=True, groups_claim="groups", groups={"readers": {"role": "viewer"}})
    await visitor.person("ada")
    bob = await visitor.person("bob")
    await sign_in(visitor)
    people = visitor.under.gateway.people

    for name in ("bob", "eve"):
        claims = {"sub": f"{name}-1", "email": f"{name}@example.com", "groups": ["readers"]}
        visitor.corp.claims = claims
        reply = await sign_in(visitor, "?again")
        assert (reply.status_code, "somebody else" in reply.text) == (403, True)

    assert await people.find_person("eve@example.com") is None
    assert await people.find_by_identity(visitor.corp.issuer, "bob-1") is None
    assert await people.memberships(bob.id) == []


@pytest.mark.parametrize(("proved", "fresh"), [(-60, True), (-3600, False), (3600, True), (None, True)])
async def test_sign_in_proves_who_it_is_as_of_when_the_provider_was_shown_it(enter, proved, fresh) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.under.clock.advance(NOW - visitor.under.clock.time())
    visitor.corp.claims = {"auth_time": None if proved is None else NOW + proved}

    await sign_in(visitor)

    found = await session(visitor)
    assert visitor.under.gateway.sessions.is_confirmed(found) is fresh
    assert found.confirmed_at <= found.made_at


async def test_nothing_of_a_sign_in_is_logged(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")

    with capture_logs() as logged:
        await sign_in(visitor)
        visitor.corp.claims = {"nonce": "x"}
        await sign_in(visitor)

    text = str(logged)
    for secret in (SECRET, "access-1", "code-0", "code-1", "eyJ", "ada@example.com", visitor.cookies[IN]):
        assert secret not in text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"issuer": "http://login.example"}, "signin.oidc.corp: a URL must begin with https://"),
        ({"issuer": "https://user@login.example"}, "signin.oidc.corp: a URL must begin with https://"),
        ({"client_secret": "env:NOT_SET"}, "signin.oidc.corp.client_secret"),
        ({"public_url": ""}, "signin.oidc: it needs server.public_url"),
    ],
)
async def test_provider_that_cannot_be_stops_the_start(enter, options, said) -> None:
    with pytest.raises(ConfigError, match=said):
        await enter(**options)
