import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BudgetExceeded, Unavailable
from tollbridge.stores.files import connect, transaction
from tollbridge.stores.hot import CHECKED_S, SEEN_S, SqliteHot
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.rows import micros
from tollbridge.testing.samples import NOON, OWN, ROW, reservation

LATER = micros(NOON + timedelta(seconds=1))


def standing(db):
    return db.execute("SELECT spent, reserved FROM budget").fetchall()


@pytest.fixture
async def hot(path, clock):
    reader, writer = connect(path, patient=False), connect(path, patient=False)
    hot = SqliteHot(reader, writer, clock, mark=TokenMark(path))
    yield hot
    await hot.close()


def add(db, token_id, *, revoked_at=None, expires_at=None, disabled_at=None, secret_expires_at=None):
    with transaction(db):
        db.execute(
            "INSERT INTO token"
            " (id, name, kind, owner, team, scopes, hint, created_at, revoked_at, expires_at, disabled_at)"
            " VALUES (?, 'n', 'bearer', '', '', 'ai:*', 'h', 0, ?, ?, ?)",
            (token_id, revoked_at, expires_at, disabled_at),
        )
        db.execute(
            "INSERT INTO secret (digest, token_id, pepper_id, created_at, expires_at) VALUES (?, ?, '1', 0, ?)",
            (token_id.encode().ljust(32), token_id, secret_expires_at),
        )


@pytest.mark.parametrize(
    ("state", "live"),
    [
        ({}, True),
        ({"expires_at": LATER}, True),
        ({"expires_at": micros(NOON)}, False),
        ({"secret_expires_at": LATER}, True),
        ({"secret_expires_at": micros(NOON)}, False),
        ({"revoked_at": LATER}, False),
        ({"disabled_at": LATER}, False),
        ({"revoked_at": 0, "expires_at": LATER, "secret_expires_at": LATER}, False),
    ],
)
async def test_only_a_live_secret_of_a_live_token_opens(hot, db, state, live):
    add(db, "tok_1", **state)

    assert (await hot.find_principal(b"tok_1".ljust(32)) is not None) == live


async def test_each_look_up_sees_every_change_under_the_mark(hot, db, path):
    mark = TokenMark(path)
    for number in range(20):
        add(db, f"tok_{number}")
        digest = f"tok_{number}".encode().ljust(32)
        assert await hot.find_principal(digest) is not None
        with mark.changing():
            db.execute("UPDATE token SET revoked_at = 1 WHERE id = ?", (f"tok_{number}",))
        assert await hot.find_principal(digest) is None
    mark.close()


async def test_what_was_read_while_a_token_changes_is_not_trusted_after_it(hot, db, path):
    mark = TokenMark(path)
    add(db, "tok_1")

    with mark.changing():
        assert await hot.find_principal(b"tok_1".ljust(32)) is not None
        db.execute("UPDATE token SET revoked_at = 1")

    assert await hot.find_principal(b"tok_1".ljust(32)) is None
    mark.close()


async def test_token_that_was_found_is_not_asked_for_again_while_the_mark_stays(hot, db, clock):
    add(db, "tok_1")
    asked = []
    hot._reader.set_trace_callback(asked.append)

    found = [await hot.find_principal(b"tok_1".ljust(32)) for _ in range(3)]

    assert len(asked) == 1
    assert found[0] is found[2]
    clock.advance(SEEN_S)
    await hot.find_principal(b"tok_1".ljust(32))
    assert len(asked) == 2


async def test_change_by_hand_is_seen_within_a_second(hot, db, clock):
    add(db, "tok_1")
    assert await hot.find_principal(b"tok_1".ljust(32)) is not None
    db.execute("UPDATE token SET revoked_at = 1")

    clock.advance(SEEN_S)

    assert await hot.find_principal(b"tok_1".ljust(32)) is None


async def test_token_ends_at_its_expiry_though_it_was_just_found(hot, db, clock):
    add(db, "tok_1", expires_at=micros(NOON + timedelta(milliseconds=500)))
    assert await hot.find_principal(b"tok_1".ljust(32)) is not None

    clock.advance(0.5)

    assert await hot.find_principal(b"tok_1".ljust(32)) is None


