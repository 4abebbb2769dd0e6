"""Keys that change by themselves, made and removed at a provider's own admin endpoint."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs
from tests.support.keyed import MOCK
from tests.support.waiting import until

from tollbridge import ConfigError, Errand, Gateway, MadeKey, PluginError, UpstreamError, hookimpl, load_config
from tollbridge.errors import Unavailable
from tollbridge.noticing import SELF
from tollbridge.providerkeys import rotating
from tollbridge.providerkeys.service import DAY, NewKey
from tollbridge.providerkeys.tending import tend_keys
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import NOON
from tollbridge.testing.upstream import ScriptedUpstream

FIRST = "sk-first-000000000000000001"
ADMIN = "sk-admin-000000000000000009"


@dataclass(frozen=True)
class AdminKeys:
    """Asks an admin endpoint: POST makes a key, DELETE removes one."""

    url: str
    admin_key: str

    async def make(self, name: str, errand: Errand) -> MadeKey:
        status, body = await self._ask("POST", "/keys", errand, json.dumps({"name": name}).encode())
        if status != 200:
            raise UpstreamError("no key was made", detail=body.decode())
        found = json.loads(body)
        return MadeKey(found["value"], found["id"])

    async def remove(self, known_as: str, errand: Errand) -> None:
        status, _ = await self._ask("DELETE", f"/keys/{known_as}", errand)
        if status not in (200, 404):
            raise UpstreamError("the key was not removed")

    async def _ask(self, method: str, path: str, errand: Errand, body: bytes = b"") -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {errand.read_key(self.admin_key)}", "Content-Type": "application/json"}
        return await errand.ask(method, self.url + path, headers, body, allow_private=True)


class OffersAdminKeys:
    """A plugin with a rotator."""

    offered: ClassVar[Any] = AdminKeys

    @hookimpl
    def register_key_rotators(self, register: Any) -> None:
        register("admin-keys", self.offered)


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as upstream:
        yield upstream


def section(upstream: ScriptedUpstream, **more: Any) -> dict[str, Any]:
    options = {"url": upstream.url, "admin_key": "env:ADMIN"}
    rotated = {"rotator": "admin-keys", "rotator_options": options, "rotate_days": 30}
    return {**MOCK, "base_url": f"{upstream.url}/v1", "allow_private": True, **rotated, **more}


def build(data: Path, **sections: Any) -> Gateway:
    loaded = replace(load_config({"providers": sections, "jobs": {"enabled": False}}, {}), data=data)
    return Gateway(loaded, clock=FixedClock(NOON), env={"ADMIN": ADMIN}, plugins=[OffersAdminKeys()])


@pytest.fixture
async def gateway(tmp_path: Path, upstream: ScriptedUpstream) -> AsyncIterator[Gateway]:
    async with build(tmp_path / "data", mock=section(upstream)) as gateway:
        yield gateway


def later(gateway: Gateway, span: timedelta) -> None:
    clock = gateway.clock
    assert isinstance(clock, FixedClock)
    clock.advance(span.total_seconds())


def made(upstream: ScriptedUpstream, number: int) -> str:
    """Have the next key be made; gives it."""
    key = f"sk-made-00000000000000000{number}"
    upstream.answer({"id": f"key-{number}", "value": key})
    return key


async def versions(gateway: Gateway) -> list[tuple[int, str]]:
    found = await gateway.secrets.find("mock")
    return [] if found is None else [(one.version, one.known_as) for one in found.versions]


async def opened(gateway: Gateway) -> list[str]:
    found = await gateway.secrets.find("mock")
    return [gateway.secrets.opened(one) for one in found.versions] if found is not None else []


def asked(upstream: ScriptedUpstream) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request in upstream.requests]


async def test_key_is_made_in_time_and_the_one_before_is_removed_after_the_overlap(gateway, upstream) -> None:
    first = made(upstream, 1)
    await tend_keys(gateway, SELF)
    assert await opened(gateway) == [first]
    later(gateway, timedelta(days=29))
    await tend_keys(gateway, SELF)
    later(gateway, DAY)
    second = made(upstream, 2)

    await tend_keys(gateway, SELF)
    await tend_keys(gateway, SELF)

    assert await opened(gateway) == [second, first]
    assert asked(upstream) == [("POST", "/keys")] * 2
    assert upstream.requests[0].json() == {"name": "tollbridge mock"}
    assert {request.header("authorization") for request in upstream.requests} == {f"Bearer {ADMIN}"}
    later(gateway, DAY)
    upstream.answer({"data": []})
    upstream.answer({"error": "no key"}, status=401)
    upstream.answer({})
    await tend_keys(gateway, SELF)
    assert await versions(gateway) == [(2, "key-2")]
    assert asked(upstream)[2:] == [("GET", "/v1/models"), ("GET", "/v1/models"), ("DELETE", "/keys/key-1")]


async def test_key_that_people_set_is_followed_by_one_that_is_made_and_is_theirs_to_remove(gateway, upstream) -> None:
    await gateway.secrets.set("mock", NewKey(FIRST))
    later(gateway, timedelta(days=30))
    second = made(upstream, 2)
    await tend_keys(gateway, SELF)
    assert await opened(gateway) == [second, FIRST]
    later(gateway, DAY)

    await tend_keys(gateway, SELF)

    assert asked(upstream) == [("POST", "/keys")]


async def test_key_that_people_are_changing_is_left_to_them(tmp_path, upstream) -> None:
    async with build(tmp_path / "data", mock=section(upstream, rotate_days=2)) as gateway:
        await gateway.secrets.set("mock", NewKey(FIRST))
        await gateway.secrets.rotate("mock", NewKey("sk-second-0000000000000002"), timedelta(days=7))
        later(gateway, timedelta(days=3))

        await tend_keys(gateway, SELF)

        assert asked(upstream) == []
        assert await versions(gateway) == [(2, ""), (1, "")]


async def test_nothing_is_removed_while_the_provider_refuses_the_key_that_is_left(gateway, upstream) -> None:
    made(upstream, 1)
    await tend_keys(gateway, SELF)
    later(gateway, timedelta(days=30))
    made(upstream, 2)
    await tend_keys(gateway, SELF)
    later(gateway, DAY)
    upstream.answer({"error": "no key"}, status=401)

    with capture_logs() as logs:
        await tend_keys(gateway, SELF)

    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["provider_key_not_removed"]
    assert asked(upstream)[2:] == [("GET", "/v1/models")]
    assert await versions(gateway) == [(2, "key-2"), (1, "key-1")]


async def test_nothing_is_removed_where_the_key_that_is_left_went_meanwhile(gateway, upstream, monkeypatch) -> None:
    made(upstream, 1)
    await tend_keys(gateway, SELF)
    later(gateway, timedelta(days=30))
    made(upstream, 2)
    await tend_keys(gateway, SELF)
    later(gateway, DAY)
    check = gateway.secrets.check

    async def check_what_is_left(name: str, **by: Any) -> Any:
        await gateway.secrets.remove(name, version=2)
        return await check(name, **by)

    monkeypatch.setattr(gateway.secrets, "check", check_what_is_left)
    with capture_logs() as logs:
        await tend_keys(gateway, SELF)

    assert "provider_key_not_removed" in [one["event"] for one in logs]
    assert asked(upstream) == [("POST", "/keys")] * 2


async def test_provider_that_makes_no_key_is_told_by_name_and_its_words_by_nobody(gateway, upstream) -> None:
    upstream.answer({"error": f"not with {ADMIN}"}, status=403)

    with capture_logs() as logs, pytest.raises(PluginError, match="for the keys of mock; the log has why") as failed:
        await tend_keys(gateway, SELF)

    assert [one["reason"].partition(" in ")[0] for one in logs] == ["UpstreamError"]
    assert ADMIN[:12] not in f"{logs}{failed.value!r}"
    assert await versions(gateway) == []


async def test_admin_key_that_is_missing_is_told_in_words(tmp_path, upstream) -> None:
    options = {"url": upstream.url, "admin_key": "env:GONE"}
    async with build(tmp_path / "data", mock=section(upstream, rotator_options=options)) as gateway:
        with capture_logs() as logs, pytest.raises(PluginError):
            await tend_keys(gateway, SELF)

    assert "the environment variable GONE is not set; set it, or change providers.mock" in logs[0]["reason"]


async def test_one_that_fails_stops_no_other(tmp_path, upstream) -> None:
    both = {"bad": section(upstream, api_key="stored:bad"), "mock": section(upstream)}
    upstream.answer({}, status=500)
    key = made(upstream, 1)
    async with build(tmp_path / "data", **both) as gateway:
        with pytest.raises(PluginError, match="for the keys of bad;"):
            await tend_keys(gateway, SELF)

        assert await opened(gateway) == [key]


async def test_key_that_cannot_be_kept_is_taken_back_at_the_provider(gateway, upstream) -> None:
    upstream.answer({"id": "key-1", "value": "sk-\u00e9"})
    upstream.answer({}, status=404)

    with capture_logs() as logs, pytest.raises(PluginError):
        await tend_keys(gateway, SELF)

    assert asked(upstream) == [("POST", "/keys"), ("DELETE", "/keys/key-1")]
    assert [(one["event"], one.get("known_as")) for one in logs] == [
        ("provider_key_not_kept", "key-1"),
        ("provider_key_not_rotated", None),
    ]


async def test_key_without_an_id_that_cannot_be_kept_is_told_and_nothing_is_removed(gateway, upstream) -> None:
    await gateway.secrets.set("mock", NewKey(FIRST))
    later(gateway, timedelta(days=30))
    upstream.answer({"id": "", "value": "sk-\u00e9"})

    with capture_logs() as logs, pytest.raises(PluginError):
        await tend_keys(gateway, SELF)

    assert asked(upstream) == [("POST", "/keys")]
    assert [one["event"] for one in logs] == ["provider_key_not_kept", "provider_key_not_rotated"]


async def losing(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have the store lose the answer to the next change, and then to questions for keys, so many in all."""
    store = await gateway.store.secrets()
    rotate, find, left = store.rotate, gateway.secrets.find, [times]

    def lose() -> None:
        left[0] -= 1
        raise Unavailable("the store does not answer", detail="it is being moved")

    async def rotated(*given: Any) -> Any:
        kept = await rotate(*given)
        lose()
        return kept

    async def found(name: str) -> Any:
        if 0 < left[0] < times:
            lose()
        return await find(name)

    monkeypatch.setattr(store, "rotate", rotated)
    monkeypatch.setattr(gateway.secrets, "find", found)


