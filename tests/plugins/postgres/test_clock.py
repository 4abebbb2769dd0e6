"""The database's clock is everybody's (T45)."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.requires import requires

from tollbridge import SystemClock
from tollbridge.metering.ledger import Reservation
from tollbridge.stores.base import NewToken
from tollbridge.stores.building import Shown as LetIn
from tollbridge.testing.samples import ACT, OWN
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")


class Skewed(SystemClock):
    """The clock of a machine that is wrong by so many seconds."""

    def __init__(self, by_s):
        self._by_s = by_s

    def time(self):
        return time.time() + self._by_s

    def now(self):
        return datetime.now(UTC) + timedelta(seconds=self._by_s)


class Jumping(Skewed):
    def jump(self, by_s):
        self._by_s += by_s


class Shown:
    """A database that shows the same time at each look, and takes some seconds for it."""

    def __init__(self, clock, shown_s, took_s):
        self._clock, self._shown_s, self._took_s = clock, shown_s, list(took_s)

    async def fetchval(self, _):
        self._clock.passed_s += self._took_s.pop(0)
        return self._shown_s


class Counting(SystemClock):
    def __init__(self):
        self.passed_s = 0.0

    def monotonic(self):
        return self.passed_s


@pytest.mark.parametrize("by_s", [-300, 0, 300])
async def test_wrong_clock_of_a_worker_is_put_right(pool, by_s):
    clock = DatabaseClock(Skewed(by_s))
    assert abs(clock.time() - time.time() - by_s) < 1

    async with pool.lend() as db:
        await clock.look(db)

    assert abs(clock.time() - time.time()) < 1
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 1
    assert abs(clock.there(time.time() + by_s) - time.time()) < 1


async def test_jump_of_the_machines_clock_changes_nothing(pool):
    machine = Jumping(0)
    clock = DatabaseClock(machine)
    async with pool.lend() as db:
        await clock.look(db)

    machine.jump(3_600)

    assert abs(clock.time() - time.time()) < 1


async def test_quickest_of_several_answers_counts():
    machine = Counting()
    clock = DatabaseClock(machine)

    await clock.look(Shown(machine, 1_000.0, [4.0, 1.0, 2.0]))

    # shown in the middle of the one second from 4 to 5; now it is 7
    assert clock.time() == 1_000.0 + 7 - 4.5


async def test_clock_of_a_test_is_taken_as_it_is(pool, clock):
    taken = DatabaseClock(clock)
    async with pool.lend() as db:
        await taken.look(db)

    assert (taken.time(), taken.now(), taken.there(5.25)) == (clock.time(), clock.now(), 5.25)


@pytest.mark.parametrize("by_s", [-300, 0, 300])
async def test_workers_with_wrong_clocks_decide_alike(address, db, by_s):
    right = datetime.now(UTC)
    store = PostgresStore(address, Skewed(by_s))
    await store.open()
    for name, ends_at in (("tok_1", right - timedelta(seconds=30)), ("tok_2", right + timedelta(seconds=30))):
        await store.add_token(
            NewToken(name, "n", name.encode().ljust(32), "h", "1", ("ai:*",), right, expires_at=ends_at), ACT
        )

    assert await store.find_principal(b"tok_1".ljust(32)) is None
    assert await store.find_principal(b"tok_2".ljust(32)) is not None
    assert set(await store.still_open({LetIn("tok_1"), LetIn("tok_2")})) == {LetIn("tok_2")}
    assert [token.id for token in await store.list_tokens(state="expired")] == ["tok_1"]

    # a call that may take a minute, and one whose time was over half a minute ago, as this worker's clock tells it
    here = time.time() + by_s
    await store.reserve(Reservation("req_1", "tok_2", 1, (OWN,), here + 60))
    await store.reserve(Reservation("req_2", "tok_2", 1, (OWN,), here - 30))
    assert await store.sweep() == 1
    assert [row["call_id"] for row in await db.fetch("SELECT call_id FROM reservation")] == ["req_1"]
    await store.close()
