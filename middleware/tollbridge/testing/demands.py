"""What limiters are asked for in their contracts: 60 requests and 6,000 tokens a minute, two calls at once."""

from collections.abc import Sequence

import pytest

from tollbridge.errors import RateLimited
from tollbridge.limits.limiter import Demand, Lease, Limiter, Rate

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
