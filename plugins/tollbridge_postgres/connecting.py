"""How connections are made: within a time, to a server that takes writes, and to the end."""

import asyncio
from typing import Any

from tollbridge_postgres.address import Address

LIMIT_S = 5.0
"""How long one piece of work may take, waiting for a connection and for locks included."""
_ABANDONED_MS = "10000"
"""After so long the server itself gives up a statement, and a transaction whose worker says nothing."""
_CHECKED_MS = "1000"
"""How often the server looks whether the worker is still there whose statement it runs; from PostgreSQL 14 on."""


def options(address: Address, *, limit_ms: str = _ABANDONED_MS) -> dict[str, Any]:
    """Give what asyncpg connects with."""
    return {
        "dsn": address.url,
        "timeout": LIMIT_S,
        "target_session_attrs": "read-write",
        "server_settings": {
            "application_name": "tollbridge",
            "client_connection_check_interval": _CHECKED_MS,
            "statement_timeout": limit_ms,
            "idle_in_transaction_session_timeout": _ABANDONED_MS,
        },
    }


async def connect(*where: Any, **how: Any) -> Any:
    """Connect as asyncpg does.  Whoever stops waiting leaves no connection behind that is half made."""
    from asyncpg import connect as make  # type: ignore[import-untyped]  # an extra, and it has no types

    making = asyncio.ensure_future(make(*where, **how))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(_end)
        raise


def _end(made: "asyncio.Future[Any]") -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().terminate()
