"""A database for each test, on one server for all."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from tests.support.postgres import PostgresServer

from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import NOON
from tollbridge_postgres.address import Address, read_address
from tollbridge_postgres.pool import Pool, open_pool
from tollbridge_postgres.store import PostgresStore


@pytest.fixture
def address(postgres_server: PostgresServer, postgres_database: str) -> Address:
    return read_address(postgres_server.url(postgres_database))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


@pytest.fixture
async def pool(address: Address) -> AsyncIterator[Pool]:
    pool = await open_pool(address)
    yield pool
    await pool.close()


@pytest.fixture
async def store(address: Address, clock: FixedClock) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(address, clock)
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def db(address: Address) -> AsyncIterator[Any]:
    """A connection beside the store under test, as another process would have."""
    connection = await asyncpg.connect(address.url)
    yield connection
    await connection.close()