async def test_only_so_many_tokens_are_remembered(hot, db, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.hot._MOST_SEEN", 2)
    for number in range(5):
        add(db, f"tok_{number}")
        assert await hot.find_principal(f"tok_{number}".encode().ljust(32)) is not None

    assert len(hot._seen) <= 2


async def test_unknown_revoked_and_expired_cost_the_same_statement(hot, db):
    add(db, "tok_1", revoked_at=1)
    add(db, "tok_2", expires_at=1)
    seen = []
    hot._reader.set_trace_callback(seen.append)

    for name in (b"tok_0", b"tok_1", b"tok_2"):
        assert await hot.find_principal(name.ljust(32)) is None

    assert len(seen) == 3
    plan = hot._reader.execute(f"EXPLAIN QUERY PLAN {seen[0]}").fetchall()
    assert [step[-1] for step in plan if step[-1].startswith("SEARCH")] == [
        "SEARCH s USING PRIMARY KEY (digest=?) LEFT-JOIN",
        "SEARCH t USING PRIMARY KEY (id=?) LEFT-JOIN",
    ]


async def ask_subscription(hot):
    return hot.find_subscription("app_1", "svc_1")


async def ask_edition(hot):
    return hot.edition()


ASKED = [
    ("secret", lambda hot: hot.find_principal(b"x")),
    ("token", lambda hot: hot.find_holder("tok_1")),
    ("subscription", ask_subscription),
    ("turn", ask_edition),
]


@pytest.mark.parametrize(("table", "ask"), ASKED, ids=[table for table, _ in ASKED])
async def test_reader_that_fails_refuses(hot, table, ask):
    hot._reader.execute("PRAGMA query_only = OFF")
    hot._reader.execute("PRAGMA foreign_keys = OFF")
    hot._reader.execute(f"DROP TABLE {table}")

    with pytest.raises(Unavailable, match="cannot reach its store") as refusal:
        await ask(hot)
    assert refusal.value.detail == f"store: no such table: {table}"


@pytest.mark.parametrize("ticks", range(6))
async def test_reservation_of_a_cancelled_caller_is_given_back_whenever_it_came(hot, db, ticks):
    call = asyncio.create_task(hot.reserve(reservation("req_1", 400, OWN)))
    for _ in range(ticks):
        await asyncio.sleep(0)
    call.cancel()
    (result,) = await asyncio.gather(call, return_exceptions=True)
    await hot.check()

    assert standing(db) == ([(0, 400)] if result is None else [(0, 0)] if ticks else [])
    assert db.execute("SELECT count(*) FROM reservation").fetchone() == (int(result is None),)


async def test_cancelled_caller_behind_a_lock_is_given_back_too(hot, db):
    with transaction(db):
        call = asyncio.create_task(hot.reserve(reservation("req_1", 400, OWN)))
        await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
    await hot.check()

    assert standing(db) == [(0, 0)]


async def test_cancelled_refused_caller_stays_refused(hot, db):
    await hot.reserve(reservation("req_1", 400, OWN))
    call = asyncio.create_task(hot.reserve(reservation("req_2", 400, OWN)))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises((asyncio.CancelledError, BudgetExceeded)):
        await call
    await hot.check()

    assert standing(db) == [(0, 400)]


async def test_caller_cancelled_while_the_store_closes_leaves_its_hold_to_the_sweep(path, clock, db):
    hot = SqliteHot(connect(path, patient=False), connect(path, patient=False), clock, mark=TokenMark(path))
    call = asyncio.create_task(hot.reserve(reservation("req_1", 400, OWN)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(hot.close())
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await closing

    assert call.cancelled()
    assert standing(db) == [(0, 400)]


async def test_settlement_of_a_cancelled_caller_is_written(hot, db):
    await hot.reserve(reservation("req_1", 400, OWN))
    calls = [asyncio.create_task(hot.settle(replace(ROW, cost=cost))) for cost in (150, 300)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await hot.check()

    assert standing(db) == [(150, 0)]


async def test_check_fails_where_nothing_can_be_written(path, clock):
    writer = connect(path, patient=False)
    writer.execute("PRAGMA query_only = ON")
    hot = SqliteHot(connect(path, patient=False), writer, clock, mark=TokenMark(path))

    with pytest.raises(Unavailable) as refusal:
        await hot.check()
    assert refusal.value.detail == "store: attempt to write a readonly database"
    await hot.close()
    with pytest.raises(Unavailable):
        await hot.check()


async def test_check_fails_while_the_disk_is_full_and_no_later(hot, no_room):
    with no_room():
        with pytest.raises(Unavailable):
            await hot.check()
        with pytest.raises(Unavailable):
            await hot.check()

    await hot.check()


async def test_checks_write_once_in_a_while_and_the_file_does_not_grow(hot, path, clock, db):
    log = path.with_name(f"{path.name}-wal")
    await hot.check()
    (size, pages) = (log.stat().st_size, db.execute("PRAGMA page_count").fetchone())

    for _ in range(20):
        await hot.check()
    assert log.stat().st_size == size
    for _ in range(20):
        clock.advance(CHECKED_S)
        db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()  # as upkeep does
        await hot.check()

    assert log.stat().st_size <= 2 * size
    assert db.execute("PRAGMA page_count").fetchone() == pages


async def test_settlement_on_a_full_disk_is_written_once_when_there_is_room(hot, db, no_room):
    await hot.reserve(reservation("req_1", 400, OWN))
    with no_room():
        hot.post(replace(ROW, cost=150))
        hot.post(replace(ROW, cost=300))
        await hot.flush()
        with pytest.raises(Unavailable):
            await hot.reserve(reservation("req_2", 100, OWN))
    assert standing(db) == [(0, 400)]

    await hot.reserve(reservation("req_3", 350, OWN))  # 500 - 150

    assert standing(db) == [(150, 350)]
    assert db.execute("SELECT call_id, cost FROM usage").fetchall() == [("req_1", 150)]
