"""What every limiter promises, as tests.

Subclass `LimiterContract` in a test file, name the class `Test...` and give it a fixture `limiter`: one without any
state, on the fixture `clock`, whose leases end after `lease_s`. Async tests run under anyio's pytest plugin in auto
mode; `pytest.register_assert_rewrite` on this module makes its failures readable.
"""

import asyncio
import math
import random
from collections.abc import Sequence

import pytest

from tollbridge.errors import RateLimited
from tollbridge.limits.limiter import Demand, Grant, Lease, Limiter, Rate
from tollbridge.testing.clock import FixedClock

REQUESTS = Rate("requests", 60)  # one comes back each second
TOKENS = Rate("tokens", 6_000)  # a hundred each second
TWO = Lease("tok_1", 2)


def requests(cost: int = 1, key: str = "tok_1") -> Demand:
    return Demand(key, REQUESTS, cost)


def tokens(cost: int, key: str = "tok_1") -> Demand:
    return Demand(key, TOKENS, cost)


async def refusal(limiter: Limiter, demands: Sequence[Demand], lease: Lease | None = None) -> RateLimited:
    """Give the error with which a call is refused."""
    with pytest.raises(RateLimited) as caught:
        await limiter.take(demands, lease, "req_refused")
    return caught.value


def wait_s(error: RateLimited) -> float:
    """Give the wait a refusal names."""
    assert error.retry_after_s is not None
    return error.retry_after_s


async def room(limiter: Limiter, demand: Demand) -> int:
    """Tell how many units are left, by taking none."""
    grant = await limiter.take([Demand(demand.key, demand.rate, 0)], None, "req_probe")
    return grant.standings[0].remaining


