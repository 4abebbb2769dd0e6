"""Signing in with a password, and signing out."""

import asyncio

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs
from tests.plugins.signin.conftest import PASSWORD, PREFIX, Visitor

from tollbridge.browsing import SESSION
from tollbridge.people.passwords import Passwords
from tollbridge.people.service import People

RIGHT = {"email": "ada@example.com", "password": PASSWORD}
WRONG = "do not fit together"


class Slow(PasswordHasher):
    """Takes a second of the gateway's time to compare."""

    def __init__(self, clock) -> None:
        super().__init__()
        self._clock = clock

    def verify(self, *shown):
        self._clock.advance(1)
        return super().verify(*shown)


async def test_password_signs_in(ada) -> None:
    reply = await ada.post("/sign-in", {**RIGHT, "next": f"{PREFIX}/tokens"})

    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/tokens")
    session = await ada.under.gateway.sessions.find(ada.cookies[SESSION])
    assert (session.person_id, session.via) == (ada.ada.id, "password")
    assert (await ada.get("/")).status_code == 200
    seen = await ada.under.gateway.people.get_person(ada.ada.id)
    assert seen.last_seen_at == ada.under.clock.now()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/again"])
async def test_session_counts_from_when_the_password_came_in(ada, path) -> None:
    under = ada.under
    await ada.sign_in_as(ada.ada)
    slow = Passwords(Slow(under.clock))
    under.gateway.people = People(under.gateway.store, under.gateway.tokens, under.clock, passwords=slow)
    began = under.clock.now()

    assert (await ada.post(path, RIGHT)).status_code == 303

    found = await under.gateway.sessions.find(ada.cookies[SESSION])
    assert (found.made_at, found.confirmed_at) == (began, began)
    assert under.clock.now() > began


@pytest.mark.parametrize("email", ["ADA@Example.com", "  ada@example.com "])
async def test_address_is_read_kindly(ada, email) -> None:
    assert (await ada.post("/sign-in", {**RIGHT, "email": email})).status_code == 303


