"""People and members over the API."""

from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.testing import GatewayUnderTest

GOOD = "correct horse battery"
ADA = {"email": "Ada@Example.com", "name": "Ada Lovelace"}


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at no cost: what is tested here is not how."""
    monkeypatch.setattr("tollbridge.people.passwords.PasswordHasher", lambda: PasswordHasher.from_parameters(CHEAPEST))


async def person(admin: Admin, number: int = 1, **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/people", {"email": f"p{number}@example.com", "name": f"Person {number}", **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def team_admin(admin: Admin, team: str) -> Admin:
    """Give somebody who administers a team, which is made."""
    await admin.post("/teams", {"name": team})
    member = await admin.post(
        f"/teams/{team}/members", {"email": f"boss@{team}.example", "name": "Boss", "role": "team-admin"}
    )
    people, tokens = admin.under.gateway.people, admin.under.gateway.tokens
    holder = await people.holder_of(member.json()["person"], team)
    assert holder is not None
    issued = await tokens.issue(name="boss", scopes=holder.scopes.scopes, minter=holder)
    return Admin(admin.under, issued.secret, issued.token.id)


async def test_person_is_made_and_signs_in_with_the_password(admin: Admin) -> None:
    reply = await admin.post("/people", {**ADA, "password": GOOD, "role": "platform-admin"})

    made = reply.json()
    assert (made["email"], made["name"], made["has_password"]) == ("ada@example.com", "Ada Lovelace", True)
    assert [(one["team"], one["role"], one["state"]) for one in made["memberships"]] == [
        (None, "platform-admin", "active")
    ]
    assert reply.headers["location"] == f"people/{made['id']}"
    read = await admin.get(f"/people/{made['id']}")
    assert (read.json(), read.headers["etag"]) == (made, reply.headers["etag"])
    assert GOOD not in reply.text + read.text
    assert await admin.under.gateway.people.check_password("ada@example.com", GOOD) is not None


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"name": "\n"}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "ada lovelace 1815"}, "password"),
        ({"role": "boss"}, "role"),
        ({"role": "team-admin"}, "role"),
    ],
)
async def test_person_who_cannot_be_is_refused_and_nobody_is_made(
    admin: Admin, wish: dict[str, Any], field: str
) -> None:
    reply = await admin.post("/people", {**ADA, **wish})

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)
    assert wish.get("password", GOOD) not in reply.text
    assert (await admin.get("/people")).json()["items"] == []


async def test_person_is_made_once_under_one_key_and_not_with_another_password(admin: Admin) -> None:
    sent = {**ADA, "password": GOOD}

    replies = [await admin.post("/people", sent, idempotency_key='"k"') for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[1].json() == replies[0].json()
    assert replies[1].headers["idempotency-replayed"] == "true"
    other = await admin.post("/people", {**sent, "password": f"{GOOD}!"}, idempotency_key='"k"')
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await admin.get("/people")).json()["items"]) == 1


async def test_person_is_changed_and_null_takes_the_password_away(admin: Admin) -> None:
    made = await person(admin, password=GOOD)
    path = f"/people/{made['id']}"

    changed = (await admin.patch(path, {"name": "Ada", "email": "ADA@example.com"})).json()
    assert (changed["name"], changed["email"], changed["has_password"]) == ("Ada", "ada@example.com", True)
    assert (await admin.patch(path, {"password": "short"})).status_code == 422
    assert (await admin.patch(path, {"password": None})).json()["has_password"] is False
    assert (await admin.patch(path, {"password": GOOD})).json()["has_password"] is True
    assert (await admin.patch(path, {})).status_code == 200
    records = [record for record in await admin.records() if record.action.startswith("person.")]
    assert [record.action for record in records] == [
        "person.add",
        "person.change",
        "person.password",
        "person.password",
    ]
    assert not [record for record in records if GOOD in record.before + record.after or "argon2" in record.after]
    await person(admin, 2)
    taken = await admin.patch(path, {"email": "p2@example.com"})
    assert (taken.status_code, taken.json()["code"]) == (409, "already_exists")


async def test_person_is_off_and_on_and_forgotten(admin: Admin) -> None:
    made = await person(admin, role="consumer")
    path = f"/people/{made['id']}"
    tag = (await admin.get(path)).headers["etag"]

    off = (await admin.post(f"{path}/disable", if_match=tag)).json()
    assert off["disabled_at"] is not None
    assert off["memberships"][0]["state"] == "disabled"
    assert (await admin.post(f"{path}/enable", if_match=tag)).status_code == 412
    assert (await admin.post(f"{path}/enable")).json()["memberships"][0]["state"] == "active"
    assert (await admin.post(f"{path}/remove")).json()["id"] == made["id"]
    assert (await admin.get(path)).status_code == 404


async def test_last_who_administers_the_bridge_stays(admin: Admin) -> None:
    made = await person(admin, role="platform-admin")

    for reply in (
        await admin.post(f"/people/{made['id']}/disable"),
        await admin.post(f"/people/{made['id']}/remove"),
        await admin.post(f"/members/{made['id']}/remove"),
        await admin.patch(f"/members/{made['id']}", {"role": "viewer"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (409, "last_admin")


async def test_people_are_listed_page_by_page(admin: Admin) -> None:
    for number in range(3):
        admin.under.clock.advance(1)
        await person(admin, number)

    first = (await admin.get("/people?limit=2")).json()
    second = (await admin.get(f"/people?limit=2&after={first['next']}")).json()

    assert [[one["name"] for one in page["items"]] for page in (first, second)] == [
        ["Person 2", "Person 1"],
        ["Person 0"],
    ]
    assert [one["name"] for one in (await admin.get("/people?q=P1%40")).json()["items"]] == ["Person 1"]
    for query in ("q=%25", "q=P_1", "team=blue"):
        assert (await admin.get(f"/people?{query}")).json()["items"] == []
    assert (await admin.get("/people?limit=1000000")).status_code == 422


async def test_who_may_do_less_than_a_person_does_not_become_that_person(admin: Admin) -> None:
    made = await person(admin, role="platform-admin")
    weak = await admin.other("admin:people:write", "admin:members:write", "ai:*")

    for reply in (
        await weak.patch(f"/people/{made['id']}", {"password": GOOD}),
        await weak.patch(f"/people/{made['id']}", {"email": "mine@example.com"}),
        await weak.post("/people", {**ADA, "role": "platform-admin"}),
        await weak.post("/members", {**ADA, "role": "consumer"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert await admin.under.gateway.people.find_person("ada@example.com") is None


async def test_nobody_keeps_a_way_into_somebody_who_may_do_more_one_day(admin: Admin) -> None:
    weak = await admin.other("admin:people:write", "admin:people:read", "ai:*")
    made = await person(weak)
    path = f"/people/{made['id']}"

    for reply in (
        await weak.post("/people", {**ADA, "password": GOOD}),
        await weak.patch(path, {"password": GOOD}),
        await weak.patch(path, {"email": "ada@example.com"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
        assert "admin:*" in reply.json()["detail"]
        assert GOOD not in reply.text
    assert (await weak.patch(path, {"email": "P1@example.com", "name": "P", "password": None})).status_code == 200
    assert await admin.under.gateway.people.find_person("ada@example.com") is None


async def test_change_of_a_person_is_whole_or_none(admin: Admin) -> None:
    made, other = await person(admin, password=GOOD), await person(admin, 2)
    before = await admin.records()

    taken = await admin.patch(f"/people/{made['id']}", {"email": other["email"], "password": GOOD[::-1]})

    assert (taken.status_code, taken.json()["code"]) == (409, "already_exists")
    assert await admin.under.gateway.people.check_password(made["email"], GOOD) is not None
    assert await admin.records() == before
    both = await admin.patch(f"/people/{made['id']}", {"email": "p3@example.com", "password": GOOD[::-1]})
    assert both.status_code == 200
    assert await admin.under.gateway.people.check_password("p3@example.com", GOOD[::-1]) is not None
    assert [one.action for one in (await admin.records())[len(before) :]] == ["person.change", "person.password"]


async def test_member_is_made_of_somebody_known_or_new(admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue"})
    known = await person(admin)

    replies = [
        await admin.post("/teams/blue/members", {"person": known["id"], "role": "viewer"}),
        await admin.post("/teams/blue/members", {"email": "P1@example.com", "role": "consumer"}),
        await admin.post("/teams/blue/members", {**ADA, "role": "team-admin"}),
        await admin.post("/members", {"email": "ada@example.com", "role": "viewer"}),
    ]

    assert [reply.status_code for reply in replies] == [200] * 4
    assert [(one["name"], one["team"], one["role"]) for one in map(lambda reply: reply.json(), replies)] == [
        ("Person 1", "blue", "viewer"),
        ("Person 1", "blue", "consumer"),
        ("Ada Lovelace", "blue", "team-admin"),
        ("Ada Lovelace", None, "viewer"),
    ]
    listed = (await admin.get("/teams/blue/members?limit=1")).json()
    behind = (await admin.get(f"/teams/blue/members?limit=1&after={listed['next']}")).json()
    assert {one["role"] for one in (*listed["items"], *behind["items"])} == {"consumer", "team-admin"}
    assert [one["role"] for one in (await admin.get("/members")).json()["items"]] == ["viewer"]


@pytest.mark.parametrize(
    ("wish", "status", "what"),
    [
        ({"role": "viewer"}, 422, "person"),
        ({"role": "viewer", "email": "nobody@example.com"}, 422, "name"),
        ({"role": "viewer", "email": "nobody", "name": "N"}, 422, "email"),
        ({"role": "platform-admin", "email": "p1@example.com"}, 422, "role"),
        ({"role": "boss", "email": "nobody@example.com", "name": "N"}, 422, "role"),
        ({"role": "viewer", "person": "per_0"}, 404, "not_found"),
    ],
)
async def test_member_who_cannot_be_is_refused_and_nobody_is_made(
    admin: Admin, wish: dict[str, Any], status: int, what: str
) -> None:
    await admin.post("/teams", {"name": "blue"})
    await person(admin)

    reply = await admin.post("/teams/blue/members", wish)

    assert reply.status_code == status, reply.text
    assert what in (reply.json()["code"], *(one["field"] for one in reply.json().get("errors", ())))
    assert len((await admin.get("/people")).json()["items"]) == 1


async def test_member_gets_another_role_and_leaves(admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue"})
    made = (await admin.post("/teams/blue/members", {**ADA, "role": "viewer"})).json()
    assert made.pop("replaced") is None
    path = f"/teams/blue/members/{made['person']}"
    read = await admin.get(path)
    assert read.json() == made

    changed = await admin.patch(path, {"role": "consumer"}, if_match=read.headers["etag"])

    assert changed.json() == {**made, "role": "consumer"}
    assert (await admin.post(f"{path}/remove", if_match=read.headers["etag"])).status_code == 412
    assert (await admin.post(f"{path}/remove")).json()["role"] == "consumer"
    gone = [await admin.get(path), await admin.patch(path, {"role": "viewer"}), await admin.post(f"{path}/remove")]
    for reply in gone:
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


async def test_who_sets_a_member_is_told_which_role_that_replaces(admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue"})
    made = (await admin.post("/teams/blue/members", {**ADA, "role": "viewer"})).json()

    by_address = (await admin.post("/teams/blue/members", {"email": ADA["email"], "role": "consumer"})).json()
    by_id = (await admin.post("/teams/blue/members", {"person": made["person"], "role": "consumer"})).json()
    elsewhere = (await admin.post("/members", {"person": made["person"], "role": "viewer"})).json()

    found = [(one["role"], one["replaced"]) for one in (made, by_address, by_id, elsewhere)]
    assert found == [("viewer", None), ("consumer", "viewer"), ("consumer", "consumer"), ("viewer", None)]


async def test_who_administers_a_team_manages_its_members_and_nobody_elses(admin: Admin) -> None:
    blue, red = await team_admin(admin, "blue"), await team_admin(admin, "red")
    outsider = await person(admin)
    theirs = (await red.get("/teams/red/members")).json()["items"][0]["person"]

    made = (await blue.post("/teams/blue/members", {**ADA, "role": "consumer"})).json()
    assert made.pop("replaced") is None

    assert {one["name"] for one in (await blue.get("/people")).json()["items"]} == {"Ada Lovelace", "Boss"}
    assert (await blue.get("/people?team=red")).json()["items"] == []
    assert (await blue.get(f"/people/{made['person']}")).json()["memberships"] == [made]
    await admin.post("/members", {"person": made["person"], "role": "viewer"})
    assert (await blue.get(f"/people/{made['person']}")).json()["memberships"] == [made]
    assert len((await admin.get(f"/people/{made['person']}")).json()["memberships"]) == 2
    assert (await blue.patch(f"/teams/blue/members/{made['person']}", {"role": "viewer"})).status_code == 200
    for reply in (
        await blue.get("/members"),
        await blue.post("/members", {**ADA, "role": "viewer"}),
        await blue.get("/teams/red/members"),
        await blue.post("/teams/red/members", {**ADA, "role": "viewer"}),
        await blue.post("/teams/blue/members", {"person": outsider["id"], "role": "viewer"}),
        await blue.post("/teams/blue/members", {"person": theirs, "role": "viewer"}),
        await blue.get(f"/people/{theirs}"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert (await blue.post("/teams/blue/members", {"email": outsider["email"], "role": "viewer"})).status_code == 200
    assert (await blue.post("/teams/blue/members", {"person": made["person"], "role": "consumer"})).status_code == 200


async def test_who_administers_a_team_changes_nobody_themselves(under: GatewayUnderTest, admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*", "ai:*", "model:*", "service:*"]})
    made = (await admin.post("/teams/blue/members", {**ADA, "role": "viewer"})).json()
    blue = await an_admin(under, team="blue")
    path = f"/people/{made['person']}"

    for reply in (
        await blue.post("/people", {"email": "x@example.com", "name": "X"}),
        await blue.patch(path, {"name": "X"}),
        await blue.patch(path, {"password": GOOD}),
        await blue.post(f"{path}/disable"),
        await blue.post(f"{path}/enable"),
        await blue.post(f"{path}/remove"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")
