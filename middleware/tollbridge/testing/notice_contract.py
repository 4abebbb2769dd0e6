"""What every store promises of notices in time, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from dataclasses import replace as replaced
from datetime import datetime

from tollbridge.stores.base import Store
from tollbridge.stores.notices import Ending, Unused
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.rotation_samples import DAY, actions, ending, new_secret
from tollbridge.testing.samples import ACT, NOON, TOKEN, child

DAYS = (15, 7, 3, 1)


class NoticeContract:
    """Tests of `NoticeStore`."""

    async def test_secret_is_told_of_once_for_each_of_the_days_it_ends_within(
        self, store: Store, clock: FixedClock
    ) -> None:
        notices = await store.notices()
        await store.add_token(ending(20), ACT)
        told: list[tuple[int, int]] = []
        for hour in range(0, 21 * 24, 6):
            found = await notices.tell_endings(DAYS, ACT)
            told += [(hour // 24, one.days) for one in found]
            assert all(one == Ending("tok_1", "reporting job", "tb_abcd", NOON + 20 * DAY, one.days) for one in found)
            clock.advance(6 * 3_600)

        assert told == [(5, 15), (13, 7), (17, 3), (19, 1)]
        assert (await actions(store))[1:] == ["token.secret_ending"] * 4
        assert json.loads((await store.follow_audit())[1].after) == {
            "hint": "tb_abcd",
            "ends_at": (NOON + 20 * DAY).isoformat(),
            "days": 15,
        }

    async def test_those_who_look_at_once_tell_once_and_for_no_more_days_than_a_secret_opens(
        self, store: Store, clock: FixedClock
    ) -> None:
        notices = await store.notices()
        await store.add_token(ending(20), ACT)
        await store.add_token(ending(9, child(2, "")), ACT)
        clock.advance(6 * 86_400)

        found = await asyncio.gather(*(notices.tell_endings((30, *DAYS), ACT) for _ in range(4)))

        told = sorted((one.token_id, one.days) for part in found for one in part)
        assert told == [("tok_1", 15), ("tok_2", 3)]

    async def test_after_a_time_without_a_worker_the_nearest_days_alone_are_told(
        self, store: Store, clock: FixedClock
    ) -> None:
        notices = await store.notices()
        await store.add_token(ending(20), ACT)
        clock.advance(18 * 86_400)

        assert [one.days for one in await notices.tell_endings(DAYS, ACT)] == [3]
        assert await notices.tell_endings(DAYS, ACT) == []

    async def test_secret_that_is_replaced_has_no_end_or_belongs_to_no_live_token_is_not_told_of(
        self, store: Store, clock: FixedClock
    ) -> None:
        notices = await store.notices()
        for token in (ending(20), child(2, ""), ending(20, child(3, "")), ending(20, child(4, ""))):
            await store.add_token(token, ACT)
        await store.rotate_token("tok_1", new_secret(), NOON + 19 * DAY, ACT)
        await store.revoke_token("tok_3", ACT)
        await store.switch_token("tok_4", ACT, on=False)
        clock.advance(19 * 86_400 - 1)

        assert await notices.tell_endings(DAYS, ACT) == []

    async def test_many_secrets_are_all_told_of(self, store: Store) -> None:
        notices = await store.notices()
        for number in range(230):
            token = ending(20, replaced(TOKEN, id=f"tok_{number}", digest=b"%032d" % number))
            await store.add_token(token, ACT)

        found = await notices.tell_endings((25, 21), ACT)
        assert found == []  # none of them opens for that long
        assert await notices.tell_endings((), ACT) == []
        assert len(await notices.tell_unused(NOON, ACT)) == 230

    async def test_token_nobody_uses_is_told_of_once_and_again_after_it_was_used(
        self, store: Store, clock: FixedClock
    ) -> None:
        notices = await store.notices()
        for token in (replaced(TOKEN, expires_at=None), child(2, ""), child(3, "")):
            await store.add_token(token, ACT)
        await store.revoke_token("tok_3", ACT)
        clock.advance(30 * 86_400)
        used = clock.now()
        store.touch("tok_2", used, "192.0.2.1")
        await _noted(store, "tok_2")

        assert await notices.tell_unused(NOON, ACT) == [Unused("tok_1", "reporting job", None)]
        assert await notices.tell_unused(NOON, ACT) == []
        clock.advance(30 * 86_400)
        assert await notices.tell_unused(used, ACT) == [Unused("tok_2", "reporting job", used)]
        again = clock.now()
        store.touch("tok_1", again, "192.0.2.1")
        await _noted(store, "tok_1", after=NOON)
        clock.advance(30 * 86_400)
        assert [one.token_id for one in await notices.tell_unused(again, ACT)] == ["tok_1"]


async def _noted(store: Store, token_id: str, after: datetime | None = None) -> None:
    """Wait until a use is written, which a store does soon."""
    async with asyncio.timeout(10):
        while (token := await store.get_token(token_id)) is None or token.last_used_at in (None, after):
            await asyncio.sleep(0.01)
