"""A token that is kept until shortly before it ends."""

import asyncio
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from tollbridge import UpstreamError
from tollbridge_vertex.tokens import Fetched, KeptToken


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Source:
    """Gives one token after the other, or fails."""

    def __init__(self, lifetime_s: float = 3600.0) -> None:
        self.lifetime_s = lifetime_s
        self.asked = 0
        self.fails = False

    async def __call__(self) -> Fetched:
        self.asked += 1
        if self.fails:
            raise UpstreamError("no token was given", detail="why")
        return Fetched(f"t{self.asked}", self.lifetime_s)


async def test_token_is_kept_until_shortly_before_its_end() -> None:
    clock, source = Clock(), Source()
    kept = KeptToken(clock)

    first = await kept.get(source)
    clock.at += 3600 - 226
    same = await kept.get(source)
    clock.at += 2
    renewed = await kept.get(source)

    assert (first, same, renewed) == ("t1", "t1", "t2")


async def test_short_token_is_kept_for_half_its_life() -> None:
    clock, source = Clock(), Source(100)
    kept = KeptToken(clock)

    await kept.get(source)
    clock.at += 49
    assert await kept.get(source) == "t1"
    clock.at += 2
    assert await kept.get(source) == "t2"


async def test_token_that_cannot_be_renewed_is_shown_until_it_ends() -> None:
    clock, source = Clock(), Source()
    kept = KeptToken(clock)
    await kept.get(source)
    source.fails = True

    clock.at += 3500
    with capture_logs() as logs:
        assert [await kept.get(source) for _ in range(3)] == ["t1"] * 3
    asked = source.asked
    clock.at += 200

    assert [entry["event"] for entry in logs] == ["credential_renewal_failed"]
    assert asked == 2
    with pytest.raises(UpstreamError):
        await kept.get(source)


async def test_first_token_that_cannot_be_had_is_asked_for_again() -> None:
    source = Source()
    source.fails = True
    kept = KeptToken(Clock())

    for _ in range(2):
        with pytest.raises(UpstreamError):
            await kept.get(source)
    source.fails = False

    assert await kept.get(source) == "t3"


async def test_fetch_goes_on_where_its_caller_does_not_wait() -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()

    async def slow() -> Fetched:
        begun.set()
        await goes_on.wait()
        return Fetched("t", 3600)

    kept = KeptToken(Clock())
    first = asyncio.create_task(kept.get(slow))
    await begun.wait()
    first.cancel()
    second = asyncio.create_task(kept.get(slow))
    goes_on.set()

    assert await second == "t"
    with pytest.raises(asyncio.CancelledError):
        await first
