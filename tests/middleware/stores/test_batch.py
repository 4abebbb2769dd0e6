import asyncio
import threading

import pytest
from structlog.testing import capture_logs

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


@pytest.mark.parametrize("in_thread", [False, True])
async def test_posted_works_outlive_a_full_disk_and_come_before_what_is_asked_next(path, db, no_room, in_thread):
    writer = connect(path, patient=False)
    batch = TickBatch(writer, in_thread=in_thread)
    for n in range(450):
        batch.post(put(f"posted{n:03}"))

    with no_room():
        with pytest.raises(Unavailable):
            await batch.submit(put("refused"))
        with pytest.raises(Unavailable):
            await batch.submit(put("refused again"))
    seen = []
    await batch.submit(lambda db: seen.extend(names(db)))

    assert seen == [f"posted{n:03}" for n in range(450)]
    assert names(db) == seen
    await batch.close()
    writer.close()


async def test_failure_is_told_at_once_to_all_who_wait_behind_it(batch, no_room):
    with no_room():
        results = await asyncio.gather(*(batch.submit(put(f"{n}")) for n in range(450)), return_exceptions=True)

    assert {type(result) for result in results} == {Unavailable}
    assert len({id(result) for result in results}) == 450


async def test_posted_works_are_tried_again_by_themselves_at_growing_intervals(batch, db, no_room, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.ticks.FIRST_RETRY_S", 0.001)
    monkeypatch.setattr("tollbridge.stores.ticks.LONGEST_RETRY_S", 0.004)
    batch._retry_s = 0.001
    intervals = []
    with no_room() as logged:
        batch.post(put("a"))
        while len(intervals) < 5:
            await asyncio.sleep(0)
            if len(logged) > len(intervals):
                intervals.append(batch._retry_s)

    await batch._idle.wait()

    assert intervals == [0.002, 0.004, 0.004, 0.004, 0.004]
    assert batch._retry_s == 0.001
    assert names(db) == ["a"]
    assert logged[0]["event"] == "ledger_write_failed"
    assert (logged[0]["operations"], logged[0]["kept"]) == (1, 1)


async def test_flush_of_a_store_that_fails_tries_once_and_returns(batch, db, no_room):
    batch.post(put("a"))
    with no_room():
        await batch.flush()

    await batch.flush()

    assert names(db) == ["a"]


async def test_only_so_many_works_are_kept_and_the_loss_of_the_newest_is_told(batch, db, no_room, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.ticks.MOST_KEPT", 3)
    with no_room() as logged:
        for n in range(5):
            batch.post(put(f"b{n}"))
        await batch.flush()

    await batch.flush()

    assert {"event": "settlements_lost", "log_level": "error", "count": 2} in logged
    assert names(db) == ["b0", "b1", "b2"]


async def test_closing_goes_on_trying_for_a_while(path, db, no_room, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.ticks.FIRST_RETRY_S", 0.001)
    writer = connect(path, patient=False)
    batch = TickBatch(writer)
    with no_room() as logged:
        batch.post(put("a"))
        closing = asyncio.create_task(batch.close())
        while len(logged) < 3:
            await asyncio.sleep(0)

    await closing

    assert names(db) == ["a"]
    writer.close()


async def test_closing_gives_up_on_a_store_that_stays_broken(path, db, no_room, monkeypatch):
    monkeypatch.setattr("tollbridge.stores.ticks.LAST_TRIES_S", 0.0)
    writer = connect(path, patient=False)
    batch = TickBatch(writer)
    with no_room() as logged:
        batch.post(put("a"))
        await batch.close()

    assert [entry["event"] for entry in logged] == ["ledger_write_failed", "settlements_lost"]
    assert names(db) == []
    writer.close()


async def test_posted_work_at_fault_is_left_out_and_not_tried_again(batch, db):
    with capture_logs() as logged:
        batch.post(lambda db: db.execute("INSERT INTO budget VALUES ('x', -1, 0)"))
        batch.post(refuse)
        await batch.submit(put("a"))

    assert [entry["event"] for entry in logged] == ["ledger_operation_failed"]
    assert names(db) == ["a"]
    assert batch._idle.is_set()


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
