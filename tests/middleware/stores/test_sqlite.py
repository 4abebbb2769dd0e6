from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, clock: FixedClock, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        store = SqliteStore(tmp_path / "tollbridge.db", clock, tidy_s=0.05)
        await store.open()
        yield store
        await store.close()


class TestFullDurability(StoreContract):
    @pytest.fixture
    async def store(self, clock: FixedClock, tmp_path: Path) -> AsyncIterator[SqliteStore]:
        store = SqliteStore(tmp_path / "tollbridge.db", clock, durability="full", tidy_s=0.05)
        await store.open()
        yield store
        await store.close()
