"""The schema on PostgreSQL: told, checked at start, brought up to date by any number of processes at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tollbridge import SetupError
from tollbridge.stores.building import SchemaState, SchemaStatus, StoreError, check_version, standing
from tollbridge_postgres.address import Address
from tollbridge_postgres.connecting import connect, options
from tollbridge_postgres.driver import Connection
from tollbridge_postgres.failures import cannot_open

# What an extension has brought is nobody's table.
_TABLES = """
    SELECT c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
"""


def status(address: Address) -> SchemaStatus:
    """Say how the database stands, changing nothing; raises `StoreError`.  Not on an event loop."""
    return asyncio.run(find_status(address))


def upgrade(address: Address) -> SchemaStatus:
    """Bring the database to the newest schema; raises `StoreError`.  Not on an event loop."""

    async def work() -> SchemaStatus:
        await prepare(address, migrate=True)
        return await find_status(address)

    return asyncio.run(work())


async def find_status(address: Address) -> SchemaStatus:
    """Say how the database stands; raises `StoreError`."""
    async with _connected(address) as db:
        return await look(db, address.name)


async def prepare(address: Address, *, migrate: bool) -> None:
    """Leave a database with the newest schema, or raise `StoreError` with what to do.

    An empty one is always filled, an older one only if `migrate`; a newer one is left as it is.
    """
    found = await find_status(address)
    check_version(found, address.name, migrate=migrate)
    if found.state is not SchemaState.CURRENT:
        # In a thread, with a loop of its own: Alembic takes long to load, and a lock of it must not stop this loop.
        await asyncio.to_thread(_migrate, address)


def _migrate(address: Address) -> None:
    from tollbridge_postgres.migrating import bring_up_to_date  # SQLAlchemy and Alembic, for an older database only

    asyncio.run(bring_up_to_date(address))


async def look(db: Connection, name: str) -> SchemaStatus:
    """Say how the database stands on the other side of a connection."""
    tables = {row["relname"] for row in await db.fetch(_TABLES)}
    if not tables:
        return standing(None)
    if "alembic_version" not in tables:
        raise StoreError(f"{name} belongs to another program; choose another with [store] url")
    return standing(await db.fetchval("SELECT version_num FROM alembic_version") or "")


@asynccontextmanager
async def _connected(address: Address) -> AsyncIterator[Connection]:
    try:
        db: Connection = await connect(**options(address))
        try:
            yield db
        finally:
            db.terminate()
    except SetupError:
        raise
    except Exception as exc:
        raise cannot_open(address.name, exc) from None
