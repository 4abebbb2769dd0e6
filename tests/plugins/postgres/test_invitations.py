"""Invitations on PostgreSQL, beside their contract: two workers."""

from tests.support.joining import one_joins
from tests.support.requires import requires

from tollbridge.testing.clock import FixedClock
from tollbridge_postgres.address import Address
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")


async def test_of_two_workers_who_accept_at_once_one_does(
    store: PostgresStore, address: Address, clock: FixedClock
) -> None:
    other = PostgresStore(address, clock)
    await other.open()

    await one_joins(store, other, clock)

    await other.close()
