"""A file of SQLite that is not whole by itself: what lies beside it belongs to it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tollbridge_migrate.database import opened
from tollbridge_migrate.reading import BadForeign


def kept(path: Path) -> list[object]:
    with opened(path) as database:
        return [row["name"] for row in database.rows("tokens", ("name",))]


def cut_off(folder: Path) -> Path:
    """Leave a file amid a change of its only row, with the journal that takes the change back."""
    first, path = folder / "first.db", folder / "one-api.db"
    with closing(sqlite3.connect(first, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = delete")
        database.execute("CREATE TABLE tokens (name TEXT)")
        database.execute("INSERT INTO tokens VALUES ('before')")
        database.execute("PRAGMA cache_size = 1")  # so that pages are written before the change is committed
        database.execute("BEGIN")
        database.execute("UPDATE tokens SET name = 'never committed'")
        database.executemany("INSERT INTO tokens VALUES (?)", [("x" * 500,) for _ in range(3_000)])
        shutil.copy(first, path)
        shutil.copy(folder / "first.db-journal", folder / "one-api.db-journal")
        database.execute("ROLLBACK")
    return path


def test_file_in_which_a_change_was_cut_off_is_refused_until_it_is_taken_back(tmp_path: Path) -> None:
    path = cut_off(tmp_path)

    with pytest.raises(BadForeign, match=r"a change of one-api\.db was cut off; stop what writes it"):
        kept(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("SELECT name FROM sqlite_master").fetchall()

    assert kept(path) == ["before"]


def test_journal_is_seen_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(cut_off(tmp_path))

    with pytest.raises(BadForeign, match="was cut off"):
        kept(link)


@pytest.mark.parametrize("mode", ["persist", "truncate"])
def test_journal_of_a_change_that_was_finished_says_nothing(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "one-api.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("CREATE TABLE tokens (name TEXT)")
        database.execute("INSERT INTO tokens VALUES ('whole')")
        database.commit()

        assert path.with_name("one-api.db-journal").is_file()
        assert kept(path) == ["whole"]


def test_changes_that_wait_beside_the_file_are_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "one-api.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("CREATE TABLE tokens (name TEXT)")

        with pytest.raises(BadForeign, match=r"one-api\.db-wal holds changes .* \.tables"):
            kept(path)

    assert kept(path) == []


def test_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one-api.db"
    path.symlink_to(path)

    with pytest.raises(BadForeign, match=r"cannot be read|is no file"):
        kept(path)
