"""The schema's version: told, checked at start, brought up to date.  Alembic is loaded only for work."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tollbridge.errors import StoreError
from tollbridge.stores.files import cannot_open, connect, make_private, path_of, take_back

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


class SchemaState(StrEnum):
    """How a database stands to this program."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """`current` is the database's version, empty if it has none; `newest` the one this program works with."""

    state: SchemaState
    current: str
    newest: str


def revisions() -> tuple[str, ...]:
    """List the versions this program knows, oldest first: the numbers that begin the names of the migrations."""
    return tuple(sorted(path.name.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py")))


def status(url: str) -> SchemaStatus:
    """Say how a database stands, changing nothing; raises `StoreError` if it cannot be read or is not ours."""
    path = path_of(url)
    if not path.exists():
        return SchemaStatus(SchemaState.EMPTY, "", revisions()[-1])
    try:
        return _look(path)
    except sqlite3.Error as exc:
        raise cannot_open(path, exc) from exc


def upgrade(url: str) -> SchemaStatus:
    """Bring a database to the newest schema, making it if it is not there; raises `StoreError`."""
    prepare(path_of(url), migrate=True)
    return status(url)


def prepare(path: Path, *, migrate: bool) -> None:
    """Leave a private file in WAL mode with the newest schema, or raise `StoreError` with what to do.

    An empty file is always filled, an older one only if `migrate`; a newer one is left as it is. Any number of
    processes may do this at once: one works, the others wait and find it done.
    """
    made = make_private(path)
    try:
        with _folder_lock(path), _taken_back(made):
            found = _look(path)
            if found.state is SchemaState.NEWER:
                raise StoreError(
                    f"the database {path} has schema {found.current} and this Tollbridge knows up to {found.newest}; "
                    "run the newer Tollbridge that made it"
                )
            if found.state is SchemaState.OLDER and not migrate:
                raise StoreError(
                    f"the database {path} has schema {found.current or 'none'} and this Tollbridge needs "
                    f"{found.newest}; run: tollbridge db upgrade"
                )
            _use_wal(path)
            if found.state is not SchemaState.CURRENT:
                _run_migrations(path)
    except sqlite3.Error as exc:
        raise cannot_open(path, exc) from exc


def _run_migrations(path: Path) -> None:
    from tollbridge.stores.upgrading import upgrade_file  # SQLAlchemy and Alembic: most of a second

    upgrade_file(path)


def _look(path: Path) -> SchemaStatus:
    known = revisions()
    with closing(connect(path)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return SchemaStatus(SchemaState.EMPTY, "", known[-1])
        if "alembic_version" not in tables:
            raise StoreError(f"the database {path} belongs to another program; choose another file with [store] url")
        found = db.execute("SELECT version_num FROM alembic_version").fetchone()
    current = found[0] if found else ""
    if current == known[-1]:
        return SchemaStatus(SchemaState.CURRENT, current, known[-1])
    older = not current or current in known
    return SchemaStatus(SchemaState.OLDER if older else SchemaState.NEWER, current, known[-1])


def _use_wal(path: Path) -> None:
    with closing(connect(path)) as db:
        modes = db.execute("PRAGMA journal_mode = WAL").fetchall()
    if modes != [("wal",)]:
        raise StoreError(f"the file system of {path} cannot share a log between processes; put it on a local disk")


@contextmanager
def _taken_back(made: Sequence[Path]) -> Iterator[None]:
    """Leave no file behind that was made here and could not be filled."""
    try:
        yield
    except BaseException:
        take_back(made)
        raise


@contextmanager
def _folder_lock(path: Path) -> Iterator[None]:
    """Keep other processes that prepare a database in this folder out.

    Switching to WAL ignores SQLite's busy timeout, so two first starts at once would fail without this.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
