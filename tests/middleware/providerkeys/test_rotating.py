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


def failing(gateway: Gateway, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have the store answer no question for keys from the next change on, so many times."""
    keys, find = gateway.secrets, gateway.secrets.find
    left = [times]

    async def lost(name: str) -> Any:
        if len(await gateway.store.stored_secrets()) == 2 and left[0]:
            left[0] -= 1
            raise Unavailable("the store does not answer")
        return await find(name)

    monkeypatch.setattr(keys, "find", lost)


@pytest.mark.parametrize(("times", "told"), [(1, []), (2, ["provider_key_perhaps_not_kept"])])
async def test_key_that_was_kept_stays_though_the_answer_of_the_store_was_lost(
    gateway, upstream, monkeypatch, times, told
) -> None:
    await gateway.secrets.set("mock", NewKey(FIRST))
    later(gateway, timedelta(days=30))
    second = made(upstream, 2)
    failing(gateway, monkeypatch, times)

    with capture_logs() as logs, pytest.raises(PluginError):
        await tend_keys(gateway, SELF)

    assert asked(upstream) == [("POST", "/keys")]
    assert [one["event"] for one in logs if "kept" in one["event"]] == told
    assert await opened(gateway) == [second, FIRST]


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
