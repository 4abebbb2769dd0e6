"""Sessions of people and of the operator, seen and ended by others."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.sessions import BegunSession, Browser
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.paging import cursor

ADA = Browser("192.0.2.1", "Firefox/140")


async def somebody(admin: Admin, number: int = 1, **wish: Any) -> str:
    reply = await admin.post("/people", {"email": f"p{number}@example.com", "name": f"Person {number}", **wish})
    assert reply.status_code == 201, reply.text
    id: str = reply.json()["id"]
    return id


async def begun(admin: Admin, person_id: str) -> BegunSession:
    admin.under.clock.advance(1)
    return await admin.under.gateway.sessions.begin(person_id, "password", ADA)


async def open_of(admin: Admin, *some: BegunSession) -> list[bool]:
    return [await admin.under.gateway.sessions.find(one.secret) is not None for one in some]


@pytest.mark.parametrize("whose", ["person", "operator"])
async def test_sessions_are_listed_and_ended_one_or_all(admin: Admin, whose: str) -> None:
    id = await somebody(admin) if whose == "person" else ""
    path = f"/people/{id}/sessions" if id else "/operator/sessions"
    others = await begun(admin, "" if id else await somebody(admin, 2))
    first, second, third = [await begun(admin, id) for _ in range(3)]

    listed = (await admin.get(path)).json()["items"]
    assert [one["id"] for one in listed] == [third.session.id, second.session.id, first.session.id]
    assert listed[2] == {
        "id": first.session.id,
        "via": "password",
        "address": "192.0.2.1",
        "agent": "Firefox/140",
        "created_at": "2026-01-05T12:00:02Z",
        "last_seen_at": "2026-01-05T12:00:02Z",
        "ends_at": "2026-01-06T00:00:02Z",
        "confirmed_at": "2026-01-05T12:00:02Z",
    }
    one = await admin.post(f"{path}/end", {"session": second.session.id})
    assert (one.status_code, one.json()) == (200, {"ended": 1})
    assert await open_of(admin, first, second, third, others) == [True, False, True, True]
    for id_of_none in (second.session.id, others.session.id, "x"):
        gone = await admin.post(f"{path}/end", {"session": id_of_none})
        assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert (await admin.post(f"{path}/end")).json() == {"ended": 2}
    assert (await admin.post(f"{path}/end", {})).json() == {"ended": 0}
    assert await open_of(admin, first, third, others) == [False, False, True]
    ends = [record for record in await admin.records() if record.action == "session.end"]
    assert [(record.target, record.actor.id) for record in ends] == [(id or "operator", admin.id)] * 3


async def test_sessions_are_paged(admin: Admin) -> None:
    path = f"/people/{await somebody(admin)}/sessions"
    id = path.split("/")[2]
    ids = [(await begun(admin, id)).session.id for _ in range(3)][::-1]

    first = (await admin.get(f"{path}?limit=2")).json()
    second = (await admin.get(f"{path}?limit=2&after={first['next']}")).json()

    assert [one["id"] for one in (*first["items"], *second["items"])] == ids
    assert second["next"] is None


@pytest.mark.parametrize("last", ["1", "x-0", "1-0", f"{'9' * 18}-{'a' * 24}", f"1-{'g' * 24}"])
async def test_cursor_that_names_no_session_is_refused(admin: Admin, last: str) -> None:
    reply = await admin.get(f"/operator/sessions?after={cursor('sessions', last)}")

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "after")


async def test_nothing_that_opens_a_session_is_shown(admin: Admin) -> None:
    session = await begun(admin, id := await somebody(admin))

    page = (await admin.get(f"/people/{id}/sessions")).text

    assert session.session.id in page
    assert session.secret not in page


async def test_session_is_named_by_text_that_could_be_an_id(admin: Admin) -> None:
    path = f"/people/{await somebody(admin)}/sessions/end"

    for wish in ({"session": ""}, {"session": 1}, {"session": "x" * 65}, {"id": "x"}):
        assert (await admin.post(path, wish)).status_code == 422


async def test_nobody_in_a_team_sees_or_ends_them(under: GatewayUnderTest, admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*", "ai:*"]})
    wish = {"email": "ada@example.com", "name": "Ada", "role": "viewer"}
    member = (await admin.post("/teams/blue/members", wish)).json()["person"]
    outsider = await somebody(admin, 2)
    blue = await an_admin(under, "admin:*", team="blue")
    session = await begun(admin, member)

    for path, status, code in (
        (f"/people/{member}/sessions", 403, "out_of_reach"),
        ("/operator/sessions", 403, "out_of_reach"),
        (f"/people/{outsider}/sessions", 404, "not_found"),
        ("/people/per_0/sessions", 404, "not_found"),
    ):
        for reply in (await blue.get(path), await blue.post(f"{path}/end")):
            assert (reply.status_code, reply.json()["code"]) == (status, code), path
    assert await open_of(admin, session) == [True]
    assert (await admin.get("/people/per_0/sessions")).status_code == 404


async def test_whoever_may_only_change_people_is_not_told_from_where_they_sign_in(admin: Admin) -> None:
    others = await admin.other("admin:people:write", "admin:audit:read")

    reply = await others.get("/operator/sessions")

    assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope")
