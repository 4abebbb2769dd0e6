"""What every store promises of requests that carry a key, as tests.  Subclass as `StoreContract` says."""

import asyncio

import pytest
from msgspec.structs import replace

from tollbridge.stores.base import Store
from tollbridge.stores.idempotency import FirstAnswer, KeyedRequest
from tollbridge.testing.clock import FixedClock

REQUEST = KeyedRequest("tok_1", "key-1", b"f" * 32, "req_1")
LEASE_S, KEEP_S = 60.0, 86_400.0


async def begin(store: Store, request: KeyedRequest = REQUEST) -> FirstAnswer | None:
    """Take the key as everybody does here."""
    return await store.begin_once(request, lease_s=LEASE_S, keep_s=KEEP_S)


class IdempotencyContract:
    """Tests of `IdempotencyStore`."""

    async def test_first_attempt_has_the_key_and_the_second_sees_its_answer(self, store: Store) -> None:
        again = replace(REQUEST, run="req_2")

        assert await begin(store) is None
        assert await begin(store, again) == FirstAnswer(b"f" * 32, b"")
        assert await store.finish_once(REQUEST, b"sealed")
        assert await begin(store, again) == FirstAnswer(b"f" * 32, b"sealed")

    async def test_one_of_many_attempts_at_once_has_the_key(self, store: Store) -> None:
        found = await asyncio.gather(*(begin(store, replace(REQUEST, run=f"req_{number}")) for number in range(20)))

        assert [one for one in found if one is not None] == [FirstAnswer(b"f" * 32, b"")] * 19

    @pytest.mark.parametrize("other", [{"caller": "tok_2"}, {"key": "key-2"}, {"key": "KEY-1"}])
    async def test_keys_of_others_and_other_keys_are_apart(self, store: Store, other: dict[str, str]) -> None:
        await begin(store)

        assert await begin(store, replace(REQUEST, **other)) is None

    async def test_attempt_that_neither_finished_nor_gave_up_loses_the_key_after_its_lease(
        self, store: Store, clock: FixedClock
    ) -> None:
        second = replace(REQUEST, run="req_2", fingerprint=b"g" * 32)
        await begin(store)

        clock.advance(LEASE_S - 1)
        assert await begin(store, second) == FirstAnswer(b"f" * 32, b"")
        clock.advance(1)
        assert await begin(store, second) is None

        assert not await store.finish_once(REQUEST, b"late")
        assert not await store.give_up_once(REQUEST)
        assert await store.finish_once(second, b"second")
        assert await begin(store) == FirstAnswer(b"g" * 32, b"second")

    async def test_attempts_that_ended_without_a_word_are_named_to_the_next_one(
        self, store: Store, clock: FixedClock
    ) -> None:
        second, third = replace(REQUEST, run="req_2"), replace(REQUEST, run="req_3")
        await begin(store)
        assert await store.abandoned_runs(REQUEST) == []

        clock.advance(LEASE_S)
        await begin(store, second)
        assert await store.abandoned_runs(second) == ["req_1"]
        assert await store.abandoned_runs(REQUEST) == []  # it has lost the key
        clock.advance(LEASE_S)
        await begin(store, third)
        assert await store.abandoned_runs(third) == ["req_1", "req_2"]
        await store.finish_once(third, b"sealed")
        clock.advance(KEEP_S)
        await begin(store)

        assert await store.abandoned_runs(REQUEST) == []

    async def test_key_that_was_given_up_is_free_and_an_answer_is_not_given_up(self, store: Store) -> None:
        await begin(store)

        assert await store.give_up_once(REQUEST)
        assert await begin(store) is None
        assert await store.finish_once(REQUEST, b"sealed")
        assert not await store.give_up_once(REQUEST)
        assert not await store.finish_once(REQUEST, b"another")
        assert await begin(store) == FirstAnswer(b"f" * 32, b"sealed")

    async def test_answer_outlives_its_lease_and_is_forgotten_in_the_end(self, store: Store, clock: FixedClock) -> None:
        await begin(store)
        await store.finish_once(REQUEST, b"sealed")

        clock.advance(KEEP_S - 1)
        assert await begin(store) == FirstAnswer(b"f" * 32, b"sealed")
        clock.advance(1)
        assert await begin(store) is None

    async def test_text_no_database_takes_is_a_key_too(self, store: Store) -> None:
        odd = replace(REQUEST, caller="\ud800", key="\0")

        assert await begin(store, odd) is None
        assert await store.finish_once(odd, b"sealed")
        assert await begin(store, odd) == FirstAnswer(b"f" * 32, b"sealed")
