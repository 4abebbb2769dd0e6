import os
import sqlite3
import stat

import pytest

from tollbridge.errors import StoreError, Unavailable
from tollbridge.stores.files import (
    cannot_open,
    code_of,
    connect,
    is_busy,
    make_private,
    path_of,
    take_back,
    transaction,
    unavailable,
)


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_url_names_a_file():
    assert str(path_of("sqlite:///data/toll bridge.db")) == "data/toll bridge.db"
    assert str(path_of("sqlite:////var/lib/tollbridge.db")) == "/var/lib/tollbridge.db"


@pytest.mark.parametrize("url", ["", "sqlite:///", "sqlite://host/file.db", "postgresql://db/x", "sqlite:///:memory:"])
def test_url_of_anything_else_is_refused(url):
    with pytest.raises(StoreError, match=r"sqlite:///path/to/file\.db"):
        path_of(url)


def test_missing_folder_and_file_are_made_for_the_owner_alone(tmp_path):
    before = os.umask(0)
    try:
        make_private(tmp_path / "data" / "tollbridge.db")
    finally:
        os.umask(before)

    assert mode_of(tmp_path / "data") == 0o700
    assert mode_of(tmp_path / "data" / "tollbridge.db") == 0o600


def test_file_and_its_log_are_tightened_and_the_folder_is_left_alone(tmp_path):
    tmp_path.chmod(0o755)
    for name in ("x.db", "x.db-wal"):
        (tmp_path / name).touch(0o664)

    make_private(tmp_path / "x.db")

    assert [mode_of(tmp_path / name) for name in ("x.db", "x.db-wal")] == [0o600, 0o600]
    assert mode_of(tmp_path) == 0o755


def test_log_gets_the_mode_of_the_file(path):
    path.chmod(0o644)
    make_private(path)
    db = connect(path)
    with transaction(db):
        db.execute("INSERT INTO budget VALUES ('x', 0, 0)")

    assert {mode_of(found) for found in path.parent.glob("tollbridge.db*")} == {0o600}
    assert len(list(path.parent.glob("tollbridge.db*"))) == 3
    db.close()


def test_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "data").touch()

    with pytest.raises(StoreError, match=r"data/x\.db cannot be made private .*check the owner and mode"):
        make_private(tmp_path / "data" / "x.db")


def test_folder_above_the_folder_is_not_made(tmp_path):
    with pytest.raises(StoreError, match=r"there is no folder .*/no; make it, or choose another place"):
        make_private(tmp_path / "no" / "data" / "x.db")

    assert list(tmp_path.iterdir()) == []


def test_folder_is_taken_back_where_the_file_cannot_be_made(tmp_path):
    with pytest.raises(StoreError, match="File name too long"):
        make_private(tmp_path / "data" / f"{'x' * 300}.db")

    assert list(tmp_path.iterdir()) == []


def test_file_on_a_read_only_disk_is_told_in_a_sentence(path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # root may write whatever the mode says

    with pytest.raises(StoreError, match=r"tollbridge\.db cannot be written; check the owner and mode"):
        make_private(path)


def test_what_was_made_is_taken_back_but_for_a_folder_that_holds_more(tmp_path):
    made = make_private(tmp_path / "data" / "x.db")
    (tmp_path / "data" / "x.db-wal").touch()
    (tmp_path / "data" / "kept").touch()

    take_back(made)

    assert made == [tmp_path / "data", tmp_path / "data" / "x.db"]
    assert [found.name for found in (tmp_path / "data").iterdir()] == ["kept"]
    assert make_private(tmp_path / "data" / "kept") == []


def test_folder_in_place_of_the_file_is_told_in_a_sentence(tmp_path):
    tmp_path.chmod(0o755)

    with pytest.raises(StoreError, match="is not a file"):
        make_private(tmp_path)
    assert mode_of(tmp_path) == 0o755


def test_connecting_never_makes_a_file(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        connect(tmp_path / "gone.db")
    assert list(tmp_path.iterdir()) == []


def test_connection_to_something_else_is_closed_again(tmp_path):
    (tmp_path / "x.db").write_bytes(b"no database at all " * 100)

    with pytest.raises(sqlite3.DatabaseError):
        connect(tmp_path / "x.db")


def test_odd_file_names_are_opened(tmp_path):
    path = tmp_path / "a b?c#d%20.db"
    make_private(path)

    connect(path).close()
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_failed_transaction_leaves_nothing(db):
    def failing():
        with transaction(db):
            db.execute("INSERT INTO budget VALUES ('x', 0, 0)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert db.execute("SELECT count(*) FROM budget").fetchone() == (0,)


def test_transaction_that_sqlite_ended_itself_is_not_ended_again(db):
    def failing():
        with transaction(db):
            db.execute("ROLLBACK")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert not db.in_transaction


def test_lock_of_another_is_told_apart(path, db):
    other = connect(path, patient=False)
    with transaction(db), pytest.raises(sqlite3.OperationalError) as locked, transaction(other):
        pass
    other.close()

    assert is_busy(locked.value)
    assert "locked by another program" in str(cannot_open(path, locked.value))


def test_error_without_a_code_still_names_the_file(path):
    assert code_of(None) == code_of(ValueError("odd")) == 0
    assert str(path) in str(cannot_open(path, ValueError("odd")))


def test_caller_learns_nothing_of_the_reason():
    error = unavailable("disk is full")

    assert isinstance(error, Unavailable)
    assert "disk" not in error.message
    assert error.detail == "store: disk is full"
