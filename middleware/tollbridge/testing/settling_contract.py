"""What every limiter promises of a call that is over: what it used is charged, no more and no less."""

import random

import pytest

from tollbridge.errors import RateLimited
from tollbridge.limits.limiter import Demand, Grant, Limiter, Rate
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.demands import TWO, refusal, requests, room, tokens, wait_s


class SettlingContract:
    """The promises of `settle`, a part of `LimiterContract`."""

    async def test_what_was_not_used_is_given_back(self, limiter: Limiter) -> None:
        grant = await limiter.take([requests(), tokens(4_000)], TWO, "req_1")

        limiter.settle(grant, [1, 1_500])

        assert await room(limiter, requests()) == 59
        assert await room(limiter, tokens(0)) == 4_500

    async def test_call_that_came_to_nothing_leaves_no_trace(self, limiter: Limiter) -> None:
        await limiter.take([requests(), tokens(100)], TWO, "req_1")
        grant = await limiter.take([requests(), tokens(4_000)], TWO, "req_2")
        await limiter.take([requests(), tokens(200)], None, "req_3")

        limiter.settle(grant, [0, 0])

        assert await room(limiter, requests()) == 58
        assert await room(limiter, tokens(0)) == 5_700

    async def test_use_beyond_the_grant_is_charged_without_asking(self, limiter: Limiter, clock: FixedClock) -> None:
        grant = await limiter.take([tokens(5_000)], None, "req_1")

        limiter.settle(grant, [7_000])  # 1,000 more than there were

        error = await refusal(limiter, [tokens(0)])
        assert error.retry_after_s == pytest.approx(10.0, abs=0.01)  # the debt at 100 a second
        assert error.extra_headers["x-ratelimit-remaining-tokens"] == "0"
        clock.advance(11)
        assert await room(limiter, tokens(0)) == 100

    async def test_use_is_charged_after_the_limit_was_at_rest(self, limiter: Limiter, clock: FixedClock) -> None:
        grant = await limiter.take([tokens(10)], None, "req_1")
        clock.advance(600)
        for number in range(5):
            await limiter.take([requests(0, key=f"tok_{number}")], None, "req_2")

        limiter.settle(grant, [110])

        assert await room(limiter, tokens(0)) == 5_900

    async def test_second_settlement_changes_nothing(self, limiter: Limiter) -> None:
        first = await limiter.take([tokens(1_000)], TWO, "req_1")
        await limiter.take([tokens(1_000)], TWO, "req_2")

        limiter.settle(first, [0])
        limiter.settle(first, [0])
        limiter.settle(first, [9_000])

        assert await room(limiter, tokens(0)) == 5_000
        await limiter.take([], TWO, "req_3")
        await refusal(limiter, [], TWO)

    async def test_late_return_does_not_buy_a_second_burst(self, limiter: Limiter, clock: FixedClock) -> None:
        parked = await limiter.take([tokens(6_000)], None, "req_1")
        clock.advance(60)  # by now time has given back all 6,000
        await limiter.take([tokens(6_000)], None, "req_2")

        limiter.settle(parked, [0])

        await refusal(limiter, [tokens(1)])

    async def test_return_after_rest_does_not_add_up(self, limiter: Limiter, clock: FixedClock) -> None:
        grant = await limiter.take([tokens(6_000)], None, "req_1")
        clock.advance(59)

        limiter.settle(grant, [0])

        assert await room(limiter, tokens(0)) == 6_000
        await limiter.take([tokens(6_000)], None, "req_2")
        await refusal(limiter, [tokens(1)])

    @pytest.mark.parametrize("seed", range(10))
    async def test_no_window_holds_more_than_burst_and_rate(
        self, limiter: Limiter, clock: FixedClock, seed: int
    ) -> None:
        dice = random.Random(seed)
        rate = Rate("tokens", dice.choice([60, 600, 90_000]), burst=dice.choice([0, 10, 200]))
        running: list[tuple[int, Grant]] = []
        taken: list[tuple[float, int]] = []

        for number in range(200):
            clock.advance(dice.choice([0.0, 0.0, dice.random() * rate.depth * 60 / rate.amount]))
            cost = dice.randint(1, rate.depth)
            try:
                grant = await limiter.take([Demand("tok_1", rate, cost)], None, f"req_{number}")
            except RateLimited as error:
                clock.advance(wait_s(error))
                grant = await limiter.take([Demand("tok_1", rate, cost)], None, f"req_{number}")
            running.append((len(taken), grant))
            taken.append((clock.monotonic(), cost))
            while running and dice.random() < 0.5:
                place, ended = running.pop(dice.randrange(len(running)))
                at, held = taken[place]
                taken[place] = at, dice.randint(0, held)
                limiter.settle(ended, [taken[place][1]])

        for first, (start, _) in enumerate(taken):
            used = 0
            for at, units in taken[first:]:
                used += units
                assert used <= rate.depth + (at - start) * rate.amount / 60 + 0.1

    async def test_actual_use_is_told_for_each_demand(self, limiter: Limiter) -> None:
        grant = await limiter.take([requests(), tokens(7)], None, "req_1")

        with pytest.raises(ValueError, match="2 demands"):
            limiter.settle(grant, [1])
