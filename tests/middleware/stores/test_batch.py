import asyncio
import threading

import pytest

from tollbridge.errors import BudgetExceeded, InternalError, Unavailable
from tollbridge.stores.batch import TickBatch, run
from tollbridge.stores.files import connect, transaction


def put(name):
    return lambda db: db.execute("INSERT INTO budget VALUES (?, 0, 0)", (name,))


def refuse(db):
    raise BudgetExceeded("too small")


def names(db):
    return [name for (name,) in db.execute("SELECT id FROM budget ORDER BY id")]


@pytest.fixture
async def batch(path):
    writer = connect(path, patient=False)
    batch = TickBatch(writer)
    yield batch
    await batch.close()
    writer.close()


@pytest.fixture
def statements(batch):
    seen = []
    batch._db.set_trace_callback(seen.append)
    return seen


async def test_works_of_one_tick_share_one_transaction(batch, db, statements):
    await asyncio.gather(*(batch.submit(put(f"b{n}")) for n in range(5)))

    assert [text for text in statements if not text.startswith("INSERT")] == ["BEGIN IMMEDIATE", "COMMIT"]
    assert len(statements) == 7
    assert names(db) == ["b0", "b1", "b2", "b3", "b4"]


async def test_no_transaction_grows_without_bound(batch, db, statements):
    await asyncio.gather(*(batch.submit(put(f"b{n:03}")) for n in range(450)))

    assert statements.count("COMMIT") == 3  # 200 + 200 + 50
    assert len(names(db)) == 450


@pytest.mark.parametrize("in_thread", [False, True])
async def test_commits_that_wait_for_the_disk_are_not_on_the_loop(path, in_thread):
    writer = connect(path, patient=False)
    batch = TickBatch(writer, in_thread=in_thread)
    threads = []

    await batch.submit(lambda db: threads.append(threading.current_thread()))

    assert (threads[0] is threading.main_thread()) == (not in_thread)
    await batch.close()
    writer.close()


async def test_works_are_done_in_the_order_they_came(batch):
    order = []
    await asyncio.gather(*(batch.submit(lambda db, n=n: order.append(n)) for n in range(300)))

    assert order == list(range(300))


async def test_refusal_concerns_its_own_work_alone(batch, db):
    results = await asyncio.gather(
        batch.submit(put("a")), batch.submit(refuse), batch.submit(put("c")), return_exceptions=True
    )

    assert [type(result) for result in results] == [type(None), BudgetExceeded, type(None)]
    assert names(db) == ["a", "c"]


@pytest.mark.parametrize(
    "fault",
    [
        lambda db: db.execute("INSERT INTO budget VALUES (?, 0, 0)", ("\ud800",)),
        lambda db: db.execute("INSERT INTO budget VALUES ('x', 0, ?)", (2**70,)),
        lambda db: db.execute("INSERT INTO budget VALUES ('x', -1, 0)"),
        lambda db: db.execute("INSERT INTO budget VALUES (?, 0, 0)", ()),
    ],
    ids=["no-text", "too-big", "constraint", "bindings"],
)
async def test_faulty_work_is_left_out_whole_and_the_others_are_done(batch, db, fault):
    def half_done(connection):
        put("half")(connection)
        fault(connection)

    results = await asyncio.gather(
        batch.submit(put("a")), batch.submit(half_done), batch.submit(refuse), batch.submit(half_done),
        batch.submit(put("c")), return_exceptions=True,
    )  # fmt: skip

    kinds = [type(None), InternalError, BudgetExceeded, InternalError, type(None)]
    assert [type(result) for result in results] == kinds
    assert names(db) == ["a", "c"]


async def test_loop_goes_on_while_another_process_holds_the_lock(batch, db):
    ticks = 0
    with transaction(db):
        first = batch.submit(put("a"))
        await asyncio.sleep(0)
        second = batch.submit(put("b"))
        while ticks < 1_000:
            await asyncio.sleep(0)
            ticks += 1
        assert not first.done()
        assert not second.done()
    await asyncio.gather(first, second)

    assert names(db) == ["a", "b"]


async def test_lock_that_is_never_freed_fails_every_work_of_the_batch(path, db, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.batch.BUSY_TIMEOUT_S", 0.01)
    writer = connect(path, patient=False)
    batch = TickBatch(writer)

    with transaction(db):
        results = await asyncio.gather(batch.submit(put("a")), batch.submit(refuse), return_exceptions=True)

    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert results[0] is not results[1]
    assert results[0].detail == "store: database is locked"
    await batch.submit(put("b"))
    assert names(db) == ["b"]
    await batch.close()
    writer.close()


@pytest.mark.parametrize("in_thread", [False, True])
async def test_full_disk_fails_the_batch_and_leaves_nothing_half_done(path, db, in_thread):
    writer = connect(path, patient=False)
    batch = TickBatch(writer, in_thread=in_thread)
    (pages,) = writer.execute("PRAGMA page_count").fetchone()
    writer.execute(f"PRAGMA max_page_count = {pages}")

    results = await asyncio.gather(
        *(batch.submit(put(f"{n}" + "x" * 3_000)) for n in range(100)), return_exceptions=True
    )

    assert {type(result) for result in results} == {Unavailable}
    assert results[0].detail == "store: database or disk is full"
    assert names(db) == []
    writer.execute("PRAGMA max_page_count = 10000")
    await batch.submit(put("a"))  # room again: the next one is served
    assert names(db) == ["a"]
    await batch.close()
    writer.close()


async def test_work_is_done_though_its_waiter_was_cancelled(batch, db):
    waiter = batch.submit(put("a"))
    failing = batch.submit(refuse)
    waiter.cancel()
    failing.cancel()

    await batch.submit(put("b"))

    assert names(db) == ["a", "b"]


async def test_closing_does_what_is_pending_and_takes_nothing_more(path, db):
    writer = connect(path, patient=False)
    batch = TickBatch(writer, in_thread=True)
    done = [batch.submit(put(f"b{n}")) for n in range(3)]

    await batch.close()

    assert all(future.done() for future in done)
    assert names(db) == ["b0", "b1", "b2"]
    with pytest.raises(Unavailable):
        batch.submit(put("late"))
    writer.close()


def test_interrupt_rolls_back(db):
    def interrupted(connection):
        put("a")(connection)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(db, [interrupted])
    assert names(db) == []
    assert not db.in_transaction
