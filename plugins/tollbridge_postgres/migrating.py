"""Alembic on PostgreSQL: one process at a time, all or nothing."""

from typing import Any

from sqlalchemy import NullPool
from sqlalchemy.exc import DBAPIError

from tollbridge import Unavailable
from tollbridge.stores.building import check_version
from tollbridge.stores.upgrading import migrate
from tollbridge_postgres.address import Address
from tollbridge_postgres.engine import make_engine
from tollbridge_postgres.failures import cannot_open, no_answer
from tollbridge_postgres.schema import look

_LOCK = int.from_bytes(b"tollbrdg") >> 1
"""The number of the advisory lock; locks are a database's own."""
_TAKE_TURN = (
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    f"SELECT pg_advisory_xact_lock({_LOCK})",
    "SET LOCAL lock_timeout = '60s'",  # running gateways go on: a table is not waited for longer than that
)


async def bring_up_to_date(address: Address) -> None:
    """Run every migration that is missing; raises `StoreError`.  Whoever comes second waits and finds it done."""
    engine = make_engine(address, longest_s=None, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            for statement in _TAKE_TURN:
                await connection.exec_driver_sql(statement)
            raw: Any = (await connection.get_raw_connection()).driver_connection
            check_version(await look(raw, address.name), address.name, migrate=True)
            await connection.run_sync(migrate)
    except Unavailable as exc:
        raise no_answer(address.name, exc) from None
    except DBAPIError as exc:
        raise cannot_open(address.name, exc.orig or exc) from None
    finally:
        await engine.dispose()
