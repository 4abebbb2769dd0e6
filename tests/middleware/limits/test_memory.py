import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import RateLimited
from tollbridge.limits.limiter import Demand, Grant, Lease, Rate
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.limiter_contract import LimiterContract

REQUESTS = Rate("requests", 60)
TOKENS = Rate("tokens", 6_000)


class TestMemoryLimiter(LimiterContract):
    @pytest.fixture
    def limiter(self, clock: FixedClock) -> MemoryLimiter:
        return MemoryLimiter(clock)


class TestShortLeases(LimiterContract):
    lease_s = 10.0

    @pytest.fixture
    def limiter(self, clock: FixedClock) -> MemoryLimiter:
        return MemoryLimiter(clock, lease_s=10.0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def limiter(clock: FixedClock) -> MemoryLimiter:
    return MemoryLimiter(clock)


def test_workers_do_not_share_its_counters(limiter: MemoryLimiter):
    assert not limiter.shared


async def test_keys_at_rest_are_forgotten_little_by_little(limiter: MemoryLimiter, clock: FixedClock):
    largest = 0
    for number in range(5_000):
        key = f"tok_{number}"
        grant = await limiter.take([Demand(key, REQUESTS, 1), Demand(key, TOKENS, 100)], Lease(key, 1), key)
        limiter.settle(grant, [1, 100])
        clock.advance(0.01)
        largest = max(largest, limiter.size)

    # a key is at rest after 1 s, so 100 keys x 2 limits are in use, and a lease of nobody is forgotten at once
    assert largest <= 2 * 200 + 10


async def test_one_busy_key_makes_the_others_go(limiter: MemoryLimiter, clock: FixedClock):
    for number in range(100):
        await limiter.take([Demand(f"tok_{number}", REQUESTS, 1)], Lease(f"tok_{number}", 1), f"req_{number}")
    assert limiter.size == 200
    clock.advance(3600)

    for number in range(110):
        await limiter.take([Demand("busy", REQUESTS, 1)], None, f"more_{number}")
        clock.advance(1)

    assert limiter.size == 1


async def test_keys_of_calls_that_used_more_are_forgotten_too(limiter: MemoryLimiter, clock: FixedClock):
    largest = 0
    running = []
    for number in range(2_000):
        running.append(await limiter.take([Demand(f"tok_{number}", TOKENS, 1)], None, f"req_{number}"))
        if len(running) > 20:  # by then its limit was at rest and forgotten
            limiter.settle(running.pop(0), [101])
        clock.advance(0.1)
        largest = max(largest, limiter.size)

    assert largest <= 2 * (11 + 20)  # the charge of 100 is in force for 1 s, ten calls


async def test_refused_calls_are_not_remembered(limiter: MemoryLimiter):
    for number in range(100):
        with pytest.raises(RateLimited):
            await limiter.take([Demand(f"tok_{number}", REQUESTS, 61)], Lease(f"tok_{number}", 1), "req_1")

    assert limiter.size == 0


async def test_call_that_ends_long_after_its_key_was_forgotten_changes_nothing(
    limiter: MemoryLimiter, clock: FixedClock
):
    late = await limiter.take([Demand("tok_1", TOKENS, 6_000)], Lease("tok_1", 1), "req_1")
    clock.advance(4_000)
    for number in range(10):
        await limiter.take([Demand(f"other_{number}", TOKENS, 6_000)], Lease(f"other_{number}", 1), f"other_{number}")
    assert limiter.size == 20

    limiter.settle(late, [10])

    assert limiter.size == 20


@pytest.mark.parametrize("amount", [0, -5])
async def test_limit_of_nothing_lets_nothing_through(limiter: MemoryLimiter, amount: int):
    with pytest.raises(RateLimited, match="never has more than 0") as caught:
        await limiter.take([Demand("tok_1", Rate("requests", amount), 1)], None, "req_1")
    with pytest.raises(RateLimited):
        await limiter.take([], Lease("tok_1", amount), "req_1")

    assert not caught.value.retry


async def test_negative_use_counts_as_none(limiter: MemoryLimiter):
    grant = await limiter.take([Demand("tok_1", TOKENS, 100)], None, "req_1")

    limiter.settle(grant, [-500])

    assert (await limiter.take([Demand("tok_1", TOKENS, 0)], None, "req_2")).standings[0].remaining == 6_000


async def test_negative_cost_is_refused_before_anything_is_taken(limiter: MemoryLimiter):
    with pytest.raises(ValueError, match="-1"):
        await limiter.take([Demand("tok_1", REQUESTS, 1), Demand("tok_1", TOKENS, -1)], None, "req_1")

    assert limiter.size == 0


async def test_grant_of_another_limiter_is_not_settled(limiter: MemoryLimiter):
    with pytest.raises(TypeError):
        limiter.settle(Grant((), ()), [])


CALLS = st.lists(
    st.tuples(
        st.sampled_from(["take", "take", "settle", "wait"]),
        st.integers(0, 30),
        st.integers(0, 2_000),
        st.floats(0, 30),
    ),
    max_size=60,
)


@given(CALLS)
async def test_retry_after_is_enough_and_at_most_a_second_too_long(calls: list[tuple[str, int, int, float]]):
    clock = FixedClock()
    limiter = MemoryLimiter(clock)
    running: list[Grant] = []
    for action, few, many, seconds in calls:
        if action == "wait":
            clock.advance(seconds)
        elif action == "settle" and running:
            limiter.settle(running.pop(few % len(running)), [few % 2, many])
        elif action == "take":
            demands = [Demand("tok_1", REQUESTS, few), Demand("tok_1", TOKENS, many)]
            retry_after_s = await refused_for(limiter, demands)
            if retry_after_s:
                clock.advance(max(0.0, retry_after_s - 1.001))
                assert await refused_for(limiter, demands)
                clock.advance(min(retry_after_s, 1.001))
            running.append(await limiter.take(demands, None, "req"))


async def refused_for(limiter: MemoryLimiter, demands: list[Demand]) -> int:
    """Give the header's value where these do not fit, else 0; takes nothing."""
    try:
        grant = await limiter.take(demands, None, "trial")
    except RateLimited as error:
        return int(dict(error.headers())[b"retry-after"])
    limiter.settle(grant, [0, 0])
    return 0


class Asking(MemoryLimiter):
    """A limiter that has to ask somebody before each answer."""

    def take_now(self, demands, lease, holder):
        return None

    async def take(self, demands, lease, holder):
        return super().take_now(demands, lease, holder)


class TestLimiterThatHasToAsk(LimiterContract):
    @pytest.fixture
    def limiter(self, clock: FixedClock) -> MemoryLimiter:
        return Asking(clock)