@pytest.mark.parametrize(("times", "told"), [(1, []), (2, ["provider_key_perhaps_not_kept"])])
async def test_key_that_was_kept_stays_though_the_answer_of_the_store_was_lost(
    gateway, upstream, monkeypatch, times, told
) -> None:
    await gateway.secrets.set("mock", NewKey(FIRST))
    later(gateway, timedelta(days=30))
    second = made(upstream, 2)
    await losing(gateway, monkeypatch, times)

    with capture_logs() as logs, pytest.raises(PluginError):
        await tend_keys(gateway, SELF)

    assert asked(upstream) == [("POST", "/keys")]
    assert [one["event"] for one in logs if "kept" in one["event"]] == told
    assert [one["reason"] for one in logs if one["event"] == "provider_key_not_rotated"] == ["it is being moved"]
    assert await opened(gateway) == [second, FIRST]


class Slow(AdminKeys):
    """Removes a key when it is let."""

    goes_on: ClassVar[asyncio.Event]
    removed: ClassVar[list[str]]

    async def remove(self, known_as: str, errand: Errand) -> None:
        await self.goes_on.wait()
        self.removed.append(known_as)


async def test_key_is_taken_back_though_the_work_is_cancelled_twice(gateway, upstream, monkeypatch) -> None:
    monkeypatch.setattr(Slow, "goes_on", asyncio.Event(), raising=False)
    monkeypatch.setattr(Slow, "removed", [], raising=False)
    gateway.registry.key_rotators["admin-keys"] = Slow
    store, writing = await gateway.store.secrets(), asyncio.Event()

    async def never(*_: Any) -> None:
        writing.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(store, "add", never)
    made(upstream, 1)
    work = asyncio.create_task(tend_keys(gateway, SELF))
    await writing.wait()
    with capture_logs() as logs:
        work.cancel()
        await until(lambda: bool(logs), "the key is being taken back")
        work.cancel()
        await asyncio.wait([work])

    assert (work.cancelled(), Slow.removed) == (True, [])
    Slow.goes_on.set()
    await until(lambda: Slow.removed == ["key-1"], "the key is removed")


