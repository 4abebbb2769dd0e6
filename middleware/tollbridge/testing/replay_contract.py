"""What every store promises of what must not be shown twice, as tests.  Subclass as `StoreContract` says."""

import asyncio
from datetime import timedelta

import pytest

from tollbridge.errors import Unavailable
from tollbridge.stores.base import Store
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import NOON

SHOWN = b"d" * 32
ENDS = NOON + timedelta(seconds=60)


class ReplayContract:
    """Tests of `ReplayStore`."""

    async def test_what_is_shown_a_second_time_is_not_the_first(self, store: Store) -> None:
        replays = await store.replays()

        assert [await replays.first(SHOWN, ENDS) for _ in range(3)] == [True, False, False]
        assert await replays.first(b"e" * 32, ENDS)

    async def test_one_of_many_who_show_it_at_once_is_the_first(self, store: Store) -> None:
        replays = await store.replays()

        assert sum(await asyncio.gather(*(replays.first(SHOWN, ENDS) for _ in range(20)))) == 1

    async def test_it_is_remembered_until_its_time_is_over_whoever_shows_it(
        self, store: Store, clock: FixedClock
    ) -> None:
        replays = await store.replays()
        await replays.first(SHOWN, ENDS)

        clock.advance(59)
        assert not await replays.first(SHOWN, ENDS + timedelta(days=1))
        clock.advance(1)
        assert await replays.first(SHOWN, ENDS + timedelta(days=1))
        assert not await replays.first(SHOWN, ENDS + timedelta(days=2))

    async def test_what_would_be_forgotten_at_once_is_not_the_first(self, store: Store) -> None:
        replays = await store.replays()

        assert not await replays.first(SHOWN, NOON)
        assert await replays.first(SHOWN, NOON + timedelta(microseconds=1))

    async def test_closed_store_lets_nothing_be_shown(self, store: Store) -> None:
        replays = await store.replays()
        await replays.first(SHOWN, ENDS)
        await store.close()

        with pytest.raises(Unavailable):
            await store.replays()
