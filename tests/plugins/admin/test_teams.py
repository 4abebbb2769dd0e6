"""Teams over the API."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.people.builtin import TEAM_SCOPES
from tollbridge.testing import GatewayUnderTest

WISH = {
    "name": "blue",
    "title": "Blue",
    "description": "They are.\nReally.",
    "scopes": ["ai:*", "model:*", "admin:*"],
    "requests_per_minute": 60,
    "budget": {"usd": "25", "period": "day"},
    "from": ["10.0.0.0/8"],
    "hours": "mon-fri 08:00-18:00 UTC",
    "rotate_days": 30,
}


async def team(admin: Admin, **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/teams", {"name": "blue", **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_made_team_is_what_was_wished(admin: Admin) -> None:
    reply = await admin.post("/teams", WISH)

    made = reply.json()
    assert {name: made[name] for name in WISH} == WISH
    assert (made["state"], made["tokens_per_minute"], made["ended_at"]) == ("active", None, None)
    assert reply.headers["location"] == "teams/blue"
    read = await admin.get("/teams/blue")
    assert (read.json(), read.headers["etag"]) == (made, reply.headers["etag"])


async def test_team_of_which_nothing_is_said_has_what_its_administrators_may(admin: Admin) -> None:
    made = await team(admin)

    assert made["scopes"] == list(TEAM_SCOPES)
    assert (made["title"], made["budget"], made["from"], made["hours"], made["rotate_days"]) == (
        "",
        None,
        [],
        None,
        None,
    )


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": "Blue"}, "name"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"title": "a\nb"}, "title"),
        ({"description": "\0"}, "description"),
        ({"from": ["nowhere"]}, "from"),
        ({"hours": "always"}, "hours"),
        ({"budget": {"usd": "9999999999"}}, "budget.usd"),
    ],
)
async def test_field_that_cannot_be_is_named(admin: Admin, wish: dict[str, Any], field: str) -> None:
    reply = await admin.post("/teams", {"name": "blue", **wish})

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields")
    assert reply.json()["errors"][0]["field"].startswith(field)


async def test_what_is_not_said_of_a_team_stays_and_null_takes_away(admin: Admin) -> None:
    await admin.post("/teams", WISH)

    changed = (await admin.patch("/teams/blue", {"budget": {"usd": "1"}, "hours": None, "concurrency": 3})).json()

    expected = {**WISH, "budget": {"usd": "1", "period": "day"}, "hours": None}
    assert {name: changed[name] for name in WISH} == expected
    assert changed["concurrency"] == 3
    again = (
        await admin.patch("/teams/blue", {"budget": None, "rotate_days": None, "requests_per_minute": None})
    ).json()
    assert (again["budget"], again["rotate_days"], again["requests_per_minute"]) == (None, None, None)
    assert (await admin.patch("/teams/blue", {"budget": {"period": "day"}})).json()["code"] == "invalid_fields"


async def test_name_of_a_team_is_given_once(admin: Admin) -> None:
    await team(admin)
    await admin.post("/teams/blue/end")

    reply = await admin.post("/teams", {"name": "blue"})

    assert (reply.status_code, reply.json()["code"]) == (409, "already_exists")


async def test_team_is_off_and_on_and_ends_with_its_tokens(admin: Admin) -> None:
    await team(admin, scopes=["ai:*", "admin:*"])
    made = await admin.make(team="blue")
    one = Admin(admin.under, made["token"], made["id"])

    assert (await admin.post("/teams/blue/disable")).json()["state"] == "disabled"
    assert (await one.get("/me")).status_code == 401
    assert (await admin.post("/teams/blue/enable")).json()["state"] == "active"
    assert (await one.get("/me")).status_code == 200
    assert (await admin.post("/teams/blue/end")).json()["state"] == "revoked"
    assert (await one.get("/me")).status_code == 401
    refused = await admin.patch("/teams/blue", {"title": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_change_of_what_was_changed_meanwhile_is_refused(admin: Admin) -> None:
    await team(admin)
    tag = (await admin.get("/teams/blue")).headers["etag"]
    await admin.patch("/teams/blue", {"title": "x"})

    for reply in (
        await admin.patch("/teams/blue", {"title": "y"}, if_match=tag),
        await admin.post("/teams/blue/disable", if_match=tag),
    ):
        assert (reply.status_code, reply.json()["code"]) == (412, "changed_since")


async def test_teams_are_listed_page_by_page(admin: Admin) -> None:
    for name in ("c", "a", "b"):
        await team(admin, name=name, title=f"The {name} %")

    first = (await admin.get("/teams?limit=2")).json()
    second = (await admin.get(f"/teams?limit=2&after={first['next']}")).json()

    assert [[one["name"] for one in page["items"]] for page in (first, second)] == [["a", "b"], ["c"]]
    assert second["next"] is None
    assert [one["name"] for one in (await admin.get("/teams?q=B%20%25")).json()["items"]] == ["b"]
    assert (await admin.get("/teams?q=_")).json()["items"] == []
    assert (await admin.get("/teams?after=x")).status_code == 422


async def test_who_has_a_team_sees_it_alone_and_changes_what_it_is_called(
    under: GatewayUnderTest, admin: Admin
) -> None:
    for name in ("blue", "red"):
        await team(admin, name=name, scopes=["admin:*", "ai:*"])
    blue = await an_admin(under, "admin:*", team="blue")

    assert [one["name"] for one in (await blue.get("/teams")).json()["items"]] == ["blue"]
    assert [one["name"] for one in (await blue.get("/teams?q=LU")).json()["items"]] == ["blue"]
    for query in ("q=red", f"after={(await admin.get('/teams?limit=1')).json()['next']}"):
        assert (await blue.get(f"/teams?{query}")).json()["items"] == []
    assert (await blue.patch("/teams/blue", {"title": "Bluer"})).json()["title"] == "Bluer"
    for reply in (
        await blue.post("/teams", {"name": "green", "scopes": ["ai:chat"]}),
        await blue.patch("/teams/blue", {"budget": None}),
        await blue.post("/teams/blue/disable"),
        await blue.post("/teams/blue/end"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")


async def test_who_has_a_team_that_is_only_a_word_sees_no_team(under: GatewayUnderTest) -> None:
    green = await an_admin(under, "admin:*", team="green")

    assert (await green.get("/teams")).json() == {"items": [], "next": None}
    assert (await green.get("/teams/green")).status_code == 404


async def test_who_has_a_team_finds_it_by_its_title_too(under: GatewayUnderTest, admin: Admin) -> None:
    await team(admin, title="Über Sales")
    blue = await an_admin(under, "admin:teams:read", team="blue")

    found = {part: (await blue.get(f"/teams?q={part}")).json()["items"] for part in ("SALES", "lue", "red")}

    assert {part: len(items) for part, items in found.items()} == {"SALES": 1, "lue": 1, "red": 0}


async def test_nobody_makes_a_team_that_may_do_more_than_they_may(admin: Admin) -> None:
    weak = await admin.other("admin:teams:write", "ai:chat")

    reply = await weak.post("/teams", {"name": "blue", "scopes": ["ai:*"]})

    assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert (await weak.post("/teams", {"name": "blue", "scopes": ["ai:chat"]})).status_code == 201


async def test_what_holds_what_a_team_and_a_member_may_do_is_no_token_of_the_api(admin: Admin) -> None:
    made = await team(admin)
    member = (await admin.post("/teams/blue/members", {"email": "a@example.com", "name": "A", "role": "viewer"})).json()

    for id in (made["holder"], member["holder"]):
        for reply in (
            await admin.get(f"/tokens/{id}"),
            await admin.patch(f"/tokens/{id}", {"scopes": ["admin:*"]}),
            await admin.post(f"/tokens/{id}/rotate"),
            await admin.post(f"/tokens/{id}/revoke"),
        ):
            assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert (await admin.get("/tokens")).json()["items"][0]["id"] == admin.id
