"""Secrets that change by themselves, and many at once, over the API."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge import Unavailable
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin import rotations

FILE = {"into": "file:shop", "days_before": 7, "overlap_s": 3_600}
NONE = dict.fromkeys(("into", "days_before", "overlap_s", "due_at", "done_at", "failure", "handover"))


@pytest.fixture
def under(gateway: Callable[..., GatewayUnderTest], tmp_path: Path) -> GatewayUnderTest:
    folder = tmp_path / "secrets"
    folder.mkdir()
    return gateway({"rotation": {"folder": str(folder)}})


async def opens(admin: Admin, secret: str) -> bool:
    return await admin.under.gateway.tokens.identify(secret.encode()) is not None


async def test_rotation_is_set_shown_and_removed(admin: Admin) -> None:
    made = await admin.make()
    path = f"/tokens/{made['id']}/auto-rotation"

    assert (await admin.get(path)).json() == NONE
    put = await admin.ask("PUT", path, FILE)
    assert put.json() == {**NONE, **FILE, "due_at": "2026-03-29T12:00:00Z"}
    assert (await admin.get(path)).json() == put.json()
    assert (await admin.ask("PUT", path, {"into": "file:shop"})).json()["days_before"] == 14
    removed = await admin.ask("DELETE", path)
    assert (removed.status_code, removed.json()) == (200, NONE)
    assert (await admin.ask("DELETE", path)).json() == NONE
    actions = [record.action for record in await admin.records()]
    assert actions[-3:] == ["token.set_rotation", "token.set_rotation", "token.unset_rotation"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"into": "file:../../etc/cron.d/x"}, "into"),
        ({"into": "file:/etc/passwd"}, "into"),
        ({"into": "hook:none"}, "into"),
        ({"into": "webhook:whk_019ab3c4d5e6f708192a3b4c5d6e"}, "into"),
        ({**FILE, "overlap_s": 0}, "overlap_s"),
        ({**FILE, "days_before": 0}, "days_before"),
        ({**FILE, "days_before": 1, "overlap_s": 604_800}, "days_before"),
        ({}, "into"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(admin: Admin, wish: Any, field: str) -> None:
    made = await admin.make()

    refused = await admin.ask("PUT", f"/tokens/{made['id']}/auto-rotation", wish)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_file_of_another_token_is_refused(admin: Admin) -> None:
    one, other = await admin.make(), await admin.make()
    await admin.ask("PUT", f"/tokens/{one['id']}/auto-rotation", FILE)

    refused = await admin.ask("PUT", f"/tokens/{other['id']}/auto-rotation", FILE)

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


async def test_whoever_sets_a_place_needs_all_that_the_token_may_do(admin: Admin) -> None:
    strong = await admin.other("ai:*", "model:*")
    writer = await admin.other("admin:tokens:*", "ai:chat")
    path = f"/tokens/{strong.id}/auto-rotation"

    refused = await writer.ask("PUT", path, FILE)
    itself = await writer.ask("PUT", f"/tokens/{writer.id}/auto-rotation", FILE)

    assert (refused.status_code, refused.json()["code"]) == (403, "scope_beyond")
    assert (itself.status_code, itself.json()["code"]) == (403, "out_of_reach")
    assert (await writer.get(path)).json() == NONE


async def test_place_does_not_outlive_the_rights_of_who_set_it(admin: Admin) -> None:
    made = await admin.make()
    setter = await admin.other("admin:tokens:*", "ai:*")
    path = f"/tokens/{made['id']}/auto-rotation"
    assert (await setter.ask("PUT", path, FILE)).status_code == 200
    await admin.post(f"/tokens/{setter.id}/revoke")
    admin.under.clock.advance(84 * 86_400)

    await admin.under.gateway.jobs.run_due()

    caller = await an_admin(admin.under)
    shown = (await caller.get(path)).json()
    assert "opens nothing any more" in shown["failure"]
    assert shown["handover"] is None
    actions = [record.action for record in await admin.records()]
    assert actions.count("token.rotation_failed") == 1  # of the warnings, told by another job, there may be some too


async def test_caller_with_a_team_does_not_name_a_webhook_of_the_whole_bridge(admin: Admin) -> None:
    hook = {"name": "all", "url": "https://h.example.com", "events": ["person.*"]}
    whole = f"webhook:{(await admin.post('/webhooks', hook)).json()['id']}"
    none = "webhook:whk_019ab3c4d5e6f708192a3b4c5d6e"
    red = await admin.other(team="red")
    made = await red.make()

    for one in (whole, none):
        put = await red.ask("PUT", f"/tokens/{made['id']}/auto-rotation", {**FILE, "into": one})
        many = await red.post("/tokens/rotate", {"ids": [made["id"]], "into": one})
        for refused in (put, many):
            assert (refused.status_code, refused.json()["errors"][0]["detail"]) == (422, "there is no such webhook")
    own = f"webhook:{(await red.post('/webhooks', hook)).json()['id']}"
    assert (await red.ask("PUT", f"/tokens/{made['id']}/auto-rotation", {**FILE, "into": own})).status_code == 200
    assert (await admin.ask("PUT", f"/tokens/{made['id']}/auto-rotation", {**FILE, "into": whole})).status_code == 200


async def test_file_stays_its_tokens_once_a_secret_was_handed_over_there(admin: Admin) -> None:
    one, other = await admin.make(), await admin.make()
    await admin.post("/tokens/rotate", {"ids": [one["id"]], "into": "file:shop"})
    await admin.under.gateway.jobs.run_due()

    taken = (await admin.post("/tokens/rotate", {"ids": [other["id"]], "into": "file:shop"})).json()["items"]
    await admin.ask("DELETE", f"/tokens/{one['id']}/auto-rotation")
    free = (await admin.post("/tokens/rotate", {"ids": [other["id"]], "into": "file:shop"})).json()["items"]

    assert [item["result"] for item in (*taken, *free)] == ["conflict", "handing_over"]


async def test_handover_that_fails_is_shown(admin: Admin) -> None:
    made = await admin.make()
    await admin.ask("PUT", f"/tokens/{made['id']}/auto-rotation", {**FILE, "into": "file:none/shop"})
    admin.under.clock.advance(84 * 86_400)
    await admin.under.gateway.jobs.run_due()
    caller = await an_admin(admin.under)

    shown = (await caller.get(f"/tokens/{made['id']}/auto-rotation")).json()["handover"]

    assert (shown["into"], shown["attempts"]) == ("file:none/shop", 1)
    assert shown["failure"] == "the file cannot be written: No such file or directory"


async def test_tokens_that_are_named_are_rotated_each_with_a_result_of_its_own(admin: Admin) -> None:
    made = [await admin.make() for _ in range(2)]
    other, ended = await admin.other("admin:*"), await admin.make()
    await admin.post(f"/tokens/{ended['id']}/revoke")
    middle = await an_admin(admin.under, "admin:tokens:*", "ai:chat")
    ids = [made[0]["id"], "tok_0", other.id, ended["id"], made[1]["id"], made[0]["id"], middle.id]

    reply = await middle.post("/tokens/rotate", {"ids": ids, "overlap_s": 3_600})

    items = reply.json()["items"]
    assert [(one["id"], one["result"]) for one in items] == [
        (made[0]["id"], "rotated"),
        ("tok_0", "not_found"),
        (other.id, "out_of_reach"),
        (ended["id"], "conflict"),
        (made[1]["id"], "rotated"),
        (middle.id, "out_of_reach"),
    ]
    assert reply.json()["next"] is None
    for one, before in ((items[0], made[0]), (items[4], made[1])):
        assert await opens(admin, one["token"])
        assert await opens(admin, before["token"])
    assert {one["token"] for one in items[1:4]} == {None}
    assert all(one["detail"] for one in items[1:4])
    admin.under.clock.advance(3_600)
    assert not await opens(admin, made[0]["token"])


async def test_tokens_of_a_filter_are_rotated_in_pages(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotations, "MOST", 2)
    ids = [(await admin.make(name=f"batch {number}"))["id"] for number in range(3)]
    await admin.make(name="other")

    first = (await admin.post("/tokens/rotate", {"filter": {"q": "batch"}})).json()
    rest = (await admin.post("/tokens/rotate", {"filter": {"q": "batch"}, "after": first["next"]})).json()

    assert [len(part["items"]) for part in (first, rest)] == [2, 1]
    assert rest["next"] is None
    assert sorted(one["id"] for part in (first, rest) for one in part["items"]) == sorted(ids)
    assert {one["result"] for part in (first, rest) for one in part["items"]} == {"rotated"}


async def test_filter_of_a_team_reaches_that_team_alone(admin: Admin) -> None:
    red = await admin.other(team="red")
    mine = await red.make()
    await admin.make(team="blue")

    own = (await red.post("/tokens/rotate", {"filter": {}})).json()["items"]
    theirs = (await red.post("/tokens/rotate", {"filter": {"team": "blue"}})).json()

    assert {one["id"]: one["result"] for one in own} == {mine["id"]: "rotated", red.id: "out_of_reach"}
    assert theirs == {"items": [], "next": None}


async def test_same_request_under_one_key_gives_the_same_secrets(admin: Admin) -> None:
    made = [(await admin.make())["id"] for _ in range(3)]

    replies = [await admin.post("/tokens/rotate", {"ids": made}, idempotency_key='"bulk"') for _ in range(2)]

    assert replies[0].json() == replies[1].json()
    assert [record.action for record in await admin.records()].count("token.rotate") == 3


async def test_secrets_are_handed_over_and_not_in_the_answer(admin: Admin, tmp_path: Path) -> None:
    made = [await admin.make() for _ in range(2)]
    ids = [one["id"] for one in made]

    reply = await admin.post("/tokens/rotate", {"ids": ids, "into": "file:{id}", "overlap_s": 60})
    again = await admin.post("/tokens/rotate", {"ids": ids, "into": "file:{id}", "overlap_s": 60})
    await admin.under.gateway.jobs.run_due()

    for one in (reply, again):
        assert [(item["result"], item["token"]) for item in one.json()["items"]] == [("handing_over", None)] * 2
        assert "tb_" not in one.text
    for one in made:
        new = (tmp_path / "secrets" / one["id"]).read_text().strip()
        assert await opens(admin, new)
        assert await opens(admin, one["token"])
    admin.under.clock.advance(60)
    assert not await opens(admin, made[0]["token"])


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"ids": ["tok_1"], "filter": {}},
        {"ids": []},
        {"ids": ["x"] * 201},
        {"filter": {}, "overlap_s": -1},
        {"filter": {}, "after": "x"},
        {"filter": {"state": "x"}},
    ],
)
async def test_request_that_does_not_say_which_tokens_is_refused(admin: Admin, wish: Any) -> None:
    assert (await admin.post("/tokens/rotate", wish)).status_code == 422
    assert [record.action for record in await admin.records()] == ["token.issue"]


async def test_place_that_one_token_cannot_have_stops_no_other(admin: Admin) -> None:
    hook = {"name": "red", "url": "https://h.example.com", "events": ["person.*"], "team": "red"}
    into = f"webhook:{(await admin.post('/webhooks', hook)).json()['id']}"
    ids = [(await admin.make(team=team))["id"] for team in ("red", "blue", "red")]

    items = (await admin.post("/tokens/rotate", {"ids": ids, "into": into})).json()["items"]

    assert [one["result"] for one in items] == ["handing_over", "conflict", "handing_over"]
    assert items[1]["detail"] == "there is no such webhook"


async def test_one_file_does_not_take_the_secrets_of_several_tokens(admin: Admin) -> None:
    ids = [(await admin.make())["id"] for _ in range(2)]

    items = (await admin.post("/tokens/rotate", {"ids": ids, "into": "file:one"})).json()["items"]

    assert [one["result"] for one in items] == ["handing_over", "conflict"]


async def test_secrets_that_were_made_are_given_though_the_store_is_away_then(
    admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [await admin.make() for _ in range(3)]
    ids, rotate = [one["id"] for one in made], admin.under.gateway.tokens.rotate

    async def away(id: str, *args: Any, **options: Any) -> Any:
        if id == ids[1]:
            raise Unavailable("not now")
        return await rotate(id, *args, **options)

    monkeypatch.setattr(admin.under.gateway.tokens, "rotate", away)
    reply = await admin.post("/tokens/rotate", {"ids": ids})
    whole = await admin.post("/tokens/rotate", {"ids": ids[1:]})
    keyed = await admin.post("/tokens/rotate", {"ids": [ids[2], ids[1]]}, idempotency_key='"k"')

    items = reply.json()["items"]
    assert [one["result"] for one in items] == ["rotated", "unavailable", "unavailable"]
    assert await opens(admin, items[0]["token"])
    assert (whole.status_code, keyed.status_code) == (503, 503)


async def test_place_that_cannot_be_used_is_refused_as_a_whole(admin: Admin) -> None:
    made = await admin.make()

    refused = await admin.post("/tokens/rotate", {"ids": [made["id"]], "into": "hook:none"})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "into")


async def test_rotation_that_somebody_changed_since_it_was_read_is_neither_set_nor_removed(admin: Admin) -> None:
    path = f"/tokens/{(await admin.make())['id']}/auto-rotation"
    tag = (await admin.get(path)).headers["etag"]
    assert (await admin.get(path, if_none_match=tag)).status_code == 304
    made = await admin.ask("PUT", path, FILE, if_match=tag)

    assert (await admin.ask("PUT", path, FILE, if_match=tag)).status_code == 412
    assert (await admin.ask("DELETE", path, if_match=tag)).status_code == 412
    assert (await admin.ask("DELETE", path, if_match=made.headers["etag"])).status_code == 200
