"""A foreign SQLite file, read and never written: no lock is taken, no journal made, nothing of its schema runs."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tollbridge_migrate.reading import BadForeign

MOST_BYTES = 64 * 1024**3
MOST_ROWS = 200_000
_LONGEST_VALUE = 4 * 1024 * 1024
_MOST_STEPS = 50_000
"""Thousands of steps that one query may take."""
_READING = frozenset((sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_PRAGMA))


class Database:
    """The tables of a file, as far as they are plain ones."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        found = self._ask("SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0 LIMIT 10000")
        self._tables = frozenset(name for (name,) in found if isinstance(name, str))

    def columns(self, table: str) -> Sequence[str]:
        """Give the names of a table's columns, none where there is no such table."""
        if table not in self._tables:
            return ()
        return [str(row[1]) for row in self._ask(f"PRAGMA table_info({_quoted(table)})")]

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Give the rows of a table in order, of the columns that it has; raises `BadForeign` for too many."""
        names = [name for name in columns if name in self.columns(table)]
        if not names:
            return
        wanted = ", ".join(map(_quoted, names))
        query = f"SELECT {wanted} FROM {_quoted(table)} ORDER BY rowid LIMIT {MOST_ROWS + 1}"
        for number, row in enumerate(self._ask(query)):
            if number >= MOST_ROWS:
                raise BadForeign(f"the table {table} has over {MOST_ROWS:,} rows")
            yield dict(zip(names, row, strict=True))

    def _ask(self, query: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query)
        except (sqlite3.Error, ValueError) as exc:  # a text of its may be no UTF-8
            raise BadForeign(f"the file is no SQLite database that can be read: {type(exc).__name__}") from None


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open a file; raises `BadForeign` for what is none, and for one that is not whole without a file beside it."""
    try:
        real = path.resolve()
        if not real.is_file() or real.stat().st_size > MOST_BYTES:
            raise BadForeign(f"{path} is no file of up to {MOST_BYTES:,} bytes")
        _check_whole(real)
        connection = sqlite3.connect(f"file:{quote(str(real))}?mode=ro&immutable=1", uri=True)
    except (OSError, RuntimeError, sqlite3.Error, ValueError) as exc:  # a link may lead to itself
        raise BadForeign(f"{path} cannot be read: {type(exc).__name__}") from None
    try:
        _bind(connection)
        yield Database(connection)
    finally:
        connection.close()


def _check_whole(path: Path) -> None:
    """Refuse a file with changes that are not in it yet, or that were begun in it and not finished.

    A journal is of such a change unless its first byte is 0 (hasHotJournal in pager.c).
    """
    waiting, begun = (path.with_name(f"{path.name}-{kind}") for kind in ("wal", "journal"))
    why = ""
    if waiting.is_file() and waiting.stat().st_size:
        why = f"{waiting} holds changes that are not in {path.name} yet"
    elif begun.is_file():
        with begun.open("rb") as file:
            why = f"{begun} says that a change of {path.name} was cut off" if file.read(1) > b"\0" else ""
    if why:
        raise BadForeign(f"{why}; stop what writes it, and if that leaves it there: sqlite3 {path} .tables")


def _bind(connection: sqlite3.Connection) -> None:
    """Let a connection do nothing but read, for a while; its schema runs nothing."""
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.text_factory = _text
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
    except sqlite3.Error:
        raise BadForeign("the file is no SQLite database that can be read") from None
    connection.set_authorizer(_authorized)
    steps = iter(range(_MOST_STEPS))
    connection.set_progress_handler(lambda: next(steps, None) is None, 1_000)


def _authorized(action: int, one: str | None, *_: object) -> int:
    if action == sqlite3.SQLITE_PRAGMA:
        return sqlite3.SQLITE_OK if one == "table_info" else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
