"""Ledger operations of one tick on SQLite: on the event loop itself, or in a thread.

A thread costs more than a commit, and a commit more than the operations in it, so the batch runs on the loop; only when
it would have to wait, for another process's lock or for the disk, does it go to a thread.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from random import uniform
from time import sleep

from tollbridge.errors import GatewayError, InternalError
from tollbridge.stores.files import BUSY_TIMEOUT_S, is_busy, transaction, unavailable
from tollbridge.stores.ticks import Outcome, Outcomes, Ticks
from tollbridge.stores.works import OWN_FAULTS, Alone, Work, do_together, go_together

_FIRST_PAUSE_S = 0.0002
_LONGEST_PAUSE_S = 0.005


def run(db: sqlite3.Connection, works: list[Work]) -> Outcomes:
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
    outcomes: Outcomes = [None] * len(works)
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


def run_patiently(db: sqlite3.Connection, works: list[Work]) -> Outcomes:
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


class TickBatch(Ticks[Work]):
    """Group commit on a connection of its own.  `in_thread`: commits wait for the disk, so none is on the loop."""

    def __init__(self, db: sqlite3.Connection, *, in_thread: bool = False) -> None:
        super().__init__(self._run, _nothing)
        self._db = db
        self._in_thread = in_thread
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tollbridge-ledger")

    async def close(self) -> None:
        """Do what is pending and end the thread."""
        await super().close()
        self._thread.shutdown()

    def _run(self, works: list[Work]) -> "Outcomes | asyncio.Future[Outcomes]":
        if not self._in_thread:
            try:
                return run(self._db, works)
            except sqlite3.Error as exc:
                if not is_busy(exc):
                    raise unavailable(exc) from exc
        return self._loop.run_in_executor(self._thread, self._run_in_thread, works)

    def _run_in_thread(self, works: list[Work]) -> Outcomes:
        try:
            return run_patiently(self._db, works)
        except sqlite3.Error as exc:
            raise unavailable(exc) from exc
