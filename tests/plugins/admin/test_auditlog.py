"""The audit log over the API."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.applications.model import ApplicationChange
from tollbridge.audit import Actor
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin import auditlog


async def test_record_says_who_did_what_to_whom_and_what_changed(admin: Admin) -> None:
    made = await admin.make()
    changed = await admin.patch(f"/tokens/{made['id']}", {"name": "new"})

    record = (await admin.get("/audit")).json()["items"][0]

    assert record == {
        "number": 3,
        "at": "2026-01-05T12:00:00Z",
        "actor": {
            "id": admin.id,
            "via": "api",
            "client": "127.0.0.1",
            "call_id": changed.headers["x-request-id"],
        },
        "action": "token.change",
        "target": made["id"],
        "before": {"name": "made"},
        "after": {"name": "new"},
        "digest": record["digest"],
    }
    assert len(record["digest"]) == 64


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ("actor=operator", ["token.issue"]),
        ("action=token.rev", ["token.revoke"]),
        ("action=token.&limit=2", ["token.revoke", "token.issue"]),
        ("target=tok_0", []),
    ],
)
async def test_records_are_found_by_actor_action_and_target(admin: Admin, query: str, actions: list[str]) -> None:
    made = await admin.make()
    await admin.post(f"/tokens/{made['id']}/revoke")

    found = (await admin.get(f"/audit?{query}")).json()["items"]

    assert [record["action"] for record in found] == actions


async def test_records_are_read_page_by_page_and_each_page_is_a_record_too(admin: Admin) -> None:
    for _ in range(4):
        await admin.make()

    first = (await admin.get("/audit?action=token.&limit=3")).json()
    second = (await admin.get(f"/audit?action=token.&limit=3&after={first['next']}")).json()

    assert [[record["number"] for record in page["items"]] for page in (first, second)] == [[5, 4, 3], [2, 1]]
    assert second["next"] is None
    read = (await admin.get("/audit?action=audit.read")).json()["items"]
    assert [(record["actor"]["id"], record["after"]) for record in read] == [
        (admin.id, {"action": "token.", "first": 1, "last": 2}),
        (admin.id, {"action": "token.", "first": 3, "last": 5}),
    ]


async def test_team_sees_from_where_its_own_did_something_and_not_others(under: GatewayUnderTest, admin: Admin) -> None:
    for name in ("blue", "red"):
        await admin.post("/teams", {"name": name})
    people = under.gateway.people
    ann = await people.add_person(email="ann@example.com", name="Ann", team="red", role="team-admin")
    blue, red = [await an_admin(under, "admin:*", team=name) for name in ("blue", "red")]
    id = (await blue.post("/applications", {"name": "shop"})).json()["id"]
    await admin.post(f"/applications/{id}/transfer", {"team": "red"})
    await red.patch(f"/applications/{id}", {"description": "ours"})
    await under.gateway.applications.change(
        id, ApplicationChange(description="mine"), by=Actor(ann.id, "dashboard", "192.0.2.7", "req_1")
    )

    async def seen(who: Admin) -> list[tuple[str, str, bool]]:
        items = (await who.get(f"/audit?target={id}&action=application.")).json()["items"]
        return [(one["actor"]["id"], one["actor"]["client"], bool(one["actor"]["call_id"])) for one in items]

    assert await seen(red) == [
        *((ann.id, "192.0.2.7", True), (red.id, "127.0.0.1", True)),
        *((admin.id, "", False), (blue.id, "", False)),
    ]
    assert {client for _, client, _ in await seen(admin)} == {"127.0.0.1", "192.0.2.7"}


async def test_empty_page_is_read_too(admin: Admin) -> None:
    await admin.get("/audit?target=tok_0")

    last = (await admin.records())[-1]

    assert (last.action, last.target, last.after) == ("audit.read", "tok_0", '{"target":"tok_0"}')


async def test_whole_chain_is_verified_a_page_at_a_time(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditlog, "_VERIFIED", 2)
    for _ in range(4):
        await admin.make()
    pages: list[dict[str, Any]] = []
    after = ""
    while after is not None:
        pages.append((await admin.get(f"/audit/verify?after={after}")).json())
        after = pages[-1]["next"]

    assert [(page["records"], page["number"], page["breaks"]) for page in pages] == [(2, 2, []), (2, 4, []), (1, 5, [])]
    assert pages[-1]["digest"] == (await admin.records())[-1].digest.hex()


async def test_altered_record_and_one_that_is_gone_are_seen(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditlog, "_VERIFIED", 3)
    for _ in range(6):
        await admin.make()
    cursor = (await admin.get("/audit/verify")).json()["next"]
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]  # the store of this test is SQLite
    async with sql._engine.begin() as db:
        await db.exec_driver_sql("UPDATE audit SET target = 'tok_other' WHERE number = 2")
        await db.exec_driver_sql("DELETE FROM audit WHERE number = 5")

    first = (await admin.get("/audit/verify")).json()
    second = (await admin.get(f"/audit/verify?after={cursor}")).json()

    assert first["breaks"] == [
        {"number": 2, "why": "it does not say what was recorded, or another key made it"},
    ]
    assert second["breaks"] == [{"number": 5, "why": "the records from 5 to 5 are missing"}]
    async with sql._engine.begin() as db:
        await db.exec_driver_sql("DELETE FROM audit WHERE number = 3")
    gone = await admin.get(f"/audit/verify?after={cursor}")
    assert (gone.status_code, gone.json()["errors"][0]["field"]) == (422, "after")


async def test_cursor_of_another_list_or_of_nothing_is_refused(admin: Admin) -> None:
    await admin.make()
    tokens = (await admin.get("/tokens?limit=1")).json()["next"]
    chain = "Y2hhaW46"
    for cursor in (tokens, chain, "YXVkaXQ6eA", "YXVkaXQ6" + "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"):
        reply = await admin.get(f"/audit?after={cursor}")
        assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "after"), cursor


async def test_empty_log_has_no_breaks(admin: Admin) -> None:
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]  # the store of this test is SQLite
    async with sql._engine.begin() as db:
        await db.exec_driver_sql("DELETE FROM audit")

    found = (await admin.get("/audit/verify")).json()

    assert found == {"records": 0, "breaks": [], "number": 0, "digest": "00" * 32, "next": None}
