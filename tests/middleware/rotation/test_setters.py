"""A place that new secrets are handed over into does not outlive the rights of whoever set it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.middleware.rotation.test_service import BY, Bridge, Offers

from tollbridge.errors import BadRequest, Denied
from tollbridge.rotation.setters import GONE, MAY_NOT, WRITE, Setters
from tollbridge.stores.changes import TokenChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import Principal, Token
from tollbridge.tokens.scopes import ScopeSet

HOUR_S = 3_600


@pytest.fixture
async def bridge(gateway: Callable[..., GatewayUnderTest], tmp_path: Path) -> Bridge:
    folder = tmp_path / "secrets"
    folder.mkdir()
    under = gateway({"rotation": {"folder": str(folder), "full": {"failure": "no room"}}}, plugins=(Offers(),))
    await under.client()
    return Bridge(under, folder)


async def who(bridge: Bridge, token: Token) -> Principal:
    found = await bridge.gateway.store.find_holder(token.id)
    assert found is not None
    return found


async def somebody(bridge: Bridge, *scopes: str, **wish: Any) -> Token:
    return await bridge.token(scopes=scopes or (WRITE, "ai:*", "model:*"), **wish)


async def told(bridge: Bridge) -> list[Any]:
    records = await bridge.gateway.store.follow_audit()
    return [json.loads(one.after)["why"] for one in records if one.action == "token.rotation_failed"]


async def end(bridge: Bridge, setter: Token, how: str) -> None:
    tokens = bridge.gateway.tokens
    changes = {
        "narrowed": TokenChange(scopes=("ai:chat", WRITE)),
        "no writer any more": TokenChange(scopes=("ai:*", "model:*", "admin:tokens:read")),
        "bait": TokenChange(canary=True),
    }
    if how == "revoked":
        await tokens.revoke(setter.id, by=BY)
    elif how == "disabled":
        await tokens.disable(setter.id, by=BY)
    else:
        await tokens.change(setter.id, changes[how], by=BY)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("revoked", GONE),
        ("disabled", GONE),
        ("bait", GONE),
        ("narrowed", MAY_NOT),
        ("no writer any more", MAY_NOT),
    ],
)
async def test_nothing_is_rotated_into_the_place_of_somebody_who_may_not_set_it_any_more(
    bridge: Bridge, how: str, why: str
) -> None:
    setter = await somebody(bridge)
    token = await bridge.token()
    await bridge.set(token, "file:shop", setter=await who(bridge, setter))
    await end(bridge, setter, how)

    with capture_logs() as lines:
        await bridge.days(77)
        await bridge.days(1)

    assert not (bridge.folder / "shop").exists()
    assert "token.rotate" not in await bridge.actions()
    rotation, handover = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert (rotation.failure, handover) == (why, None)
    assert await told(bridge) == [why]  # once, however often it is looked at
    assert {line["reason"] for line in lines if line["event"] == "token_not_rotated"} == {why}
    await bridge.set(token, "file:shop")
    await bridge.days(0)
    assert await bridge.opens(bridge.written)


async def test_place_of_somebody_who_may_again_is_used_again(bridge: Bridge) -> None:
    setter = await somebody(bridge)
    token = await bridge.token()
    await bridge.set(token, "file:shop", setter=await who(bridge, setter))
    await bridge.gateway.tokens.disable(setter.id, by=BY)
    await bridge.days(77)

    await bridge.gateway.tokens.enable(setter.id, by=BY)
    await bridge.days(HOUR_S / 86_400)

    assert await bridge.opens(bridge.written)
    rotation, _ = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert rotation.failure == ""


async def test_secret_on_its_way_is_taken_back_when_the_rights_of_who_set_its_place_end(bridge: Bridge) -> None:
    setter = await somebody(bridge)
    token = await bridge.token()
    await bridge.set(token, "hook:full", setter=await who(bridge, setter))
    await bridge.days(77)
    assert (await bridge.gateway.rotations.get(token.id))[1] is not None
    await end(bridge, setter, "revoked")

    await bridge.days(1)

    rotation, handover = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert (rotation.failure, handover) == (GONE, None)
    assert (await told(bridge))[-1] == GONE
    assert (await told(bridge)).count(GONE) == 1
    assert await bridge.opens(bridge.secret)
    found = await bridge.gateway.store.get_token(token.id)
    assert found is not None
    assert len(found.secrets) == 1


async def test_message_that_waits_for_its_receiver_is_not_sent_any_more(bridge: Bridge) -> None:
    setter, hook = await somebody(bridge), await bridge.hook()
    token = await bridge.token()
    into = f"webhook:{hook.id}"
    await bridge.gateway.rotations.begin(token, into=into, overlap_s=HOUR_S, setter=await who(bridge, setter), by=BY)
    await bridge.gateway.rotations.run()
    await end(bridge, setter, "revoked")

    await bridge.gateway.jobs.known["send_webhooks"].run(bridge.gateway)

    assert bridge.under.sent == []
    outbox = await bridge.gateway.store.outbox()
    (message,) = await outbox.list_deliveries(hook.id)
    assert (message.outcome, message.sealed) == ("cancelled", b"")
    await bridge.days(0)
    assert await told(bridge) == [GONE]
    assert (await bridge.gateway.rotations.get(token.id))[1] is None


async def test_several_messages_to_one_receiver_are_each_their_own_handovers(bridge: Bridge) -> None:
    hook, tokens = await bridge.hook(), [await bridge.token() for _ in range(3)]
    for token in tokens:
        await bridge.gateway.rotations.begin(token, into=f"webhook:{hook.id}", overlap_s=HOUR_S, by=BY)

    await bridge.days(0)

    data = [json.loads(one.body)["data"] for one in bridge.under.sent]
    assert sorted(one["id"] for one in data) == sorted(token.id for token in tokens)
    assert all([await bridge.opens(one["secret"]) for one in data])


async def test_secret_that_had_arrived_before_the_rights_ended_stays(bridge: Bridge) -> None:
    setter, hook = await somebody(bridge), await bridge.hook()
    token = await bridge.token()
    await bridge.set(token, f"webhook:{hook.id}", setter=await who(bridge, setter))
    bridge.under.clock.advance(77 * 86_400)
    await bridge.gateway.rotations.run()
    await bridge.gateway.jobs.known["send_webhooks"].run(bridge.gateway)
    await end(bridge, setter, "revoked")

    await bridge.days(0)

    (sent,) = bridge.under.sent
    assert await bridge.opens(json.loads(sent.body)["data"]["secret"])
    assert (await bridge.actions())[-1] == "token.rotated_automatically"


async def test_taking_back_what_somebody_sets_anew_meanwhile_leaves_it(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    setter = await somebody(bridge)
    token = await bridge.token()
    await bridge.gateway.rotations.begin(
        token, into="hook:full", overlap_s=HOUR_S, setter=await who(bridge, setter), by=BY
    )
    await end(bridge, setter, "revoked")
    rotations = await bridge.gateway.store.rotations()
    undo = rotations.undo_handover

    async def set_anew(*asked: Any, **options: Any) -> bool:
        await bridge.set(token, "file:shop")
        return await undo(*asked, **options)

    monkeypatch.setattr(rotations, "undo_handover", set_anew)
    with capture_logs() as lines:
        await bridge.gateway.rotations.run()
    await bridge.days(0)

    assert "token_not_rotated" not in {line["event"] for line in lines}
    assert await bridge.opens(bridge.written)


async def test_places_are_set_by_tokens_of_this_bridge_alone(bridge: Bridge) -> None:
    token = await bridge.token()
    stranger = Principal("idp:ada", "ada", ScopeSet(("admin:*", "ai:*", "model:*")), outside=True)

    for way in (bridge.set(token, "file:shop", setter=stranger), begun(bridge, token, stranger)):
        with pytest.raises(Denied, match="needs a token of this bridge"):
            await way

    assert await bridge.gateway.rotations.get(token.id) == (None, None)


async def begun(bridge: Bridge, token: Token, setter: Principal) -> None:
    await bridge.gateway.rotations.begin(token, into="file:shop", overlap_s=HOUR_S, setter=setter, by=BY)


async def test_whoever_has_a_team_names_a_webhook_of_that_team_alone(bridge: Bridge) -> None:
    blue, whole, red = await bridge.hook(team="blue"), await bridge.hook(), await bridge.hook(team="red")
    token = await bridge.token(team="blue")
    setter = await who(bridge, await somebody(bridge, team="blue"))

    for hook in (whole, red):
        for way in (bridge.set(token, f"webhook:{hook.id}", setter=setter), into_hook(bridge, token, hook.id, setter)):
            with pytest.raises(BadRequest, match="there is no such webhook") as caught:
                await way
            assert caught.value.param == "into"
    await bridge.set(token, f"webhook:{blue.id}", setter=setter)
    await bridge.set(token, f"webhook:{whole.id}", setter=replace(setter, team=""))
    await bridge.set(token, f"webhook:{whole.id}")


async def into_hook(bridge: Bridge, token: Token, hook_id: str, setter: Principal) -> None:
    await bridge.gateway.rotations.begin(token, into=f"webhook:{hook_id}", overlap_s=60, setter=setter, by=BY)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("the operator", ""),
        ("all rights", ""),
        ("its team", ""),
        ("above it", ""),
        ("another team", MAY_NOT),
        ("itself", MAY_NOT),
        ("below it", MAY_NOT),
    ],
)
async def test_who_may_is_who_might_set_it_now(bridge: Bridge, what: str, why: str) -> None:
    issue = bridge.gateway.tokens.issue
    token = await somebody(bridge, WRITE, "ai:*", team="blue")
    narrow = (await issue(name="narrow", scopes=[WRITE], by=BY)).token
    below = (await issue(name="below", scopes=[WRITE], minter=await who(bridge, narrow), by=BY)).token
    if what == "above it":
        await bridge.gateway.tokens.change(narrow.id, TokenChange(scopes=(WRITE, "ai:chat")), by=BY)
        await bridge.gateway.tokens.change(below.id, TokenChange(scopes=(WRITE, "ai:chat")), by=BY)
        await bridge.gateway.tokens.change(narrow.id, TokenChange(scopes=(WRITE,)), by=BY)
    found = await bridge.gateway.store.get_token(below.id)
    assert found is not None
    setters = {
        "the operator": ("", token),
        "all rights": ((await somebody(bridge, WRITE, "ai:*")).id, token),
        "its team": ((await somebody(bridge, WRITE, "ai:*", team="blue")).id, token),
        "another team": ((await somebody(bridge, WRITE, "ai:*", team="red")).id, token),
        "above it": (narrow.id, found),
        "itself": (token.id, token),
        "below it": (below.id, narrow),
    }

    assert await Setters(bridge.gateway.store).refusal(*setters[what]) == why
