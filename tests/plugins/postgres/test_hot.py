"""What every request asks of PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace
from tests.support.requires import requires

from tollbridge import BudgetExceeded, Unavailable
from tollbridge.stores.building import Shown
from tollbridge.stores.rows import micros
from tollbridge.testing.samples import NOON, OWN, ROW, reservation
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.failures import Uncertain
from tollbridge_postgres.hot import CHECKED_S, PostgresHot

pytestmark = requires("postgres")

LATER = micros(NOON + timedelta(seconds=1))


@pytest.fixture
async def hot(pool, clock):
    hot = PostgresHot(pool, DatabaseClock(clock))
    yield hot
    await hot.close()


async def add(db, token_id, *, secret_expires_at=None, **more):
    values = {"id": token_id, "name": "n", "kind": "bearer", "owner": "", "team": "", "scopes": "ai:*", "hint": "h"}
    values |= {"created_at": 0, **more}
    marks = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await db.execute(f"INSERT INTO token ({', '.join(values)}) VALUES ({marks})", *values.values())
    await db.execute(
        "INSERT INTO secret (digest, token_id, pepper_id, created_at, expires_at) VALUES ($1, $2, '1', 0, $3)",
        token_id.encode().ljust(32),
        token_id,
        secret_expires_at,
    )


async def standing(db):
    return [tuple(row.values()) for row in await db.fetch("SELECT spent, reserved FROM budget")]


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
    await add(db, "tok_1", **state)

    assert (await hot.find_principal(b"tok_1".ljust(32)) is not None) == live
    if "secret_expires_at" not in state:
        assert set(await hot.still_open({Shown("tok_1")})) == ({Shown("tok_1")} if live else set())


async def test_each_look_up_sees_every_change_that_was_made_before_it(hot, db):
    for number in range(20):
        digest = f"tok_{number}".encode().ljust(32)
        assert await hot.find_principal(digest) is None
        await add(db, f"tok_{number}")
        assert await hot.find_principal(digest) is not None
        await db.execute("UPDATE token SET revoked_at = 1 WHERE id = $1", f"tok_{number}")
        assert await hot.find_principal(digest) is None


async def test_look_ups_of_one_tick_are_one_query_with_one_row_for_each_digest(hot, db):
    await add(db, "tok_1")
    await add(db, "tok_2", revoked_at=1)
    asked = []
    look = hot._find_principals

    async def counted(digests):
        asked.append(len(digests))
        return await look(digests)

    hot._principals._look = counted
    names = [b"tok_1", b"tok_2", b"tok_3", b""]

    found = await asyncio.gather(*(hot.find_principal(name.ljust(32)) for name in names * 25))

    assert asked == [4]
    assert [principal is not None for principal in found] == [True, False, False, False] * 25


@pytest.mark.parametrize("ticks", range(0, 30, 3))
async def test_reservation_of_a_cancelled_caller_is_given_back_whenever_it_came(hot, db, ticks):
    call = asyncio.create_task(hot.reserve(reservation("req_1", 400, OWN)))
    for _ in range(ticks):
        await asyncio.sleep(0)
    call.cancel()
    (result,) = await asyncio.gather(call, return_exceptions=True)
    await hot.flush()

    assert sum(reserved for _, reserved in await standing(db)) == (400 if result is None else 0)
    assert await db.fetchval("SELECT count(*) FROM reservation") == int(result is None)


async def test_cancelled_refused_caller_stays_refused(hot, db):
    await hot.reserve(reservation("req_1", 400, OWN))
    call = asyncio.create_task(hot.reserve(reservation("req_2", 400, OWN)))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises((asyncio.CancelledError, BudgetExceeded)):
        await call
    await hot.flush()

    assert await standing(db) == [(0, 400)]


async def test_caller_whose_commit_was_not_answered_holds_nothing(hot, pool, db):
    transact = pool.transact

    async def unanswered(do, *more):
        pool.transact = transact
        await transact(do, *more)
        raise Uncertain("no answer", detail="store: no answer")

    pool.transact = unanswered
    with pytest.raises(Unavailable):
        await hot.reserve(reservation("req_1", 400, OWN))
    await hot.flush()

    assert await standing(db) == [(0, 0)]
    assert await db.fetchval("SELECT count(*) FROM reservation") == 0


async def test_caller_cancelled_while_the_store_closes_leaves_its_hold_to_the_sweep(pool, clock, db):
    hot = PostgresHot(pool, DatabaseClock(clock))
    call = asyncio.create_task(hot.reserve(reservation("req_1", 400, OWN)))
    await asyncio.sleep(0)
    closing = asyncio.create_task(hot.close())
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await closing

    assert call.cancelled()
    assert await standing(db) == [(0, 400)]


async def test_settlement_of_a_cancelled_caller_is_written_once(hot, db):
    await hot.reserve(reservation("req_1", 400, OWN))
    calls = [asyncio.create_task(hot.settle(replace(ROW, cost=cost))) for cost in (150, 300)]
    await asyncio.sleep(0)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    await hot.flush()

    assert await standing(db) == [(150, 0)]


async def test_check_fails_where_nothing_can_be_written(hot, pool, db, address, clock):
    await hot.check()
    async with pool.lend() as inside:
        await inside.execute("SET default_transaction_read_only = on")
    clock.advance(CHECKED_S)

    with pytest.raises(Unavailable) as refusal:
        await hot.check()

    assert refusal.value.detail == "store: the database takes no writes"


async def test_checks_write_once_in_a_while(hot, pool, clock):
    written = []
    transact = pool.transact
    pool.transact = lambda do, *more: written.append(do) or transact(do, *more)

    for _ in range(5):
        await hot.check()
    clock.advance(CHECKED_S)
    await hot.check()

    assert len(written) == 2


@pytest.mark.parametrize("table", ["secret", "token"])
async def test_table_that_is_missing_refuses(hot, db, table):
    await db.execute(f"ALTER TABLE {table} RENAME TO away")
    try:
        with pytest.raises(Unavailable, match="cannot reach its store") as refusal:
            await hot.find_principal(b"x")
    finally:
        await db.execute(f"ALTER TABLE away RENAME TO {table}")

    assert refusal.value.detail == "store: UndefinedTableError (SQLSTATE 42P01)"
    assert await hot.find_principal(b"x") is None
