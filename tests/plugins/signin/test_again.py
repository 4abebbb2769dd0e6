"""Proving again who one is."""

import pytest
from tests.plugins.signin.conftest import PASSWORD, PREFIX, Visitor

from tollbridge.browsing import SESSION

BACK = f"{PREFIX}/tokens/new?name=a"


async def confirmed(visitor):
    sessions = visitor.under.gateway.sessions
    return sessions.is_confirmed(await sessions.find(visitor.cookies[SESSION]))


@pytest.fixture
async def stale(ada):
    await ada.sign_in_as(ada.ada)
    ada.under.clock.advance(3600)
    return ada


async def test_password_proves_it_and_begins_another_session(stale) -> None:
    before = stale.cookies[SESSION]
    assert not await confirmed(stale)

    reply = await stale.post("/sign-in/again", {"password": PASSWORD, "next": BACK})

    assert (reply.status_code, reply.headers["location"]) == (303, BACK)
    assert await confirmed(stale)
    assert stale.cookies[SESSION] != before
    assert await stale.under.gateway.sessions.find(before) is None


async def test_wrong_password_proves_nothing_and_ends_nothing(stale) -> None:
    reply = await stale.post("/sign-in/again", {"password": "x", "email": "ada@example.com", "next": BACK})

    assert reply.status_code == 401
    assert f'name="next" value="{BACK}"' in reply.text
    assert not await confirmed(stale)


async def test_nobody_proves_to_be_somebody_else(stale) -> None:
    await stale.person("bob", "another long phrase")

    reply = await stale.post("/sign-in/again", {"password": "another long phrase", "email": "bob@example.com"})

    assert reply.status_code == 401
    assert not await confirmed(stale)


async def test_whoever_errs_too_often_has_to_wait(mock) -> None:
    visitor = Visitor(mock(throttle={"bad_sign_ins": 2, "spared": []}))
    await visitor.sign_in_as(await visitor.person("ada", PASSWORD))

    for _ in range(4):
        await visitor.post("/sign-in/again", {"password": "x"})
    reply = await visitor.post("/sign-in/again", {"password": PASSWORD})

    assert reply.status_code == 429


async def test_page_asks_for_what_is_theirs(stale) -> None:
    theirs = (await stale.get(f"/sign-in/again?next={PREFIX}/tokens/new")).text
    bare = await Visitor(stale.under).sign_in_as(await stale.person("bare"))
    without = (await bare.get("/sign-in/again")).text
    operator = await Visitor(stale.under).sign_in()
    operators = (await operator.get("/sign-in/again")).text

    assert "ada@example.com" in theirs
    assert f'name="next" value="{PREFIX}/tokens/new"' in theirs
    assert 'type="password"' in theirs
    assert 'type="password"' not in without
    assert "tollbridge admin-link" in operators


@pytest.mark.parametrize("method", ["get", "post"])
async def test_whoever_is_not_signed_in_does_that_first(ada, method) -> None:
    sent = {"password": PASSWORD, "next": f"{PREFIX}/tokens"}
    if method == "post":
        reply = await ada.post("/sign-in/again", sent)
    else:
        reply = await ada.get(f"/sign-in/again?next={sent['next']}")

    assert reply.headers["location"] == f"{PREFIX}/sign-in?next=%2F_tollbridge%2Ftokens"
    assert SESSION not in ada.cookies


async def test_operator_has_no_password_to_prove_it_with(ada) -> None:
    operator = await Visitor(ada.under).sign_in()
    ada.under.clock.advance(3600)

    reply = await operator.post("/sign-in/again", {"password": PASSWORD, "email": "ada@example.com"})

    assert reply.status_code == 303
    assert reply.headers["location"].startswith(f"{PREFIX}/sign-in?next=")
    assert not await confirmed(operator)