async def test_whoever_is_nobody_is_told_the_same_as_who_errs(ada) -> None:
    people = ada.under.gateway.people
    await ada.person("bare")
    gone = await ada.person("gone", PASSWORD)
    await people.disable_person(gone.id)
    pages = []
    for email, password in [
        ("ada@example.com", "x"),
        ("ada@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("bare@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("", PASSWORD),
        ("no address", PASSWORD),
    ]:
        reply = await ada.post("/sign-in", {"email": email, "password": password})
        assert reply.status_code == 401, email
        pages.append(reply.text.replace(f'value="{email}"', 'value=""').replace(" autofocus", ""))

    assert SESSION not in ada.cookies
    assert WRONG in pages[0]
    assert len(set(pages)) == 1


async def test_password_is_not_given_back_nor_logged(ada) -> None:
    with capture_logs() as logged:
        reply = await ada.post("/sign-in", {"email": "s3cret-in-the-wrong-field", "password": "hunter2-hunter2"})

    assert "hunter2" not in reply.text
    (line,) = [entry for entry in logged if entry["event"] == "sign_in_refused"]
    assert line["reason"] == "password"
    assert "hunter2" not in str(logged)
    assert "s3cret" not in str(logged)


async def test_whoever_errs_too_often_has_to_wait(mock) -> None:
    visitor = Visitor(mock(throttle={"bad_sign_ins": 3, "spared": []}))
    await visitor.person("ada", PASSWORD)

    bad = {"email": "ada@example.com", "password": "x"}
    statuses = [(await visitor.post("/sign-in", bad)).status_code for _ in range(4)]
    right = await visitor.post("/sign-in", RIGHT)
    other = await visitor.post("/sign-in", {**RIGHT, "email": "eve@example.com"})

    assert statuses == [401, 401, 401, 429]
    assert (right.status_code, right.headers["retry-after"]) == (429, "900")
    assert "retry-after" not in other.headers
    assert "too many tries" in right.text
    assert other.status_code == 401
    visitor.under.clock.advance(899.5)
    assert (await visitor.post("/sign-in", RIGHT)).headers["retry-after"] == "1"
    visitor.under.clock.advance(0.5)
    assert (await visitor.post("/sign-in", RIGHT)).status_code == 303


@pytest.mark.parametrize("path", ["/sign-in/again", "/sign-in/password"])
async def test_whoever_is_signed_in_and_errs_too_often_has_to_wait_too(mock, path) -> None:
    visitor = Visitor(mock(throttle={"bad_sign_ins": 3, "spared": []}))
    await visitor.sign_in_as(await visitor.person("ada", PASSWORD))

    replies = [await visitor.post(path, {"password": "x"}) for _ in range(4)]

    assert [reply.status_code for reply in replies] == [401, 401, 401, 429]
    assert [reply.headers.get("retry-after") for reply in replies] == [None, None, None, "900"]
    assert "too many tries" in replies[3].text


async def test_tries_at_once_are_all_counted(mock) -> None:
    visitor = Visitor(mock(throttle={"bad_sign_ins": 3, "spared": []}))
    await visitor.person("ada", PASSWORD)
    bad = {"email": "ada@example.com", "password": "x"}

    replies = await asyncio.gather(*(Visitor(visitor.under).post("/sign-in", bad) for _ in range(8)))

    assert sorted(reply.status_code for reply in replies) == [401] * 3 + [429] * 5


async def test_session_is_another_one_after_signing_in(ada) -> None:
    await ada.sign_in()
    planted = ada.cookies[SESSION]

    await ada.post("/sign-in", RIGHT)

    assert ada.cookies[SESSION] != planted
    assert await ada.under.gateway.sessions.find(planted) is None


async def test_passwords_may_be_switched_off(mock) -> None:
    visitor = Visitor(mock(signin={"passwords": False}))
    await visitor.person("ada", PASSWORD)

    page, reply = await visitor.get("/sign-in"), await visitor.post("/sign-in", RIGHT)

    assert 'type="password"' not in page.text
    assert "tollbridge admin-link" in page.text
    assert reply.status_code == 401


async def test_page_offers_what_there_is(visitor) -> None:
    bare = await visitor.get("/sign-in")
    await visitor.person("ada", PASSWORD)
    page = await visitor.get(f"/sign-in?next={PREFIX}/tokens%3Fq%3Da")

    assert 'type="password"' not in bare.text
    assert 'type="password"' in page.text
    assert 'autocomplete="current-password"' in page.text
    assert f'name="next" value="{PREFIX}/tokens?q=a"' in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/", "/elsewhere", "javascript:alert(1)", ""])
async def test_signing_in_leads_nowhere_else(ada, wanted) -> None:
    page = await ada.get("/sign-in?next=" + wanted.replace("/", "%2F"))
    reply = await ada.post("/sign-in", {**RIGHT, "next": wanted})

    assert f'name="next" value="{PREFIX}/"' in page.text
    assert reply.headers["location"] == f"{PREFIX}/"


async def test_whoever_is_signed_in_may_go_on_or_be_somebody_else(ada) -> None:
    await ada.sign_in()
    operators = await ada.get(f"/sign-in?next={PREFIX}/tokens")
    await ada.post("/sign-in", RIGHT)
    theirs = await ada.get("/sign-in")

    assert "the operator" in operators.text
    assert f'href="{PREFIX}/tokens">Go on' in operators.text
    assert 'type="password"' in operators.text
    assert "ada@example.com" in theirs.text


async def test_signing_out_ends_the_session_for_good(ada) -> None:
    await ada.post("/sign-in", RIGHT)
    session = ada.cookies[SESSION]

    reply = await ada.post("/sign-in/out")

    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/sign-in?out")
    assert ada.cookies[SESSION] == ""
    ada.cookies[SESSION] = session
    assert (await ada.get("/")).status_code == 303
    assert "You are signed out" in (await Visitor(ada.under).get("/sign-in?out")).text
    assert (await ada.post("/sign-in/out")).status_code == 303


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", None])
@pytest.mark.parametrize("path", ["", "/out", "/again", "/sessions", "/password"])
async def test_request_of_another_site_is_refused(visitor, path, site) -> None:
    await visitor.sign_in_as(await visitor.person("ada", bridge="viewer"))
    before = dict(visitor.cookies)

    reply = await visitor.post(f"/sign-in{path}", {**RIGHT, "all": "1"}, site=site)

    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers
    assert visitor.cookies == before
    assert (await visitor.get("/")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://gateway.test.evil.example"])
async def test_wrong_origin_counts_whatever_else_a_request_says(visitor, origin) -> None:
    assert (await visitor.post("/sign-in", RIGHT, origin=origin)).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"), [("nothing", 404), ("out", 405), ("oidc/x", 404), ("oidc/x/callback", 404)]
)
async def test_page_that_is_not_there_says_so(visitor, path, status) -> None:
    reply = await visitor.get(f"/sign-in/{path}", **{"sec-fetch-site": "same-origin"})

    assert reply.status_code == status
    assert "content-security-policy" in reply.headers
    assert "Sign in" in reply.text


async def test_store_that_is_away_lets_nobody_in(ada) -> None:
    await ada.under.gateway.store.close()

    assert (await ada.post("/sign-in", RIGHT)).status_code == 503
    assert (await ada.get("/sign-in")).status_code == 503
    assert SESSION not in ada.cookies


async def test_form_that_is_none_is_refused(visitor) -> None:
    client = await visitor.under.client()

    reply = await client.post(f"{PREFIX}/sign-in", json=RIGHT, headers={"sec-fetch-site": "same-origin"})

    assert reply.status_code == 415


async def test_typed_address_is_escaped(ada) -> None:
    reply = await ada.post("/sign-in", {"email": '"><script>alert(1)</script>', "password": "x"})

    assert "<script>alert" not in reply.text
    assert "&lt;script&gt;alert(1)" in reply.text
