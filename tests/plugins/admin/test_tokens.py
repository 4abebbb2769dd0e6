"""Tokens over the API."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge import NotFound
from tollbridge.cli import tokenwords
from tollbridge_admin.tokens import there
from tollbridge_admin.tokenshapes import shown

FULL: dict[str, Any] = {
    "name": "shop",
    "scopes": ["ai:chat", "model:gpt-*"],
    "owner": " ada ",
    "team": "sales",
    "expires_at": "2026-03-01T00:00:00+01:00",
    "requests_per_minute": 60,
    "tokens_per_minute": 0,
    "concurrency": 5,
    "budget": {"usd": "25.50", "period": "day"},
    "from": ["10.0.0.0/8", "192.0.2.1"],
    "hours": "mon-fri  08:00-18:00 UTC",
    "tags": ["a", "b"],
    "metadata": {"cost-centre": "42"},
    "environment": "test",
    "rotate_days": 30,
}


async def test_made_token_is_what_was_wished_and_its_secret_opens(admin: Admin) -> None:
    reply = await admin.post("/tokens", FULL)

    made = reply.json()
    assert reply.status_code == 201
    assert reply.headers["location"] == f"tokens/{made['id']}"
    wanted = {
        **FULL,
        "owner": "ada",
        "expires_at": "2026-02-28T23:00:00Z",
        "budget": {"usd": "25.5", "period": "day"},
        "from": ["10.0.0.0/8", "192.0.2.1/32"],
        "hours": "mon-fri 08:00-18:00 UTC",
        "parent": admin.id,
        "state": "active",
        "canary": False,
    }
    assert {name: made[name] for name in wanted} == wanted
    assert made["token"].startswith("tb_test_")
    assert made["secrets"][0]["expires_at"] == "2026-02-04T12:00:00Z"
    principal = await admin.under.gateway.tokens.identify(made["token"].encode())
    assert principal is not None
    assert principal.id == made["id"]


async def test_secret_is_shown_once(admin: Admin) -> None:
    made = await admin.make()

    one, listed = await admin.get(f"/tokens/{made['id']}"), await admin.get("/tokens")
    audit = await admin.get("/audit")

    assert "token" not in one.json()
    for reply in (one, listed, audit):
        assert made["token"] not in reply.text
        assert admin.secret not in reply.text


async def test_words_are_those_of_the_command_line(admin: Admin) -> None:
    made = await admin.make(**FULL)
    token = await admin.under.gateway.store.get_token(made["id"])
    assert token is not None

    said = (await admin.get(f"/tokens/{made['id']}")).json()

    assert list(said) == list(tokenwords.shown(token))
    assert shown(token).parent == admin.id


async def test_tokens_are_listed_newest_first_page_by_page(admin: Admin) -> None:
    made = []
    for number in range(5):
        admin.under.clock.advance(1)
        made.append((await admin.make(name=f"page-{number}"))["id"])

    first = (await admin.get("/tokens?limit=2&q=page-")).json()
    second = (await admin.get(f"/tokens?limit=2&q=page-&after={first['next']}")).json()
    third = (await admin.get(f"/tokens?limit=2&q=page-&after={second['next']}")).json()

    pages = [[token["id"] for token in page["items"]] for page in (first, second, third)]
    assert pages == [made[4:2:-1], made[2:0:-1], made[:1]]
    assert third["next"] is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=SHO", ["shop"]),
        ("q=%25", []),
        ("state=disabled", ["off"]),
        ("state=active&q=ada", ["shop"]),
        ("team=sales", ["shop"]),
        ("state=ending", []),
        ("parent=tok_0", []),
    ],
)
async def test_tokens_are_found_by_what_the_store_can_filter(admin: Admin, query: str, names: list[str]) -> None:
    await admin.make(**{**FULL, "name": "shop"})
    off = await admin.make(name="off")
    await admin.post(f"/tokens/{off['id']}/disable")

    found = (await admin.get(f"/tokens?{query}")).json()

    assert [token["name"] for token in found["items"]] == names


async def test_tokens_of_a_parent_are_listed_alone(admin: Admin) -> None:
    made = await admin.make()
    await admin.other("ai:chat")

    found = (await admin.get(f"/tokens?parent={admin.id}")).json()["items"]

    assert [token["id"] for token in found] == [made["id"]]


async def test_patch_changes_what_it_names_and_null_takes_away(admin: Admin) -> None:
    made = await admin.make(**FULL)
    path = f"/tokens/{made['id']}"

    changed = (
        await admin.patch(
            path,
            {
                "name": "new",
                "scopes": ["ai:chat"],
                "expires_at": None,
                "requests_per_minute": None,
                "concurrency": 7,
                "budget": {"usd": "30"},
                "hours": None,
                "tags": ["c"],
                "metadata": {"cost-centre": None, "region": "eu"},
                "canary": True,
                "rotate_days": None,
            },
        )
    ).json()

    wanted = {
        "name": "new",
        "scopes": ["ai:chat"],
        "expires_at": None,
        "requests_per_minute": None,
        "tokens_per_minute": 0,
        "concurrency": 7,
        "budget": {"usd": "30", "period": "day"},
        "from": ["10.0.0.0/8", "192.0.2.1/32"],
        "hours": None,
        "tags": ["c"],
        "metadata": {"region": "eu"},
        "canary": True,
        "rotate_days": None,
    }
    assert {name: changed[name] for name in wanted} == wanted
    bare = await admin.patch(path, {"budget": None, "from": None, "tags": None, "metadata": None})
    assert {name: bare.json()[name] for name in ("budget", "from", "tags", "metadata")} == {
        "budget": None,
        "from": [],
        "tags": [],
        "metadata": {},
    }


async def test_empty_patch_changes_nothing(admin: Admin) -> None:
    made = await admin.make(**FULL)

    reply = await admin.patch(f"/tokens/{made['id']}", {})

    assert reply.json() == {name: value for name, value in made.items() if name != "token"}


async def test_budget_that_is_not_there_needs_an_amount(admin: Admin) -> None:
    made = await admin.make()
    path = f"/tokens/{made['id']}"

    refused = await admin.patch(path, {"budget": {"period": "day"}})

    assert refused.json()["errors"][0]["field"] == "budget.usd"
    assert (await admin.patch(path, {"budget": {"usd": "1"}})).json()["budget"] == {"usd": "1", "period": "month"}
    again = await admin.patch(path, {"budget": {"period": "total"}})
    assert again.json()["budget"] == {"usd": "1", "period": "total"}


async def test_rotation_gives_another_secret_and_the_old_one_opens_for_the_overlap(admin: Admin) -> None:
    made = await admin.make()
    identify = admin.under.gateway.tokens.identify

    rotated = (await admin.post(f"/tokens/{made['id']}/rotate", {"overlap_s": 60})).json()

    assert len(rotated["secrets"]) == 2
    assert await identify(made["token"].encode())
    assert await identify(rotated["token"].encode())
    again = await admin.post(f"/tokens/{made['id']}/rotate")
    assert (again.status_code, again.json()["code"]) == (409, "rotating")
    admin.under.clock.advance(60)
    assert not await identify(made["token"].encode())
    assert (await admin.post(f"/tokens/{made['id']}/rotate", {"overlap_s": 2_592_001})).status_code == 422


async def test_token_is_switched_off_and_on_and_ended_for_good(admin: Admin) -> None:
    made = await admin.make()
    path = f"/tokens/{made['id']}"

    states = [(await admin.post(f"{path}/{action}")).json()["state"] for action in ("disable", "enable", "revoke")]

    assert states == ["disabled", "active", "revoked"]
    assert not await admin.under.gateway.tokens.identify(made["token"].encode())
    for action in ("rotate", "disable", "enable"):
        assert (await admin.post(f"{path}/{action}")).status_code == 409
    assert (await admin.patch(path, {"name": "x"})).status_code == 409
    assert (await admin.post(f"{path}/revoke", {})).status_code == 200


async def test_many_are_revoked_at_once_each_with_its_result(admin: Admin) -> None:
    made = [await admin.make() for _ in range(2)]
    minted = Admin(admin.under, (await admin.make(scopes=["admin:tokens:write"]))["token"], "")

    reply = await minted.post("/tokens/revoke", {"ids": [made[0]["id"], "tok_0", admin.id, "\u00e9"]})

    results = [(one["id"], one["result"]) for one in reply.json()["items"]]
    assert results == [
        (made[0]["id"], "revoked"),
        ("tok_0", "not_found"),
        (admin.id, "out_of_reach"),
        ("\u00e9", "not_found"),
    ]
    assert (await admin.get(f"/tokens/{made[1]['id']}")).json()["state"] == "active"
    for ids in ([], ["tok_0"] * 501, "tok_0"):
        assert (await admin.post("/tokens/revoke", {"ids": ids})).status_code == 422


async def test_each_write_is_one_record_that_names_token_way_client_and_request(admin: Admin) -> None:
    made, other = await admin.make(), await admin.make()
    path = f"/tokens/{made['id']}"
    replies = [
        await admin.patch(path, {"name": "new"}),
        await admin.post(f"{path}/rotate"),
        await admin.post(f"{path}/disable"),
        await admin.post(f"{path}/enable"),
        await admin.post(f"{path}/revoke"),
        await admin.post("/tokens/revoke", {"ids": [made["id"], other["id"]]}),  # of what is revoked there is no other
    ]

    records = (await admin.records())[3:]

    actions = ["change", "rotate", "disable", "enable", "revoke", "revoke"]
    assert [record.action for record in records] == [f"token.{action}" for action in actions]
    assert [record.actor.call_id for record in records] == [reply.headers["x-request-id"] for reply in replies]
    assert {(record.actor.id, record.actor.via, record.actor.client) for record in records} == {
        (admin.id, "api", "127.0.0.1")
    }
    assert [record.target for record in records] == [made["id"]] * 5 + [other["id"]]


async def test_refused_write_leaves_no_record(admin: Admin) -> None:
    before = len(await admin.records())

    for body in ({"name": ""}, {"name": "x", "scopes": ["x"]}, {"nobody": 1}):
        await admin.post("/tokens", body)
    await admin.post("/tokens/tok_0/revoke")

    assert len(await admin.records()) == before


async def test_audit_log_that_cannot_be_written_refuses_the_write(admin: Admin) -> None:
    store = admin.under.gateway.store
    sql = await store._sql()  # type: ignore[attr-defined]  # the store of this test is SQLite
    async with sql._engine.begin() as db:
        await db.exec_driver_sql("ALTER TABLE audit RENAME TO audit_gone")

    reply = await admin.post("/tokens", {"name": "x", "scopes": ["ai:chat"]})

    assert reply.status_code == 503
    assert reply.json()["code"] == "unavailable"
    async with sql._engine.begin() as db:
        await db.exec_driver_sql("ALTER TABLE audit_gone RENAME TO audit")
    assert len((await admin.get("/tokens")).json()["items"]) == 1


async def test_token_without_a_team_sees_all_and_makes_for_any(admin: Admin) -> None:
    made = await admin.make(team="blue")

    assert made["team"] == "blue"
    assert (await admin.get(f"/tokens/{made['id']}")).status_code == 200
    other = await an_admin(admin.under, "admin:tokens:read")
    assert len((await other.get("/tokens")).json()["items"]) == 3


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=" + "%25" * 200, 200),
        ("q=" + "_" * 201, 422),
        ("limit=1000000000", 422),
        ("offset=1000000000", 422),
        ("&".join(f"state={number}" for number in range(40)), 422),
        ("q=" + "x" * 9_000, 414),
    ],
)
async def test_abuse_of_a_query_is_bounded(admin: Admin, query: str, status: int) -> None:
    reply = await admin.get(f"/tokens?{query}")

    assert reply.status_code == status
    assert status != 200 or reply.json() == {"items": [], "next": None}


def test_token_that_is_gone_when_it_is_to_be_changed_is_not_found() -> None:
    assert there(1) == 1
    with pytest.raises(NotFound, match="no such token"):
        there(None)
