"""What SQLAlchemy sees of a connection, and what it does not: how often its thread is asked."""

import sqlite3

import aiosqlite
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.trips import open_trips

INSERT = "INSERT INTO budget (id, spent, reserved) VALUES (:id, :spent, 0)"


@pytest.fixture
async def engine(path):
    made = sqlite_engine(path)
    yield made
    await made.dispose()


@pytest.fixture
def trips(monkeypatch):
    """What was asked of threads of connections from here on."""
    asked, execute = [], aiosqlite.Connection._execute

    async def counted(self, function, *args, **options):
        asked.append(function)
        return await execute(self, function, *args, **options)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    return asked


async def budgets(connection):
    return [tuple(row) for row in await connection.execute(text("SELECT id, spent FROM budget ORDER BY id"))]


async def test_question_is_one_trip_with_the_transaction_it_begins(engine, trips):
    async with engine.begin() as connection:
        await connection.execute(text(INSERT), [{"id": f"b{number}", "spent": number} for number in range(300)])
    trips.clear()

    async with engine.connect() as connection:
        found = await budgets(connection)

    assert (len(found), len(trips)) == (300, 1)


async def test_transaction_without_a_statement_asks_for_nothing(engine, trips):
    async with engine.connect() as connection:
        await budgets(connection)
    trips.clear()

    async with engine.begin():
        pass
    async with engine.connect() as connection, connection.begin() as whole:
        await whole.rollback()

    assert trips == []


async def test_what_a_statement_changed_is_told_and_lasts(engine, db):
    async with engine.begin() as connection:
        made = await connection.execute(text(INSERT), {"id": "a", "spent": 1})
        changed = await connection.execute(text("UPDATE budget SET spent = 2 WHERE id IN ('a', 'b')"))

    assert (made.rowcount, changed.rowcount) == (1, 1)
    assert db.execute("SELECT id, spent FROM budget").fetchall() == [("a", 2)]


async def test_what_is_taken_back_is_gone_for_whoever_comes_next(engine):
    async with engine.connect() as connection:
        await connection.execute(text(INSERT), {"id": "a", "spent": 1})
        await connection.rollback()
        assert await budgets(connection) == []
    async with engine.begin() as connection:
        await connection.execute(text(INSERT), {"id": "b", "spent": 1})
    async with engine.connect() as connection:
        assert await budgets(connection) == [("b", 1)]


async def test_transaction_that_nobody_ended_holds_no_lock(engine, db):
    async with engine.connect() as connection:
        await connection.execute(text(INSERT), {"id": "a", "spent": 1})

    async with engine.connect() as connection:  # the same one: what was taken back lies before this
        assert await budgets(connection) == []
    db.execute("BEGIN IMMEDIATE")
    db.execute("ROLLBACK")


async def test_statement_that_fails_says_why_and_leaves_nothing(engine):
    async def write_twice():
        async with engine.begin() as connection:
            await connection.execute(text(INSERT), {"id": "a", "spent": 1})
            await connection.execute(text(INSERT), {"id": "a", "spent": 2})

    with pytest.raises(IntegrityError):
        await write_twice()

    async with engine.connect() as connection:
        assert await budgets(connection) == []
        with pytest.raises(OperationalError, match="no such table"):
            await connection.execute(text("SELECT * FROM no_table"))


async def test_cursor_says_what_one_of_sqlite_does(path):
    connection = await open_trips(path)

    async with connection.cursor() as cursor:
        assert (cursor.description, cursor.rowcount, cursor.lastrowid, await cursor.fetchall()) == (None, -1, None, ())
        await cursor.execute("SELECT 1 AS one")
        assert ([each[0] for each in cursor.description], await cursor.fetchall()) == (["one"], [(1,)])
        await cursor.executemany("INSERT INTO budget (id, spent, reserved) VALUES (?, 0, 0)", [("a",), ("b",)])
        assert (cursor.description, cursor.rowcount, await cursor.fetchall()) == (None, 2, ())
        await cursor.execute("CREATE TEMP TABLE counted (number INTEGER PRIMARY KEY)")
        await cursor.execute("INSERT INTO counted VALUES (7)")
        assert cursor.lastrowid == 7
        await cursor.close()

    await connection.close()


async def test_file_that_is_not_there_is_said_so_and_no_thread_is_left(tmp_path):
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        await open_trips(tmp_path / "none" / "none.db")