class Removing(AdminKeys):
    """Loses the key that it is to follow, as a person may take it away meanwhile."""

    gateways: ClassVar[list[Gateway]] = []

    async def make(self, name: str, errand: Errand) -> MadeKey:
        found = await super().make(name, errand)
        await self.gateways[0].secrets.remove("mock")
        return found


async def test_key_that_is_gone_when_the_next_is_there_is_not_followed(gateway, upstream, monkeypatch) -> None:
    monkeypatch.setattr(Removing, "gateways", [gateway])
    gateway.registry.key_rotators["admin-keys"] = Removing
    await gateway.secrets.set("mock", NewKey(FIRST))
    later(gateway, timedelta(days=30))
    made(upstream, 1)
    upstream.answer({})

    with pytest.raises(PluginError):
        await tend_keys(gateway, SELF)

    assert asked(upstream)[-1] == ("DELETE", "/keys/key-1")
    assert await versions(gateway) == []


async def test_provider_that_does_not_answer_is_not_waited_for_forever(gateway, upstream, monkeypatch) -> None:
    monkeypatch.setattr(rotating, "PATIENCE_S", 0.05)
    never = asyncio.Event()
    upstream.raw(never)

    with capture_logs() as logs, pytest.raises(PluginError):
        await tend_keys(gateway, SELF)

    assert logs[0]["reason"].startswith("TimeoutError")
    never.set()


