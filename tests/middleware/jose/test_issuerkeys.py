"""Keys that are fetched: how often, for whose sake, and what is left when that fails."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.jwts import ISSUER, jwks, signer

from tollbridge.errors import Unavailable, UpstreamError
from tollbridge.jose.issuerkeys import IssuerKeys
from tollbridge.testing import FixedClock

URL = "https://idp.example/jwks"
AN_HOUR = 3600.0


class Server:
    """An issuer's server: `says` is its document, or what fetching it raises; while `stall` is clear it is silent."""

    def __init__(self) -> None:
        self.says: bytes | BaseException = jwks(signer())
        self.stall = asyncio.Event()
        self.stall.set()
        self.asked: list[str] = []

    async def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        await self.stall.wait()
        if isinstance(self.says, BaseException):
            raise self.says
        return self.says


class Case:
    """A source, its server and its clock."""

    def __init__(self, **options: Any) -> None:
        self.server, self.clock = Server(), FixedClock()
        self.source = IssuerKeys(ISSUER, self.server, self.clock, **{"url": URL, **options})

    async def found(self, kid: str | None = "k1") -> str:
        """Say what looking for a key comes to."""
        try:
            key = await self.source.find("RS256", kid)
        except Unavailable:
            return "unavailable"
        return "none" if key is None else f"found {key.kid}"

    @property
    def fetches(self) -> int:
        return len(self.server.asked)


@pytest.fixture
async def case() -> AsyncIterator[Callable[..., Case]]:
    made: list[Case] = []

    def make(**options: Any) -> Case:
        made.append(Case(**options))
        return made[-1]

    yield make
    for one in made:
        await one.source.close()


async def test_nothing_is_fetched_before_a_key_is_needed_and_then_once_for_all(case) -> None:
    one = case()
    before = one.fetches

    found = await asyncio.gather(*(one.found() for _ in range(50)))

    assert (before, set(found), one.server.asked) == (0, {"found k1"}, [URL])


async def test_issuer_says_itself_where_its_keys_are(case) -> None:
    one = case(url="")
    one.server.says = b'{"issuer":"%b","jwks_uri":"%b","keys":[{"kty":"AKP"}]}' % (ISSUER.encode(), URL.encode())

    found = await one.found()

    assert (found, one.server.asked) == ("unavailable", [f"{ISSUER}/.well-known/openid-configuration", URL])


async def test_keys_are_renewed_by_age_beside_the_calls(case) -> None:
    one = case(refresh_s=600.0)
    await one.found()
    one.clock.advance(479)
    await one.found()
    young = one.fetches
    one.clock.advance(242)
    one.server.stall.clear()

    while_it_is_fetched = [await one.found() for _ in range(3)]
    one.server.stall.set()
    await asyncio.sleep(0)

    assert (young, while_it_is_fetched, one.fetches) == (1, ["found k1"] * 3, 2)


async def test_key_that_was_rotated_in_is_found_with_one_fetch_and_one_that_was_rotated_out_is_gone(case) -> None:
    one = case()
    await one.found()
    one.clock.advance(73)
    one.server.says = jwks(signer(kid="k2"))

    found = await asyncio.gather(*(one.found("k2") for _ in range(20)))

    assert (set(found), one.fetches) == ({"found k2"}, 2)
    assert await one.found("k1") == "none"


async def test_key_that_comes_right_after_a_fetch_is_found_within_the_minute_after(case) -> None:
    one = case()
    await one.found()
    one.server.says = jwks(signer(), signer(kid="k2"))

    at_once = await one.found("k2")
    one.clock.advance(59)
    too_early, fetches = await one.found("k2"), one.fetches
    one.clock.advance(14)

    assert (at_once, too_early, fetches) == ("none", "none", 1)
    assert (await one.found("k2"), one.fetches) == ("found k2", 2)


async def test_key_that_was_looked_for_in_vain_is_not_looked_for_again_for_minutes(case) -> None:
    one = case(refresh_s=AN_HOUR)
    await one.found()
    fetches = []
    for _ in range(12):
        one.clock.advance(73)
        await one.found("nobody's")
        fetches.append(one.fetches)

    assert fetches[:4] == [2, 2, 2, 2]  # 4 x 73 s, and 240 to 360 s are kept
    assert 3 <= fetches[-1] <= 5


async def test_key_that_appears_is_found_although_it_was_missing_before(case) -> None:
    one = case(refresh_s=100.0)
    await one.found()
    one.clock.advance(73)
    missing = await one.found("k2")
    one.server.says = jwks(signer(), signer(kid="k2"))
    one.clock.advance(121)
    await one.found("k1")
    await asyncio.sleep(0)

    assert (missing, await one.found("k2"), one.fetches) == ("none", "found k2", 3)


