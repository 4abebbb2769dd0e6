"""What every limiter promises of calls at once: each holds a slot until it ends, or its lease does."""

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

    async def test_call_that_asks_twice_holds_one_slot(self, limiter: Limiter) -> None:
        await limiter.take([], TWO, "req_1")
        again = await limiter.take([], Lease("tok_1", 1), "req_1")

        limiter.settle(again, [])

        await limiter.take([], TWO, "req_2")
        await limiter.take([], TWO, "req_3")
