"""What every store promises of new secrets on their way, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from dataclasses import replace as replaced
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.rotations import AutoRotation
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.rotation_samples import DAY, HANDOVER, NEW, OLD, ROTATION, actions, ending, new_secret, opens
from tollbridge.testing.samples import ACT, NOON, TOKEN, act, child


class HandoverContract:
    """Tests of the handovers of `RotationStore`."""

    async def test_secret_before_does_not_end_until_the_new_one_is_handed_over(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.set_rotation(ROTATION, ACT)

        assert await rotations.begin_handover(HANDOVER, new_secret(), ACT)

        assert "sealed" not in repr(HANDOVER)
        assert await rotations.due_rotations() == []
        assert await rotations.get_handover("tok_1") == HANDOVER
        clock.advance(30 * 86_400)
        assert await opens(store, OLD, NEW) == [True, True]
        now = clock.now()
        assert await rotations.finish_handover(HANDOVER, act(now))
        assert await rotations.get_handover("tok_1") is None
        assert await rotations.get_rotation("tok_1") == replace(ROTATION, done_at=now, due_at=NOON + 83 * DAY)
        clock.advance(3_599)
        assert await opens(store, OLD, NEW) == [True, True]
        clock.advance(1)
        assert await opens(store, OLD, NEW) == [False, True]
        assert (await actions(store))[2:] == ["token.rotate", "token.rotated_automatically"]

    async def test_one_handover_of_a_token_is_under_way_and_its_end_is_noted_once(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        other = replace(HANDOVER, id="msg_2", digest=b"o" * 32)

        begun = await asyncio.gather(
            rotations.begin_handover(HANDOVER, new_secret(), ACT),
            rotations.begin_handover(other, replaced(new_secret(), digest=b"o" * 32), ACT),
        )
        assert sorted(begun) == [False, True]
        under_way = await rotations.get_handover("tok_1")
        assert under_way is not None

        ended = await asyncio.gather(*(rotations.finish_handover(under_way, ACT) for _ in range(3)))
        assert sorted(ended) == [False, False, True]
        assert (await actions(store)).count("token.rotated_automatically") == 1

    async def test_handover_of_a_token_that_is_not_there_or_has_two_secrets_is_not_begun(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await store.rotate_token("tok_1", replaced(new_secret(), digest=b"2" * 32), NOON + DAY, ACT)

        assert not await rotations.begin_handover(replace(HANDOVER, token_id="tok_0"), new_secret(), ACT)
        with pytest.raises(BadRequest) as caught:
            await rotations.begin_handover(HANDOVER, new_secret(), ACT)

        assert (caught.value.status, caught.value.code) == (409, "rotating")
        assert await rotations.get_handover("tok_1") is None
        (token,) = await store.list_tokens()
        ends = {one.expires_at for one in token.secrets}
        assert ends == {NOON + DAY, NOON + 90 * DAY}  # what was begun is undone as a whole

    async def test_handover_that_failed_is_due_after_its_pause_and_that_is_told(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)

        await rotations.postpone_handover(HANDOVER, "it is full", ACT, pause_s=30.0)
        await rotations.postpone_handover(replace(HANDOVER, id="msg_0"), "not this one", ACT, pause_s=30.0)

        assert await rotations.due_handovers() == []
        clock.advance(30)
        later = NOON + timedelta(seconds=30)
        assert await rotations.due_handovers() == [replace(HANDOVER, attempts=1, failure="it is full", due_at=later)]
        last = (await store.follow_audit())[-1]
        assert (last.action, json.loads(last.after)) == (
            "token.rotation_failed",
            {"into": "file:shop", "why": "it is full"},
        )
        assert await opens(store, OLD, NEW) == [True, True]

    async def test_handover_goes_to_the_place_that_is_set_meanwhile(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await rotations.postpone_handover(HANDOVER, "it is full", ACT, pause_s=30.0)

        await rotations.set_rotation(AutoRotation("tok_1", "hook:vault", 7, 86_400), ACT)

        assert await rotations.due_handovers() == [replace(HANDOVER, into="hook:vault", overlap_s=86_400)]

    async def test_secret_that_went_to_the_place_before_is_not_taken_to_have_arrived(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await rotations.set_rotation(replace(ROTATION, into="hook:vault"), ACT)

        assert not await rotations.finish_handover(HANDOVER, ACT)
        assert await rotations.finish_handover(replace(HANDOVER, into="hook:vault"), ACT)

    async def test_secret_is_handed_over_under_another_pepper_too(self, store: Store, clock: FixedClock) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)

        await store.rehash_secret(NEW, b"r" * 32, "2")

        assert not await rotations.drop_handover(HANDOVER, ACT)
        assert await rotations.finish_handover(HANDOVER, ACT)
        clock.advance(3_600)
        assert await opens(store, OLD, b"r" * 32) == [False, True]

    async def test_handover_is_found_by_its_place_and_the_beginning_of_its_id(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(replace(HANDOVER, set_by="tok_9"), new_secret(), ACT)

        assert await rotations.find_handovers("file:shop", "msg_") == [replace(HANDOVER, set_by="tok_9")]
        assert await rotations.find_handovers("file:shop", "msg%") == []
        assert await rotations.find_handovers("file:shop", "msg_2") == []
        assert await rotations.find_handovers("hook:vault", "msg_1") == []

    async def test_handovers_that_wait_for_a_receiver_leave_room_for_the_others(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        for number in (1, 2):
            await store.add_token(ending(5, TOKEN if number == 1 else child(number, "")), ACT)
        second = replace(HANDOVER, token_id="tok_2", id="msg_2", into="hook:vault", digest=b"o" * 32)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await rotations.begin_handover(second, replaced(new_secret(), digest=b"o" * 32), ACT)

        await rotations.await_handover(HANDOVER, pause_s=30.0)

        assert await rotations.due_handovers() == [second]
        clock.advance(30)
        waits = replace(HANDOVER, due_at=NOON + timedelta(seconds=30))
        assert await rotations.due_handovers() == [second, waits]  # who waited longest comes first
        assert "token.rotation_failed" not in await actions(store)
