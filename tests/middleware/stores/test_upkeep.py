import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.support.ending import ending_rows

from tollbridge.errors import Unavailable
from tollbridge.stores import ledger
from tollbridge.stores.files import connect, transaction
from tollbridge.stores.forgetting import ENDING
from tollbridge.stores.rows import micros
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.stores.upkeep import Upkeep
from tollbridge.testing.samples import NOON, OWN, reservation

SOON = NOON + timedelta(seconds=1)
LATE_MIN = {"code": 10, "device": 10, "invitation": 30 * 24 * 60}
"""Minutes for which what has ended is still known."""


@pytest.fixture
async def upkeep(path, clock, db):
    with transaction(db):
        for number in range(3):
            db.execute(
                "INSERT INTO token (id, name, kind, owner, team, scopes, hint, created_at)"
                " VALUES (?, '', 'bearer', '', '', '', '', 0)",
                (f"tok_{number}",),
            )
    upkeep = Upkeep(connect(path), clock)
    yield upkeep
    await upkeep.close()


def uses(db):
    return db.execute("SELECT id, last_used_at, last_used_from FROM token WHERE last_used_at NOT NULL").fetchall()


def log_size(path):
    return path.with_name(path.name + "-wal").stat().st_size


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_uses_are_written_together_and_the_newest_counts(upkeep, db):
    upkeep.touch("tok_1", SOON, "192.0.2.1")
    upkeep.touch("tok_1", NOON, "192.0.2.2")
    upkeep.touch("tok_2", NOON, "192.0.2.3")
    assert uses(db) == []

    await upkeep.tidy()

    assert uses(db) == [("tok_1", micros(SOON), "192.0.2.1"), ("tok_2", micros(NOON), "192.0.2.3")]


async def test_older_use_that_another_process_writes_late_changes_nothing(upkeep, db):
    db.execute("UPDATE token SET last_used_at = ?, last_used_from = 'there' WHERE id = 'tok_1'", (micros(SOON),))

    upkeep.touch("tok_1", NOON, "here")
    await upkeep.tidy()

    assert uses(db) == [("tok_1", micros(SOON), "there")]


async def test_many_uses_are_written_in_parts(upkeep, db):
    seen = []
    upkeep._db.set_trace_callback(seen.append)
    for number in range(450):
        upkeep.touch(f"tok_{number}", NOON, "")

    await upkeep.tidy()

    assert seen.count("COMMIT") == 3  # 200 + 200 + 50
    assert len(uses(db)) == 3


async def test_use_that_could_not_be_written_is_kept(upkeep, db):
    upkeep._db.execute("PRAGMA busy_timeout = 1")
    upkeep.touch("tok_1", NOON, "first")
    upkeep.touch("tok_2", NOON, "first")
    with transaction(db), pytest.raises(Unavailable):
        await upkeep.tidy()
    upkeep.touch("tok_2", SOON, "second")

    await upkeep.tidy()

    assert uses(db) == [("tok_1", micros(NOON), "first"), ("tok_2", micros(SOON), "second")]


async def test_use_noted_during_a_failed_writing_is_the_newer_one(upkeep, db):
    upkeep._db.execute("PRAGMA busy_timeout = 1")
    upkeep.touch("tok_1", NOON, "first")
    with transaction(db):
        tidying = asyncio.create_task(upkeep.tidy())
        await asyncio.sleep(0)
        upkeep.touch("tok_1", SOON, "second")
        with pytest.raises(Unavailable):
            await tidying

    await upkeep.tidy()

    assert uses(db) == [("tok_1", micros(SOON), "second")]


async def test_log_is_moved_into_the_file(upkeep, db, path):
    assert db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1] > 0
    with transaction(db):
        db.execute("INSERT INTO budget VALUES ('x', 0, 0)")

    await upkeep.tidy()

    # busy, pages in the log, pages moved: nothing is left to move
    _, pages, moved = db.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
    assert pages == moved


