"""Webhooks over the API: made, changed, tried; secrets are given once, and teams are apart."""

import json
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook
from tests.plugins.admin.conftest import Admin

WISH = {"name": "ours", "url": "https://hooks.example.com/in", "events": ["token.*"]}


async def make(admin: Admin, **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/webhooks", {**WISH, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def send(admin: Admin) -> None:
    await admin.under.gateway.jobs.run_due()
    admin.under.clock.advance(3)


async def messages(admin: Admin, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.get(f"/webhooks/{id}/deliveries")).json()["items"]
    return found[::-1]


async def test_webhook_is_made_shown_listed_and_its_secret_given_once(admin: Admin) -> None:
    made = await make(admin, team="blue")

    one = await admin.get(f"/webhooks/{made['id']}")
    listed = (await admin.get("/webhooks")).json()

    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert one.json() == made
    assert listed == {"items": [made], "next": None}
    assert made == {
        **WISH,
        "id": made["id"],
        "team": "blue",
        "allow_private": False,
        "disabled": False,
        "created_at": "2026-01-05T12:00:00Z",
        "disabled_at": None,
    }
    assert (await admin.get(f"/webhooks/{made['id']}", if_none_match=one.headers["etag"])).status_code == 304


async def test_list_is_paged_and_filtered_by_team(admin: Admin) -> None:
    ids = [(await make(admin, team=team))["id"] for team in ("red", "blue", "red")]

    first = (await admin.get("/webhooks?limit=2")).json()
    rest = (await admin.get(f"/webhooks?limit=2&after={first['next']}")).json()
    red = (await admin.get("/webhooks?team=red")).json()

    found = [one["id"] for one in (*first["items"], *rest["items"])]
    assert sorted(found) == sorted(ids)
    assert rest["next"] is None
    assert {one["id"] for one in red["items"]} == {ids[0], ids[2]}


async def test_change_names_what_changes_and_a_stale_one_is_refused(admin: Admin) -> None:
    made = await make(admin)
    tag = (await admin.get(f"/webhooks/{made['id']}")).headers["etag"]

    changed = await admin.patch(f"/webhooks/{made['id']}", {"name": "theirs", "disabled": True}, if_match=tag)
    stale = await admin.patch(f"/webhooks/{made['id']}", {"name": "mine"}, if_match=tag)
    on = await admin.patch(f"/webhooks/{made['id']}", {"disabled": False})

    assert (changed.json()["name"], changed.json()["disabled"], changed.json()["url"]) == ("theirs", True, WISH["url"])
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    assert (on.json()["disabled"], on.json()["disabled_at"]) == (False, None)
    removed = await admin.post(f"/webhooks/{made['id']}/remove")
    assert removed.json()["id"] == made["id"]
    assert (await admin.get(f"/webhooks/{made['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"url": "http://hooks.example.com"}, "url"),
        ({"url": "https://127.0.0.1"}, "url"),
        ({"events": []}, "events"),
        ({"events": ["Token"]}, "events"),
        ({"name": "\n"}, "name"),
        ({"allow_private": True}, "allow_private"),
        ({"secret": "mine"}, "secret"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    refused = await admin.post("/webhooks", {**WISH, **wish})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert (await admin.get("/webhooks")).json()["items"] == []


async def test_message_that_is_tried_is_signed_with_the_secret_that_was_given(admin: Admin) -> None:
    made = await make(admin)

    sent = (await admin.post(f"/webhooks/{made['id']}/test")).json()
    await send(admin)

    (message,) = admin.under.sent
    assert json.loads(message.body)["type"] == sent["event"] == "webhook.test"
    signed = Webhook(made["secret"]).sign(sent["id"], admin.under.clock.now(), message.body.decode())
    assert message.headers["webhook-signature"].startswith("v1,")
    at = admin.under.clock.now().replace(second=0)
    assert Webhook(made["secret"]).sign(sent["id"], at, message.body.decode()) == message.headers["webhook-signature"]
    assert signed != message.headers["webhook-signature"]  # at another time
    (shown,) = await messages(admin, made["id"])
    assert (shown["state"], shown["outcome"], shown["attempts"]) == ("delivered", "delivered", 1)
    assert "body" not in shown


async def test_secret_is_rotated_with_an_overlap_in_which_both_sign(admin: Admin) -> None:
    made = await make(admin)

    rotated = (await admin.post(f"/webhooks/{made['id']}/rotate-secret", {"overlap_s": 3_600})).json()
    third = await admin.post(f"/webhooks/{made['id']}/rotate-secret")
    await admin.post(f"/webhooks/{made['id']}/test")
    await send(admin)
    admin.under.clock.advance(3_600)
    await admin.post(f"/webhooks/{made['id']}/test")
    await send(admin)

    assert rotated["secret"] != made["secret"]
    assert (third.status_code, third.json()["code"]) == (409, "rotating")
    assert [len(one.headers["webhook-signature"].split()) for one in admin.under.sent] == [2, 1]


async def test_message_is_sent_again_and_one_of_another_webhook_is_not_there(admin: Admin) -> None:
    made, other = await make(admin), await make(admin, events=["audit.*"])
    await admin.make()
    await send(admin)
    (message,) = await messages(admin, made["id"])

    again = await admin.post(f"/webhooks/{made['id']}/redeliver", {"delivery": message["id"]})
    wrong = await admin.post(f"/webhooks/{other['id']}/redeliver", {"delivery": message["id"]})
    await send(admin)

    assert (again.json()["state"], again.json()["attempts"]) == ("waiting", 0)
    assert wrong.status_code == 404
    assert [one.body for one in admin.under.sent] == [admin.under.sent[0].body] * 2
    assert len({one.headers["webhook-id"] for one in admin.under.sent}) == 1


async def test_messages_are_listed_in_pages_newest_first(admin: Admin) -> None:
    made = await make(admin)
    for _ in range(3):
        await admin.make()

    first = (await admin.get(f"/webhooks/{made['id']}/deliveries?limit=2")).json()
    rest = (await admin.get(f"/webhooks/{made['id']}/deliveries?limit=2&after={first['next']}")).json()

    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), rest["next"]) == (3, None)
    assert {one["state"] for one in first["items"]} == {"waiting"}
    admin.under.upstream.reply({}, status=410)
    await send(admin)
    assert (await messages(admin, made["id"]))[0]["state"] == "given_up"


async def test_whoever_may_not_read_the_audit_log_has_nobody_told_of_it(admin: Admin) -> None:
    made, blind = await make(admin), await admin.other("admin:webhooks:*")

    for reply in (
        await blind.post("/webhooks", WISH),
        await blind.patch(f"/webhooks/{made['id']}", {"events": ["*"]}),
        await blind.patch(f"/webhooks/{made['id']}", {"url": "https://mine.example.com"}),
        await blind.patch(f"/webhooks/{made['id']}", {"disabled": False}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert (await blind.patch(f"/webhooks/{made['id']}", {"name": "x"})).status_code == 200


async def test_team_sees_makes_and_is_told_of_its_own_alone(admin: Admin) -> None:
    red = await admin.other(team="red")
    theirs = await make(admin, team="blue")
    mine = await make(red, events=["*"])

    assert mine["team"] == "red"
    assert [one["id"] for one in (await red.get("/webhooks")).json()["items"]] == [mine["id"]]
    assert (await red.get("/webhooks?team=blue")).json()["items"] == []
    beyond = await red.post("/webhooks", {**WISH, "team": "blue"})
    assert (beyond.status_code, beyond.json()["code"]) == (403, "out_of_reach")
    for reply in (
        await red.get(f"/webhooks/{theirs['id']}"),
        await red.get(f"/webhooks/{theirs['id']}/deliveries"),
        await red.patch(f"/webhooks/{theirs['id']}", {"name": "x"}),
        await red.post(f"/webhooks/{theirs['id']}/rotate-secret"),
        await red.post(f"/webhooks/{theirs['id']}/remove"),
    ):
        assert reply.status_code == 404
    await admin.make(team="blue")
    await red.make()
    told = [json.loads(one.said)["data"]["team"] for one in await _said(admin, mine["id"])]
    assert set(told) == {"red"}


async def _said(admin: Admin, id: str) -> Any:
    return await (await admin.under.gateway.store.outbox()).list_deliveries(id)
