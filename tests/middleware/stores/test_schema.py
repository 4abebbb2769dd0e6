import asyncio
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from tests.support.disk import disk_with_room_for

from tollbridge.errors import StoreError
from tollbridge.stores import schema, versions
from tollbridge.stores.rows import USAGE_COLUMNS, usage_values
from tollbridge.stores.schema import prepare, status, upgrade
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.stores.versions import SchemaState, SchemaStatus, revisions
from tollbridge.testing.samples import ROW

NEWEST = revisions()[-1]
LATER = ("parent", "application", "release")


def url_of(path):
    return f"sqlite:///{path}"


def set_version(path, *versions):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM alembic_version")
        db.executemany("INSERT INTO alembic_version VALUES (?)", [(version,) for version in versions])


def make_version(path, version):
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()


@pytest.fixture
def older(tmp_path):
    """A file of ours from before the first migration."""
    path = tmp_path / "older.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    return path


def test_versions_told_from_file_names_are_those_alembic_reads():
    config = Config()
    config.set_main_option("script_location", str(versions._VERSIONS.parent))
    scripts = ScriptDirectory.from_config(config)

    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == revisions()
    assert scripts.get_heads() == [NEWEST]


def test_nothing_is_made_by_asking(tmp_path):
    assert status(url_of(tmp_path / "x.db")) == SchemaStatus(SchemaState.EMPTY, "", NEWEST)
    assert list(tmp_path.iterdir()) == []


def test_missing_file_is_made_with_the_newest_schema_in_wal_mode(tmp_path):
    path = tmp_path / "data" / "x.db"

    assert upgrade(url_of(path)) == SchemaStatus(SchemaState.CURRENT, NEWEST, NEWEST)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert upgrade(url_of(path)).state is SchemaState.CURRENT


def test_new_file_is_made_whether_or_not_older_ones_are_migrated(tmp_path):
    prepare(tmp_path / "x.db", migrate=False)

    assert status(url_of(tmp_path / "x.db")).state is SchemaState.CURRENT


def test_older_file_is_brought_up_to_date(older):
    assert status(url_of(older)) == SchemaStatus(SchemaState.OLDER, "", NEWEST)

    assert upgrade(url_of(older)).state is SchemaState.CURRENT


def test_rows_from_before_some_things_were_known_of_calls_have_none_of_them(tmp_path):
    path = tmp_path / "first.db"
    make_version(path, "0001")
    columns = [name for name in USAGE_COLUMNS if name not in ("server_tool_calls", *LATER)]
    values = dict(zip(USAGE_COLUMNS, usage_values(ROW), strict=True))
    with closing(sqlite3.connect(path)) as db, db:
        marks = ", ".join("?" * len(columns))
        db.execute(f"INSERT INTO usage ({', '.join(columns)}) VALUES ({marks})", [values[name] for name in columns])

    upgrade(url_of(path))

    with closing(sqlite3.connect(path)) as db:
        found = db.execute(f"SELECT call_id, server_tool_calls, {', '.join(LATER)} FROM usage").fetchall()
    assert found == [(ROW.call_id, 0, "", "", "")]


async def test_older_file_is_refused_with_what_to_do_where_asked(older):
    with pytest.raises(StoreError, match=rf"has schema none and .* needs {NEWEST}; run: tollbridge db upgrade"):
        await SqliteStore(older, migrate=False).open()
    assert status(url_of(older)).state is SchemaState.OLDER


async def test_newer_file_is_refused_untouched_naming_both_versions(path):
    set_version(path, "9999")
    before = path.read_bytes()

    with pytest.raises(StoreError, match=rf"has schema 9999 and this Tollbridge knows up to {NEWEST}") as refusal:
        await SqliteStore(path).open()
    with pytest.raises(StoreError):
        upgrade(url_of(path))

    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == before
    assert status(url_of(path)) == SchemaStatus(SchemaState.NEWER, "9999", NEWEST)


async def test_database_of_another_program_is_refused_untouched(tmp_path):
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE notes (text)")
    before = path.read_bytes()

    with pytest.raises(StoreError, match="belongs to another program; choose another file"):
        await SqliteStore(path).open()
    assert path.read_bytes() == before