class LimiterContract:
    """The promises.  Figures: 60 requests and 6,000 tokens a minute, two calls at once."""

    lease_s = 3600.0

    @pytest.fixture
    def clock(self) -> FixedClock:
        return FixedClock()

    async def test_a_burst_of_the_whole_amount_fits_and_one_more_does_not(self, limiter: Limiter) -> None:
        left = [(await limiter.take([requests()], None, f"req_{n}")).standings[0].remaining for n in range(60)]

        error = await refusal(limiter, [requests()])

        assert left == list(range(59, -1, -1))
        assert error.retry
        assert error.retry_after_s == pytest.approx(1.0, abs=0.01)  # 60 s / 60
        assert "60 requests in 60 s" in error.message

    async def test_taking_without_waiting_is_taking_or_nothing(self, limiter: Limiter) -> None:
        taken = limiter.take_now([requests(40)], Lease("tok_1", 1), "req_1")
        if taken is None:  # somebody else has to be asked
            taken = await limiter.take([requests(40)], Lease("tok_1", 1), "req_1")

        assert taken.standings[0].remaining == 20
        limiter.settle(taken, [10])
        again = await limiter.take([requests(50)], Lease("tok_1", 1), "req_2")
        assert again.standings[0].remaining == 0

    async def test_a_smaller_burst_holds(self, limiter: Limiter, clock: FixedClock) -> None:
        rate = Rate("requests", 60, burst=3)
        for number in range(3):
            await limiter.take([Demand("tok_1", rate, 1)], None, f"req_{number}")

        await refusal(limiter, [Demand("tok_1", rate, 1)])
        clock.advance(2)

        assert await room(limiter, Demand("tok_1", rate, 1)) == 2

    async def test_three_hundred_at_once_take_what_there_is_and_no_more(self, limiter: Limiter) -> None:
        async def one(number: int) -> bool:
            try:
                await limiter.take([requests()], None, f"req_{number}")
            except RateLimited:
                return False
            return True

        assert sum(await asyncio.gather(*(one(number) for number in range(300)))) == 60

    async def test_units_come_back_with_time(self, limiter: Limiter, clock: FixedClock) -> None:
        grant = await limiter.take([tokens(6_000)], None, "req_1")
        assert grant.standings[0].reset_s == pytest.approx(60.0, abs=0.01)

        clock.advance(15)

        assert await room(limiter, tokens(0)) == 1_500  # 15 x 100
        clock.advance(3600)
        assert await room(limiter, tokens(0)) == 6_000

    async def test_remaining_does_not_rise_while_time_stands(self, limiter: Limiter) -> None:
        left = []
        for number, cost in enumerate([0, 7, 0, 1, 5_000, 991, 1]):
            grant = await limiter.take([tokens(cost)], None, f"req_{number}")
            left.append(grant.standings[0].remaining)

        assert left == [6_000, 5_993, 5_993, 5_992, 992, 1, 0]

    async def test_keys_names_and_periods_do_not_touch_each_other(self, limiter: Limiter) -> None:
        await limiter.take([requests(60)], None, "req_1")

        assert await room(limiter, requests(key="tok_2")) == 60
        assert await room(limiter, tokens(0)) == 6_000
        assert await room(limiter, Demand("tok_1", Rate("requests", 60, 3600.0), 0)) == 60

    async def test_a_changed_amount_gives_no_fresh_start(self, limiter: Limiter, clock: FixedClock) -> None:
        await limiter.take([requests(60)], None, "req_1")
        larger = Demand("tok_1", Rate("requests", 120), 1)

        await refusal(limiter, [larger])
        clock.advance(10)

        assert await room(limiter, larger) == 20  # 10 s x 2

    @pytest.mark.parametrize("first", [True, False])
    async def test_call_refused_by_one_limit_takes_nothing_of_the_others(self, limiter: Limiter, first: bool) -> None:
        await limiter.take([tokens(5_000)], None, "req_1")
        demands = [tokens(1_001), requests()] if first else [requests(), tokens(1_001)]

        error = await refusal(limiter, demands, TWO)

        assert await room(limiter, requests()) == 60
        assert await room(limiter, tokens(0)) == 1_000
        assert error.extra_headers["x-ratelimit-remaining-requests"] == "60"
        assert error.extra_headers["x-ratelimit-remaining-tokens"] == "1000"
        await limiter.take([], TWO, "req_2")
        await limiter.take([], TWO, "req_3")

    async def test_call_refused_by_concurrency_takes_nothing(self, limiter: Limiter) -> None:
        await limiter.take([], TWO, "req_1")
        await limiter.take([], TWO, "req_2")

        error = await refusal(limiter, [requests(), tokens(10)], TWO)

        assert await room(limiter, requests()) == 60
        assert await room(limiter, tokens(0)) == 6_000
        assert error.retry
        assert error.retry_after_s == pytest.approx(1.0)
        assert "at once, 2," in error.message

    async def test_the_longest_wait_is_told(self, limiter: Limiter, clock: FixedClock) -> None:
        await limiter.take([requests(60), tokens(6_000)], None, "req_1")

        error = await refusal(limiter, [requests(2), tokens(1_000)])

        assert wait_s(error) == pytest.approx(10.0, abs=0.01)  # 1,000 at 100 a second, against 2 s
        assert "6000 tokens" in error.message
        clock.advance(math.ceil(wait_s(error)))
        await limiter.take([requests(2), tokens(1_000)], None, "req_2")

    async def test_what_can_never_fit_is_not_to_be_retried(self, limiter: Limiter) -> None:
        error = await refusal(limiter, [requests(), tokens(6_001)], TWO)

        assert (b"x-should-retry", b"false") in error.headers()
        assert error.retry_after_s is None
        assert "6001 tokens" in error.message
        assert "6000 at once" in error.message
        assert RateLimited("another").retry

    async def test_refusal_carries_the_headers(self, limiter: Limiter) -> None:
        await limiter.take([requests(60)], None, "req_1")

        headers = dict((await refusal(limiter, [requests()])).headers())

        assert headers[b"retry-after"] in (b"1", b"2")
        assert headers[b"ratelimit"] == b'"requests";r=0;t=1'
        assert headers[b"x-ratelimit-reset-requests"] == b"1m0s"
        assert b"x-should-retry" not in headers

    async def test_peek_refuses_only_where_nothing_is_left(self, limiter: Limiter, clock: FixedClock) -> None:
        demands = [requests(5), tokens(9_999)]  # what they cost does not matter here
        await limiter.peek(demands, TWO)
        await limiter.take([requests(59), tokens(5_999)], TWO, "req_1")
        await limiter.peek(demands, TWO)
        await limiter.take([tokens(1)], None, "req_2")

        with pytest.raises(RateLimited) as caught:
            await limiter.peek(demands, TWO)

        assert caught.value.retry_after_s == pytest.approx(0.01, abs=0.001)  # one token at 100 a second
        assert caught.value.extra_headers["x-ratelimit-remaining-requests"] == "1"
        clock.advance(1)
        await limiter.peek(demands, TWO)
        assert await room(limiter, requests()) == 2

    async def test_peek_refuses_where_no_call_more_may_run(self, limiter: Limiter) -> None:
        await limiter.take([], TWO, "req_1")
        await limiter.peek([requests()], TWO)
        grant = await limiter.take([], TWO, "req_2")

        with pytest.raises(RateLimited):
            await limiter.peek([requests()], TWO)

        limiter.settle(grant, [])
        await limiter.peek([requests()], TWO)

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

    async def test_grant_says_what_was_given(self, limiter: Limiter) -> None:
        leased = await limiter.take([requests(), tokens(7)], TWO, "req_1")
        bare = await limiter.take([requests()], None, "req_2")

        assert leased.demands == (requests(), tokens(7))
        assert [standing.rate for standing in leased.standings] == [REQUESTS, TOKENS]
        assert (leased.lease, leased.holder) == (TWO, "req_1")
        assert (bare.lease, bare.holder) == (None, "")

    async def test_actual_use_is_told_for_each_demand(self, limiter: Limiter) -> None:
        grant = await limiter.take([requests(), tokens(7)], None, "req_1")

        with pytest.raises(ValueError, match="2 demands"):
            limiter.settle(grant, [1])

    async def test_closing_twice_does_no_harm(self, limiter: Limiter) -> None:
        await limiter.close()
        await limiter.close()
