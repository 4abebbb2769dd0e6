"""The store on PostgreSQL keeps what every store promises."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.requires import requires

from tollbridge.errors import StoreError
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.store_contract import StoreContract
from tollbridge_postgres.address import Address, read_address
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")


class TestPostgresStore(StoreContract):
    @pytest.fixture
    async def store(self, clock: FixedClock, address: Address) -> AsyncIterator[PostgresStore]:
        store = PostgresStore(address, clock, tidy_s=0.05)
        await store.open()
        yield store
        await store.close()


async def test_database_that_vanished_at_start_is_told_in_a_sentence(postgres_server, monkeypatch):
    async def prepare(address, *, migrate):
        pass

    monkeypatch.setattr("tollbridge_postgres.store.prepare", prepare)

    with pytest.raises(StoreError, match="database missing is not there; make it with createdb"):
        await PostgresStore(read_address(postgres_server.url("missing"))).open()


async def test_database_that_does_not_answer_at_start_is_told_in_a_sentence_and_left(address, db, monkeypatch):
    monkeypatch.setattr("tollbridge_postgres.clock._TIME", "no SQL")

    with pytest.raises(StoreError, match=r"does not answer \(store: PostgresSyntaxError \(SQLSTATE 42601\)\)"):
        await PostgresStore(address).open()

    async with asyncio.timeout(10):
        while await db.fetchval("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") > 1:
            await asyncio.sleep(0.01)
