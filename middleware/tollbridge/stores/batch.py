"""All ledger operations of one event-loop tick in one transaction, in the order they were asked for.

A commit costs more than the operations in it, and a thread more than both, so the batch runs on the loop itself; only
when it would have to wait, for another process's lock or for the disk, does it go to a thread.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import uniform
from time import sleep

import structlog

from tollbridge.errors import GatewayError, InternalError, Unavailable
from tollbridge.growth import Growth
from tollbridge.stores.files import BUSY_TIMEOUT_S, is_busy, transaction, unavailable
from tollbridge.stores.works import OWN_FAULTS, Alone, Outcome, Work, do_together, go_together

Batch = list[tuple[Work, "asyncio.Future[None] | None"]]
"""Works, each with what its waiter waits for; None where nobody waits."""

_MOST = 200
"""Operations in one transaction; more wait for the next tick, so that the loop is never held for long."""

_TURNS = 8
"""Turns of the event loop that a transaction waits for more to do, for as long as more comes in each."""

PATIENCE_S = 0.005
"""How long a work that nobody waits for may wait for company."""

MOST_KEPT = 100_000
"""Works that nobody waits for and a failing store has not taken yet; some 100 MB.  What comes on top is lost."""

FIRST_RETRY_S = 0.5
LONGEST_RETRY_S = 10.0
LAST_TRIES_S = 2.0
"""How long closing goes on trying."""

_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.005

log = structlog.get_logger("tollbridge")


def run(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Do all works in one transaction; gives an outcome for each, in order.

    A work that raises a `GatewayError` has left nothing behind. One that fails in any other way of its own (a value
    that no column takes) is left out and the others are done again. An error of the store itself raises
    `sqlite3.Error`, and nothing was done.
    """
    if go_together(works):
        try:
            with transaction(db):
                return do_together(db, works)
        except Alone:
            pass
    outcomes: list[Outcome] = [None] * len(works)
    faulty: dict[int, InternalError] = {}
    while True:
        try:
            with transaction(db):
                for index, work in enumerate(works):
                    outcomes[index] = faulty.get(index) or _outcome(db, index, work)
            return outcomes
        except _Fault as fault:
            faulty[fault.index] = InternalError(
                "the ledger cannot hold this call", detail=f"store: {fault.__cause__!r}"
            )


class _Fault(Exception):
    def __init__(self, index: int) -> None:
        super().__init__(index)
        self.index = index


def _outcome(db: sqlite3.Connection, index: int, work: Work) -> Outcome:
    try:
        work(db)
    except GatewayError as refusal:
        return refusal
    except OWN_FAULTS as exc:
        raise _Fault(index) from exc
    except sqlite3.Error:
        raise
    except Exception as exc:
        raise _Fault(index) from exc
    return None


def run_patiently(db: sqlite3.Connection, works: list[Work]) -> list[Outcome]:
    """Do the same, trying again while another process holds the lock.  Not on the event loop.

    Transactions are over in well under a millisecond, and SQLite's own busy handler soon sleeps for tens of them.
    """
    waited_s, pause_s = 0.0, _FIRST_PAUSE_S
    while True:
        try:
            return run(db, works)
        except sqlite3.OperationalError as exc:
            if not is_busy(exc) or waited_s >= BUSY_TIMEOUT_S:
                raise
        sleep(pause_s * uniform(0.5, 1.5))
        waited_s += pause_s
        pause_s = min(pause_s * 1.5, _LONGEST_PAUSE_S)


def _nothing(db: sqlite3.Connection) -> None:
    pass


