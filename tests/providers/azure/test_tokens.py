"""Keeping a token."""

import asyncio

import pytest
from structlog.testing import capture_logs

from tollbridge import UpstreamError
from tollbridge.testing import FixedClock
from tollbridge_azure.tokens import Fetched, KeptToken


class Issuer:
    """Gives `1`, `2`, ... each valid for an hour; fails while `down`."""

    def __init__(self, lifetime_s: float = 3600.0) -> None:
        self.given = 0
        self.down = False
        self.lifetime_s = lifetime_s

    async def fetch(self) -> Fetched:
        await asyncio.sleep(0)
        if self.down:
            raise UpstreamError("no token was given", detail="down")
        self.given += 1
        return Fetched(str(self.given), self.lifetime_s)


async def test_token_is_renewed_five_minutes_before_its_end() -> None:
    clock, issuer = FixedClock(), Issuer()
    kept = KeptToken(clock)

    first = await kept.get(issuer.fetch)
    clock.advance(3299)
    second = await kept.get(issuer.fetch)
    clock.advance(1)
    third = await kept.get(issuer.fetch)

    assert (first, second, third) == ("1", "1", "2")


async def test_short_token_is_renewed_at_half_its_life() -> None:
    clock, issuer = FixedClock(), Issuer(60.0)
    kept = KeptToken(clock)

    await kept.get(issuer.fetch)
    clock.advance(29)
    before = await kept.get(issuer.fetch)
    clock.advance(1)

    assert (before, await kept.get(issuer.fetch)) == ("1", "2")


async def test_callers_at_once_wait_for_one_fetch() -> None:
    issuer = Issuer()
    kept = KeptToken(FixedClock())

    found = await asyncio.gather(*(kept.get(issuer.fetch) for _ in range(4)))

    assert found == ["1"] * 4


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


async def test_first_token_that_cannot_be_had_raises() -> None:
    issuer = Issuer()
    issuer.down = True

    with pytest.raises(UpstreamError):
        await KeptToken(FixedClock()).get(issuer.fetch)


def test_token_is_not_in_its_repr() -> None:
    assert "secret" not in repr(Fetched("secret", 1.0))
