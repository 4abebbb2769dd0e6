"""The keys the gateway signs with: made, published, used and let go."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.rings import rings

from tollbridge.errors import Unavailable
from tollbridge.signingkeys import LINGERS, LOOK_S, PUBLISHED, STALE_S, SigningKeys
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.vault import Box

DAY_S = 86_400.0


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FixedClock) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
def box(tmp_path: Path, clock: FixedClock) -> Box:
    return Box(rings(tmp_path / "data", clock).keys)


def keys(store: SqliteStore, box: Box, clock: FixedClock, used_for: str = "assertion") -> SigningKeys:
    return SigningKeys(store, box, clock, used_for=used_for, algorithm="ES256")


def ids(published: list[dict[str, object]]) -> list[object]:
    return [key["kid"] for key in published]


async def test_first_key_signs_at_once_and_is_the_same_for_all(store: SqliteStore, box: Box, clock: FixedClock) -> None:
    workers = [keys(store, box, clock) for _ in range(4)]

    found = await asyncio.gather(*(worker.current() for worker in workers for _ in range(3)))

    assert len({key.kid for key in found}) == 1
    assert ids(await workers[0].published()) == [found[0].kid]


async def test_each_use_has_keys_of_its_own(store: SqliteStore, box: Box, clock: FixedClock) -> None:
    one, other = keys(store, box, clock), keys(store, box, clock, "access")

    assert (await one.current()).kid != (await other.current()).kid
    assert len(await one.published()) == 1


async def test_next_key_is_published_before_it_signs_and_the_last_one_after(
    store: SqliteStore, box: Box, clock: FixedClock
) -> None:
    signing = keys(store, box, clock)
    first = (await signing.current()).kid
    clock.advance(30 * DAY_S)

    published, still = ids(await signing.published()), (await signing.current()).kid
    clock.advance(PUBLISHED.total_seconds())
    after = (await signing.current()).kid

    assert len(published) == 2
    assert still == first
    assert after == published[0] != first
    assert ids(await signing.published()) == published
    clock.advance(LINGERS.total_seconds() + LOOK_S)
    assert ids(await signing.published()) == [after]


async def test_key_is_sealed_in_the_store_and_bound_to_its_row(store: SqliteStore, box: Box, clock: FixedClock) -> None:
    signing = keys(store, box, clock)
    await signing.current()

    (stored,) = await store.signing_keys("assertion")
    assert b'"d"' not in stored.sealed
    await store.add_signing_key(
        type(stored)("key_copy", "access", "ES256", clock.now(), stored.public, stored.sealed),
        clock.now() - timedelta(days=1),
    )
    with pytest.raises(Unavailable):
        await keys(store, box, clock, "access").current()


async def test_keys_are_read_again_once_a_minute(store: SqliteStore, box: Box, clock: FixedClock) -> None:
    signing = keys(store, box, clock)
    await signing.current()
    await store.drop_signing_keys("assertion", clock.now() + timedelta(days=1))

    clock.advance(LOOK_S - 1)
    kept = (await signing.current()).kid
    clock.advance(1)

    assert (await signing.current()).kid != kept


async def test_keys_that_were_read_sign_while_the_store_is_away_and_not_for_ever(
    store: SqliteStore, box: Box, clock: FixedClock
) -> None:
    signing = keys(store, box, clock)
    kid = (await signing.current()).kid
    await store.close()

    clock.advance(LOOK_S)
    with capture_logs() as lines:
        assert (await signing.current()).kid == kid
    assert [line["event"] for line in lines] == ["signing_keys_not_read"]
    clock.advance(STALE_S)
    with pytest.raises(Unavailable):
        await signing.current()
    await store.open()
    assert (await signing.current()).kid == kid


async def test_nothing_is_signed_where_no_key_was_ever_read(store: SqliteStore, box: Box, clock: FixedClock) -> None:
    await store.close()

    with pytest.raises(Unavailable):
        await keys(store, box, clock).current()
    await store.open()
