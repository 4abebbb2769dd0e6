"""Several worker processes on one file."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON, TOKEN

WORKER = Path(__file__).with_name("worker.py")
LIMITS = {"bridge": 3_000_000, "token:1": 2_000_000}


@pytest.fixture
def start(path):
    started = []

    def one(what, name="0"):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(WORKER), str(path), what, name],
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


async def test_revocation_holds_in_every_process_when_it_returns(path, start):
    workers = [start("look") for _ in range(4)]
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 4
    store = SqliteStore(path, FixedClock(NOON))
    await store.open()

    def ask(number):
        for worker in workers:
            worker.stdin.write(f"{number}\n")
            worker.stdin.flush()
        return [worker.stdout.readline().strip() for worker in workers]

    for number in range(50):
        token_id = f"tok_{number}"
        await store.add_token(replace(TOKEN, id=token_id, digest=b"%032d" % number, expires_at=None), ACT)
        assert ask(number) == ["found"] * 4
        await store.revoke_token(token_id, ACT)
        assert ask(number) == ["none"] * 4
    await store.close()


async def test_killed_processes_leave_books_that_balance(path, start, db):
    workers = [start("spend", str(number)) for number in range(4)]
    settled = {}

    def take(line):
        word, *rest = line.split()
        if word == "settled":
            settled[rest[0]] = int(rest[1])

    for _ in range(150):
        for worker in workers:
            take(worker.stdout.readline())
        assert all(held <= LIMITS[name] for name, held in db.execute("SELECT id, spent + reserved FROM budget"))
    for worker in workers:
        worker.kill()
    for worker in workers:
        for line in worker.stdout:
            if line.endswith("\n"):  # the last may be cut
                take(line)

    held = dict(db.execute("SELECT value, sum(amount) FROM reservation, json_each(budgets) GROUP BY value"))
    (open_calls, open_amount) = db.execute("SELECT count(*), sum(amount) FROM reservation").fetchone()
    written = dict(db.execute("SELECT call_id, cost FROM usage"))
    assert open_calls > 0
    assert settled.items() <= written.items()  # what was told is there, and nothing of it changed
    assert dict(db.execute("SELECT id, reserved FROM budget")) == held
    assert dict(db.execute("SELECT id, spent FROM budget")) == dict.fromkeys(LIMITS, sum(written.values()))

    later = FixedClock(NOON)
    later.advance(timedelta(days=36_500).total_seconds())
    store = SqliteStore(path, later)
    await store.open()  # sweeps
    assert await store.sweep() == 0
    await store.close()

    total = sum(written.values()) + open_amount
    assert dict(db.execute("SELECT id, spent FROM budget")) == dict.fromkeys(LIMITS, total)
    assert db.execute("SELECT sum(reserved) FROM budget").fetchone() == (0,)
    assert db.execute("SELECT count(*), sum(cost) FROM usage").fetchone() == (len(written) + open_calls, total)
    assert db.execute("SELECT count(*) FROM reservation").fetchone() == (0,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_processes_that_compete_for_a_budget_never_exceed_it(path, start, db):
    workers = [start("spend", str(number)) for number in range(3)]
    refused = set()
    peak = 0

    while len(refused) < len(workers):  # until the budget is full for all
        for worker in workers:
            if worker.stdout.readline() == "refused\n":
                refused.add(worker.pid)
        held = db.execute("SELECT max(spent + reserved) FROM budget WHERE id = 'token:1'").fetchone()[0] or 0
        peak = max(peak, held)

    assert LIMITS["token:1"] - 1_000 <= peak <= LIMITS["token:1"]
