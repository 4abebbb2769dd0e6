"""Going to an OpenID provider and coming back: once, in one browser, from whom one went to."""

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.plugins.signin.conftest import PREFIX, Visitor
from tests.plugins.signin.openid import CALLBACK, CLIENT, ISSUER, STATE, come, go, session, sign_in


async def test_person_who_is_known_by_the_address_signs_in(enter) -> None:
    visitor = await enter()
    ada = await visitor.person("ada", bridge="viewer")

    left = await go(visitor, f"?next={PREFIX}/tokens")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(left.headers["location"]).query).items()}
    reply = await come(visitor, visitor.corp.agree(left.headers["location"]))

    assert asked["redirect_uri"] == CALLBACK
    assert asked["scope"] == "openid email profile"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    assert "prompt" not in asked
    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/tokens")
    found = await session(visitor)
    assert (found.person_id, found.via) == (ada.id, "oidc:corp")
    assert visitor.cookies[STATE] == ""
    assert (await visitor.get("/")).status_code == 200
    assert visitor.corp.paths == ["/.well-known/openid-configuration", "/token", "/jwks"]


async def test_page_has_a_button_for_each_provider(enter) -> None:
    visitor = await enter()

    page = (await visitor.get(f"/sign-in?next={PREFIX}/tokens%3Fq%3Da")).text

    assert "Sign in with Example &amp; Corp" in page
    assert f'href="{PREFIX}/sign-in/oidc/corp?next=/_tollbridge/tokens%3Fq%3Da"' in page


async def test_nobody_is_sent_by_a_link_elsewhere(enter) -> None:
    visitor = await enter()

    replies = [
        await visitor.get("/sign-in/oidc/corp", **{"sec-fetch-site": site}) for site in ("cross-site", "same-site")
    ]
    replies.append(await visitor.get("/sign-in/oidc/corp"))

    assert [reply.status_code for reply in replies] == [403, 403, 403]
    assert visitor.corp.asked == []


@pytest.mark.parametrize("iss", ["https://evil.example", ISSUER + "/", "", None])
async def test_answer_of_another_issuer_is_refused_before_its_code_is_shown_to_anyone(enter, iss) -> None:
    visitor = await enter()
    await visitor.person("ada")

    reply = await sign_in(visitor, iss=iss)

    assert reply.status_code == 502
    assert "/token" not in visitor.corp.paths


async def test_provider_that_does_not_name_itself_need_not(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    visitor.corp.metadata = {"authorization_response_iss_parameter_supported": None}

    assert (await sign_in(visitor, iss="https://evil.example")).status_code == 502
    assert (await sign_in(visitor, iss=None)).status_code == 303


async def test_state_is_good_once(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    left = await go(visitor)
    cookie = visitor.cookies[STATE]
    path = visitor.corp.agree(left.headers["location"])
    again = visitor.corp.agree(left.headers["location"])
    assert (await come(visitor, path)).status_code == 303

    replies = []
    for shown in (path, again):
        thief = Visitor(visitor.under)
        thief.cookies[STATE] = cookie
        replies.append(await come(thief, shown))
        assert await session(thief) is None

    assert [reply.status_code for reply in replies] == [400, 400]
    assert visitor.corp.paths.count("/token") == 1


async def test_answer_belongs_to_the_browser_that_asked(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    left = await go(visitor)
    path = visitor.corp.agree(left.headers["location"])
    victim, other = Visitor(visitor.under), Visitor(visitor.under)
    await go(other)

    replies = [await come(victim, path), await come(other, path)]

    assert [reply.status_code for reply in replies] == [400, 400]
    assert "begun in another browser" in replies[0].text
    assert "/token" not in visitor.corp.paths


@pytest.mark.parametrize(
    "change",
    [{"state": None}, {"state": ""}, {"state": "x"}, {"state": "é"}, {"code": None}, {"error": "access_denied"}],
)
async def test_answer_that_lacks_something_signs_nobody_in(enter, change) -> None:
    visitor = await enter()
    await visitor.person("ada")

    reply = await sign_in(visitor, **change)

    assert reply.status_code == (400 if "state" in change else 403)
    assert "/token" not in visitor.corp.paths
    assert await session(visitor) is None


@pytest.mark.parametrize("name", ["state", "code", "iss"])
async def test_answer_that_says_something_twice_is_refused(enter, name) -> None:
    visitor = await enter()
    left = await go(visitor)
    path = visitor.corp.agree(left.headers["location"])

    reply = await come(visitor, f"{path}&{name}=x")

    assert reply.status_code == 400


async def test_attempt_is_over_after_ten_minutes(enter) -> None:
    visitor = await enter()
    await visitor.person("ada")
    left = await go(visitor)
    path = visitor.corp.agree(left.headers["location"])

    visitor.under.clock.advance(600)

    assert (await come(visitor, path)).status_code == 400


async def test_answers_of_two_issuers_are_not_mixed_up(enter) -> None:
    evil = {"issuer": "https://evil.example", "client_id": CLIENT, "client_secret": "env:CORP_SECRET"}
    visitor = await enter(others={"evil": evil})
    await visitor.person("ada")
    left = await go(visitor)
    path = visitor.corp.agree(left.headers["location"])

    reply = await come(visitor, path.replace("/corp/", "/evil/"))

    assert reply.status_code == 400
    assert "/token" not in visitor.corp.paths
    assert await session(visitor) is None


async def test_cookie_of_an_attempt_is_sealed_and_out_of_reach(enter) -> None:
    visitor = await enter()

    left = await go(visitor)

    cookie = left.headers["set-cookie"]
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    assert cookie.startswith(f"{STATE}=")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Max-Age=600"):
        assert f"; {attribute}" in cookie
    assert asked["state"][0] not in cookie
    assert asked["nonce"][0] not in cookie


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/elsewhere"])
async def test_coming_back_leads_nowhere_else(enter, wanted) -> None:
    visitor = await enter()
    await visitor.person("ada")

    assert (await sign_in(visitor, f"?next={wanted}")).headers["location"] == f"{PREFIX}/"
