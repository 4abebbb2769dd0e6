"""One's own sessions and password."""

import pytest
from tests.plugins.signin.conftest import PASSWORD, PREFIX, Visitor

from tollbridge.browsing import SESSION

ANOTHER = "a kettle of slow stars"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


@pytest.fixture
async def mine(ada):
    await ada.sign_in_as(ada.ada)
    return ada


async def another(visitor, **headers):
    other = Visitor(visitor.under)
    await other.post("/sign-in", {"email": "ada@example.com", "password": PASSWORD}, **headers)
    return other


async def signed_in(*visitors):
    return [(await visitor.get("/")).status_code == 200 for visitor in visitors]


async def test_sessions_are_listed_with_when_and_where_and_what(mine) -> None:
    mine.under.clock.advance(60)
    await another(mine, **{"user-agent": CHROME})

    page = (await mine.get("/sign-in/sessions")).text

    assert page.index("Chrome · Linux") < page.index("Firefox")
    assert "192.0.2.7" in page
    assert "5 Jan 2026, 12:00" in page
    assert "5 Jan 2026, 12:01" in page
    assert page.count("this one") == 1
    assert page.count(">End<") == 1
    assert mine.cookies[SESSION] not in page


async def test_one_of_them_is_ended(mine) -> None:
    other = await another(mine)
    session = await mine.under.gateway.sessions.find(other.cookies[SESSION])

    reply = await mine.post("/sign-in/sessions", {"id": session.id})

    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/sign-in/sessions")
    assert await signed_in(mine, other) == [True, False]


async def test_all_of_them_are_ended(mine) -> None:
    other = await another(mine)

    reply = await mine.post("/sign-in/sessions", {"all": "1"})

    assert reply.headers["location"] == f"{PREFIX}/sign-in?out"
    assert mine.cookies[SESSION] == ""
    assert await signed_in(mine, other) == [False, False]


async def test_session_of_somebody_else_is_not_ended(mine) -> None:
    bob = await Visitor(mine.under).sign_in_as(await mine.person("bob", bridge="viewer"))
    session = await mine.under.gateway.sessions.find(bob.cookies[SESSION])

    for id in (session.id, "", "nothing"):
        await mine.post("/sign-in/sessions", {"id": id})

    assert await signed_in(mine, bob) == [True, True]


async def test_password_is_changed_and_all_other_sessions_end(mine) -> None:
    other, before = await another(mine), mine.cookies[SESSION]
    mine.under.clock.advance(1)

    form = {"password": PASSWORD, "new": ANOTHER, "repeated": ANOTHER}
    reply = await mine.post("/sign-in/password", form)

    assert (reply.status_code, reply.headers["location"]) == (303, f"{PREFIX}/sign-in/sessions?changed")
    assert mine.cookies[SESSION] != before
    assert await signed_in(mine, other) == [True, False]
    assert "Password changed" in (await mine.get("/sign-in/sessions?changed")).text
    people = mine.under.gateway.people
    assert await people.check_password("ada@example.com", PASSWORD) is None
    assert await people.check_password("ada@example.com", ANOTHER) is not None
    (record,) = await mine.under.gateway.store.list_audit(action="person.password", target=mine.ada.id)
    assert record.actor.id == mine.ada.id


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"password": "x", "new": ANOTHER, "repeated": ANOTHER}, 401, "not your password"),
        ({"password": PASSWORD, "new": ANOTHER, "repeated": "x"}, 400, "The two are not the same."),
        ({"password": PASSWORD, "new": "short", "repeated": "short"}, 400, "15 characters at least"),
        ({}, 401, "not your password"),
    ],
)
async def test_password_that_cannot_be_is_refused(mine, form, status, said) -> None:
    reply = await mine.post("/sign-in/password", form)

    assert reply.status_code == status
    assert said in reply.text
    assert ANOTHER not in reply.text
    assert await mine.under.gateway.people.check_password("ada@example.com", PASSWORD) is not None


async def test_operator_sees_and_ends_the_operators_sessions(ada) -> None:
    first, second, third = [await Visitor(ada.under).sign_in() for _ in range(3)]
    await ada.sign_in_as(ada.ada)
    sessions = ada.under.gateway.sessions
    page = await first.get("/sign-in/sessions")
    of_second, of_ada = [await sessions.find(each.cookies[SESSION]) for each in (second, ada)]

    assert page.status_code == 200
    assert "the operator" in page.text
    assert page.text.count(">End<") == 2
    assert "Change the password" not in page.text
    assert f'href="{PREFIX}/sign-in/sessions"' in (await first.get("/")).text
    for id in (of_second.id, of_ada.id):
        await first.post("/sign-in/sessions", {"id": id})
    assert await signed_in(first, second, third, ada) == [True, False, True, True]
    reply = await first.post("/sign-in/sessions", {"all": "1"})
    assert reply.headers["location"] == f"{PREFIX}/sign-in?out"
    assert await signed_in(first, third, ada) == [False, False, True]


@pytest.mark.parametrize(
    ("path", "way"),
    [("/sign-in/sessions", "nobody"), ("/sign-in/password", "nobody"), ("/sign-in/password", "operator")],
)
async def test_page_is_for_whoever_it_is_about(ada, path, way) -> None:
    visitor = Visitor(ada.under)
    if way == "operator":
        await visitor.sign_in()

    replies = [await visitor.get(path), await visitor.post(path, {"all": "1"})]

    for reply in replies:
        assert reply.status_code == 303
        assert reply.headers["location"].startswith(f"{PREFIX}/sign-in?next=%2F_tollbridge%2Fsign-in%2F")


async def test_whoever_has_no_password_is_not_offered_another(mine) -> None:
    bare = await Visitor(mine.under).sign_in_as(await mine.person("bare"))

    assert f"{PREFIX}/sign-in/password" in (await mine.get("/sign-in/sessions")).text
    assert f"{PREFIX}/sign-in/password" not in (await bare.get("/sign-in/sessions")).text


async def test_name_of_a_browser_is_escaped(mine) -> None:
    await another(mine, **{"user-agent": "<script>alert(1)</script>"})

    page = (await mine.get("/sign-in/sessions")).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
