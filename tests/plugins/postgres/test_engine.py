"""SQLAlchemy's side on PostgreSQL: its failures, its snapshots, its cancelled questions."""

import asyncio
import dataclasses
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace
from sqlalchemy import func, select
from tests.middleware.stores.test_reports import fill, rows
from tests.support.requires import requires

from tollbridge import BadRequest, Unavailable
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.files import connect
from tollbridge.stores.reports import SqlReports
from tollbridge.stores.rollups import TABLES
from tollbridge.stores.schema import prepare
from tollbridge.stores.tables import usage
from tollbridge.testing.samples import ACT, NOON, ROW, TOKEN
from tollbridge_postgres.engine import ADMIN_POOL, sql_side
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")

LATER = NOON + timedelta(hours=1)
AWAY = ("usage", "usage_by_ending")


def token(**change):
    return dataclasses.replace(TOKEN, **change)


async def test_question_a_broken_database_cannot_answer_is_refused_without_a_value(store, db):
    for table in AWAY:
        await db.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        for question in (store.totals(NOON, LATER), store.series(NOON, LATER, steps=1), store.recent()):
            with pytest.raises(Unavailable) as refusal:
                await question
            assert refusal.value.detail == "store: SQLSTATE 42P01"
    finally:
        for table in AWAY:
            await db.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


async def test_value_that_no_column_takes_is_the_callers_fault(store):
    for change in ({"owner": "\0"}, {"owner": "\ud800"}):
        with pytest.raises(BadRequest, match="holds characters that the database does not take"):
            await store.add_token(token(**change), ACT)
    with pytest.raises(BadRequest, match="is too large"):
        await store.add_token(token(rotate_days=2**70), ACT)

    assert await store.list_tokens() == []


@pytest.mark.parametrize("id", ["\0", "\ud800", "tok_0"])
async def test_token_that_cannot_be_is_not_there(store, id):
    assert await store.get_token(id) is None
    assert await store.revoke_token(id, ACT) is None
    assert await store.list_tokens(search=id, before=id) == []


async def test_search_tells_upper_from_lower_case_in_ascii_alone_as_on_sqlite(store):
    for number, name in enumerate(["Äpfel ABC", "äpfel abc", "İstanbul"]):
        await store.add_token(token(id=f"tok_{number}", digest=b"%032d" % number, name=name, owner=""), ACT)

    async def found(text):
        return [each.id for each in await store.list_tokens(search=text)]

    assert await found("aBc") == ["tok_1", "tok_0"]
    assert await found("Äpfel") == ["tok_0"]
    assert await found("İ") == ["tok_2"]
    assert await found("%") == []


async def test_ids_are_ordered_by_their_bytes(store):
    for number, id in enumerate(["tok_a", "tok_B", "tok-c", "tok_1"]):
        await store.add_token(token(id=id, digest=b"%032d" % number), ACT)

    assert [each.id for each in await store.list_tokens()] == ["tok_a", "tok_B", "tok_1", "tok-c"]
    assert [each.id for each in await store.list_tokens(before="tok_B")] == ["tok_1", "tok-c"]


async def test_report_sees_one_state_of_the_database(store, address):
    side = sql_side(address, store._parts.clock)
    count = select(func.count()).select_from(usage)
    await store.settle(ROW)

    async with side.reports._engine.connect() as connection:
        before = (await connection.execute(count)).scalar()
        await store.settle(replace(ROW, call_id="req_2"))
        after = (await connection.execute(count)).scalar()

    assert (before, after, await store.cost(NOON, LATER)) == (1, 1, 200)
    await side.close()


async def test_cancelled_questions_never_get_anothers_answer(store):
    for number in range(20):
        await store.add_token(token(id=f"tok_{number:02}", digest=b"%032d" % number), ACT)
    dice = random.Random(46)
    answered = 0
    for _ in range(10):
        asked = [f"tok_{dice.randrange(20):02}" for _ in range(20)]
        calls = [asyncio.create_task(store.get_token(id)) for id in asked]
        for call in dice.sample(calls, 8):
            for _ in range(dice.randrange(60)):
                await asyncio.sleep(0)
            call.cancel()
        for id, found in zip(asked, await asyncio.gather(*calls, return_exceptions=True), strict=True):
            if not isinstance(found, asyncio.CancelledError):
                assert found.id == id
                answered += 1

    assert answered >= 100
    side = await store._sql()
    assert side._engine.pool.checkedout() == 0
    assert side._engine.pool.size() + max(0, side._engine.pool.overflow()) <= ADMIN_POOL


async def test_server_that_is_away_is_unavailable(postgres_server, store):
    store._address = type(store._address)(postgres_server.url("missing"), "the PostgreSQL database missing")

    with pytest.raises(Unavailable) as refusal:
        await store.get_token("tok_1")

    assert refusal.value.detail == "store: InvalidCatalogNameError (SQLSTATE 3D000)"


async def test_question_that_takes_too_long_is_given_up(address, clock, monkeypatch, db):
    monkeypatch.setattr("tollbridge_postgres.engine._LONGEST_S", 0.2)
    store = PostgresStore(address, clock)
    await store.open()
    async with db.transaction():
        await db.execute("LOCK TABLE usage")
        with pytest.raises(Unavailable) as refusal:
            await store.recent()

    assert refusal.value.detail in ("store: TimeoutError", "store: SQLSTATE 57014")
    assert await store.recent() == []
    await store.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("same") / "reports.db"
    prepare(path, migrate=True)
    return path


@given(rows)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_reports_are_those_of_sqlite(store, db, file, found):
    written = connect(file)
    fill(written, found)
    engine = sqlite_engine(file)
    await db.execute(f"TRUNCATE usage, usage_pending, usage_latency, {', '.join(kept.table for kept in TABLES)}")
    for number, row in enumerate(found):
        store.post(replace(row, call_id=f"req_{number}"))
    other, until = SqlReports(engine), NOON + timedelta(microseconds=100)

    assert await store.totals(NOON, until) == await other.totals(NOON, until)
    for steps, by_model in ((1, True), (7, False), (7, True)):
        ours = await store.series(NOON, until, steps=steps, by_model=by_model)
        assert ours == await other.series(NOON, until, steps=steps, by_model=by_model)
        assert all(type(value) is int for bucket in ours for value in (bucket.calls, bucket.failed, bucket.cost))
    for by in ("model", "provider", "service", "token_id"):
        assert await store.spend(NOON, until, by=by) == await other.spend(NOON, until, by=by)
    assert await store.health(NOON, until) == await other.health(NOON, until)
    assert type(await store.cost(NOON, until)) is int
    assert await store.recent(limit=100) == await other.recent(limit=100)
    await engine.dispose()
    written.close()
