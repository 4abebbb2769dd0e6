"""What every store promises of secrets that change by themselves, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from dataclasses import replace as replaced
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BadRequest
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, NewToken
from tollbridge.stores.rotations import AutoRotation, Handover
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN, act, child

DAY = timedelta(days=1)
DAYS = (15, 7, 3, 1)
OLD, NEW = TOKEN.digest, b"n" * 32
ROTATION = AutoRotation("tok_1", "file:shop", 7, 3_600)
HANDOVER = Handover("tok_1", "msg_1", "file:shop", 3_600, NEW, b"\x02sealed", NOON, due_at=NOON)


def ending(days: float, token: NewToken = TOKEN) -> NewToken:
    """Give a token that stays and whose secret ends after so many days."""
    return replaced(token, expires_at=None, secret_ends_at=NOON + days * DAY)


def new_secret(at: datetime = NOON, ends_at: datetime | None = NOON + 90 * DAY) -> NewSecret:
    """Give a further secret."""
    return NewSecret(NEW, "tb_new", "1", at, ends_at)


async def opens(store: Store, *digests: bytes) -> list[bool]:
    """Say which secrets open."""
    return [await store.find_principal(digest) is not None for digest in digests]


async def actions(store: Store) -> list[str]:
    """Give what was recorded."""
    return [one.action for one in await store.follow_audit()]


class RotationContract:
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

        clock.advance(5 * 86_400 - 1)
        assert await rotations.due_rotations() == []
        clock.advance(1)
        assert len(await rotations.due_rotations()) == 1
        now = clock.now()
        await store.rotate_token("tok_1", new_secret(now, now + 6 * DAY), now + 4 * DAY, act(now))
        clock.advance(4 * 86_400 - 1)
        assert await rotations.due_rotations() == []
        clock.advance(1)
        assert len(await rotations.due_rotations()) == 1

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
        assert await rotations.get_rotation("tok_1") == replace(ROTATION, done_at=now)
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

    async def test_secret_that_went_to_the_place_before_is_not_taken_to_have_arrived(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        await rotations.set_rotation(replace(ROTATION, into="hook:vault"), ACT)

        assert not await rotations.finish_handover(HANDOVER, ACT)
        assert await rotations.finish_handover(replace(HANDOVER, into="hook:vault"), ACT)

    async def test_secret_that_has_arrived_is_not_withdrawn(self, store: Store) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)
        told = json.loads((await store.follow_audit())[-1].after)["secret"]
        await rotations.finish_handover(HANDOVER, ACT)

        assert not await rotations.withdraw_secret("tok_1", told, ACT)

        assert await opens(store, OLD, NEW) == [True, True]

    async def test_secret_is_handed_over_under_another_pepper_too(self, store: Store, clock: FixedClock) -> None:
        rotations = await store.rotations()
        await store.add_token(ending(5), ACT)
        await rotations.begin_handover(HANDOVER, new_secret(), ACT)

        await store.rehash_secret(NEW, b"r" * 32, "2")

        assert not await rotations.drop_handover(HANDOVER, ACT)
        assert await rotations.finish_handover(HANDOVER, ACT)
        clock.advance(3_600)
        assert await opens(store, OLD, b"r" * 32) == [False, True]
