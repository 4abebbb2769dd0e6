"""SQLAlchemy on PostgreSQL, for administration and reports.  Loaded at their first use."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tollbridge import Clock
from tollbridge.stores.sql import SqlSide
from tollbridge_postgres.address import Address
from tollbridge_postgres.connecting import LIMIT_S, connect, options
from tollbridge_postgres.failures import away

ADMIN_POOL = 4
"""Connections of one process for administration and reports, at most, beside those for calls."""
_LONGEST_S = 30.0
"""How long a report may take."""


def make_engine(address: Address, *, longest_s: float | None, **more: Any) -> AsyncEngine:
    """Make an engine whose connections are asyncpg's own, made from the very same URL.

    `longest_s` is how long a statement may take, None for as long as it does.
    """

    async def make() -> Any:
        limits = options(address, limit_ms=str(int((longest_s or 0.0) * 1000)))
        try:
            return await connect(command_timeout=longest_s, **limits)
        except Exception as exc:
            raise away(exc) from None

    return create_async_engine("postgresql+asyncpg://", async_creator=make, hide_parameters=True, **more)


def sql_side(address: Address, clock: Clock) -> SqlSide:
    """Make the administrator's side; each of its reports sees one state of the database."""
    sizes = {"pool_size": 2, "max_overflow": ADMIN_POOL - 2, "pool_timeout": LIMIT_S}
    engine = make_engine(address, longest_s=_LONGEST_S, pool_pre_ping=True, **sizes)
    return SqlSide(engine, clock, reading=engine.execution_options(isolation_level="REPEATABLE READ"))