async def test_what_fails_leaves_the_keys_that_were_there_until_they_are_too_old(case) -> None:
    one = case(refresh_s=600.0, max_age_s=AN_HOUR)
    await one.found()
    one.server.says = UpstreamError("an issuer cannot be asked", detail="idp.example: it answered 500")
    found = []
    with capture_logs() as logged:
        for _ in range(5):
            one.clock.advance(721)
            found.append(await one.found())
            await asyncio.sleep(0)

    assert found == ["found k1"] * 4 + ["unavailable"]  # 5 x 721 s are over an hour
    assert {(line["event"], line["issuer"], line["reason"]) for line in logged} == {
        ("issuer_keys_not_fetched", ISSUER, "idp.example: it answered 500")
    }
    one.server.says = jwks(signer())
    one.clock.advance(13)
    assert await one.found() == "found k1"


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (b"<html>", "Expecting value: line 1 column 1 (char 0)"),
        (b'{"keys":[]}', "none of the document's keys can be used to check a signature"),
        (UpstreamError("an issuer cannot be asked"), "an issuer cannot be asked"),
        (RuntimeError("with a secret"), "RuntimeError in test_issuerkeys.py, line "),
    ],
)
async def test_failed_fetch_refuses_what_only_it_could_decide_and_says_why_in_the_log(case, says, reason) -> None:
    one = case()
    await one.found()
    one.clock.advance(73)
    one.server.says = says
    with capture_logs() as logged:
        unknown = await one.found("k2")

    assert (unknown, await one.found("k3"), await one.found("k1")) == ("unavailable", "unavailable", "found k1")
    assert one.fetches == 2
    assert [line["reason"].partition("line ")[0] for line in logged] == [reason.partition("line ")[0]]


async def test_silent_server_is_given_up_and_the_calls_that_waited_are_refused(case) -> None:
    one = case(timeout_s=0.01)
    one.server.stall.clear()

    with capture_logs() as logged:
        found = await asyncio.gather(*(one.found() for _ in range(10)))

    assert (set(found), one.fetches) == ({"unavailable"}, 1)
    assert [line["reason"] for line in logged] == ["it did not answer in time"]


async def test_without_any_keys_the_issuer_is_asked_again_sooner_and_the_caller_is_told_when(case) -> None:
    one = case()
    one.server.says = UpstreamError("no")
    await one.found()
    with pytest.raises(Unavailable) as caught:
        await one.source.find("RS256", "k1")
    one.server.says = jwks(signer())
    one.clock.advance(13)

    assert caught.value.code == "identity_failed"
    assert 10 <= (caught.value.retry_after_s or 0) <= 12
    assert (await one.found(), one.fetches) == ("found k1", 2)


async def test_caller_who_leaves_does_not_end_the_fetch_that_others_wait_for(case) -> None:
    one = case()
    one.server.stall.clear()
    first, second = asyncio.create_task(one.found()), asyncio.create_task(one.found())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait((first,))
    one.server.stall.set()

    assert (await second, one.fetches) == ("found k1", 1)


async def test_closing_ends_a_fetch_and_refuses_who_waits_for_it(case) -> None:
    one = case()
    await one.source.close()
    one.server.stall.clear()
    waiting = asyncio.create_task(one.found())
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    await one.source.close()

    assert await waiting == "unavailable"


async def test_herd_of_unknown_keys_is_one_fetch_a_minute_and_valid_tokens_keep_working(case) -> None:
    one = case(refresh_s=AN_HOUR * 24, max_age_s=AN_HOUR * 48)
    await one.found()
    one.clock.advance(73)
    one.server.stall.clear()

    herd = [asyncio.create_task(one.found(f"random-{n}")) for n in range(1000)]
    await asyncio.sleep(0)
    valid_in_the_stall = [await one.found() for _ in range(100)]
    one.server.says = UpstreamError("it answered 500")
    one.server.stall.set()
    verdicts = set(await asyncio.gather(*herd))
    after = {await one.found(f"more-{n}") for n in range(1000)}

    assert (verdicts, after, set(valid_in_the_stall)) == ({"unavailable"}, {"unavailable"}, {"found k1"})
    assert one.fetches == 2  # the first, and one for a thousand

    for minute in range(1, 11):
        one.clock.advance(73)
        await asyncio.gather(*(one.found(f"{minute}-{n}") for n in range(100)))
        assert await one.found() == "found k1"
        assert one.fetches == 2 + minute


async def test_memory_stays_flat_whatever_keys_are_asked_for(case) -> None:
    one = case(refresh_s=AN_HOUR * 24, max_age_s=AN_HOUR * 48)
    await one.found()

    async def flood(name: str) -> None:
        for round in range(3):
            one.clock.advance(73)
            await asyncio.gather(*(one.found(f"{name}-{round}-{n:0>240}") for n in range(1000)))

    sizes = []
    tracemalloc.start()
    try:
        for name in ("warm", "more"):
            await flood(name)
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()

    assert len(one.source._unknown) == 1024
    assert sizes[1] - sizes[0] < 400_000  # three thousand names more would be 900,000
