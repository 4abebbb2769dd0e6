"""Keys of providers: what may be kept, and what becomes of it where something is amiss."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.support.keyed import NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway
from tests.support.waiting import until

from tollbridge.errors import BadRequest, Unavailable
from tollbridge.gateway import Gateway
from tollbridge.logs import clean
from tollbridge.providerkeys import looking
from tollbridge.providerkeys.looking import Looking
from tollbridge.providerkeys.service import LONGEST_KEY, LONGEST_OVERLAP, NewKey
from tollbridge.stores.sealed import Sealed
from tollbridge.testing import GatewayUnderTest

HOUR = timedelta(hours=1)


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY, NEW_KEY)


@pytest.fixture
async def gw(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", upstream)
    await made.client()
    yield made
    await made.close()


@pytest.fixture
def keys(gw: GatewayUnderTest) -> Any:
    return gw.gateway.secrets


@pytest.mark.parametrize(
    ("new", "name", "param"),
    [
        (NewKey(""), "", "key"),
        (NewKey(" \n"), "", "key"),
        (NewKey("sk-\u00e9"), "", "key"),
        (NewKey("k" * (LONGEST_KEY + 1)), "", "key"),
        (NewKey(OLD_KEY), "../kek", "name"),
        (NewKey(OLD_KEY), "a" * 65, "name"),
    ],
)
async def test_key_or_name_that_cannot_be_is_refused_by_its_field(keys, new, name, param) -> None:
    with pytest.raises(BadRequest) as refused:
        await keys.set("mock", new, name=name)

    assert refused.value.param == param
    assert await keys.list() == []


async def test_key_stands_in_no_log_of_a_process_that_shows_none(gw, keys) -> None:
    refused, kept, found = [f"quartz-lamp-{name}-of-no-known-shape" for name in ("refused", "kept", "found")]
    command = Gateway(gw.gateway.config, clock=gw.clock, transport=gw.upstream, env={}, serves=False)
    async with command.administered():
        with pytest.raises(BadRequest):
            await command.secrets.set("nobody", NewKey(refused))
        made = await command.secrets.set("mock", NewKey(kept))
        (version,) = made.versions
        sealed = command.box.shut(found.encode(), version.place)

        assert command.secrets.opened(replace(version, sealed=sealed)) == found

    assert [one in clean(f"failed for {one}") for one in (refused, kept, found)] == [True, False, False]


async def test_end_that_is_not_to_come_is_refused(gw, keys) -> None:
    with pytest.raises(BadRequest, match="not in the future"):
        await keys.set("mock", NewKey(OLD_KEY, gw.clock.now()))
    await keys.set("mock", NewKey(OLD_KEY))
    with pytest.raises(BadRequest, match="not in the future"):
        await keys.expire("mock", 1, gw.clock.now())


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), LONGEST_OVERLAP + timedelta(seconds=1)])
async def test_overlap_is_bounded(keys, overlap) -> None:
    await keys.set("mock", NewKey(OLD_KEY))

    with pytest.raises(BadRequest) as refused:
        await keys.rotate("mock", NewKey(NEW_KEY), overlap)

    assert refused.value.param == "overlap"


async def test_key_that_is_not_there_is_neither_rotated_nor_moved_nor_checked_nor_removed(gw, keys) -> None:
    assert await keys.rotate("mock", NewKey(NEW_KEY)) is None
    assert await keys.expire("mock", 1, None) is None
    assert await keys.check("mock") is None
    assert await keys.remove("mock") == []
    await keys.set("mock", NewKey(OLD_KEY, gw.clock.now() + HOUR))
    gw.clock.advance(HOUR.total_seconds())
    assert await keys.rotate("mock", NewKey(NEW_KEY)) is None
    assert await keys.check("mock") == {}


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("sk-000000000000001234", "1234"),
        ("sk-too-short-to-hint", "hint"),
        ("sk-too-short-hint", ""),
        ('{"type": "service_account", "private_key": "x"}', ""),
    ],
)
async def test_hint_is_the_end_of_a_long_key_alone(keys, key, hint) -> None:
    found = await keys.set("mock", NewKey(key))

    assert found.versions[0].hint == hint


async def test_key_that_is_an_object_is_kept_in_one_line(keys) -> None:
    found = await keys.set("mock", NewKey('{\n "type": "service_account"\n}\n'))

    assert keys.opened(found.versions[0]) == '{"type": "service_account"}'


async def test_key_that_does_not_open_is_not_checked(gw, keys) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    (secret,) = await gw.gateway.store.stored_secrets()
    await gw.gateway.store.reseal([Sealed(secret.place, secret.sealed)], [b"\x02\x00\x00\x00\x01spoilt"])

    with pytest.raises(Unavailable, match="the stored key does not open") as refused:
        await keys.check("mock")

    assert OLD_KEY[:12] not in str(refused.value.detail)


async def test_number_of_a_version_is_not_used_again_after_a_removal(keys) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    await keys.rotate("mock", NewKey(NEW_KEY))
    await keys.remove("mock")

    again = await keys.set("mock", NewKey(OLD_KEY))

    assert [one.version for one in again.versions] == [3]
    await keys.remove("mock")
    assert [one.version for one in (await keys.set("groq", NewKey(OLD_KEY), name="mock")).versions] == [4]


CHANGES: dict[str, Any] = {
    "set": (lambda keys, soon: keys.set("groq", NewKey(OLD_KEY)), [1]),
    "rotate": (lambda keys, soon: keys.rotate("mock", NewKey(NEW_KEY), HOUR), [2, 1]),
    "expire": (lambda keys, soon: keys.expire("mock", 1, soon), [1]),
    "remove": (lambda keys, soon: keys.remove("mock"), [1]),
}


@pytest.mark.parametrize("failure", [Unavailable("the store is away", detail="gone"), RuntimeError("odd")])
@pytest.mark.parametrize("change", CHANGES)
async def test_change_that_was_made_is_told_though_nothing_can_be_read_right_after(
    gw, keys, monkeypatch, change, failure
) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    store, read = gw.gateway.store, gw.gateway.store.stored_secrets

    async def read_until_it_is_changed() -> Any:
        if len(await store.list_audit(action="provider_key.")) > 1:
            raise failure
        return await read()

    monkeypatch.setattr(store, "stored_secrets", read_until_it_is_changed)
    make, versions = CHANGES[change]
    with capture_logs() as logs:
        done = await make(keys, gw.clock.now() + HOUR)

    assert (done if change == "remove" else [one.version for one in done.versions]) == versions
    told = {"provider_keys_not_read", "provider_keys_not_taken"} & {one["event"] for one in logs}
    assert len(told) == 1
    assert (await gw.chat("m")).status_code == (404 if change == "remove" else 200)
    monkeypatch.undo()


async def test_other_version_is_shown_on_where_one_is_removed_and_the_store_is_gone_right_after(
    gw, keys, upstream, monkeypatch
) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    await keys.rotate("mock", NewKey(NEW_KEY), HOUR)

    async def gone() -> Any:
        raise Unavailable("the store is away", detail="gone")

    monkeypatch.setattr(gw.gateway.store, "stored_secrets", gone)
    await keys.remove("mock", version=2)
    monkeypatch.undo()

    assert (await gw.chat("m")).status_code == 200
    assert upstream.shown == [OLD_KEY]


async def test_keys_are_administered_where_nothing_is_served(tmp_path) -> None:
    upstream = KeyedUpstream(OLD_KEY)
    made = keyed_gateway(tmp_path / "data", upstream)
    async with made.gateway.administered():
        keys = made.gateway.secrets
        await keys.set("mock", NewKey(OLD_KEY))
        assert [one.name for one in await keys.list()] == ["mock"]
        await keys.close()

    assert (await made.chat("m")).status_code == 200
    await made.close()


class Failing:
    """Live keys that cannot be taken."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken = 0

    async def take(self, rows: Any) -> None:
        self.taken += 1
        if self.failures:
            raise self.failures.pop(0)

    def apply(self) -> None:
        pass

    def uses(self) -> dict[tuple[str, int], Any]:
        return {}


