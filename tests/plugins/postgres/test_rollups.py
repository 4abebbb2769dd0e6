"""Sums of usage on PostgreSQL: the same as on SQLite, whoever takes rows over at the same time."""

import asyncio
import importlib
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.middleware.stores.test_reports import fill
from tests.middleware.stores.test_rollingup import kept
from tests.middleware.stores.test_sqlusage import questions, ranges, rows
from tests.middleware.stores.test_usage_sums import some
from tests.plugins.postgres.test_processes import DEADLOCKS
from tests.support.requires import requires

from tollbridge import BadRequest
from tollbridge.stores.counting import PENDING
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.files import connect
from tollbridge.stores.rollingup import take_over as sqlite_take_over
from tollbridge.stores.rollups import LATENCY, LATENCY_KEY, TABLES
from tollbridge.stores.schema import prepare
from tollbridge.stores.sqlusage import SqlUsage
from tollbridge.stores.usages import ReportAsked
from tollbridge.testing.samples import NOON, ROW
from tollbridge_postgres.batch import Ledger
from tollbridge_postgres.engine import make_engine
from tollbridge_postgres.rollups import take_over
from tollbridge_postgres.works import settle

pytestmark = requires("postgres")
ALL = ("usage", PENDING, LATENCY, *(one.table for one in TABLES))


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("same") / "sums.db"
    prepare(path, migrate=True)
    return path


async def kept_here(db):
    """Give the rows of all sums, by table."""
    found = {}
    for one in TABLES:
        found[one.table] = await db.fetch(f"SELECT * FROM {one.table} ORDER BY {', '.join(one.key)}")
    names = ", ".join(LATENCY_KEY)
    found[LATENCY] = await db.fetch(f"SELECT {names}, lasted, began FROM {LATENCY} ORDER BY {names}")
    return {table: [tuple(row.values()) for row in rows] for table, rows in found.items()}


async def write(pool, found):
    batch = Ledger(pool)
    for number, row in enumerate(found):
        batch.post(settle(replace(row, call_id=f"req_{number}")))
    await batch.close()


@given(rows, ranges(), questions, st.integers(0, 40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_report_is_that_of_sqlite_and_so_are_the_sums(store, pool, db, file, found, cut, question, taken):
    written = connect(file)
    fill(written, found, taken=taken)
    engine = sqlite_engine(file)
    await db.execute(f"TRUNCATE {', '.join(ALL)}")
    await write(pool, found)
    if taken:
        await pool.transact(lambda db: take_over(db, taken))
    asked = ReportAsked(starts=cut[0], until=cut[1], **question)

    answers = []
    for reports in (SqlUsage(engine), await store.usages()):
        try:
            answers.append(await reports.report(asked))
        except BadRequest as exc:
            answers.append(exc.message)

    assert answers[0] == answers[1]
    sqlite_take_over(written, 100)
    await pool.transact(lambda db: take_over(db, 100))
    assert await kept_here(db) == kept(written)
    await engine.dispose()
    written.close()


async def test_connections_that_take_rows_over_at_once_take_each_once_and_wait_for_no_other(store, pool, db, file):
    before = await db.fetchval(DEADLOCKS)
    dice = random.Random(7)
    found = [
        replace(
            ROW,
            at=NOON + timedelta(seconds=dice.randrange(7_200)),
            **{name: f"{name}-{dice.randrange(4)}" for name in ("team", "model", "provider", "token_id")},
        )
        for _ in range(600)
    ]

    async def work(pool):
        while await pool.transact(lambda db: take_over(db, 7)):
            pass

    await asyncio.gather(write(pool, found), *(work(pool) for _ in range(2)))
    await asyncio.gather(*(work(pool) for _ in range(6)))
    await work(pool)  # who found the rest in the hands of others has stopped

    assert await db.fetchval("SELECT count(*) FROM usage") == len(found)
    assert await db.fetchval(f"SELECT count(*) FROM {PENDING}") == 0
    written = connect(file)
    fill(written, found, taken=1_000)
    assert await kept_here(db) == kept(written)
    assert await db.fetchval(DEADLOCKS) == before
    written.close()


async def test_taking_over_that_is_undone_takes_nothing(pool, db):
    await write(pool, [ROW])

    async def fail(db):
        await take_over(db, 9)
        raise BadRequest("undone")

    with pytest.raises(BadRequest, match="undone"):
        await pool.transact(fail)

    assert await db.fetchval(f"SELECT count(*) FROM {PENDING}") == 1
    assert (await kept_here(db))["usage_by_model"] == []


async def test_migration_sums_rows_up_as_taking_them_over_does(pool, db, file, address):
    found = list(some(300))
    await write(pool, found)
    for table in ALL[1:]:
        await db.execute(f"DELETE FROM {table}")
    names = ("0021_usage_sums", "0023_sums_of_months")
    migrations = [importlib.import_module(f"tollbridge.stores.migrations.versions.{name}") for name in names]
    engine = make_engine(address, longest_s=None)

    async with engine.begin() as connection:
        for migration in migrations:
            await connection.run_sync(migration.fill)

    await engine.dispose()
    written = connect(file)
    fill(written, found, taken=1_000)
    assert await kept_here(db) == kept(written)
    written.close()
