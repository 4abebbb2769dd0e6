"""The server goes away and comes back (T43)."""

import asyncio
import signal

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.support.postgres import PASSWORD, PostgresServer
from tests.support.requires import requires

from tollbridge import BudgetExceeded, Unavailable
from tollbridge.metering.ledger import BudgetLine
from tollbridge.stores.building import Shown
from tollbridge.testing.kept_contract import KEPT
from tollbridge.testing.samples import ACT, NOON, ROW, TOKEN, reservation
from tollbridge_postgres import Factory
from tollbridge_postgres.address import read_address
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")

LINE = BudgetLine("token:tok_1:total", 1_000_000, "this token's budget")


@pytest.fixture(scope="module")
def server():
    """A server of this module's own: the others' go on."""
    server = PostgresServer()
    server.start()
    yield server
    server.close()


@pytest.fixture
def place(server):
    name = server.make_database()
    Factory().upgrade(server.url(name))
    return read_address(server.url(name))


@pytest.fixture
async def store(place, clock):
    store = PostgresStore(place, clock, tidy_s=0.05, sweep_s=0.05)
    await store.open()
    yield store
    await store.close()


async def refused(store):
    """What is refused while the server is away: everything, as unavailable."""
    return await asyncio.gather(
        store.find_principal(TOKEN.digest),
        store.still_open({Shown("tok_1")}),
        store.reserve(reservation("req_away", 1, LINE)),
        store.check(),
        store.get_token("tok_1"),
        store.revoke_token("tok_1", ACT),
        store.recent(),
        store.find_answer("resp_1", "tok_1"),
        store.sweep(),
        return_exceptions=True,
    )


async def back(store):
    """Wait until the store answers again, with nobody doing anything about it."""
    async with asyncio.timeout(30):
        while True:
            try:
                await store.check()
                return
            except Unavailable:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
async def test_calls_are_refused_while_the_server_is_away_and_what_ended_meanwhile_is_charged_once(server, store, how):
    await store.add_token(TOKEN, ACT)
    for number in range(40):
        await store.reserve(reservation(f"req_{number}", 1_000, LINE, ttl_s=3_600))
    for number in range(20):
        await store.settle(replace(ROW, call_id=f"req_{number}", cost=number))

    with capture_logs() as logged:
        server.stop(how)
        for number in range(10, 40):  # ten of them are settled already
            store.post(replace(ROW, call_id=f"req_{number}", cost=number))
            store.post(replace(ROW, call_id=f"req_{number}", cost=999))
        store.touch("tok_1", NOON, "192.0.2.1")
        store.keep(KEPT, b"sealed")
        results = await refused(store)
        server.start()
        await back(store)

    assert [type(result) for result in results] == [Unavailable] * len(results)
    said = repr(logged) + repr([result.detail for result in results])
    assert not any(part in said for part in (PASSWORD, "p%5B", "://", str(server.port), "sealed", "192.0.2.1"))
    rows = await store.recent(limit=100)
    assert sorted(row.cost for row in rows) == list(range(40))
    (use,) = (await store.budget_uses({"token:tok_1": [replace(TOKEN.budget, period="total")]}))["token:tok_1"]
    assert use.spent == sum(range(40))
    await store.reserve(reservation("req_last", 1_000_000 - use.spent, LINE))  # nothing is held any more
    with pytest.raises(BudgetExceeded):
        await store.reserve(reservation("req_more", 1, LINE))
    assert await store.find_principal(TOKEN.digest) is not None
    assert await store.find_answer("resp_1", "tok_1") is None  # a failure keeps nothing


async def test_load_over_an_outage_is_refused_or_charged_and_never_half(server, store):
    await store.add_token(TOKEN, ACT)
    charged, stop = {}, asyncio.Event()
    counts = {"refused": 0, "served": 0}

    async def caller(lane):
        number = 0
        while not stop.is_set():
            number += 1
            call_id = f"req_{lane}_{number}"
            try:
                assert await store.find_principal(TOKEN.digest) is not None  # never taken for unknown
                await store.reserve(reservation(call_id, 10, LINE, ttl_s=3_600))
            except Unavailable:
                counts["refused"] += 1
                await asyncio.sleep(0.002)
                continue
            counts["served"] += 1
            charged[call_id] = number % 10
            store.post(replace(ROW, call_id=call_id, cost=charged[call_id]))

    callers = [asyncio.create_task(caller(lane)) for lane in range(16)]
    for how in (signal.SIGQUIT, signal.SIGINT):
        served = counts["served"]
        while counts["served"] < served + 200:
            await asyncio.sleep(0.005)
        server.stop(how)
        refused = counts["refused"]
        while counts["refused"] < refused + 50:
            await asyncio.sleep(0.005)
        server.start()
        await back(store)
    stop.set()
    await asyncio.gather(*callers)

    rows = await store.recent(limit=100_000)
    assert {row.call_id: row.cost for row in rows} == charged
    await store._flush()
    held = server.run("SELECT spent, reserved FROM budget", read_name(store))
    assert held == f"{sum(charged.values())}|0"
    assert server.run("SELECT count(*) FROM reservation", read_name(store)) == "0"


def read_name(store):
    return store._address.name.rpartition(" ")[2]


async def test_store_that_closes_while_the_server_is_away_ends_and_says_what_is_lost(server, place, clock, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.ticks.LAST_TRIES_S", 0.0)
    store = PostgresStore(place, clock)
    await store.open()
    server.stop()
    try:
        with capture_logs() as logged:
            store.post(ROW)
            await store.close()
    finally:
        server.start()

    assert "settlements_lost" in [entry["event"] for entry in logged]


async def test_server_without_a_free_connection_is_unavailable(server, place, clock, store):
    role = "narrow"
    server.run(f"CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'narrow' CONNECTION LIMIT 2")
    database = read_name(store)
    server.run(f"ALTER ROLE {role} NOSUPERUSER")
    server.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}", database)
    narrow = PostgresStore(read_address(server.url(database, user=role, password="narrow")), clock)
    await narrow.open()

    results = await asyncio.gather(*(narrow.find_answer("x", "y") for _ in range(8)), return_exceptions=True)

    failures = [result for result in results if result is not None]
    assert failures
    assert {type(failure) for failure in failures} == {Unavailable}
    assert failures[0].detail == "store: TooManyConnectionsError (SQLSTATE 53300)"
    assert await narrow.find_principal(b"x" * 32) is None
    await narrow.close()