async def test_looks_go_on_after_one_that_failed_in_an_unforeseen_way(gw) -> None:
    live: Any = Failing()
    looks = Looking(gw.gateway.store, gw.clock, live, look_s=0.001)
    await looks.start()
    live.failures = [RuntimeError("odd")]
    seen = live.taken

    with capture_logs() as logs:
        await until(lambda: live.taken > seen + 2, "another look")
    await looks.close()

    assert [one["exception"] for one in logs if one["event"] == "provider_keys_not_taken"] == ["RuntimeError: odd"]


async def test_uses_are_noted_in_their_time_and_their_loss_is_told(gw, keys, monkeypatch) -> None:
    await keys.set("mock", NewKey(OLD_KEY))
    await gw.chat("m")
    live = keys._looking._live
    await keys._looking.close()
    await gw.chat("m")
    looks = Looking(gw.gateway.store, gw.clock, live, look_s=0.001)
    await looks.start()
    gw.clock.advance(looking.USES_S)

    async def used() -> Any:
        return (await keys.find("mock")).versions[0].last_used_at

    async with asyncio.timeout(20):
        while await used() != gw.clock.now():
            await asyncio.sleep(0.005)
    await gw.chat("m")

    async def away() -> Any:
        raise Unavailable("the store is away", detail="gone")

    monkeypatch.setattr(gw.gateway.store, "secrets", away)
    with capture_logs() as logs:
        await looks.close()
    assert [one["reason"] for one in logs if one["event"] == "provider_key_uses_not_noted"] == ["gone"]


async def test_secret_of_services_needs_a_name_and_no_provider_is_asked_for_it(gw, keys) -> None:
    with pytest.raises(BadRequest) as nameless:
        await keys.set("services", NewKey("s3cret"))
    made = await keys.set("services", NewKey("s3cret"), name="blue.shop")
    with pytest.raises(BadRequest, match="seen by calling one"):
        await keys.check("blue.shop")

    assert nameless.value.param == "name"
    assert (made.name, made.provider, made.in_use) == ("blue.shop", "services", True)
    assert [key.name for key in await keys.list()] == ["blue.shop"]
