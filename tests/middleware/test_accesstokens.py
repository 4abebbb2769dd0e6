"""Access tokens that are kept until shortly before they end."""

import asyncio
import gc

import pytest
from structlog.testing import capture_logs

from tollbridge.accesstokens import AccessToken, KeptToken
from tollbridge.errors import UpstreamError
from tollbridge.testing import FixedClock


class Issuer:
    """Gives `1`, `2`, ... each valid for an hour unless it is told otherwise; fails while `down`."""

    def __init__(self, lifetime_s: float = 3600.0) -> None:
        self.lifetime_s = lifetime_s
        self.asked = 0
        self.down = False

    async def fetch(self) -> AccessToken:
        await asyncio.sleep(0)
        if self.down:
            raise UpstreamError("no token was given", detail="down")
        self.asked += 1
        return AccessToken(str(self.asked), self.lifetime_s)


@pytest.mark.parametrize(("kept", "early_s"), [("by default", 300.0), ("for Google", 225.0)])
async def test_token_is_renewed_shortly_before_its_end(kept: str, early_s: float) -> None:
    clock, issuer = FixedClock(), Issuer()
    token = KeptToken(clock) if kept == "by default" else KeptToken(clock, early_s=early_s)

    first = await token.get(issuer.fetch)
    clock.advance(3600 - early_s - 1)
    second = await token.get(issuer.fetch)
    clock.advance(1)
    third = await token.get(issuer.fetch)

    assert (first, second, third) == ("1", "1", "2")


async def test_short_token_is_renewed_at_half_its_life() -> None:
    clock, issuer = FixedClock(), Issuer(60.0)
    kept = KeptToken(clock)

    await kept.get(issuer.fetch)
    clock.advance(29)
    before = await kept.get(issuer.fetch)
    clock.advance(1)

    assert (before, await kept.get(issuer.fetch)) == ("1", "2")


async def test_token_without_a_life_is_shown_once() -> None:
    issuer = Issuer(0.0)
    kept = KeptToken(FixedClock())

    assert [await kept.get(issuer.fetch) for _ in range(2)] == ["1", "2"]


async def test_callers_at_once_wait_for_one_fetch() -> None:
    issuer = Issuer()
    kept = KeptToken(FixedClock())

    assert await asyncio.gather(*(kept.get(issuer.fetch) for _ in range(4))) == ["1"] * 4


async def test_callers_at_once_are_all_told_that_a_fetch_failed() -> None:
    issuer = Issuer()
    issuer.down = True
    kept = KeptToken(FixedClock())

    told = await asyncio.gather(*(kept.get(issuer.fetch) for _ in range(3)), return_exceptions=True)

    assert [type(error) for error in told] == [UpstreamError] * 3


async def test_token_that_cannot_be_renewed_is_shown_until_it_ends() -> None:
    clock, issuer = FixedClock(), Issuer()
    kept = KeptToken(clock)
    await kept.get(issuer.fetch)
    issuer.down = True
    clock.advance(3500)

    with capture_logs() as logs:
        shown = [await kept.get(issuer.fetch) for _ in range(3)]

    assert shown == ["1"] * 3
    assert [line["event"] for line in logs] == ["credential_renewal_failed"]  # the next try is ten seconds away
    clock.advance(100)
    with pytest.raises(UpstreamError):
        await kept.get(issuer.fetch)


async def test_token_is_not_shown_beyond_its_end_where_its_renewal_failed_just_before() -> None:
    clock, issuer = FixedClock(), Issuer()
    kept = KeptToken(clock)
    await kept.get(issuer.fetch)
    issuer.down = True
    clock.advance(3599)
    with capture_logs():
        assert await kept.get(issuer.fetch) == "1"
    clock.advance(1)

    with pytest.raises(UpstreamError):
        await kept.get(issuer.fetch)


