"""What subscriptions let an application do, on SQLite; the rest is `ApplicationContract`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.subscribed import ScopesOfSubscriptions

from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.clock import FixedClock


class TestScopesOfSubscriptions(ScopesOfSubscriptions):
    @pytest.fixture
    async def store(self, clock: FixedClock, path: Path) -> AsyncIterator[SqliteStore]:
        store = SqliteStore(path, clock)
        await store.open()
        yield store
        await store.close()
