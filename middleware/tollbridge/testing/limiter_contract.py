"""What every limiter promises, as tests.

Subclass `LimiterContract` in a test file, name the class `Test...` and give it a fixture `limiter`: one without any
state, on the fixture `clock`, whose leases end after `lease_s`. Async tests run under anyio's pytest plugin in auto
mode; `pytest.register_assert_rewrite` on this module and its bases' makes failures readable.
"""

import asyncio
import math

import pytest

from tollbridge.errors import RateLimited
from tollbridge.limits.limiter import Demand, Lease, Limiter, Rate
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.demands import REQUESTS, TOKENS, TWO, refusal, requests, room, tokens, wait_s
from tollbridge.testing.lease_contract import LeaseContract
from tollbridge.testing.settling_contract import SettlingContract


class LimiterContract(SettlingContract, LeaseContract):
    """The promises, those of its bases included."""

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

    async def test_looking_says_what_taking_would_and_takes_nothing(self, limiter: Limiter, clock: FixedClock) -> None:
        demands, lease = [requests(2), tokens(4_000)], Lease("tok_1", 2, (Lease("tok_above", 1),))

        idle = await limiter.look(demands, lease, "req_1")
        again = await limiter.look(demands, lease, "req_1")
        await limiter.take(demands, lease, "req_1")
        full = await limiter.look(demands, lease, "req_2")
        own = await limiter.look([requests()], lease, "req_1")
        clock.advance(20)
        later = await limiter.look([tokens(4_000)], None, "req_2")

        assert (idle, idle.refusal, idle.waits_s) == (again, None, (0.0, 0.0))
        assert [standing.remaining for standing in idle.standings] == [60, 6_000]
        assert [(each.key, running) for each, running in idle.running] == [("tok_1", 0), ("tok_above", 0)]
        assert [standing.remaining for standing in full.standings] == [58, 2_000]
        assert full.waits_s == pytest.approx((0.0, 20.0), abs=0.01)  # 2,000 are missing, 100 come back a second
        assert [(each.key, running) for each, running in full.running] == [("tok_1", 1), ("tok_above", 1)]
        assert (own.refusal, later.refusal) == (None, None)
        error = await refusal(limiter, [requests(2), tokens(6_001)], lease)
        assert full.refusal is not None
        assert (type(full.refusal), full.refusal.code) == (type(error), error.code)
        assert full.refusal.retry_after_s == pytest.approx(20.0, abs=0.01)
        never = await limiter.look([tokens(6_001)], None, "req_2")
        assert never.waits_s == (math.inf,)
        assert never.refusal is not None
        assert not never.refusal.retry

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

    async def test_grant_says_what_was_given(self, limiter: Limiter) -> None:
        leased = await limiter.take([requests(), tokens(7)], TWO, "req_1")
        bare = await limiter.take([requests()], None, "req_2")

        assert leased.demands == (requests(), tokens(7))
        assert [standing.rate for standing in leased.standings] == [REQUESTS, TOKENS]
        assert (leased.lease, leased.holder) == (TWO, "req_1")
        assert (bare.lease, bare.holder) == (None, "")

    async def test_closing_twice_does_no_harm(self, limiter: Limiter) -> None:
        await limiter.close()
        await limiter.close()
