"""Connections are lent for a time, and never with an answer on its way (T46)."""

import asyncio
import random

import asyncpg
import pytest
from tests.support.requires import requires

from tollbridge import BadRequest, Unavailable
from tollbridge_postgres.failures import Contended, Uncertain
from tollbridge_postgres.pool import Pool, open_pool

pytestmark = requires("postgres")

SLOW = "SELECT pg_sleep(30)"


async def number_of(pool: Pool) -> int:
    async with pool.lend() as db:
        return int(await db.fetchval("SELECT pg_backend_pid()"))


async def echo(pool: Pool, number: int) -> int:
    async with pool.lend() as db:
        return int(await db.fetchval("SELECT $1::int FROM pg_sleep(0.001 * (1 + $1 % 3))", number))


async def test_cancelled_questions_never_get_anothers_answer(pool):
    dice = random.Random(46)
    answered = 0
    for round in range(20):
        calls = [asyncio.create_task(echo(pool, round * 40 + n)) for n in range(40)]
        for call in dice.sample(calls, 25):
            for _ in range(dice.randrange(40)):
                await asyncio.sleep(0)
            call.cancel()
        for n, result in enumerate(await asyncio.gather(*calls, return_exceptions=True)):
            if not isinstance(result, asyncio.CancelledError):
                assert result == round * 40 + n
                answered += 1

    assert answered >= 300
    assert pool._pool.get_size() <= 8
    assert sorted(await asyncio.gather(*(echo(pool, n) for n in range(40)))) == list(range(40))


async def test_connection_of_a_cancelled_query_is_never_lent_again(pool):
    before = await number_of(pool)

    async def ask() -> None:
        async with pool.lend() as db:
            await db.execute(SLOW)

    call = asyncio.create_task(ask())
    for _ in range(100):
        await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call

    assert await number_of(pool) != before


async def test_query_that_takes_too_long_is_given_up(pool):
    before = await number_of(pool)

    with pytest.raises(Unavailable) as refusal:
        async with pool.lend(0.05) as db:
            await db.execute(SLOW)

    assert refusal.value.detail == "store: TimeoutError"
    assert await number_of(pool) != before


async def test_waiting_for_a_connection_has_its_end_too(pool):
    async def hold() -> None:
        async with pool.lend() as db:
            await db.execute(SLOW)

    holding = [asyncio.create_task(hold()) for _ in range(8)]
    while pool._pool.get_idle_size() or pool._pool.get_size() < 8:
        await asyncio.sleep(0.001)

    with pytest.raises(Unavailable):
        async with pool.lend(0.05):
            raise AssertionError("there was a ninth")

    for call in holding:
        call.cancel()
    await asyncio.gather(*holding, return_exceptions=True)
    assert await number_of(pool)


async def test_fault_of_a_value_is_passed_on_and_the_connection_kept(pool):
    before = await number_of(pool)

    with pytest.raises(asyncpg.DataError, match="out of int64 range"):
        async with pool.lend() as db:
            await db.fetchval("SELECT $1::bigint", 2**70)

    assert await number_of(pool) == before


async def test_refusal_passes_and_its_transaction_leaves_nothing(pool, db):
    async def refuse(inside):
        await inside.execute("INSERT INTO budget VALUES ('a', 0, 0)")
        raise BadRequest("no")

    before = await number_of(pool)
    with pytest.raises(BadRequest, match="no"):
        await pool.transact(refuse)

    assert await db.fetchval("SELECT count(*) FROM budget") == 0
    assert await number_of(pool) == before


async def test_transaction_given_up_half_way_leaves_nothing(pool, db):
    async def dawdle(inside):
        await inside.execute("INSERT INTO budget VALUES ('a', 0, 0)")
        await inside.execute(SLOW)

    with pytest.raises(Unavailable) as refusal:
        await pool.transact(dawdle, 0.1)

    assert type(refusal.value) is Unavailable
    assert await db.fetchval("SELECT count(*) FROM budget") == 0


async def test_connection_lost_in_a_transaction_is_no_uncertainty(pool, db):
    async def lose(inside):
        await db.execute("SELECT pg_terminate_backend($1)", await inside.fetchval("SELECT pg_backend_pid()"))
        await inside.execute("INSERT INTO budget VALUES ('a', 0, 0)")

    with pytest.raises(Unavailable) as refusal:
        await pool.transact(lose)

    assert type(refusal.value) is Unavailable
    assert await number_of(pool)


async def test_commit_that_is_not_answered_is_an_uncertainty(pool, db):
    async def lose(inside):
        await inside.execute("INSERT INTO budget VALUES ('a', 0, 0)")
        await db.execute("SELECT pg_terminate_backend($1)", await inside.fetchval("SELECT pg_backend_pid()"))

    with pytest.raises(Uncertain):
        await pool.transact(lose)

    assert await number_of(pool)


async def test_deadlock_is_told_as_something_to_try_again(pool, db):
    await db.execute("INSERT INTO budget VALUES ('a', 0, 0), ('b', 0, 0)")
    met = asyncio.Barrier(2)

    async def lock(first, second):
        async def both(inside):
            await inside.execute("UPDATE budget SET spent = 1 WHERE id = $1", first)
            await met.wait()
            await inside.execute("UPDATE budget SET spent = 1 WHERE id = $1", second)

        await pool.transact(both)

    results = await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)

    assert sorted(map(type, results), key=str) == [type(None), Contended]


async def test_server_that_became_a_standby_is_left_with_every_connection(pool):
    before = await number_of(pool)

    with pytest.raises(Unavailable):
        async with pool.lend() as db:
            await db.execute("SET TRANSACTION READ ONLY; CREATE TABLE x ()")

    assert await number_of(pool) != before


async def test_connection_that_the_server_closed_is_replaced(pool, db):
    before = await number_of(pool)
    await db.execute("SELECT pg_terminate_backend($1)", before)

    async with asyncio.timeout(10):
        while True:
            try:
                after = await number_of(pool)
                break
            except Unavailable:
                pass

    assert after != before


async def test_what_was_given_up_holds_others_up_for_no_longer_than_a_moment(pool, db):
    async def dawdle(inside):
        await inside.execute("INSERT INTO budget VALUES ('a', 0, 0)")
        await inside.execute(SLOW)

    with pytest.raises(Unavailable):
        await pool.transact(dawdle, 0.1)

    await db.execute("SET lock_timeout = '5s'")
    await db.execute("INSERT INTO budget VALUES ('a', 0, 0)")


async def test_worker_that_stands_still_is_left_by_the_server(pool):
    async with pool.lend() as db:
        settings = [
            await db.fetchval(f"SHOW {name}") for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        ]

    assert settings == ["10s", "10s"]


async def test_closing_ends_what_is_lent_out(address):
    pool = await open_pool(address)

    async def hold() -> None:
        async with pool.lend() as db:
            await db.execute(SLOW)

    holding = asyncio.create_task(hold())
    while pool._pool.get_idle_size():
        await asyncio.sleep(0.001)
    async with asyncio.timeout(20):
        closing = asyncio.create_task(pool.close())
        await asyncio.sleep(0)
        holding.cancel()
        await closing

    with pytest.raises(Unavailable):
        await number_of(pool)
