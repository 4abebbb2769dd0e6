"""The schema of an SQLite file: told, checked at start, brought up to date.  Alembic is loaded only for work."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tollbridge.errors import StoreError
from tollbridge.stores.files import cannot_open, connect, make_private, path_of, take_back
from tollbridge.stores.versions import SchemaState, SchemaStatus, check_version, standing


def status(url: str) -> SchemaStatus:
    """Say how a database stands, changing nothing; raises `StoreError` if it cannot be read or is not ours."""
    path = path_of(url)
    if not path.exists():
        return standing(None)
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
            check_version(found, f"the database {path}", migrate=migrate)
            _use_wal(path)
            if found.state is not SchemaState.CURRENT:
                _run_migrations(path)
    except sqlite3.Error as exc:
        raise cannot_open(path, exc) from exc


def _run_migrations(path: Path) -> None:
    from tollbridge.stores.upgrading import upgrade_file  # SQLAlchemy and Alembic: most of a second

    upgrade_file(path)


def _look(path: Path) -> SchemaStatus:
    with closing(connect(path)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables:
            return standing(None)
        if "alembic_version" not in tables:
            raise StoreError(f"the database {path} belongs to another program; choose another file with [store] url")
        found = db.execute("SELECT version_num FROM alembic_version").fetchone()
    return standing(found[0] if found else "")


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