async def test_file_that_is_no_database_is_refused_untouched(tmp_path):
    path = tmp_path / "x.db"
    path.write_bytes(b"PNG or so " * 500)

    with pytest.raises(StoreError, match="is no SQLite database; choose another file"):
        await SqliteStore(path).open()
    with pytest.raises(StoreError, match="is no SQLite database"):
        status(url_of(path))
    assert path.read_bytes() == b"PNG or so " * 500


async def test_damaged_file_is_told_from_one_of_another_kind(path):
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3_000)

    with pytest.raises(StoreError, match="is damaged; restore it from a backup"):
        await SqliteStore(path).open()


async def test_failed_migration_leaves_the_file_as_it_was(older):
    with closing(sqlite3.connect(older)) as db, db:
        db.execute("CREATE TABLE usage (in_the_way)")

    with pytest.raises(StoreError, match=r"older\.db"):
        await SqliteStore(older).open()
    with closing(sqlite3.connect(older)) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"alembic_version", "usage"}


async def test_locked_file_is_told_in_a_sentence(older, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.upgrading.BUSY_TIMEOUT_S", 0.01)
    with closing(sqlite3.connect(older, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another program; end it and start again"):
            await SqliteStore(older).open()


def test_copy_that_lost_its_wal_mode_gets_it_back(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")

    prepare(path, migrate=False)

    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_full_disk_leaves_no_new_database_behind(tmp_path):
    with disk_with_room_for(5000), pytest.raises(StoreError, match=r"the disk is full"):
        upgrade(url_of(tmp_path / "data" / "x.db"))

    assert list(tmp_path.iterdir()) == []


def test_file_system_without_shared_memory_is_refused(path, monkeypatch):
    real = schema.connect

    def without_wal(where, **options):
        db = real(where, **options)
        db.set_authorizer(
            lambda action, name, *_: (
                sqlite3.SQLITE_IGNORE
                if action == sqlite3.SQLITE_PRAGMA and name == "journal_mode"
                else sqlite3.SQLITE_OK
            )
        )
        return db

    monkeypatch.setattr(schema, "connect", without_wal)
    with pytest.raises(StoreError, match="put it on a local disk"):
        prepare(path, migrate=False)


def test_folder_with_signs_that_ini_files_read_is_fine(tmp_path):
    assert upgrade(url_of(tmp_path / "50% off" / "a b.db")).state is SchemaState.CURRENT


async def test_stores_opened_and_closed_at_once_in_one_process_all_open(tmp_path):
    async def serve(path):
        store = SqliteStore(path)
        await store.open()
        await store.check()
        await store.close()

    for _ in range(5):
        await asyncio.gather(*(serve(tmp_path / str(number % 2) / "x.db") for number in range(6)))


def test_processes_started_at_once_all_find_a_whole_database(tmp_path):
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from tollbridge.stores.schema import prepare\n"
        "from tollbridge.stores import upgrading\n"  # loaded early, so that all are equally fast
        "for line in sys.stdin:\n"
        "    path = Path(line.strip())\n"
        "    print('armed', flush=True)\n"
        "    while not os.path.exists(path.parent / 'go'): pass\n"
        "    prepare(path, migrate=True)\n"
        "    print('done', flush=True)\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    for number in range(10):
        path = tmp_path / f"data-{number}" / "x.db"
        path.parent.mkdir()
        for process in started:
            process.stdin.write(f"{path}\n")
            process.stdin.flush()
        assert [process.stdout.readline() for process in started] == ["armed\n"] * 4
        (path.parent / "go").touch()
        assert [process.stdout.readline() for process in started] == ["done\n"] * 4
        assert status(url_of(path)).state is SchemaState.CURRENT

    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0, 0, 0, 0]


async def test_restored_backup_opens(path, tmp_path):
    shutil.copy(path, tmp_path / "restored.db")
    store = SqliteStore(tmp_path / "restored.db")

    await store.open()
    await store.close()
