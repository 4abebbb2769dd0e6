"""What every limiter promises of calls at once: each holds a slot until it ends, or its lease does."""

import pytest

from tollbridge.errors import RateLimited
from tollbridge.limits.limiter import Lease, Limiter
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.demands import TWO, refusal


class LeaseContract:
    """The promises of leases, a part of `LimiterContract`; they end after `lease_s`."""

    lease_s = 3600.0

    async def test_ended_call_frees_its_slot(self, limiter: Limiter) -> None:
        for number in range(5):
            first = await limiter.take([], TWO, f"req_{number}a")
            second = await limiter.take([], TWO, f"req_{number}b")
            await refusal(limiter, [], TWO)
            limiter.settle(first, [])
            limiter.settle(second, [])

    async def test_slots_of_keys_do_not_touch_each_other(self, limiter: Limiter) -> None:
        await limiter.take([], Lease("tok_1", 1), "req_1")

        await limiter.take([], Lease("tok_2", 1), "req_2")

    async def test_call_that_never_ends_frees_its_slot_in_time(self, limiter: Limiter, clock: FixedClock) -> None:
        await limiter.take([], TWO, "req_1")
        clock.advance(self.lease_s / 2)
        await limiter.take([], TWO, "req_2")
        clock.advance(self.lease_s / 2 - 1)
        await refusal(limiter, [], TWO)

        clock.advance(2)  # the first lease is over, the second is not

        await limiter.take([], TWO, "req_3")
        await refusal(limiter, [], TWO)

    async def test_end_after_the_lease_frees_no_slot_of_another(self, limiter: Limiter, clock: FixedClock) -> None:
        late = await limiter.take([], Lease("tok_1", 1), "req_1")
        clock.advance(self.lease_s + 1)
        await limiter.take([], Lease("tok_1", 1), "req_2")

        limiter.settle(late, [])

        await refusal(limiter, [], Lease("tok_1", 1))

    async def test_call_holds_a_slot_of_its_key_and_of_each_above_until_it_ends(self, limiter: Limiter) -> None:
        above = (Lease("tok_8", 2), Lease("tok_9", 3))
        one, other, third = [Lease(key, 2, above) for key in ("tok_1", "tok_2", "tok_3")]
        first = await limiter.take([], one, "req_1")
        await limiter.take([], other, "req_2")

        assert "calls at once, 2," in str(await refusal(limiter, [], third))
        with pytest.raises(RateLimited):
            await limiter.peek([], third)
        last = await limiter.take([], Lease("tok_9", 3), "req_3")
        assert "calls at once, 3," in str(await refusal(limiter, [], Lease("tok_4", 2, above[1:])))

        limiter.settle(first, [])
        limiter.settle(last, [])
        await limiter.take([], third, "req_4")
        await refusal(limiter, [], above[0])

    async def test_call_that_is_refused_above_holds_no_slot_below(self, limiter: Limiter) -> None:
        full = await limiter.take([], Lease("tok_9", 1), "req_1")
        await refusal(limiter, [], Lease("tok_1", 1, (Lease("tok_9", 1),)))

        await limiter.take([], Lease("tok_1", 1), "req_2")
        limiter.settle(full, [])

    async def test_call_that_asks_twice_holds_one_slot(self, limiter: Limiter) -> None:
        await limiter.take([], TWO, "req_1")
        again = await limiter.take([], Lease("tok_1", 1), "req_1")

        limiter.settle(again, [])

        await limiter.take([], TWO, "req_2")
        await limiter.take([], TWO, "req_3")