async def test_long_log_is_emptied(upkeep, db, path, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.upkeep._LONG_WAL_PAGES", 0)
    db.execute("INSERT INTO budget VALUES ('x', 0, 0)")
    assert log_size(path) > 0

    await upkeep.tidy()

    assert log_size(path) == 0
    assert upkeep._db.execute("PRAGMA busy_timeout").fetchone() == (5_000,)


async def test_reader_keeps_the_log_and_nobody_fails(upkeep, db, path, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.upkeep._LONG_WAL_PAGES", 0)
    monkeypatch.setattr("tollbridge.stores.upkeep._TRUNCATE_WAIT_MS", 1)
    db.execute("BEGIN")
    db.execute("SELECT count(*) FROM token").fetchall()
    upkeep.touch("tok_1", NOON, "")

    await upkeep.tidy()

    assert log_size(path) > 0
    db.execute("COMMIT")


async def test_background_work_goes_on_after_a_failure(upkeep, db, clock):
    upkeep._db.execute("PRAGMA busy_timeout = 1")
    ledger.reserve(db, reservation("req_1", 300, OWN, ttl_s=0))
    with transaction(db):
        db.execute("UPDATE token SET hint = 'locked'")
        upkeep.touch("tok_1", NOON, "")
        with capture_logs() as logged:
            upkeep.start(tidy_s=0.005, sweep_s=0.005)
            await until(lambda: {"store_tidying_failed", "sweep_failed"} <= {entry["event"] for entry in logged})

    await until(lambda: uses(db) and db.execute("SELECT spent, reserved FROM budget").fetchall() == [(300, 0)])


async def test_what_an_earlier_process_left_open_is_charged_before_the_store_is_open(path, db, clock):
    ledger.reserve(db, reservation("req_expired", 300, OWN, ttl_s=0))
    ledger.reserve(db, reservation("req_running", 200, OWN, ttl_s=60))
    store = SqliteStore(path, clock)

    await store.open()

    assert db.execute("SELECT spent, reserved FROM budget").fetchall() == [(300, 200)]
    assert db.execute("SELECT call_id, cost FROM usage").fetchall() == [("req_expired", 300)]
    await store.close()


async def test_store_that_cannot_be_swept_yet_is_opened_all_the_same(upkeep, db):
    upkeep._db.execute("PRAGMA busy_timeout = 1")
    ledger.reserve(db, reservation("req_1", 300, OWN, ttl_s=0))

    with transaction(db), capture_logs() as logged:
        db.execute("UPDATE token SET hint = 'locked'")
        await upkeep.catch_up()

    assert [entry["event"] for entry in logged] == ["sweep_failed"]
    assert await upkeep.sweep() == 1


async def test_sweep_is_done_in_parts_by_any_number_of_processes(upkeep, db, path, clock):
    with transaction(db):
        for number in range(450):
            ledger.reserve(db, reservation(f"req_{number}", 1, OWN, ttl_s=0))
    other = Upkeep(connect(path), clock)

    swept = await asyncio.gather(upkeep.sweep(), other.sweep())

    assert sum(swept) == 450
    assert db.execute("SELECT spent, reserved FROM budget").fetchall() == [(450, 0)]
    assert db.execute("SELECT count(*), sum(cost) FROM usage").fetchall() == [(450, 450)]
    assert await upkeep.sweep() == 0
    await other.close()


async def test_closing_writes_what_is_noted_and_empties_the_log(path, clock, upkeep, db):
    closing = Upkeep(connect(path), clock)
    closing.start(tidy_s=60, sweep_s=60)
    closing.touch("tok_1", NOON, "")

    await closing.close()

    assert len(uses(db)) == 1
    assert log_size(path) == 0


async def test_closing_behind_a_lock_gives_up_quietly(path, clock, db):
    closing = Upkeep(connect(path), clock)
    closing._db.execute("PRAGMA busy_timeout = 1")
    closing.touch("tok_1", NOON, "")

    with transaction(db):
        await closing.close()


async def test_note_survives_a_cancelled_tidying(upkeep, db):
    upkeep.touch("tok_1", NOON, "")
    tidying = asyncio.create_task(upkeep.tidy())
    await asyncio.sleep(0)

    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)

    assert len(upkeep._used) == 1


async def test_first_answers_are_forgotten_when_their_time_is_over(upkeep, db, clock):
    keep = "INSERT INTO idempotency VALUES (?1, 'key', X'00', 'run', 0, ?2, X'01', '')"
    db.executemany(keep, [(f"tok_{number}", micros(NOON)) for number in range(450)])
    db.execute(keep, ("tok_later", micros(NOON) + 1))

    await upkeep.tidy()

    assert db.execute("SELECT caller FROM idempotency").fetchall() == [("tok_later",)]


@pytest.mark.parametrize("table", ENDING)
async def test_rows_whose_time_is_over_are_forgotten(upkeep, db, table):
    ended_at = micros(NOON - timedelta(minutes=LATE_MIN.get(table, 0)))
    for ends_at, numbers in ((ended_at, range(450)), (ended_at + 1, range(450, 451))):
        columns, rows = ending_rows(table, ends_at, numbers)
        places = ", ".join("?" for _ in columns)
        db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)

    await upkeep.tidy()

    assert db.execute(f"SELECT digest FROM {table}").fetchall() == [(b"450",)]


async def test_access_tokens_whose_time_is_over_are_forgotten_and_secrets_of_tokens_are_not(upkeep, db):
    columns = "digest, token_id, pepper_id, created_at, expires_at, use"
    keep = f"INSERT INTO secret ({columns}) VALUES (?, 'tok_1', '', 0, ?, ?)"
    rows = [(b"%d" % number, micros(NOON), ("access", "elsewhere")[number % 2]) for number in range(450)]
    kept = [(b"later", micros(NOON) + 1, "access"), (b"own", micros(NOON), ""), (b"client", micros(NOON), "client")]
    db.executemany(keep, [*rows, *kept, (b"for ever", None, "access")])

    await upkeep.tidy()

    left = {digest for (digest,) in db.execute("SELECT digest FROM secret")}
    assert left == {b"later", b"own", b"client", b"for ever"}
