"""What every store promises of new secrets that do not arrive, as tests.  Subclass as `StoreContract` says."""

from dataclasses import replace as replaced
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.stores.base import Store
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.rotation_samples import DAY, HANDOVER, NEW, OLD, ROTATION, actions, ending, new_secret, opens
from tollbridge.testing.samples import ACT, NOON, act, child


class UndoingContract:
    """Tests of the handovers of `RotationStore` that are taken back."""

    async def test_handover_that_is_undone_leaves_the_secret_before(self, store: Store, clock: FixedClock) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)

        assert await rotations.remove_rotation("tok_1", ACT)

        assert await rotations.get_handover("tok_1") is None
        assert await opens(store, OLD, NEW) == [True, False]
        assert not await rotations.finish_handover(HANDOVER, ACT)
        clock.advance(5 * 86_400)
        assert await opens(store, OLD, NEW) == [False, False]

    async def test_secret_whose_time_was_over_meanwhile_has_the_overlap_when_a_handover_is_undone(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await store.add_token(child(2, ""), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        endless = replace(HANDOVER, token_id="tok_2", id="msg_2", into="hook:vault", digest=b"o" * 32)
        await rotations.begin_handover(endless, replaced(new_secret(), digest=b"o" * 32), ACT)
        clock.advance(20 * 86_400)

        for id in ("tok_1", "tok_2"):
            assert await rotations.remove_rotation(id, act(clock.now()))

        clock.advance(3_599)
        assert await opens(store, OLD, b"2" * 32) == [True, True]
        clock.advance(1)
        assert await opens(store, OLD, b"2" * 32) == [False, True]

    @pytest.mark.parametrize("how", ["revoked", "rotated at once", "still good"])
    async def test_handover_that_means_nothing_any_more_is_dropped(self, store: Store, how: str) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        if how == "revoked":
            await store.revoke_token("tok_1", ACT)
        elif how == "rotated at once":
            await store.rotate_token("tok_1", replaced(new_secret(), digest=b"3" * 32), NOON, ACT)

        dropped = await rotations.drop_handover(HANDOVER, ACT)

        assert dropped == (how != "still good")
        assert (await rotations.get_handover("tok_1") is None) == dropped

    @pytest.mark.parametrize("how", ["finished", "undone"])
    async def test_secret_that_is_made_by_hand_while_another_is_handed_over_ends_when_it_was_said_to(
        self, store: Store, clock: FixedClock, how: str
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.set_rotation(ROTATION, ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await store.rotate_token("tok_1", replaced(new_secret(), digest=b"3" * 32), NOON, ACT)

        if how == "finished":
            assert not await rotations.finish_handover(HANDOVER, ACT)
        assert await rotations.remove_rotation("tok_1", ACT)

        clock.advance(90 * 86_400 - 1)
        assert await opens(store, OLD, NEW, b"3" * 32) == [False, False, True]
        clock.advance(1)
        assert await opens(store, b"3" * 32) == [False]

    async def test_secret_without_an_end_has_none_when_a_handover_is_undone(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await store.rotate_token("tok_1", replaced(new_secret(ends_at=None), digest=b"3" * 32), NOON + DAY, ACT)
        clock.advance(86_400)
        later = clock.now()
        await rotations.begin_handover(replace(HANDOVER, created_at=later), new_secret(later), act(later))

        assert await rotations.remove_rotation("tok_1", act(later))

        clock.advance(400 * 86_400)
        assert await opens(store, OLD, NEW, b"3" * 32) == [False, False, True]

    async def test_new_secret_that_ended_on_its_way_is_taken_back_and_another_is_due(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.set_rotation(ROTATION, ACT)
        await rotations.begin_handover(HANDOVER, new_secret(ends_at=NOON + 10 * DAY), ACT)
        clock.advance(10 * 86_400)

        assert not await rotations.finish_handover(HANDOVER, ACT)
        assert await rotations.drop_handover(HANDOVER, ACT)

        assert await opens(store, OLD, NEW) == [True, False]
        assert [one.token_id for one, _ in await rotations.due_rotations()] == ["tok_1"]
        assert (await actions(store))[-1] == "token.rotation_failed"
        clock.advance(3_600)
        assert await opens(store, OLD) == [False]

    async def test_handover_whose_place_nobody_may_set_any_more_is_taken_back_and_the_next_one_waits(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        mine, on_its_way = replace(ROTATION, set_by="tok_9"), replace(HANDOVER, set_by="tok_9")
        await rotations.set_rotation(mine, ACT)
        await rotations.begin_handover(on_its_way, new_secret(), ACT)
        clock.advance(3 * 86_400)

        assert not await rotations.undo_handover(HANDOVER, "it was set anew meanwhile", ACT, pause_s=60.0)
        assert await rotations.undo_handover(on_its_way, "it is gone", ACT, pause_s=60.0)
        assert not await rotations.undo_handover(on_its_way, "it is gone", ACT, pause_s=60.0)

        assert await opens(store, OLD, NEW) == [True, False]
        assert await rotations.get_handover("tok_1") is None
        waits = replace(mine, failure="it is gone", due_at=clock.now() + timedelta(seconds=60))
        assert await rotations.get_rotation("tok_1") == waits
        assert await rotations.due_rotations() == []
        assert (await actions(store)).count("token.rotation_failed") == 1
        clock.advance(60)
        assert len(await rotations.due_rotations()) == 1
        clock.advance(2 * 86_400)
        assert await opens(store, OLD) == [False]  # it ended when it would have