class TickBatch:
    """Group commit on a connection of its own.  `in_thread`: commits wait for the disk, so none is on the loop.

    Where the store fails, whoever waits is told at once. What was posted is kept, and done before anything else in the
    next transaction that succeeds, tried with each new work and at growing intervals.
    """

    def __init__(self, db: sqlite3.Connection, *, in_thread: bool = False) -> None:
        self._db = db
        self._loop = asyncio.get_running_loop()
        self._in_thread = in_thread
        self._pending: Batch = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tollbridge-ledger")
        self._idle = asyncio.Event()
        self._idle.set()
        self._timer: asyncio.TimerHandle | None = None
        self._retry_s = FIRST_RETRY_S
        self._closed = False
        self._growth = Growth(_TURNS)
        self._last_try = 0.0

    def submit(self, work: Work) -> "asyncio.Future[None]":
        """Take a work into this tick's transaction.  It is done whether or not someone still waits for the future.

        The future gets `Unavailable` if the store failed; the work was not done then.
        """
        future: asyncio.Future[None] = self._loop.create_future()
        self._take(work, future)
        self._hurry()
        return future

    def post(self, work: Work) -> None:
        """Take a work into the next transaction that succeeds; the first begins within `PATIENCE_S`.

        A fault of its own is logged, and so is its loss where more than `MOST_KEPT` wait for a failing store.
        """
        self._take(work, None)
        if self._idle.is_set():
            self._idle.clear()
            self._timer = self._loop.call_later(PATIENCE_S, self._tick)

    async def flush(self) -> None:
        """Wait until everything taken so far is done, or has failed once more."""
        if not self._idle.is_set():
            with suppress(Unavailable):
                await self.submit(_nothing)

    async def close(self) -> None:
        """Do what is pending, for `LAST_TRIES_S` where the store fails, and take nothing more."""
        self._closed = True
        self._last_try = self._loop.time() + LAST_TRIES_S
        self._retry_s = FIRST_RETRY_S
        if self._pending:
            self._hurry()
        await self._idle.wait()
        self._thread.shutdown()

    def _take(self, work: Work, future: "asyncio.Future[None] | None") -> None:
        if self._closed:
            raise unavailable("closed")
        self._pending.append((work, future))

    def _hurry(self) -> None:
        """Begin the next transaction in this tick, unless one is on its way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        elif not self._idle.is_set():
            return
        self._idle.clear()
        self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._growth.goes_on(len(self._pending)):
            self._loop.call_soon(self._tick)
            return
        batch, self._pending = self._pending[:_MOST], self._pending[_MOST:]
        works = [work for work, _ in batch]
        if self._in_thread:
            self._hand_over(batch, works)
            return
        try:
            outcomes = run(self._db, works)
        except sqlite3.Error as exc:
            if is_busy(exc):
                self._hand_over(batch, works)
            else:
                self._fail(batch, exc)
            return
        self._deliver(batch, outcomes)

    def _hand_over(self, batch: Batch, works: list[Work]) -> None:
        loop = self._loop

        def landed(done: "asyncio.Future[list[Outcome]]") -> None:
            exc = done.exception()
            if exc is None:
                self._deliver(batch, done.result())
            else:
                self._fail(batch, exc)

        loop.run_in_executor(self._thread, run_patiently, self._db, works).add_done_callback(landed)

    def _fail(self, batch: Batch, reason: BaseException) -> None:
        """Tell whoever waits, also behind this batch, and keep the rest for later."""
        failed = batch + self._pending
        kept: Batch = [(work, future) for work, future in failed if future is None]
        for _, future in failed:
            if future is not None and not future.done():
                future.set_exception(unavailable(reason))
        loop = self._loop
        most = 0 if self._closed and loop.time() >= self._last_try else MOST_KEPT
        self._pending = kept[:most]
        if self._pending:
            self._timer = loop.call_later(self._retry_s, self._tick)
            self._retry_s = min(self._retry_s * 2, LONGEST_RETRY_S)
        else:
            self._idle.set()
        log.error("ledger_write_failed", operations=len(failed), kept=len(self._pending), reason=str(reason))
        if len(kept) > most:
            log.error("settlements_lost", count=len(kept) - most)

    def _deliver(self, batch: Batch, outcomes: list[Outcome]) -> None:
        self._retry_s = FIRST_RETRY_S
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, InternalError):
                log.error("ledger_operation_failed", reason=outcome.detail)
            if future is None or future.done():  # nobody waits, or not any more
                continue
            if outcome is None:
                future.set_result(None)
            else:
                future.set_exception(outcome)
        if self._pending:
            self._loop.call_soon(self._tick)
        else:
            self._idle.set()
