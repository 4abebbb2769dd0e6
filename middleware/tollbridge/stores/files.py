"""The SQLite file: made private, opened the same way everywhere, its errors put in words."""

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from tollbridge.errors import StoreError, Unavailable

BUSY_TIMEOUT_S = 5.0
"""How long a thread waits for another process's lock.  The event loop never waits."""

_COMPANIONS = ("", "-wal", "-shm", "-mark")
_URL = "sqlite:///"
_REASONS = {
    sqlite3.SQLITE_NOTADB: "is no SQLite database; choose another file with [store] url",
    sqlite3.SQLITE_CORRUPT: "is damaged; restore it from a backup",
    sqlite3.SQLITE_READONLY: "cannot be written; check the owner and mode of the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; check the owner and mode of the file and its folder",
    sqlite3.SQLITE_FULL: "cannot grow, the disk is full; free some room and start again",
    sqlite3.SQLITE_IOERR: "cannot be read or written, the disk is full or failing; check it and start again",
    sqlite3.SQLITE_BUSY: "is locked by another program; end it and start again",
}


def path_of(url: str) -> Path:
    """Give the file of `sqlite:///relative.db` or `sqlite:////absolute.db`; raises `StoreError` for any other URL."""
    path = url.removeprefix(_URL)
    if path == url or not path or path.startswith(":"):
        raise StoreError(f"{url!r} is no SQLite file; write [store] url as sqlite:///path/to/file.db")
    return Path(path)


def make_private(path: Path) -> list[Path]:
    """Create what is missing, the folder with mode 0700 and an empty file with 0600, and tighten what is there.

    Gives what was made. Of the folders above the file only the last one ever is.

    SQLite gives -wal and -shm the file's own mode. An existing file is never opened here: closing it would drop the
    locks this process holds on it (POSIX fcntl).
    """
    try:
        made = _make(path)
        if not made:
            for suffix in _COMPANIONS:
                _tighten(path.with_name(path.name + suffix))
    except FileNotFoundError as exc:
        raise StoreError(
            f"the database {path} cannot be made: there is no folder {path.parent.parent}; make it, or choose another "
            "place with [store] url"
        ) from exc
    except OSError as exc:
        raise StoreError(
            f"the database {path} cannot be made private ({exc.strerror}); check the owner and mode of its folder, "
            "or choose another with [store] url"
        ) from exc
    if not path.is_file():
        raise StoreError(f"the database {path} is not a file; choose another with [store] url")
    if not os.access(path, os.W_OK):
        raise StoreError(f"the database {path} {_REASONS[sqlite3.SQLITE_READONLY]}")
    return made


def _make(path: Path) -> list[Path]:
    """Make an empty file, and its folder; both or none.  Gives what was not there before."""
    made: list[Path] = []
    with suppress(FileExistsError):
        path.parent.mkdir(mode=0o700)
        made.append(path.parent)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return []
    except OSError:
        take_back(made)
        raise
    return [*made, path]


def take_back(made: Sequence[Path]) -> None:
    """Remove what was just made for a database that could not be filled; a folder that holds more stays."""
    for path in reversed(made):
        if path.is_dir():
            with suppress(OSError):
                path.rmdir()
        else:
            for suffix in _COMPANIONS:
                path.with_name(path.name + suffix).unlink(missing_ok=True)


def _tighten(path: Path) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return
    if mode & 0o077 and path.is_file():
        path.chmod(mode & 0o700)


def connect(path: Path, *, patient: bool = True, full: bool = False) -> sqlite3.Connection:
    """Open the file in autocommit, never creating it; `full` has every commit on the disk before it counts.

    Opening waits for a process that is just closing or recovering the file; afterwards only a `patient` connection
    waits for locks. Checkpoints are left to `Upkeep`: no commit ever pays for one.
    """
    db = sqlite3.connect(
        f"file:{quote(str(path))}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=64,
    )
    try:
        db.execute(f"PRAGMA synchronous = {'FULL' if full else 'NORMAL'}")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("PRAGMA cache_size = -16000")  # KiB
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()  # from here on it takes part in the log
        if not patient:
            db.execute("PRAGMA busy_timeout = 0")
    except sqlite3.Error:
        db.close()
        raise
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock for what is inside, all or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def code_of(error: BaseException | None) -> int:
    """Give SQLite's primary result code, 0 for an error of the Python binding."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    return code_of(error) == sqlite3.SQLITE_BUSY


def cannot_open(path: Path, error: BaseException | None) -> StoreError:
    """Put an error at start in one sentence that says what to do."""
    reason = _REASONS.get(code_of(error), "cannot be used; see the reason")
    return StoreError(f"the database {path} {reason} ({error})")


def unavailable(reason: object) -> Unavailable:
    """Say to a caller that the store does not answer; `reason` is for the log."""
    return Unavailable("the gateway cannot reach its store now; try again", detail=f"store: {reason}")
