"""Keys the gateway makes for itself, sealed in its store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.rings import rings

from tollbridge.errors import StoreError
from tollbridge.ownkeys import AUDIT, OwnKey
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.vault import Box

OTHER = "other"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(lay_database(tmp_path / "t.db"), FixedClock())
    await store.open()
    yield store
    await store.close()


def box(folder: Path) -> Box:
    folder.mkdir(mode=0o700, exist_ok=True)
    return Box(rings(folder, FixedClock()).keys)


async def test_key_is_made_once_and_the_same_for_all_who_share_the_store(store: SqliteStore, tmp_path: Path) -> None:
    one = box(tmp_path / "data")
    first = OwnKey(store, one, AUDIT)

    keys = await asyncio.gather(
        first(), first(), OwnKey(store, one, AUDIT)(), OwnKey(store, box(tmp_path / "data"), AUDIT)()
    )

    assert len(set(keys)) == 1
    assert len(keys[0]) == 32
    assert await OwnKey(store, one, OTHER)() != keys[0]


async def test_key_is_sealed_in_the_store(store: SqliteStore, tmp_path: Path) -> None:
    key = await OwnKey(store, box(tmp_path / "data"), AUDIT)()

    sealed = await store.own_key(AUDIT)
    assert sealed is not None
    assert key not in sealed


async def test_key_that_does_not_open_is_never_made_anew(store: SqliteStore, tmp_path: Path) -> None:
    await OwnKey(store, box(tmp_path / "data"), AUDIT)()
    sealed = await store.own_key(AUDIT)

    with pytest.raises(StoreError, match="the gateway's own key 'audit' does not open"):
        await OwnKey(store, box(tmp_path / "other"), AUDIT)()
    assert await store.own_key(AUDIT) == sealed


async def test_key_put_in_the_place_of_another_does_not_open(store: SqliteStore, tmp_path: Path) -> None:
    one = box(tmp_path / "data")
    await OwnKey(store, one, AUDIT)()
    await store.add_own_key(OTHER, await store.own_key(AUDIT) or b"")

    with pytest.raises(StoreError, match="'other' does not open"):
        await OwnKey(store, one, OTHER)()