async def test_key_that_ends_soon_is_told_of_once_until_its_end_is_moved(gateway, upstream) -> None:
    await gateway.secrets.set("mock", NewKey(FIRST, expires_at=NOON + timedelta(days=16)))
    await tend_keys(gateway, SELF)
    later(gateway, DAY)
    with capture_logs() as logs:
        await tend_keys(gateway, SELF)
        await tend_keys(gateway, SELF)

    warned = [one for one in logs if one["event"] == "provider_key_ending"]
    assert [(one["provider"], one["name"], one["version"]) for one in warned] == [("mock", "mock", 1)]
    (record,) = await gateway.store.list_audit(action="provider_key.ending")
    assert (record.actor.id, record.actor.via, record.target) == ("gateway", "job", "mock")
    await gateway.secrets.expire("mock", 1, NOON + timedelta(days=40))
    later(gateway, timedelta(days=25))
    await tend_keys(gateway, SELF)
    assert len(await gateway.store.list_audit(action="provider_key.ending")) == 2


async def test_older_version_in_its_overlap_is_no_cause_for_a_warning(gateway, upstream) -> None:
    await gateway.secrets.set("mock", NewKey(FIRST))
    await gateway.secrets.rotate("mock", NewKey("sk-second-0000000000000002"))

    await tend_keys(gateway, SELF)

    assert await gateway.store.list_audit(action="provider_key.ending") == []


async def test_rotator_that_nothing_offers_stops_the_start(tmp_path, upstream) -> None:
    gateway = build(tmp_path / "data", mock=section(upstream, rotator="admin-kees"))

    with pytest.raises(ConfigError, match="offers 'admin-kees'; did you mean 'admin-keys'"):
        await gateway.start()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"rotate_days": 1}, "rotate_days must be at least 2"),
        ({"api_key": "env:KEY"}, "a rotator keeps the key in the database"),
        ({"rotator": ""}, "rotator_options are those of a rotator"),
    ],
)
def test_section_that_cannot_be_meant_is_refused(tmp_path, more, words) -> None:
    with pytest.raises(ConfigError, match=words):
        build(tmp_path / "data", mock={**MOCK, "rotator": "admin-keys", "rotator_options": {"url": "x"}, **more})


async def test_job_of_the_gateway_does_it(tmp_path, upstream) -> None:
    key = made(upstream, 1)
    loaded = {"providers": {"mock": section(upstream)}}
    config = replace(load_config(loaded, {}), data=tmp_path / "data")
    gateway = Gateway(config, clock=FixedClock(NOON), env={"ADMIN": ADMIN}, plugins=[OffersAdminKeys()])
    async with gateway:
        await gateway.jobs.run_due()

        assert await opened(gateway) == [key]
