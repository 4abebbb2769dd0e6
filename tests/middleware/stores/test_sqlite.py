import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from tollbridge.errors import StoreError, Unavailable
from tollbridge.stores.files import transaction
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.blank import lay_database
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.family_contract import FamilyContract
from tollbridge.testing.idempotency_contract import IdempotencyContract
from tollbridge.testing.kept_contract import KeptContract
from tollbridge.testing.ledger_contract import LedgerContract
from tollbridge.testing.samples import ACT, NOON, OWN, ROW, TOKEN, reservation, room
from tollbridge.testing.store_contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    async def store(self, clock: FixedClock, path: Path) -> AsyncIterator[SqliteStore]:
        store = SqliteStore(path, clock, tidy_s=0.05)
        await store.open()
        yield store
        await store.close()


class TestFullDurability(LedgerContract, KeptContract, IdempotencyContract, FamilyContract):
    """What calls write is what `durability` is about: all else is the same code on the same connections."""

    @pytest.fixture
    async def store(self, clock: FixedClock, path: Path) -> AsyncIterator[SqliteStore]:
        store = SqliteStore(path, clock, durability="full", tidy_s=0.05)
        await store.open()
        yield store
        await store.close()


@pytest.fixture
async def store(path, clock):
    store = SqliteStore(path, clock)
    await store.open()
    yield store
    await store.close()


async def test_calls_that_ended_on_a_full_disk_are_in_the_ledger_after_a_close(path, clock, no_room):
    store = SqliteStore(path, clock)
    await store.open()
    await store.reserve(reservation("req_1", 400, OWN))
    with no_room():
        store.post(replace(ROW, cost=150))
        assert await store.recent() == []

    await store.close()

    await store.open()
    assert [row.cost for row in await store.recent()] == [150]
    assert await room(store, OWN, 350)
    await store.close()


async def test_call_that_ended_on_a_full_disk_is_not_swept_as_unknown_when_there_is_room(store, clock, no_room):
    await store.reserve(reservation("req_1", 400, OWN, ttl_s=10))
    with no_room():
        store.post(replace(ROW, cost=150))
        clock.advance(10)
        with pytest.raises(Unavailable):
            await store.sweep()

    assert await store.sweep() == 0

    assert [row.cost for row in await store.recent()] == [150]


async def test_store_on_a_disk_without_room_is_not_ready_though_a_write_may_still_fit(store, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.sqlite.LEAST_ROOM", 2**70)

    with pytest.raises(Unavailable) as refusal:
        await store.check()

    assert "bytes are free on the disk" in refusal.value.detail


def test_hot_path_loads_neither_sqlalchemy_nor_alembic(path):
    program = (
        "import asyncio, sys\n"
        "from tollbridge.metering.ledger import Reservation\n"
        "from tollbridge.stores.sqlite import SqliteStore\n"
        "async def main():\n"
        "    store = SqliteStore(sys.argv[1])\n"
        "    await store.open()\n"
        "    await store.find_principal(b'x')\n"
        "    await store.reserve(Reservation('req_1', '', 1, (), 0))\n"
        "    assert await store.sweep() == 1\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
        "print({name.partition('.')[0] for name in sys.modules} & {'sqlalchemy', 'alembic', 'aiosqlite'})\n"
    )

    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, timeout=60)

    assert done.stdout.splitlines()[-1:] == ["set()"], done.stderr


async def test_first_questions_at_once_load_the_sql_side_once(store):
    impatient = asyncio.create_task(store.list_tokens())
    patient = [asyncio.create_task(store._sql()) for _ in range(5)]
    await asyncio.sleep(0)
    impatient.cancel()

    assert len({id(side) for side in await asyncio.gather(*patient)}) == 1


async def test_file_that_vanished_at_start_is_told_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.sqlite.prepare", lambda path, *, migrate: None)

    with pytest.raises(StoreError, match="cannot be opened; check the owner and mode"):
        await SqliteStore(tmp_path / "gone.db").open()


async def test_file_that_was_moved_away_is_noticed(store, path):
    path.rename(path.with_name("moved.db"))

    with pytest.raises(Unavailable) as refusal:
        await store.check()
    assert "No such file" in (refusal.value.detail or "")


async def test_file_that_was_replaced_is_noticed(store, path):
    lay_database(path.with_name("backup.db"))
    path.with_name("backup.db").replace(path)

    with pytest.raises(Unavailable) as refusal:
        await store.check()
    assert "was replaced while it was open" in (refusal.value.detail or "")


async def test_question_a_broken_database_cannot_answer_is_refused(store, db):
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("DROP TABLE token")
    for table in ("usage", "usage_by_model", "usage_latency"):
        db.execute(f"DROP TABLE {table}")
    later = NOON + timedelta(hours=1)

    for question in (
        store.add_token(TOKEN, ACT),
        store.revoke_token("tok_1", ACT),
        store.get_token("tok_1"),
        store.list_tokens(),
        store.count_tokens(),
        store.totals(NOON, later),
        store.series(NOON, later, steps=1),
        store.spend(NOON, later, by="model"),
        store.cost(NOON, later),
        store.health(NOON, later),
        store.recent(),
    ):
        with pytest.raises(Unavailable) as refusal:
            await question
        assert "no such table" in (refusal.value.detail or "")


async def test_administrator_waits_for_a_lock_and_callers_go_on(store, db):
    await store.add_token(TOKEN, ACT)
    with transaction(db):
        revoking = asyncio.create_task(store.revoke_token("tok_1", ACT))
        for _ in range(50):
            assert await store.find_principal(TOKEN.digest) is not None
            await asyncio.sleep(0)
        assert not revoking.done()
    await revoking

    assert await store.find_principal(TOKEN.digest) is None
