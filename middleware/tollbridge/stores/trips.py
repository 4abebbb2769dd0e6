"""SQLite connections with a thread each, that take a statement there and bring all of its rows back in one trip.

aiosqlite makes a trip for each of a cursor, its statement, its rows and its end, and SQLAlchemy asks for all four: a
third of what small pages cost. A transaction begins with its first statement, in the same trip: until then it would see
nothing yet (https://sqlite.org/lang_transaction.html, 2026-11-29), and one that is taken back is not waited for, as
what follows on this connection goes behind it.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiosqlite

_BEGIN = "BEGIN"


async def open_trips(path: Path, **options: Any) -> "TripConnection":
    """Open a file with the options of `sqlite3.connect`; raises its errors."""
    connection = TripConnection(partial(sqlite3.connect, path, **options), iter_chunk_size=1)
    connection._thread.daemon = True  # as SQLAlchemy has it: an interpreter ends without waiting for a reader
    try:
        await connection
    except BaseException:
        await asyncio.to_thread(connection._thread.join)  # it still answers, and must not once the loop is closed
        raise
    return connection


class TripConnection(aiosqlite.Connection):
    """What SQLAlchemy asks of a connection of aiosqlite."""

    _begins = False

    def begin(self) -> None:
        """Have a transaction begin with the next statement."""
        self._begins = True

    def cursor(self) -> "TripCursor":  # type: ignore[override]
        """Give what runs statements; nothing of it is in the thread yet."""
        return TripCursor(self)

    async def rollback(self) -> None:
        """Take back what was done, as the next thing on this connection."""
        begins, self._begins = self._begins, False
        if not begins:
            self._tx.put_nowait((None, self._conn.rollback))

    async def commit(self) -> None:
        """Commit; a transaction without a statement is none."""
        begins, self._begins = self._begins, False
        if not begins:
            await super().commit()

    async def take(self, sql: str, parameters: Iterable[Any], *, many: bool) -> "Brought":
        """Run a statement, or one for many sets of values, and bring back what it gave."""
        begins, self._begins = self._begins, False
        run = partial(_run, self._conn, sql, parameters, many=many, begins=begins)
        brought: Brought = await self._execute(run)  # type: ignore[no-untyped-call]
        return brought


@dataclass(frozen=True, slots=True)
class Brought:
    """What a statement gave, as a cursor of `sqlite3` says it."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


def _run(db: sqlite3.Connection, sql: str, parameters: Any, *, many: bool, begins: bool) -> Brought:
    if begins:
        db.execute(_BEGIN)
    with closing((db.executemany if many else db.execute)(sql, parameters)) as cursor:
        rows = cursor.fetchall() if cursor.description else ()
        return Brought(cursor.description, cursor.rowcount, cursor.lastrowid, rows)


class TripCursor:
    """What SQLAlchemy asks of a cursor of aiosqlite."""

    arraysize = 1

    def __init__(self, connection: TripConnection) -> None:
        self._connection = connection
        self._brought = Brought()

    async def __aenter__(self) -> "TripCursor":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def execute(self, sql: str, parameters: Iterable[Any] = ()) -> None:
        """Run a statement."""
        self._brought = await self._connection.take(sql, parameters, many=False)

    async def executemany(self, sql: str, parameters: Iterable[Iterable[Any]]) -> None:
        """Run a statement for each set of values."""
        self._brought = await self._connection.take(sql, parameters, many=True)

    async def fetchall(self) -> Sequence[Any]:
        """Give all rows."""
        return self._brought.rows

    async def close(self) -> None:
        """End: there is nothing left to."""

    @property
    def description(self) -> Any:
        return self._brought.description

    @property
    def rowcount(self) -> int:
        return self._brought.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._brought.lastrowid
