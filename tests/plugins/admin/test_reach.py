"""Who sees and touches what of tokens: teams are apart, and nothing above a caller is in its reach."""

from dataclasses import replace
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.administering import Conditions
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import ACT, TOKEN
from tollbridge.tokens.model import Environment, TokenKind

ACTIONS = ("rotate", "disable", "enable", "revoke")


async def minted(admin: Admin, *scopes: str, **wish: Any) -> Admin:
    """Give somebody whose token another one minted."""
    made = await admin.make(scopes=list(scopes), **wish)
    return Admin(admin.under, made["token"], made["id"])


@pytest.fixture
async def red(under: GatewayUnderTest) -> Admin:
    return await an_admin(under, team="red")


@pytest.fixture
async def blue(under: GatewayUnderTest) -> Admin:
    return await an_admin(under, team="blue")


async def test_lists_and_reports_show_the_own_team_alone(red: Admin, blue: Admin) -> None:
    mine, theirs = await red.make(), await blue.make()
    red.under.clock.advance(40 * 86_400)

    def ids(reply: Any) -> set[str]:
        return {token["id"] for token in reply.json()["items"]}

    assert ids(await red.get("/tokens")) == {red.id, mine["id"]}
    assert ids(await red.get("/tokens?team=red")) == {red.id, mine["id"]}
    for query in ("team=blue", f"parent={blue.id}", f"q={theirs['id']}"):
        assert ids(await red.get(f"/tokens?{query}")) == set()
    report = (await red.get("/tokens/report?days=30")).json()
    assert {one["token"]["team"] for one in report["items"]} == {"red"}


async def test_many_of_another_team_are_not_found(red: Admin, blue: Admin) -> None:
    reply = await red.post("/tokens/revoke", {"ids": [blue.id]})

    assert reply.json()["items"] == [{"id": blue.id, "result": "not_found"}]
    assert (await blue.get("/me")).status_code == 200


async def test_token_of_a_team_makes_tokens_of_that_team_alone(red: Admin) -> None:
    assert (await red.make())["team"] == "red"
    assert (await red.make(team="red"))["team"] == "red"

    refused = await red.post("/tokens", {"name": "x", "scopes": ["ai:chat"], "team": "blue"})

    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_reach")


async def test_audit_log_of_a_team_is_that_of_its_things_one_at_a_time(red: Admin, blue: Admin, admin: Admin) -> None:
    theirs = await blue.make()

    assert (await red.get("/audit")).json()["code"] == "out_of_reach"
    assert (await red.get(f"/audit?actor={red.id}")).status_code == 403
    assert (await red.get(f"/audit?target={theirs['id']}")).status_code == 404
    assert (await red.get("/audit/verify")).status_code == 403
    own = (await blue.get(f"/audit?target={theirs['id']}")).json()["items"]
    assert [record["action"] for record in own] == ["token.issue"]
    assert len((await admin.get("/audit")).json()["items"]) > 1


async def test_nothing_above_a_token_is_in_its_reach(admin: Admin) -> None:
    middle = await minted(admin, "admin:*", "ai:chat")
    low = await minted(middle, "admin:*", "ai:chat")
    before = len(await admin.records())

    for above in (admin.id, middle.id):
        replies = [await low.post(f"/tokens/{above}/{action}") for action in ACTIONS]
        replies.append(await low.patch(f"/tokens/{above}", {"name": "mine"}))
        assert {(reply.status_code, reply.json()["code"]) for reply in replies} == {(403, "out_of_reach")}
        assert (await low.get(f"/tokens/{above}")).status_code == 200

    assert len(await admin.records()) == before


async def test_client_that_stands_above_a_grant_is_out_of_its_reach_too(admin: Admin) -> None:
    client = (await admin.make(scopes=["admin:*"]))["id"]
    secret, hashed = admin.under.gateway.tokens.new_secret(Environment.LIVE, 0)
    grant = replace(TOKEN, id="grant_1", digest=hashed.digest, pepper_id=hashed.pepper_id, team="", expires_at=None)
    grant = replace(grant, kind=TokenKind.ACCESS, scopes=("admin:*",), parent=admin.id, beside=client)
    await admin.under.gateway.store.add_token(replace(grant, conditions=Conditions()), ACT)
    caller = Admin(admin.under, secret, "grant_1")
    assert (await caller.get(f"/tokens/{client}")).status_code == 200

    reply = await caller.patch(f"/tokens/{client}", {"from": None})

    assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")


async def test_token_rotates_and_ends_itself_and_does_nothing_else_to_itself(admin: Admin) -> None:
    me = await minted(admin, "admin:tokens:write", "ai:chat")

    for reply in (
        await me.patch(f"/tokens/{me.id}", {"expires_at": None}),
        await me.patch(f"/tokens/{me.id}", {"name": "x"}),
        await me.post(f"/tokens/{me.id}/disable"),
        await me.post(f"/tokens/{me.id}/enable"),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach")
    rotated = await me.post(f"/tokens/{me.id}/rotate", {"overlap_s": 0})
    assert (await me.get("/me")).status_code == 401
    renewed = Admin(admin.under, rotated.json()["token"], me.id)
    assert (await renewed.post(f"/tokens/{me.id}/revoke")).status_code == 200
    assert (await renewed.get("/me")).status_code == 401


async def test_what_hands_out_a_secret_or_may_widen_needs_all_that_the_token_may_do(admin: Admin) -> None:
    writer, strong = await admin.other("admin:tokens:write", "ai:chat"), await admin.other("ai:*", "model:*")
    path = f"/tokens/{strong.id}"

    for reply in (
        await writer.post(f"{path}/rotate"),
        await writer.post(f"{path}/enable"),
        await writer.patch(path, {"from": None}),
        await writer.patch(path, {"expires_at": None}),
        await writer.patch(path, {"scopes": ["ai:chat"]}),
        await writer.patch(path, {"budget": None}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert (await writer.patch(path, {"name": "n", "tags": ["t"], "metadata": {"a": "b"}})).status_code == 200
    assert (await writer.post(f"{path}/disable")).status_code == 200
    assert (await writer.post(f"{path}/revoke")).status_code == 200


async def test_token_below_is_bound_by_its_maker_and_stays_in_its_reach_when_that_is_narrowed(admin: Admin) -> None:
    maker = await minted(admin, "admin:tokens:write", "ai:*")
    child = await maker.make(scopes=["ai:*"])
    grandchild = await Admin(admin.under, child["token"], child["id"]).post("/tokens", {})
    assert grandchild.status_code == 403

    await admin.patch(f"/tokens/{maker.id}", {"scopes": ["admin:tokens:write", "ai:chat"]})
    rotated = await maker.post(f"/tokens/{child['id']}/rotate")

    assert rotated.status_code == 200
    principal = await admin.under.gateway.tokens.identify(rotated.json()["token"].encode())
    assert principal is not None
    assert "ai:chat" in principal.scopes
    assert "ai:embeddings" not in principal.scopes


async def test_scopes_beyond_the_callers_own_are_given_to_nobody(admin: Admin) -> None:
    writer = await admin.other("admin:tokens:write", "ai:chat")
    child = await writer.make(scopes=["ai:chat"])

    for reply in (
        await writer.post("/tokens", {"name": "x", "scopes": ["ai:*"]}),
        await writer.post("/tokens", {"name": "x", "scopes": ["ai:chat", "admin:audit:read"]}),
        await writer.patch(f"/tokens/{child['id']}", {"scopes": ["ai:chat", "model:*"]}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