async def test_token_that_takes_long_to_renew_is_shown_until_it_ends() -> None:
    clock, issuer = FixedClock(), Issuer()
    kept = KeptToken(clock, patience_s=0.0)
    answered = asyncio.Event()

    async def slow() -> AccessToken:
        await answered.wait()
        return AccessToken("2", 3600.0)

    await kept.get(issuer.fetch)
    clock.advance(3500)
    meanwhile = [await kept.get(slow) for _ in range(2)]
    clock.advance(100)
    with pytest.raises(TimeoutError):  # now there is nothing to be shown
        await asyncio.wait_for(kept.get(slow), 0.01)
    answered.set()

    assert (meanwhile, await kept.get(slow)) == (["1", "1"], "2")


async def test_token_is_renewed_once_the_issuer_is_back() -> None:
    clock, issuer = FixedClock(), Issuer()
    kept = KeptToken(clock)
    await kept.get(issuer.fetch)
    issuer.down = True
    clock.advance(3400)
    with capture_logs():
        await kept.get(issuer.fetch)
    issuer.down = False
    clock.advance(10)

    assert await kept.get(issuer.fetch) == "2"


async def test_first_token_that_cannot_be_had_is_asked_for_again() -> None:
    issuer = Issuer()
    issuer.down = True
    kept = KeptToken(FixedClock())
    for _ in range(2):
        with pytest.raises(UpstreamError):
            await kept.get(issuer.fetch)
    issuer.down = False

    assert await kept.get(issuer.fetch) == "1"


async def test_fetch_goes_on_where_its_caller_does_not_wait() -> None:
    begun, goes_on = asyncio.Event(), asyncio.Event()
    fetches = 0

    async def slow() -> AccessToken:
        nonlocal fetches
        fetches += 1
        begun.set()
        await goes_on.wait()
        return AccessToken("t", 3600)

    kept = KeptToken(FixedClock())
    first = asyncio.create_task(kept.get(slow))
    await begun.wait()
    first.cancel()
    second = asyncio.create_task(kept.get(slow))
    goes_on.set()

    assert await second == "t"
    assert fetches == 1
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_failure_of_a_fetch_that_nobody_waits_for_is_no_fault_of_the_program() -> None:
    begun, goes_on, reported = asyncio.Event(), asyncio.Event(), []

    async def fails() -> AccessToken:
        begun.set()
        await goes_on.wait()
        raise UpstreamError("no token was given")

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
    before = asyncio.all_tasks()
    kept = KeptToken(FixedClock())
    caller = asyncio.create_task(kept.get(fails))
    await begun.wait()
    (fetching,) = asyncio.all_tasks() - before - {caller}
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    goes_on.set()
    await asyncio.wait((fetching,))
    del kept, caller, fetching
    gc.collect()

    assert reported == []


def test_fetch_that_ended_with_its_event_loop_is_begun_anew_in_another() -> None:
    kept, issuer = KeptToken(FixedClock()), Issuer()
    begun, reported = asyncio.Event(), list[object]()

    async def waits() -> AccessToken:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def leaves() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context))
        caller = asyncio.create_task(kept.get(waits))
        await begun.wait()
        caller.cancel()

    async def asks() -> str:
        return await kept.get(issuer.fetch)

    asyncio.run(leaves())  # which cancels the fetch

    assert (asyncio.run(asks()), reported) == ("1", [])


def test_fetch_that_was_left_behind_in_another_event_loop_is_not_waited_for() -> None:
    kept, issuer = KeptToken(FixedClock()), Issuer()
    begun, old = asyncio.Event(), asyncio.new_event_loop()

    async def waits() -> AccessToken:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    left = old.create_task(kept.get(waits))
    old.run_until_complete(begun.wait())
    try:
        assert asyncio.run(asyncio.wait_for(kept.get(issuer.fetch), 5)) == "1"
    finally:
        for task in asyncio.all_tasks(old):
            task.cancel()
        old.run_until_complete(asyncio.gather(left, return_exceptions=True))
        old.close()


def test_token_is_not_in_its_repr() -> None:
    assert "secret" not in repr(AccessToken("secret", 1.0))
