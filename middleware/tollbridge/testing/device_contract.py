"""What every store promises about what devices ask for, as tests.  Subclass as `StoreContract` says."""

from dataclasses import replace

import pytest

from tollbridge.errors import BadRequest
from tollbridge.grants.model import Device, DeviceState, Lent, NewDevice
from tollbridge.stores.base import Store
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.grant_contract import CONSENT, HOUR, lend
from tollbridge.testing.samples import ACT, NOON

DEVICE = NewDevice(
    digest=b"v" * 32,
    user_code="BCDFGHJK",
    client_id="client_7",
    scopes=("ai:chat", "model:gpt-4"),
    interval_s=5,
    ends_at=HOUR,
)
_ASKED = Lent(client_id="client_7", grant_id="", scopes=DEVICE.scopes)


class DeviceContract:
    """Tests of `DeviceStore`."""

    async def test_what_a_device_asks_for_is_found_by_both_codes(self, store: Store) -> None:
        devices = await store.devices()

        assert await devices.add(DEVICE)

        waiting = Device("BCDFGHJK", _ASKED, DeviceState.PENDING, 5, HOUR)
        assert await devices.find("BCDFGHJK") == await devices.poll([DEVICE.digest], "client_7") == waiting
        assert await devices.find("KJHGFDCB") is None
        assert await devices.poll([DEVICE.digest], "client_8") is None
        assert await devices.poll([], "client_7") is None

    async def test_no_two_devices_share_a_user_code(self, store: Store) -> None:
        devices = await store.devices()
        await devices.add(DEVICE)

        assert not await devices.add(replace(DEVICE, digest=b"w" * 32))

        assert await devices.poll([b"w" * 32], "client_7") is None

    async def test_devices_of_a_client_are_counted_while_they_wait(self, store: Store, clock: FixedClock) -> None:
        devices = await store.devices()
        for number in range(3):
            await devices.add(replace(DEVICE, digest=bytes([number]) * 32, user_code=f"BCDFGHJ{number}"))
        await devices.add(replace(DEVICE, client_id="client_8"))

        assert await devices.count_waiting("client_7") == 3
        await devices.decide("BCDFGHJ0", None, "", ACT)
        assert await devices.count_waiting("client_7") == 2
        clock.advance(3_600)
        assert await devices.count_waiting("client_7") == 0

    async def test_device_that_asks_too_early_waits_longer_from_then_on(self, store: Store, clock: FixedClock) -> None:
        devices = await store.devices()
        await devices.add(DEVICE)
        seen = []

        for wait_s in (0, 5, 4, 5, 10):
            clock.advance(wait_s)
            found = await devices.poll([DEVICE.digest], "client_7")
            assert found is not None
            seen.append((found.too_fast, found.interval_s))

        assert seen == [(False, 5), (False, 5), (True, 10), (True, 15), (True, 20)]

    async def test_what_was_agreed_to_is_used_once_by_its_own_client(self, store: Store) -> None:
        await lend(store)
        devices, grants = await store.devices(), await store.grants()
        await devices.add(DEVICE)
        consent = replace(CONSENT, scopes=("ai:chat",))

        assert await devices.decide("BCDFGHJK", consent, "grant_2", ACT, NOON)

        found = await devices.poll([DEVICE.digest], "client_7")
        assert found is not None
        assert found.state is DeviceState.AGREED
        assert await devices.find("BCDFGHJK") is None
        assert not await devices.decide("BCDFGHJK", None, "", ACT)
        async with grants.transaction() as writing:
            assert await writing.take_device([DEVICE.digest], "client_8") is None
            lent = await writing.take_device([DEVICE.digest], "client_7")
        assert lent == Lent(client_id="client_7", grant_id="grant_1", scopes=("ai:chat",), confirmed_at=NOON)
        async with grants.transaction() as writing:
            assert await writing.take_device([DEVICE.digest], "client_7") is None

    async def test_what_was_agreed_to_is_not_used_after_its_time(self, store: Store, clock: FixedClock) -> None:
        await lend(store)
        devices = await store.devices()
        await devices.add(DEVICE)
        assert await devices.decide("BCDFGHJK", CONSENT, "grant_2", ACT, NOON)
        clock.advance(3_600)

        async with (await store.grants()).transaction() as writing:
            assert await writing.take_device([DEVICE.digest], "client_7") is None

    async def test_denied_device_gets_nothing(self, store: Store) -> None:
        devices = await store.devices()
        await devices.add(DEVICE)

        assert await devices.decide("BCDFGHJK", None, "", ACT)

        found = await devices.poll([DEVICE.digest], "client_7")
        assert found is not None
        assert found.state is DeviceState.DENIED
        async with (await store.grants()).transaction() as writing:
            assert await writing.take_device([DEVICE.digest], "client_7") is None

    async def test_nothing_is_agreed_to_after_its_time(self, store: Store, clock: FixedClock) -> None:
        await lend(store)
        devices = await store.devices()
        await devices.add(DEVICE)
        clock.advance(3_600)

        assert await devices.find("BCDFGHJK") is None
        assert not await devices.decide("BCDFGHJK", CONSENT, "grant_2", ACT)

    async def test_device_that_comes_late_is_known_for_ten_minutes_to_have_ended(
        self, store: Store, clock: FixedClock
    ) -> None:
        devices = await store.devices()
        await devices.add(DEVICE)

        for late_s in (3_600, 599):
            clock.advance(late_s)
            found = await devices.poll([DEVICE.digest], "client_7")
            assert found is not None
            assert found.ends_at == HOUR

    async def test_device_waits_on_where_nobody_can_lend(self, store: Store) -> None:
        await lend(store)
        devices = await store.devices()
        await devices.add(DEVICE)
        await store.revoke_token("tok_1", ACT)

        with pytest.raises(BadRequest):
            await devices.decide("BCDFGHJK", CONSENT, "grant_2", ACT)

        assert await devices.find("BCDFGHJK") is not None
