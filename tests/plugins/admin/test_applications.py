"""Applications over the API."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.testing import GatewayUnderTest

WISH = {
    "name": "Shop",
    "team": "blue",
    "owner": "ada",
    "description": "It is.\nReally.",
    "scopes": ["ai:chat", "model:*"],
    "requests_per_minute": 60,
    "budget": {"usd": "25", "period": "day"},
    "from": ["10.0.0.0/8"],
    "hours": "mon-fri 08:00-18:00 UTC",
    "tags": ["a"],
    "metadata": {"a": "1", "b": "1"},
}


@pytest.fixture
async def admin(admin: Admin) -> Admin:
    """Give who may do everything, where there are two teams."""
    for team in ("blue", "red"):
        assert (
            await admin.post("/teams", {"name": team, "scopes": ["admin:*", "ai:*", "model:*", "service:*"]})
        ).is_success
    return admin


@pytest.fixture
async def blue(under: GatewayUnderTest, admin: Admin) -> Admin:
    """Give somebody of the team blue who may do everything there."""
    return await an_admin(under, team="blue")


async def application(admin: Admin, **wish: Any) -> dict[str, Any]:
    admin.under.clock.advance(0.001)  # ids are in the order of their making then
    reply = await admin.post("/applications", {"name": "Shop", "team": "blue", **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def token(admin: Admin, id: str, **wish: Any) -> dict[str, Any]:
    admin.under.clock.advance(0.001)
    reply = await admin.post(f"/applications/{id}/tokens", {"name": "t", **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_made_application_is_what_was_wished(admin: Admin) -> None:
    reply = await admin.post("/applications", WISH)

    made = reply.json()
    assert {name: made[name] for name in WISH} == WISH
    assert (made["state"], made["subscribed_scopes"], made["ended_at"], made["concurrency"]) == (
        "active",
        [],
        None,
        None,
    )
    assert reply.headers["location"] == f"applications/{made['id']}"
    read = await admin.get(f"/applications/{made['id']}")
    assert (read.json(), read.headers["etag"]) == (made, reply.headers["etag"])


async def test_application_of_which_nothing_is_said_is_the_operators_and_may_nothing(admin: Admin) -> None:
    made = (await admin.post("/applications", {"name": "Shop"})).json()

    assert (made["team"], made["owner"], made["scopes"], made["description"]) == ("", "", [], "")
    assert (made["budget"], made["from"], made["hours"], made["tags"], made["metadata"]) == (None, [], None, [], {})


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"team": "green"}, "team"),
        ({"owner": "\0"}, "owner"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"description": "\0"}, "description"),
        ({"from": ["nowhere"]}, "from"),
        ({"hours": "always"}, "hours"),
        ({"tags": ["a b"]}, "tags"),
        ({"metadata": {"a b": "x"}}, "metadata"),
        ({"budget": {"usd": "9999999999"}}, "budget.usd"),
    ],
)
async def test_field_that_cannot_be_is_named(admin: Admin, wish: dict[str, Any], field: str) -> None:
    reply = await admin.post("/applications", {"name": "Shop", **wish})

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields")
    assert reply.json()["errors"][0]["field"].startswith(field)


async def test_what_is_not_said_stays_and_null_takes_away(admin: Admin) -> None:
    path = f"/applications/{(await application(admin, **WISH))['id']}"

    changed = (
        await admin.patch(path, {"budget": {"usd": "1"}, "hours": None, "metadata": {"a": None, "c": "2"}, "name": "X"})
    ).json()

    expected = {**WISH, "budget": {"usd": "1", "period": "day"}, "hours": None, "metadata": {"b": "1", "c": "2"}}
    assert {name: changed[name] for name in WISH} == {**expected, "name": "X"}
    gone = dict.fromkeys(
        ("budget", "scopes", "tags", "metadata", "owner", "description", "requests_per_minute", "from")
    )
    again = (await admin.patch(path, gone)).json()
    assert {name: again[name] for name in gone} == {
        **{"budget": None, "scopes": [], "tags": [], "metadata": {}, "owner": "", "description": ""},
        **{"requests_per_minute": None, "from": []},
    }
    for patch in ({"name": None}, {"team": "red"}, {"id": "app_0"}):
        assert (await admin.patch(path, patch)).json()["code"] == "invalid_fields"


async def test_name_is_taken_once_in_a_team_until_it_ends(admin: Admin) -> None:
    made = await application(admin)

    reply = await admin.post("/applications", {"name": "Shop", "team": "blue"})

    assert (reply.status_code, reply.json()["code"]) == (409, "already_exists")
    other = await application(admin, team="red")
    moved = await admin.post(f"/applications/{other['id']}/transfer", {"team": "blue"})
    assert (moved.status_code, moved.json()["code"]) == (409, "already_exists")
    await admin.post(f"/applications/{made['id']}/end")
    assert (await admin.post(f"/applications/{other['id']}/transfer", {"team": "blue"})).json()["team"] == "blue"


async def test_token_is_made_in_place_and_ends_with_its_application(admin: Admin) -> None:
    made = await application(admin, scopes=["ai:chat", "admin:tokens:read"])
    path = f"/applications/{made['id']}"

    issued = await token(admin, made["id"], scopes=["admin:*"], tags=["x"], budget={"usd": "1"}, rotate_days=7)

    assert (issued["parent"], issued["team"], issued["tags"], issued["rotate_days"]) == (made["id"], "blue", ["x"], 7)
    one = Admin(admin.under, issued["token"], issued["id"])
    assert (await one.get("/tokens")).status_code == 200
    assert (await one.get("/audit")).status_code == 403
    listed = (await admin.get(f"{path}/tokens")).json()["items"]
    assert [each["id"] for each in listed] == [issued["id"]]
    assert "token" not in listed[0]
    assert (await admin.post(f"{path}/disable")).json()["state"] == "disabled"
    assert (await one.get("/me")).status_code == 401
    refused = await admin.post(f"{path}/tokens", {"name": "t"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await admin.post(f"{path}/enable")).json()["state"] == "active"
    assert (await one.get("/me")).status_code == 200
    assert (await admin.post(f"{path}/end")).json()["state"] == "revoked"
    assert (await one.get("/me")).status_code == 401
    refused = await admin.patch(path, {"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_token_of_which_no_scope_is_said_may_do_all_calls_of_its_application(admin: Admin) -> None:
    made = await application(admin, scopes=["ai:chat", "admin:*"])

    issued = await token(admin, made["id"])

    assert issued["scopes"] == ["ai:*", "model:*", "service:*"]
    shown = (await Admin(admin.under, issued["token"], issued["id"]).get("/me")).json()
    assert (shown["id"], shown["team"]) == (issued["id"], "blue")


async def test_token_is_made_once_under_one_key(admin: Admin) -> None:
    made = await application(admin)
    path = f"/applications/{made['id']}/tokens"

    replies = [await admin.post(path, {"name": "t"}, idempotency_key='"k"') for _ in range(2)]

    assert replies[0].json() == replies[1].json()
    assert len((await admin.get(path)).json()["items"]) == 1


async def test_tokens_of_an_application_are_listed_page_by_page(admin: Admin) -> None:
    made = await application(admin)
    path = f"/applications/{made['id']}/tokens"
    ids = [(await token(admin, made["id"], name=name))["id"] for name in ("a %", "b", "c")]
    await admin.post(f"/tokens/{ids[1]}/revoke")

    first = (await admin.get(f"{path}?limit=2")).json()
    second = (await admin.get(f"{path}?limit=2&after={first['next']}")).json()

    assert [[one["id"] for one in page["items"]] for page in (first, second)] == [[ids[2], ids[1]], [ids[0]]]
    assert second["next"] is None
    assert [one["id"] for one in (await admin.get(f"{path}?q=%25")).json()["items"]] == [ids[0]]
    assert [one["id"] for one in (await admin.get(f"{path}?state=revoked")).json()["items"]] == [ids[1]]
    assert (await admin.get(f"{path}?after=x")).status_code == 422


async def test_change_of_what_was_changed_meanwhile_is_refused(admin: Admin) -> None:
    path = f"/applications/{(await application(admin))['id']}"
    tag = (await admin.get(path)).headers["etag"]
    await admin.patch(path, {"owner": "x"})
    before = await admin.records()

    for reply in (
        await admin.patch(path, {"owner": "y"}, if_match=tag),
        await admin.post(f"{path}/disable", if_match=tag),
        await admin.post(f"{path}/enable", if_match=tag),
        await admin.post(f"{path}/end", if_match=tag),
        await admin.post(f"{path}/transfer", {"team": "red"}, if_match=tag),
    ):
        assert (reply.status_code, reply.json()["code"]) == (412, "changed_since")
    assert await admin.records() == before
    tag = (await admin.get(path)).headers["etag"]
    assert (await admin.get(path, if_none_match=tag)).status_code == 304
    assert (await admin.post(f"{path}/transfer", {"team": "red"}, if_match=tag)).status_code == 200


async def test_applications_are_listed_page_by_page(admin: Admin) -> None:
    ids = [
        (await application(admin, name=name, team=team))["id"]
        for name, team in (("a%", "red"), ("b", ""), ("c", "red"))
    ]
    await admin.post(f"/applications/{ids[1]}/disable")
    await admin.post(f"/applications/{ids[2]}/end")

    first = (await admin.get("/applications?limit=2")).json()
    second = (await admin.get(f"/applications?limit=2&after={first['next']}")).json()

    assert [[one["id"] for one in page["items"]] for page in (first, second)] == [[ids[2], ids[1]], [ids[0]]]
    assert second["next"] is None
    for query, found in (
        ("q=A%25", [ids[0]]),
        ("q=*", []),
        ("team=red", [ids[2], ids[0]]),
        ("team=blue", []),
        ("state=active", [ids[0]]),
        ("state=disabled", [ids[1]]),
        ("state=revoked", [ids[2]]),
    ):
        assert [one["id"] for one in (await admin.get(f"/applications?{query}")).json()["items"]] == found, query
    for query in ("after=x", "state=expired", "limit=0"):
        assert (await admin.get(f"/applications?{query}")).status_code == 422


async def test_application_goes_to_another_team_with_its_tokens(admin: Admin, blue: Admin) -> None:
    made = await application(blue)
    issued = await token(blue, made["id"])
    path = f"/applications/{made['id']}"

    moved = await admin.post(f"{path}/transfer", {"team": "red"})

    assert (moved.status_code, moved.json()["team"]) == (200, "red")
    assert (await admin.get(f"/tokens/{issued['id']}")).json()["team"] == "red"
    for gone in (path, f"{path}/tokens", f"/tokens/{issued['id']}"):
        assert (await blue.get(gone)).status_code == 404
    unknown = await admin.post(f"{path}/transfer", {"team": "green"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "team")
    assert (await admin.post(f"{path}/transfer", {"team": ""})).json()["team"] == ""


async def test_who_has_a_team_sees_and_touches_the_applications_of_that_alone(admin: Admin, blue: Admin) -> None:
    ours = await application(blue, team="")
    theirs = await application(admin, team="red")
    path = f"/applications/{theirs['id']}"

    assert ours["team"] == "blue"
    for query in ("", "?team=blue"):
        assert [one["id"] for one in (await blue.get(f"/applications{query}")).json()["items"]] == [ours["id"]]
    assert (await blue.get("/applications?team=red")).json() == {"items": [], "next": None}
    for reply in (
        await blue.get(path),
        await blue.patch(path, {"name": "stolen"}),
        await blue.post(f"{path}/disable"),
        await blue.post(f"{path}/enable"),
        await blue.post(f"{path}/end"),
        await blue.get(f"{path}/tokens"),
        await blue.post(f"{path}/tokens", {"name": "t"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    for reply in (
        await blue.post(f"{path}/transfer", {"team": "blue"}),
        await blue.post(f"/applications/{ours['id']}/transfer", {"team": "red"}),
        await blue.post("/applications", {"name": "x", "team": "red"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")
    assert (await admin.get(path)).json() == theirs


async def test_who_has_a_team_that_is_only_a_word_makes_no_application(under: GatewayUnderTest) -> None:
    green = await an_admin(under, team="green")

    reply = await green.post("/applications", {"name": "x"})

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "team")
    assert (await green.get("/applications")).json() == {"items": [], "next": None}


async def test_nobody_gives_an_application_or_its_token_more_than_they_hold(admin: Admin) -> None:
    weak = await admin.other("admin:applications:write", "ai:chat")
    strong = await application(admin, scopes=["ai:*"])
    path = f"/applications/{strong['id']}"

    for reply in (
        await weak.post("/applications", {"name": "x", "scopes": ["ai:*"]}),
        await weak.patch(path, {"budget": None}),
        await weak.post(f"{path}/tokens", {"name": "t"}),
        await weak.post(f"{path}/tokens", {"name": "t", "scopes": ["ai:*"]}),
        await weak.post(f"{path}/enable"),
        await weak.post(f"{path}/transfer", {"team": ""}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert (await weak.post(f"{path}/tokens", {"name": "t", "scopes": ["ai:chat"]})).status_code == 201


async def test_team_administrator_and_developer_run_applications_of_their_team_alone(
    under: GatewayUnderTest, admin: Admin
) -> None:
    people = under.gateway.people

    async def somebody(role: str) -> Admin:
        person = await people.add_person(email=f"{role}@example.com", name="Somebody")
        await people.set_membership(person.id, "blue", role)
        holder = await people.holder_of(person.id, "blue")
        assert holder is not None
        made = await under.gateway.tokens.issue(
            name="x", scopes=holder.scopes.scopes, owner=holder.owner, minter=holder
        )
        return Admin(under, made.secret, made.token.id)

    boss, developer, caller = [await somebody(role) for role in ("team-admin", "service-developer", "consumer")]

    made = await application(boss)
    assert (await boss.post(f"/applications/{made['id']}/tokens", {"name": "t"})).status_code == 201
    assert made["owner"].startswith("per_")
    assert (await developer.get(f"/applications/{made['id']}")).status_code == 200
    own, theirs = await application(developer, name="own"), await application(admin, name="other", team="red")
    assert (own["team"], own["owner"][:4]) == ("blue", "per_")
    assert (await developer.post(f"/applications/{own['id']}/tokens", {"name": "t"})).status_code == 201
    assert (await developer.post(f"/applications/{theirs['id']}/tokens", {"name": "t"})).status_code == 404
    assert (await developer.post("/applications", {"name": "x", "team": "red"})).json()["code"] == "out_of_reach"
    asked = await developer.post("/subscriptions", {"application": own["id"], "service": "gone"})
    assert (asked.status_code, asked.json()["detail"]) == (404, "there is no such service, or it is not published")
    asked = await developer.post("/subscriptions", {"application": theirs["id"], "service": "gone"})
    assert (asked.status_code, asked.json()["errors"][0]["field"]) == (422, "application")
    assert (await caller.get("/applications")).json()["code"] == "insufficient_scope"


async def test_what_holds_what_an_application_may_do_is_no_token_of_the_api(admin: Admin) -> None:
    made = await application(admin, scopes=["ai:*"])
    path = f"/tokens/{made['id']}"

    for reply in (
        await admin.get(path),
        await admin.patch(path, {"scopes": ["admin:*"]}),
        *[await admin.post(f"{path}/{act}") for act in ("rotate", "disable", "enable", "revoke")],
        await admin.get(f"{path}/credentials"),
        await admin.post(f"{path}/credentials", {"kind": "hmac"}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (404, "not_found")
    assert (await admin.post("/tokens/revoke", {"ids": [made["id"]]})).json()["items"][0]["result"] == "not_found"
    assert (await admin.post("/tokens/rotate", {"ids": [made["id"]]})).json()["items"][0]["result"] == "not_found"
    listed = (await admin.get("/tokens")).json()["items"]
    assert made["id"] not in [one["id"] for one in listed]
    admin.under.clock.advance(40 * 86_400)
    report = (await admin.get("/tokens/report")).json()["items"]
    assert made["id"] not in [one["token"]["id"] for one in report]
    assert (await admin.get(f"/applications/{made['id']}")).json()["state"] == "active"
