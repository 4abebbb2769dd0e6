"""Several worker processes on one database."""

import json
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.requires import requires

from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
WORKER = Path(__file__).with_name("worker.py")
LIMITS = {"bridge": 3_000_000, "team:1": 2_500_000, "token:1": 2_000_000}


@pytest.fixture
def start(address):
    started = []

    def one(what, name="0"):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(WORKER), address.url, what, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()


async def pairs(db, sql):
    return {row[0]: row[1] for row in await db.fetch(sql)}


async def test_revocation_holds_in_every_process_when_it_returns(store, start):
    workers = [start("look") for _ in range(4)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 4

    def ask(number):
        for worker in workers:
            worker.stdin.write(f"{number}\n")
            worker.stdin.flush()
        return [worker.stdout.readline().strip() for worker in workers]

    for number in range(30):
        token_id = f"tok_{number}"
        await store.add_token(replace(TOKEN, id=token_id, digest=b"%032d" % number, expires_at=None), ACT)
        assert ask(number) == ["found"] * 4
        await store.revoke_token(token_id, ACT)
        assert ask(number) == ["none"] * 4


async def test_killed_processes_leave_books_that_balance(address, start, db):
    before = await db.fetchval(DEADLOCKS)
    workers = [start("spend", str(number)) for number in range(3)]
    settled = {}

    def take(line):
        word, *rest = line.split()
        if word == "settled":
            settled[rest[0]] = int(rest[1])

    for _ in range(150):
        for worker in workers:
            take(worker.stdout.readline())
        held = await pairs(db, "SELECT id, spent + reserved FROM budget")
        assert all(sum <= LIMITS[name] for name, sum in held.items())
    for worker in workers:
        worker.kill()
    for worker in workers:
        for line in worker.stdout:
            if line.endswith("\n"):  # the last may be cut
                take(line)
        worker.wait()
    await ended(db)

    rows = await db.fetch("SELECT call_id, amount, budgets FROM reservation")
    reserved = Counter()
    for row in rows:
        reserved.update(dict.fromkeys(json.loads(row["budgets"]), row["amount"]))
    written = await pairs(db, "SELECT call_id, cost FROM usage")
    assert await db.fetchval(DEADLOCKS) == before
    assert rows
    assert settled.items() <= written.items()  # what was told is there, and nothing of it changed
    assert await pairs(db, "SELECT id, reserved FROM budget") == dict(reserved)
    assert await pairs(db, "SELECT id, spent FROM budget") == dict.fromkeys(LIMITS, sum(written.values()))

    later = FixedClock(NOON)
    later.advance(timedelta(days=36_500).total_seconds())
    store = PostgresStore(address, later)
    await store.open()  # sweeps
    assert await store.sweep() == 0
    await store.close()

    total = sum(written.values()) + sum(row["amount"] for row in rows)
    assert await pairs(db, "SELECT id, spent FROM budget") == dict.fromkeys(LIMITS, total)
    assert await db.fetchval("SELECT sum(reserved) FROM budget") == 0
    assert await db.fetchval("SELECT count(*) FROM usage") == len(written) + len(rows)


async def ended(db):
    """Wait until the server has noticed that the workers are gone."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    while await db.fetchval(others):
        pass


async def test_processes_that_compete_for_a_budget_never_exceed_it(start, db):
    workers = [start("spend", str(number)) for number in range(3)]
    refused = set()
    peak = 0

    while len(refused) < len(workers):  # until the budget is full for all
        for worker in workers:
            if worker.stdout.readline() == "refused\n":
                refused.add(worker.pid)
        peak = max(peak, await db.fetchval("SELECT max(spent + reserved) FROM budget WHERE id = 'token:1'") or 0)

    assert LIMITS["token:1"] - 1_000 <= peak <= LIMITS["token:1"]
