import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tollbridge.errors import StoreError
from tollbridge.stores.schema import prepare
from tollbridge.testing.blank import lay_database


def _contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [*db.execute("PRAGMA journal_mode").fetchone(), *db.iterdump()]


def test_file_is_what_a_first_start_makes(tmp_path: Path) -> None:
    started = tmp_path / "started" / "tollbridge.db"
    prepare(started, migrate=True)

    laid = lay_database(tmp_path / "laid" / "tollbridge.db")

    assert laid == tmp_path / "laid" / "tollbridge.db"
    assert _contents(laid) == _contents(started)
    assert [stat.S_IMODE(path.stat().st_mode) for path in (laid, laid.parent)] == [0o600, 0o700]
    assert len(list(laid.parent.iterdir())) == 1


def test_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    path.write_bytes(b"")

    lay_database(path)

    assert path.read_bytes() == b""


def test_folder_that_is_not_there_is_refused_as_at_a_start(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder"):
        lay_database(tmp_path / "none" / "data" / "tollbridge.db")
