"""SQLAlchemy, for administration and reports.  Loaded at their first use: it takes half a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tollbridge.errors import BadRequest
from tollbridge.stores.files import BUSY_TIMEOUT_S, unavailable
from tollbridge.stores.trips import open_trips


def sqlite_engine(path: Path) -> AsyncEngine:
    """Make an engine; each connection has a thread of its own and waits there for locks.

    Its commits are on the disk before they count: a revocation outlives a power cut whatever the hot path's durability.
    """
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        async_creator=partial(open_trips, path, isolation_level=None, timeout=BUSY_TIMEOUT_S),
        pool_size=2,
        max_overflow=4,
    )
    event.listen(engine.sync_engine, "connect", _connected)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _connected(connection: DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.close()


def _begin(connection: Connection) -> None:
    """One transaction is one snapshot: without this the driver begins one only before a write."""
    driver: Any = connection.connection.driver_connection  # a `TripConnection`
    driver.begin()


@contextmanager
def answering() -> Iterator[None]:
    """Turn a failure of the database into `Unavailable`, and a value that no column takes into `BadRequest`.

    A violated constraint passes: whoever wrote knows what it means. Where a server said it with an SQLSTATE, that code
    is all that is told: its words may hold values.
    """
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as exc:
        code = getattr(exc.orig, "sqlstate", None)
        if isinstance(exc, DataError) or (code or "").startswith("22"):
            raise _unfit() from None
        if code is not None:
            raise unavailable(f"SQLSTATE {code}") from None
        raise unavailable(exc.orig) from exc
    except (OverflowError, UnicodeError) as exc:
        raise _unfit() from exc
    except SQLAlchemyError as exc:
        raise unavailable(exc) from exc
    except OSError as exc:
        raise unavailable(type(exc).__name__) from exc


def _unfit() -> BadRequest:
    return BadRequest("a value is too large, or holds characters that the database does not take")
