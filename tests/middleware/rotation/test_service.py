"""Secrets change by themselves and arrive where they are used; whatever fails, one that opens is at hand."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from tollbridge.audit import Actor
from tollbridge.errors import BadRequest, ConfigError, SetupError, Unavailable
from tollbridge.hookspecs import hookimpl
from tollbridge.rotation.handing import NotHandedOver
from tollbridge.rotation.sinks import NewSecret
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.webhooks import Webhook
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import Token

BY = Actor("ada", "code")
DAY_S = 86_400
TOOK: list[NewSecret] = []


@dataclass(frozen=True, slots=True)
class Keeper:
    """A secret manager that keeps what it gets, or fails."""

    failure: str = ""

    async def put(self, new: NewSecret) -> None:
        if self.failure:
            raise RuntimeError(f"{self.failure}: {new.secret}")
        TOOK.append(new)


class Offers:
    @hookimpl
    def register_secret_sinks(self, register: Callable[[str, type], None]) -> None:
        register("vault", Keeper)
        register("full", Keeper)


class Bridge:
    """A gateway and a token of it whose secret ends after 90 days."""

    def __init__(self, under: GatewayUnderTest, folder: Path) -> None:
        self.under = under
        self.gateway = under.gateway
        self.folder = folder
        self.secret = ""

    async def token(self, **wish: Any) -> Token:
        made = await self.gateway.tokens.issue(name="shop", by=BY, **wish)
        self.secret = made.secret
        return made.token

    async def set(self, token: Token, into: str, days_before: int = 14, overlap_s: int = 3_600, **more: Any) -> None:
        options = {"into": into, "days_before": days_before, "overlap_s": overlap_s, **more}
        await self.gateway.rotations.set(token, **options, by=BY)

    async def hook(self, **wish: Any) -> Webhook:
        wished = {"name": "h", "url": "https://h.example.com", "events": ["person.*"], "by": BY, **wish}
        return (await self.gateway.webhooks.create(**wished)).webhook

    async def days(self, days: float) -> None:
        """Let time pass, then do what is due until all is sent and noted: a turn of the jobs for each step."""
        self.under.clock.advance(days * DAY_S)
        for _ in range(6):
            await self.gateway.jobs.run_due()
            self.under.clock.advance(70)

    async def until(self, at: datetime | None) -> None:
        """Let time pass until then, or a minute where that is not known, and do what is due."""
        wait_s = 60.0 if at is None else (at - self.under.clock.now()).total_seconds()
        await self.days(max(0.0, wait_s) / DAY_S)

    async def opens(self, secret: str) -> bool:
        return await self.gateway.tokens.identify(secret.encode()) is not None

    @property
    def written(self) -> str:
        return (self.folder / "shop").read_text().strip()

    async def actions(self) -> list[str]:
        return [record.action for record in await self.gateway.store.follow_audit()]


@pytest.fixture
async def bridge(gateway: Callable[..., GatewayUnderTest], tmp_path: Path) -> Bridge:
    TOOK.clear()
    folder = tmp_path / "secrets"
    folder.mkdir()
    rotation = {"folder": str(folder), "vault": {}, "full": {"failure": "no room"}}
    under = gateway({"rotation": rotation}, plugins=(Offers(),))
    await under.client()
    return Bridge(under, folder)


async def test_secret_changes_in_time_into_a_file_and_the_one_before_ends_after_the_overlap(bridge: Bridge) -> None:
    token = await bridge.token()
    await bridge.set(token, "file:shop")

    await bridge.days(75.9)
    assert not (bridge.folder / "shop").exists()
    await bridge.days(0.2)

    new = bridge.written
    assert new.startswith("tb_")
    assert [await bridge.opens(secret) for secret in (bridge.secret, new)] == [True, True]
    bridge.under.clock.advance(3_600)
    assert [await bridge.opens(secret) for secret in (bridge.secret, new)] == [False, True]
    rotation, handover = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert rotation.done_at is not None
    assert handover is None
    assert (await bridge.actions())[-2:] == ["token.rotate", "token.rotated_automatically"]
    await bridge.days(76)
    assert bridge.written != new
    assert await bridge.opens(bridge.written)


async def test_secret_changes_into_a_webhook_which_gets_it_once(bridge: Bridge) -> None:
    hook = await bridge.hook(events=["token.*"])
    other = await bridge.hook(url="https://o.example.com", events=["*"])
    token = await bridge.token()
    await bridge.set(token, f"webhook:{hook.id}")

    await bridge.days(77)

    sent = [(one.url, json.loads(one.body)) for one in bridge.under.sent]
    (new,) = [said for url, said in sent if said["type"] == "token.new_secret"]
    assert [url for url, said in sent if said["type"] == "token.new_secret"] == ["https://h.example.com"]
    assert (new["data"]["id"], new["data"]["name"]) == (token.id, "shop")
    assert await bridge.opens(new["data"]["secret"])
    told = [said for _, said in sent if said["type"] == "token.rotated_automatically"]
    assert len(told) == 2  # both webhooks hear of it, and neither body has the secret
    assert new["data"]["secret"] not in json.dumps([said for _, said in sent if said is not new])
    for one in (hook, other):
        outbox = await bridge.gateway.store.outbox()
        assert {message.sealed for message in await outbox.list_deliveries(one.id)} == {b""}
    files = b"".join(path.read_bytes() for path in bridge.gateway.config.data.rglob("*") if path.is_file())
    assert new["data"]["secret"][3:15].encode() not in files


async def test_secret_changes_into_a_plugins_secret_manager(bridge: Bridge) -> None:
    token = await bridge.token(team="blue")
    await bridge.set(token, "hook:vault")

    await bridge.days(77)

    (new,) = TOOK
    assert (new.token_id, new.name, new.team) == (token.id, "shop", "blue")
    assert new.secret.startswith(new.hint.rstrip("…"))
    assert new.ends_at is not None
    assert await bridge.opens(new.secret)


@pytest.mark.parametrize("into", ["file:missing/shop", "hook:full"])
async def test_where_it_fails_the_secret_before_stays_good_and_the_same_new_one_is_handed_over_later(
    bridge: Bridge, into: str
) -> None:
    token = await bridge.token()
    await bridge.set(token, into)

    with capture_logs() as lines:
        await bridge.days(77)
        for _ in range(10):
            await bridge.days(2)

    assert await bridge.opens(bridge.secret)  # long after its 90 days
    _, handover = await bridge.gateway.rotations.get(token.id)
    assert handover is not None
    assert handover.attempts > 5
    failed = [line for line in lines if line["event"] == "secret_not_handed_over"]
    assert {line["into"] for line in failed} == {into}
    assert "tb_" not in "".join(str(line) for line in lines)
    failures = [
        record for record in await bridge.gateway.store.follow_audit() if record.action == "token.rotation_failed"
    ]
    assert len(failures) == len(failed) == handover.attempts
    assert "tb_" not in "".join(record.after for record in failures)
    assert (await bridge.actions()).count("token.rotate") == 1

    await bridge.set(token, "file:shop")
    await bridge.days(0)

    assert await bridge.opens(bridge.written)
    assert (await bridge.actions()).count("token.rotate") == 1  # it was the same one
    assert await bridge.opens(bridge.secret)
    bridge.under.clock.advance(3_600)
    assert not await bridge.opens(bridge.secret)


async def test_webhook_that_gives_up_or_is_disabled_gets_the_same_secret_later(bridge: Bridge) -> None:
    hook = await bridge.hook()
    token = await bridge.token()
    await bridge.set(token, f"webhook:{hook.id}")
    for _ in range(10):
        bridge.under.upstream.reply({}, status=500)

    await bridge.days(77)
    outbox = await bridge.gateway.store.outbox()
    while (await bridge.actions())[-1] != "token.rotated_automatically":
        assert await bridge.opens(bridge.secret)
        (message,) = await outbox.list_deliveries(hook.id)
        await bridge.until(message.due_at)

    assert await bridge.opens(bridge.secret)
    secrets = {json.loads(one.body)["data"]["secret"] for one in bridge.under.sent if b"new_secret" in one.body}
    assert len(secrets) == 1
    assert len(bridge.under.sent) == 11
    bridge.under.clock.advance(3_600)
    assert not await bridge.opens(bridge.secret)
    assert await bridge.opens(*secrets)


async def test_webhook_that_is_gone_is_told_as_a_failure(bridge: Bridge) -> None:
    hook = await bridge.hook()
    token = await bridge.token()
    await bridge.set(token, f"webhook:{hook.id}")
    await bridge.gateway.webhooks.remove(hook.id, by=BY)

    await bridge.days(77)

    _, handover = await bridge.gateway.rotations.get(token.id)
    assert handover is not None
    assert handover.failure == "the webhook is disabled, or not there any more"


async def test_one_that_cannot_be_sealed_is_told_and_begun_later(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await bridge.token()
    await bridge.set(token, "file:shop")
    bridge.under.clock.advance(77 * DAY_S)

    def shut(*_: object) -> bytes:
        raise SetupError("the keys were not read for 30 s")

    with monkeypatch.context() as patched, capture_logs() as lines:
        patched.setattr(bridge.gateway.box, "shut", shut)
        await bridge.gateway.rotations.run()
        await bridge.gateway.rotations.run()
    rotation, _ = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert rotation.failure == "the keys were not read for 30 s"
    await bridge.days(1 / 24)

    assert [(line["event"], line["token_id"]) for line in lines] == [("token_not_rotated", token.id)]
    assert await bridge.opens(bridge.written)


async def test_one_that_is_refused_waits_and_is_told_once(bridge: Bridge) -> None:
    now = bridge.under.clock.now()
    token = await bridge.token(expires_at=now + timedelta(days=1))
    await bridge.set(token, "file:shop")
    bridge.under.clock.advance(2 * DAY_S)
    other = await bridge.token()
    await bridge.set(other, "file:shop")
    await bridge.gateway.tokens.change(token.id, TokenChange(expires_at=None), by=BY)  # it lives on: one file for two
    bridge.under.clock.advance(75 * DAY_S)

    with capture_logs() as lines:
        for pause_s in (60, 3_600, 60, 0):
            await bridge.gateway.rotations.run()
            bridge.under.clock.advance(pause_s)

    rotation, handover = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert "into this file" in rotation.failure
    assert handover is None
    assert [line["token_id"] for line in lines if line["event"] == "token_not_rotated"] == [token.id] * 2
    assert (await bridge.actions()).count("token.rotation_failed") == 1
    await bridge.gateway.tokens.revoke(other.id, by=BY)
    await bridge.days(1 / 24)
    assert await bridge.opens(bridge.written)
    rotation, _ = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert rotation.failure == ""


async def test_one_that_somebody_rotated_meanwhile_is_no_failure(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await bridge.token()
    await bridge.set(token, "file:shop")
    bridge.under.clock.advance(77 * DAY_S)
    rotations = await bridge.gateway.store.rotations()
    look, stale = rotations.due_rotations, [await rotations.due_rotations()]
    await bridge.gateway.tokens.rotate(token.id, by=BY)

    async def seen() -> Any:
        return stale.pop() if stale else await look()

    monkeypatch.setattr(rotations, "due_rotations", seen)
    await bridge.gateway.rotations.run()

    rotation, _ = await bridge.gateway.rotations.get(token.id)
    assert rotation is not None
    assert rotation.failure == ""
    assert "token.rotation_failed" not in await bridge.actions()


async def test_store_that_is_away_is_told_by_the_job(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    await bridge.set(await bridge.token(), "file:shop")
    bridge.under.clock.advance(77 * DAY_S)
    rotations = await bridge.gateway.store.rotations()

    async def away(*_: object) -> bool:
        raise Unavailable("not now", detail="away")

    monkeypatch.setattr(rotations, "begin_handover", away)

    with pytest.raises(Unavailable):
        await bridge.gateway.rotations.run()


async def test_secret_that_nobody_was_given_is_withdrawn(bridge: Bridge) -> None:
    token = await bridge.token()
    made = await bridge.gateway.tokens.rotate(token.id, by=BY)
    assert made is not None
    told = json.loads((await bridge.gateway.store.follow_audit())[-1].after)["secret"]

    assert await bridge.gateway.rotations.withdraw(token.id, told, by=BY)

    assert [await bridge.opens(secret) for secret in (bridge.secret, made.secret)] == [True, False]


async def test_one_that_fails_does_not_stop_the_others(bridge: Bridge) -> None:
    bad, good = await bridge.token(), await bridge.token()
    await bridge.set(bad, "hook:full")
    await bridge.set(good, "file:shop")

    await bridge.days(77)

    assert await bridge.opens(bridge.written)


async def test_rotation_that_is_removed_takes_back_what_has_not_arrived(bridge: Bridge) -> None:
    token = await bridge.token()
    await bridge.set(token, "hook:full")
    await bridge.days(77)
    assert (await bridge.gateway.rotations.get(token.id))[1] is not None

    assert await bridge.gateway.rotations.remove(token.id, by=BY)

    assert await bridge.gateway.rotations.get(token.id) == (None, None)
    found = await bridge.gateway.store.get_token(token.id)
    assert found is not None
    assert len(found.secrets) == 1
    assert await bridge.opens(bridge.secret)
    await bridge.days(1)
    assert TOOK == []
    assert not await bridge.gateway.rotations.remove(token.id, by=BY)


async def test_rotation_that_is_removed_between_arrival_and_note_keeps_the_new_secret(bridge: Bridge) -> None:
    hook = await bridge.hook()
    token = await bridge.token()
    await bridge.set(token, f"webhook:{hook.id}")
    bridge.under.clock.advance(77 * DAY_S)
    await bridge.gateway.jobs.run_due()
    bridge.under.clock.advance(3)
    await bridge.gateway.jobs.run_due()
    (sent,) = bridge.under.sent

    await bridge.gateway.rotations.remove(token.id, by=BY)

    assert await bridge.opens(json.loads(sent.body)["data"]["secret"])
    assert await bridge.opens(bridge.secret)


async def test_message_on_its_way_to_one_place_is_stopped_when_another_is_set(bridge: Bridge) -> None:
    hook = await bridge.hook()
    token = await bridge.token()
    await bridge.set(token, f"webhook:{hook.id}")
    bridge.under.clock.advance(77 * DAY_S)
    await bridge.gateway.rotations.run()

    await bridge.set(token, "file:shop")
    await bridge.days(0)

    assert bridge.under.sent == []
    assert await bridge.opens(bridge.written)


async def test_token_that_was_revoked_meanwhile_is_handed_over_to_nobody(bridge: Bridge) -> None:
    token = await bridge.token()
    await bridge.set(token, "hook:full")
    await bridge.days(77)

    await bridge.gateway.tokens.revoke(token.id, by=BY)
    await bridge.days(1)

    assert (await bridge.gateway.rotations.get(token.id))[1] is None


async def test_new_secret_ends_by_its_tokens_own_rule_or_its_teams(bridge: Bridge) -> None:
    await bridge.gateway.people.teams.add("sales", rotate_days=30, by=BY)
    tokens = [await bridge.token(team="sales"), await bridge.token(team="sales", rotate_days=20)]

    for number, token in enumerate(tokens):
        await bridge.gateway.rotations.begin(token, into=f"file:t{number}", overlap_s=3_600, by=BY)

    now, found = bridge.under.clock.now(), [await bridge.gateway.store.get_token(token.id) for token in tokens]
    ends = [{one.expires_at for one in token.secrets} for token in found if token is not None]
    assert ends == [{None, now + timedelta(days=days)} for days in (30, 20)]


async def test_secret_that_does_not_open_is_told_as_a_failure_and_stops_no_other(bridge: Bridge) -> None:
    token, other = await bridge.token(), await bridge.token()
    await bridge.gateway.rotations.begin(token, into="file:shop", overlap_s=3_600, by=BY)
    rotations = await bridge.gateway.store.rotations()
    handover = await rotations.get_handover(token.id)
    assert handover is not None
    _, new = bridge.gateway.tokens.new_secret(other.environment, None)
    copied = replace(handover, token_id=other.id, id="msg_0", into="file:other", digest=new.digest)
    await rotations.begin_handover(copied, new, await bridge.gateway.tokens.act(BY))

    await bridge.days(0)

    _, failed = await bridge.gateway.rotations.get(other.id)
    assert failed is not None
    assert "does not open" in failed.failure
    assert await bridge.opens(bridge.written)


async def test_handover_is_begun_once_and_refused_where_two_secrets_open(bridge: Bridge) -> None:
    token = await bridge.token()

    assert await bridge.gateway.rotations.begin(token, into="hook:full", overlap_s=60, by=BY)
    assert not await bridge.gateway.rotations.begin(token, into="hook:vault", overlap_s=60, by=BY)
    with pytest.raises(BadRequest) as caught:
        await bridge.gateway.tokens.rotate(token.id, by=BY)
    assert caught.value.code == "rotating"
    made = await bridge.gateway.tokens.rotate(token.id, timedelta(0), by=BY)

    assert made is not None
    await bridge.days(0)
    assert await bridge.opens(made.secret)
    assert (await bridge.gateway.rotations.get(token.id))[1] is None  # the one that was under way opens nothing


async def test_token_whose_secret_was_changed_by_hand_meanwhile_is_left_to_its_next_time(bridge: Bridge) -> None:
    token = await bridge.token()
    await bridge.set(token, "file:shop", days_before=14)
    bridge.under.clock.advance(80 * DAY_S)
    made = await bridge.gateway.tokens.rotate(token.id, timedelta(days=7), by=BY)

    await bridge.days(0)

    assert made is not None
    assert not (bridge.folder / "shop").exists()
    assert await bridge.opens(made.secret)


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"into": "file:../x"}, "into"),
        ({"into": "hook:unknown"}, "into"),
        ({"into": "webhook:whk_019ab3c4d5e6f708192a3b4c5d6e"}, "into"),
        ({"overlap_s": 0}, "overlap_s"),
        ({"overlap_s": 7_200}, "overlap_s"),
        ({"days_before": 0}, "days_before"),
        ({"days_before": 366}, "days_before"),
        ({"days_before": 6, "overlap_s": 7 * DAY_S}, "days_before"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(bridge: Bridge, wish: dict[str, Any], param: str) -> None:
    token = await bridge.token()

    with pytest.raises(BadRequest) as caught:
        await bridge.set(token, **{"into": "file:shop", **wish})

    assert caught.value.param == param
    assert await bridge.gateway.rotations.get(token.id) == (None, None)


async def test_webhook_of_another_team_is_not_there(bridge: Bridge) -> None:
    red = await bridge.hook(team="red")
    token = await bridge.token(team="blue")

    with pytest.raises(BadRequest, match="there is no such webhook"):
        await bridge.set(token, f"webhook:{red.id}")
    await bridge.set(await bridge.token(team="red"), f"webhook:{red.id}")


async def test_files_take_a_folder_that_the_operator_names(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway()
    await under.client()
    bridge = Bridge(under, Path())
    token = await bridge.token()

    with pytest.raises(BadRequest, match=r"\[rotation\] folder, which is not set"):
        await bridge.set(token, "file:shop")


async def test_places_that_are_configured_no_more_are_failures_and_not_forgotten(
    bridge: Bridge, gateway: Callable[..., GatewayUnderTest]
) -> None:
    handing = gateway().gateway
    await handing.start()
    new = NewSecret("msg_1", "tok_1", "shop", "", "tb_x", None, "tb_secret")
    found = []
    for into in ("file:shop", "hook:vault"):
        with pytest.raises(NotHandedOver) as caught:
            await handing.rotations._handing.put(into, new)
        found.append(str(caught.value))
    await handing.stop()

    assert found == ["[rotation] folder is not set", "there is no [rotation.vault]"]


def test_sink_that_no_plugin_offers_stops_the_start(gateway: Callable[..., GatewayUnderTest]) -> None:
    with pytest.raises(ConfigError, match=r"rotation\.valt: no installed plugin offers it; did you mean 'vault'"):
        gateway({"rotation": {"valt": {}}}, plugins=(Offers(),))
    with pytest.raises(ConfigError, match=r"rotation\.vault: unknown option 'failures'"):
        gateway({"rotation": {"vault": {"failures": ""}}}, plugins=(Offers(),))


async def test_arrival_that_another_worker_has_noted_is_logged_by_that_one_alone(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bridge.gateway.rotations.begin(await bridge.token(), into="file:shop", overlap_s=60, by=BY)
    rotations = await bridge.gateway.store.rotations()

    async def noted(*_: object) -> bool:
        return False

    monkeypatch.setattr(rotations, "finish_handover", noted)
    with capture_logs() as lines:
        await bridge.gateway.rotations.run()

    assert await bridge.opens(bridge.written)
    assert lines == []
