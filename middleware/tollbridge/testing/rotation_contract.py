"""What every store promises of secrets that change by themselves, as tests.  Subclass as `StoreContract` says."""

import json
from dataclasses import replace as replaced
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.rotations import AutoRotation
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.handover_contract import HandoverContract
from tollbridge.testing.rotation_samples import (
    DAY,
    HANDOVER,
    NEW,
    OLD,
    ROTATION,
    actions,
    due_at,
    ending,
    new_secret,
    opens,
)
from tollbridge.testing.samples import ACT, NOON, TOKEN, act, child
from tollbridge.testing.undoing_contract import UndoingContract


class RotationContract(HandoverContract, UndoingContract):
    """Tests of `RotationStore`."""

    async def test_rotation_is_set_changed_and_removed_and_each_is_recorded(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(TOKEN, ACT)
        changed = AutoRotation("tok_1", "hook:vault", 15, 86_400)

        for one in (ROTATION, changed):
            await rotations.set_rotation(one, ACT)
            assert await rotations.get_rotation("tok_1") == one
        assert await rotations.remove_rotation("tok_1", ACT)

        assert await rotations.get_rotation("tok_1") is None
        assert not await rotations.remove_rotation("tok_1", ACT)
        assert (await actions(store))[1:] == ["token.set_rotation", "token.set_rotation", "token.unset_rotation"]
        second = (await store.follow_audit())[2]
        assert json.loads(second.before) == {"into": "file:shop", "days_before": 7, "overlap_s": 3_600}

    async def test_file_is_one_tokens_alone_and_other_places_take_many(self, store: Store) -> None:
        rotations = await store.rotations()
        for token in (TOKEN, child(2, "")):
            await store.add_token(token, ACT)
        await rotations.set_rotation(ROTATION, ACT)

        with pytest.raises(BadRequest, match="into this file") as caught:
            await rotations.set_rotation(replace(ROTATION, token_id="tok_2"), ACT)

        assert caught.value.status == 409
        await rotations.set_rotation(ROTATION, ACT)
        for id in ("tok_1", "tok_2"):
            await rotations.set_rotation(replace(ROTATION, token_id=id, into="hook:vault"), ACT)

    async def test_rotation_is_due_its_days_before_the_last_secret_ends_and_for_live_tokens_alone(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        tokens = [ending(20), ending(20, child(2, "")), ending(20, child(3, "")), ending(30, child(4, ""))]
        tokens += [child(5, ""), replaced(ending(20, child(6, "")), expires_at=NOON + 13.5 * DAY)]
        for number, token in enumerate(tokens, 1):
            await store.add_token(token, ACT)
            await rotations.set_rotation(AutoRotation(f"tok_{number}", "hook:vault", 7, 3_600), ACT)
        await store.revoke_token("tok_2", ACT)
        await store.switch_token("tok_3", ACT, on=False)

        async def due() -> list[str]:
            found = await rotations.due_rotations()
            assert [token.id for _, token in found] == [one.token_id for one, _ in found]
            return [one.token_id for one, _ in found]

        clock.advance(13 * 86_400 - 1)
        assert await due() == []
        clock.advance(1)
        assert await due() == ["tok_1", "tok_6"]
        clock.advance(86_400)
        assert await due() == ["tok_1"]  # the sixth has ended
        clock.advance(8 * 86_400)
        assert await due() == ["tok_1"]  # its secret has ended, the token has not
        later = clock.now()
        await store.rotate_token("tok_1", new_secret(later, later + 8 * DAY), later, act(later))
        assert await due() == []

    async def test_rotation_is_not_due_in_the_first_half_of_a_secrets_life_nor_while_two_of_them_open(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(10), ACT)
        await rotations.set_rotation(AutoRotation("tok_1", "hook:vault", 30, 3_600), ACT)

        assert await due_at(store) == NOON + 5 * DAY

        clock.advance(5 * 86_400 - 1)
        assert await rotations.due_rotations() == []
        clock.advance(1)
        assert len(await rotations.due_rotations()) == 1
        now = clock.now()
        await store.rotate_token("tok_1", new_secret(now, now + 6 * DAY), now + 4 * DAY, act(now))
        assert await due_at(store) == now + 4 * DAY
        clock.advance(4 * 86_400 - 1)
        assert await rotations.due_rotations() == []
        clock.advance(1)
        assert len(await rotations.due_rotations()) == 1

    async def test_rotation_says_when_it_is_due_where_that_is_to_come(self, store: Store, clock: FixedClock) -> None:
        rotations = await store.rotations()
        tokens = [ending(20), child(2, ""), replaced(ending(20, child(3, "")), expires_at=NOON + 13 * DAY)]
        tokens += [replaced(child(4, ""), digest=b"")]
        for number, token in enumerate(tokens, 1):
            await store.add_token(token, ACT)
            await rotations.set_rotation(AutoRotation(f"tok_{number}", "hook:vault", 7, 3_600), ACT)

        assert [await due_at(store, f"tok_{number}") for number in range(1, 5)] == [NOON + 13 * DAY, None, None, None]

        clock.advance(13 * 86_400 - 1)
        assert await rotations.due_rotations() == []
        clock.advance(1)
        assert [one.token_id for one, _ in await rotations.due_rotations()] == ["tok_1"]
        await store.switch_token("tok_1", ACT, on=False)
        assert await due_at(store) is None
        await store.switch_token("tok_1", ACT, on=True)
        assert await due_at(store) == NOON + 13 * DAY
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        assert await due_at(store) is None

    async def test_secret_that_nobody_has_is_withdrawn_by_what_its_record_says(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await store.rotate_token("tok_1", new_secret(), NOON + DAY, ACT)
        told = json.loads((await store.follow_audit())[-1].after)["secret"]

        assert not await rotations.withdraw_secret("tok_2", told, ACT)
        assert not await rotations.withdraw_secret("tok_1", "hmac:0000000000000000", ACT)
        assert await rotations.withdraw_secret("tok_1", told, ACT)

        assert await opens(store, OLD, NEW) == [True, False]
        assert not await rotations.withdraw_secret("tok_1", told, ACT)
        assert (await actions(store))[2:] == ["token.withdraw"]
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        assert not await rotations.withdraw_secret("tok_1", told, ACT)  # it will arrive

    async def test_file_of_another_token_is_refused_where_a_secret_is_handed_over_once(self, store: Store) -> None:
        rotations = await store.rotations()
        for number in (1, 2, 3):
            await store.add_token(TOKEN if number == 1 else child(number, ""), ACT)
        await rotations.set_rotation(ROTATION, ACT)
        once = replace(HANDOVER, token_id="tok_2", id="msg_2", into="file:once")
        assert await rotations.begin_handover(once, new_secret(), ACT)
        third = [replace(HANDOVER, token_id="tok_3", id="msg_3", into=into) for into in ("file:shop", "file:once")]

        for one in third:
            with pytest.raises(BadRequest, match="into this file"):
                await rotations.begin_handover(one, replaced(new_secret(), digest=b"o" * 32), ACT)
        with pytest.raises(BadRequest, match="into this file"):
            await rotations.set_rotation(replace(ROTATION, into="file:once"), ACT)

        assert await opens(store, b"o" * 32) == [False]
        assert await rotations.get_handover("tok_3") is None
        own = replace(HANDOVER, digest=b"o" * 32)
        assert await rotations.begin_handover(own, replaced(new_secret(), digest=b"o" * 32), ACT)

    async def test_secret_that_has_arrived_is_not_withdrawn(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        told = json.loads((await store.follow_audit())[-1].after)["secret"]
        await rotations.finish_handover(HANDOVER, ACT)

        assert not await rotations.withdraw_secret("tok_1", told, ACT)

        assert await opens(store, OLD, NEW) == [True, True]

    async def test_rotation_that_was_not_begun_says_why_is_told_once_and_is_due_again_after_its_pause(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        mine = replace(ROTATION, set_by="tok_9")
        await rotations.set_rotation(mine, ACT)
        clock.advance(3 * 86_400)
        assert len(await rotations.due_rotations()) == 1

        for why in ("it is gone", "it is gone", "it may not"):
            await rotations.hold_rotation(mine, why, ACT, pause_s=60.0)
        await rotations.hold_rotation(ROTATION, "somebody else has set it since", ACT, pause_s=600.0)

        assert await rotations.due_rotations() == []
        held = replace(mine, failure="it may not", due_at=clock.now() + timedelta(seconds=60))
        assert await rotations.get_rotation("tok_1") == held
        told = [json.loads(one.after) for one in await store.follow_audit() if one.action == "token.rotation_failed"]
        assert told == [{"into": "file:shop", "why": why} for why in ("it is gone", "it may not")]
        clock.advance(60)
        assert len(await rotations.due_rotations()) == 1
        await rotations.set_rotation(mine, ACT)
        assert await rotations.get_rotation("tok_1") == replace(mine, due_at=NOON + 2.5 * DAY)

    async def test_file_stays_its_tokens_after_the_handover_until_it_ends_or_lets_go(self, store: Store) -> None:
        rotations = await store.rotations()
        for token in (TOKEN, child(2, ""), child(3, "")):
            await store.add_token(token, ACT)
        once = replace(HANDOVER, into="file:once")
        await rotations.begin_handover(once, new_secret(), ACT)
        assert await rotations.finish_handover(once, ACT)
        other = replace(ROTATION, token_id="tok_2", into="file:once")

        with pytest.raises(BadRequest, match="into this file"):
            await rotations.set_rotation(other, ACT)
        with pytest.raises(BadRequest, match="into this file"):
            await rotations.begin_handover(
                replace(once, token_id="tok_2", id="msg_2"), replaced(new_secret(), digest=b"o" * 32), ACT
            )
        await rotations.set_rotation(replace(other, token_id="tok_1"), ACT)
        await rotations.set_rotation(replace(other, token_id="tok_1", into="hook:vault"), ACT)
        with pytest.raises(BadRequest, match="into this file"):
            await rotations.set_rotation(other, ACT)  # the secret lies there still

        assert await rotations.remove_rotation("tok_1", ACT)
        await rotations.set_rotation(other, ACT)
        await store.revoke_token("tok_2", ACT)
        await rotations.set_rotation(replace(other, token_id="tok_3"), ACT)

    async def test_file_of_a_token_without_a_rotation_is_let_go_and_that_is_recorded(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(TOKEN, ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await rotations.finish_handover(HANDOVER, ACT)

        assert await rotations.remove_rotation("tok_1", ACT)

        assert not await rotations.remove_rotation("tok_1", ACT)
        assert (await actions(store))[-1] == "token.unset_rotation"

    async def test_file_of_a_token_that_has_ended_is_anothers_with_its_next_handover(
        self, store: Store, clock: FixedClock
    ) -> None:
        rotations = await store.rotations()
        await store.add_token(replaced(TOKEN, expires_at=NOON + DAY), ACT)
        for number in (2, 3):
            await store.add_token(child(number, ""), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await rotations.finish_handover(HANDOVER, ACT)
        clock.advance(86_400)
        later = act(clock.now())

        second = replace(HANDOVER, token_id="tok_2", id="msg_2", digest=b"o" * 32)
        assert await rotations.begin_handover(second, replaced(new_secret(), digest=b"o" * 32), later)
        assert await rotations.finish_handover(second, later)

        with pytest.raises(BadRequest, match="into this file"):
            await rotations.set_rotation(replace(ROTATION, token_id="tok_3"), later)
