"""What is done beside the requests, by any number of processes at once."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.plugins.postgres.test_batch import waits_for_a_lock
from tests.plugins.postgres.test_hot import add, standing
from tests.support.ending import ending_rows
from tests.support.requires import requires
from tests.support.waiting import until

from tollbridge import Unavailable
from tollbridge.stores.building import ENDING
from tollbridge.stores.rows import micros
from tollbridge.testing.samples import NOON, OWN, reservation
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.hot import PostgresHot
from tollbridge_postgres.store import PostgresStore
from tollbridge_postgres.upkeep import Upkeep

pytestmark = requires("postgres")

SOON = NOON + timedelta(seconds=1)
LATE_MIN = {"code": 10, "device": 10, "invitation": 30 * 24 * 60}
"""Minutes for which what has ended is still known."""


@pytest.fixture
async def upkeep(pool, clock, db):
    for number in range(3):
        await add(db, f"tok_{number}")

    async def settled():
        pass

    upkeep = Upkeep(pool, DatabaseClock(clock), settled=settled)
    yield upkeep
    await upkeep.close()


@pytest.fixture
async def hot(pool, clock):
    hot = PostgresHot(pool, DatabaseClock(clock))
    yield hot
    await hot.close()


async def uses(db):
    columns = "id, last_used_at, last_used_from, last_used_for"
    rows = await db.fetch(f"SELECT {columns} FROM token WHERE last_used_at IS NOT NULL ORDER BY id")
    return [tuple(row.values()) for row in rows]


async def test_uses_are_written_together_and_the_newest_counts(upkeep, db):
    upkeep.touch("tok_1", SOON, "192.0.2.1", "ai:chat")
    upkeep.touch("tok_1", NOON, "192.0.2.2", "ai:images")
    upkeep.touch("tok_2", NOON, "192.0.2.3\ud800", "\0")
    upkeep.touch("tok_unknown", NOON, "", "")
    assert await uses(db) == []

    await upkeep.tidy()

    assert await uses(db) == [
        ("tok_1", micros(SOON), "192.0.2.1", "ai:chat"),
        ("tok_2", micros(NOON), "192.0.2.3?", "?"),
    ]


async def test_older_use_that_another_process_writes_late_changes_nothing(upkeep, db):
    await db.execute("UPDATE token SET last_used_at = $1, last_used_from = 'there' WHERE id = 'tok_1'", micros(SOON))

    upkeep.touch("tok_1", NOON, "here", "")
    await upkeep.tidy()

    assert await uses(db) == [("tok_1", micros(SOON), "there", None)]


async def test_many_uses_are_written_in_parts_by_processes_that_never_wait_for_each_other_in_a_circle(
    upkeep, pool, clock, db
):
    for number in range(3, 450):
        await add(db, f"tok_{number}")
    other = Upkeep(pool, DatabaseClock(clock), settled=upkeep._settled)
    for number in range(450):
        upkeep.touch(f"tok_{number}", NOON, "here", "")
        other.touch(f"tok_{449 - number}", SOON, "there", "")

    await asyncio.gather(upkeep.tidy(), other.tidy())

    assert {use[1:3] for use in await uses(db)} == {(micros(SOON), "there")}


async def test_tokens_are_locked_in_one_order_whatever_order_they_stand_in(upkeep, db):
    await db.execute("UPDATE token SET name = 'now the last one' WHERE id = 'tok_0'")
    upkeep.touch("tok_0", NOON, "", "")
    upkeep.touch("tok_1", NOON, "", "")
    async with db.transaction():
        await db.execute("SELECT FROM token WHERE id = 'tok_0' FOR UPDATE")
        tidying = asyncio.create_task(upkeep.tidy())
        await waits_for_a_lock(db)

        await db.execute("SELECT FROM token WHERE id = 'tok_1' FOR UPDATE NOWAIT")

    await tidying
    assert len(await uses(db)) == 2


async def test_use_that_could_not_be_written_is_kept(upkeep, db, monkeypatch):
    upkeep.touch("tok_1", NOON, "first", "")
    upkeep.touch("tok_2", NOON, "first", "")
    monkeypatch.setattr("tollbridge_postgres.upkeep._TOUCH", "no SQL")
    with pytest.raises(Unavailable):
        await upkeep.tidy()
    monkeypatch.undo()
    upkeep.touch("tok_2", SOON, "second", "")

    await upkeep.tidy()

    assert [use[2] for use in await uses(db)] == ["first", "second"]


async def test_sweep_is_done_in_parts_by_any_number_of_processes(upkeep, pool, hot, clock, db):
    await asyncio.gather(*(hot.reserve(reservation(f"req_{number}", 1, OWN, ttl_s=0)) for number in range(450)))
    others = [Upkeep(pool, DatabaseClock(clock), settled=upkeep._settled) for _ in range(2)]

    with capture_logs() as logged:
        swept = await asyncio.gather(*(one.sweep() for one in (upkeep, *others)))

    assert sum(swept) == 450
    assert await standing(db) == [(450, 0)]
    assert tuple((await db.fetchrow("SELECT count(*), sum(cost) FROM usage")).values()) == (450, 450)
    assert sum(entry["count"] for entry in logged if entry["event"] == "reservations_swept") == 450
    assert await upkeep.sweep() == 0


async def test_reservation_that_another_process_sweeps_is_passed_over(upkeep, hot, db):
    await hot.reserve(reservation("req_1", 1, OWN, ttl_s=0))
    await hot.reserve(reservation("req_2", 1, OWN, ttl_s=0))
    async with db.transaction():
        await db.execute("SELECT FROM reservation WHERE call_id = 'req_1' FOR UPDATE")

        assert await upkeep.sweep() == 1

    assert await upkeep.sweep() == 1


async def test_background_work_goes_on_after_a_failure(upkeep, hot, db, monkeypatch):
    await hot.reserve(reservation("req_1", 300, OWN, ttl_s=0))
    upkeep.touch("tok_1", NOON, "", "")
    monkeypatch.setattr("tollbridge_postgres.upkeep._TOUCH", "no SQL")
    monkeypatch.setattr("tollbridge_postgres.upkeep._EXPIRED", "no SQL")
    monkeypatch.setattr("tollbridge_postgres.upkeep.CLOCK_S", 0.005)
    with capture_logs() as logged:
        upkeep.start(tidy_s=0.005, sweep_s=0.005)
        await until(
            lambda: {"store_tidying_failed", "sweep_failed"} <= {entry["event"] for entry in logged}, "failures"
        )
    monkeypatch.undo()

    async with asyncio.timeout(10):
        while not (await uses(db) and await standing(db) == [(300, 0)]):
            await asyncio.sleep(0.01)


async def test_store_that_cannot_be_swept_yet_is_opened_all_the_same(upkeep, hot, monkeypatch):
    await hot.reserve(reservation("req_1", 300, OWN, ttl_s=0))
    monkeypatch.setattr("tollbridge_postgres.upkeep._EXPIRED", "no SQL")

    with capture_logs() as logged:
        await upkeep.catch_up()

    assert [entry["event"] for entry in logged] == ["sweep_failed"]
    assert logged[0]["reason"] == "store: PostgresSyntaxError (SQLSTATE 42601)"


async def test_what_an_earlier_process_left_open_is_charged_before_the_store_is_open(address, clock, hot, db):
    await hot.reserve(reservation("req_expired", 300, OWN, ttl_s=0))
    await hot.reserve(reservation("req_running", 200, OWN, ttl_s=60))
    store = PostgresStore(address, clock)

    await store.open()

    assert await standing(db) == [(300, 200)]
    await store.close()


async def test_closing_writes_what_is_noted(pool, clock, upkeep, db):
    closing = Upkeep(pool, DatabaseClock(clock), settled=upkeep._settled)
    closing.start(tidy_s=60, sweep_s=60)
    closing.touch("tok_1", NOON, "", "")

    await closing.close()

    assert len(await uses(db)) == 1


@pytest.mark.parametrize("locked", [True, False])
async def test_closing_behind_a_lock_or_a_failure_gives_up_quietly(pool, clock, upkeep, db, monkeypatch, locked):
    monkeypatch.setattr("tollbridge_postgres.upkeep.LAST_S", 0.1)
    closing = Upkeep(pool, DatabaseClock(clock), settled=upkeep._settled)
    closing.touch("tok_1", NOON, "", "")
    if not locked:
        monkeypatch.setattr("tollbridge_postgres.upkeep._TOUCH", "no SQL")

    with capture_logs() as logged:
        async with db.transaction():
            if locked:
                await db.execute("LOCK TABLE token")
            await closing.close()

    assert [entry["event"] for entry in logged] == ["store_tidying_failed"]


@pytest.mark.parametrize("table", ENDING)
async def test_rows_whose_time_is_over_are_forgotten(upkeep, db, table):
    ended_at = micros(NOON - timedelta(minutes=LATE_MIN.get(table, 0)))
    for ends_at, numbers in ((ended_at, range(450)), (ended_at + 1, range(450, 451))):
        columns, rows = ending_rows(table, ends_at, numbers)
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        await db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    await upkeep.tidy()

    assert [row["digest"] for row in await db.fetch(f"SELECT digest FROM {table}")] == [b"450"]


async def test_first_answers_are_forgotten_when_their_time_is_over(upkeep, db):
    keep = "INSERT INTO idempotency VALUES ($1, 'key', '', 'run', 0, $2, '')"
    await db.executemany(keep, [(f"tok_{number}", micros(NOON)) for number in range(450)])
    await db.execute(keep, "tok_later", micros(NOON) + 1)

    await upkeep.tidy()

    assert [row["caller"] for row in await db.fetch("SELECT caller FROM idempotency")] == ["tok_later"]


async def test_access_tokens_whose_time_is_over_are_forgotten_and_secrets_of_tokens_are_not(upkeep, db):
    columns = "digest, token_id, pepper_id, created_at, expires_at, use"
    keep = f"INSERT INTO secret ({columns}) VALUES ($1, 'tok_1', '', 0, $2, $3)"
    rows = [(b"%d" % number, micros(NOON), ("access", "elsewhere")[number % 2]) for number in range(450)]
    kept = [(b"later", micros(NOON) + 1, "access"), (b"own", micros(NOON), ""), (b"client", micros(NOON), "client")]
    before = {row["digest"] for row in await db.fetch("SELECT digest FROM secret")}
    await db.executemany(keep, [*rows, *kept, (b"for ever", None, "access")])

    await upkeep.tidy()

    left = {row["digest"] for row in await db.fetch("SELECT digest FROM secret")}
    assert left - before == {b"later", b"own", b"client", b"for ever"}
