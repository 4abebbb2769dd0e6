"""What a store does beside the requests, in a thread of its own: notes of use, sums, checkpoints, the sweep."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import uniform
from typing import TypeVar

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import Unavailable
from tollbridge.stores import ledger
from tollbridge.stores.files import BUSY_TIMEOUT_S, transaction, unavailable
from tollbridge.stores.forgetting import forget_ended, forget_first_answers, forget_issued, forget_rows
from tollbridge.stores.rollingup import take_over
from tollbridge.stores.rows import micros, seconds_to_micros, storable

_AT_ONCE = 200
"""Rows changed in one transaction: other writers wait for its end."""

_LONG_WAL_PAGES = 16_384
_TRUNCATE_WAIT_MS = 200

_TOUCH = """
    UPDATE token SET last_used_at = ?2, last_used_from = ?3, last_used_for = ?4
    WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)
"""

T = TypeVar("T")
_Use = tuple[int, str, str]
"""When a token was used (microseconds since the epoch), from where, for what."""

log = structlog.get_logger("tollbridge")


class Upkeep:
    """Keeps one SQLite file in shape.  Several processes may do so at once.

    `settled` is waited for before each sweep: what this process knows of a call counts more than that its time is over.
    """

    def __init__(
        self, db: sqlite3.Connection, clock: Clock, *, settled: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._db = db
        self._clock = clock
        self._settled = settled
        self._used: dict[str, _Use] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tollbridge-upkeep")
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, tidy_s: float, sweep_s: float) -> None:
        """Begin to tidy and to sweep in the background, about every so many seconds."""
        self._tasks = [
            asyncio.create_task(_every(tidy_s, self.tidy, "store_tidying_failed")),
            asyncio.create_task(_every(sweep_s, self.sweep, "sweep_failed")),
        ]

    async def catch_up(self) -> None:
        """Charge what an earlier process left open and has expired since; a failure is left to the next sweep."""
        try:
            await self.sweep()
        except Unavailable as exc:
            log.error("sweep_failed", reason=exc.detail)

    def touch(self, token_id: str, at: datetime, client: str, used_for: str = "") -> None:
        """Note a use, in memory; the newest of a token counts."""
        noted = (micros(at), storable(client), storable(used_for))
        if self._used.get(token_id, noted) <= noted:
            self._used[token_id] = noted

    async def sweep(self) -> int:
        """Charge every expired reservation in full; gives how many there were.  Raises `Unavailable`."""
        if self._settled is not None:
            await self._settled()
        return await self._do(self._sweep)

    async def tidy(self) -> None:
        """Write the notes of use, bring the sums of usage up to date, forget what has ended, shorten the log.

        Raises `Unavailable`.
        """
        used, self._used = self._used, {}
        try:
            if used:
                await self._do(lambda: self._write_used(used))
        except (Unavailable, asyncio.CancelledError):
            self._used = used | self._used  # written twice does no harm
            raise
        await self._do(self._take_over)
        await self._do(self._forget_ended)
        await self._do(self._checkpoint)

    async def close(self) -> None:
        """Stop, write what is noted, leave the log empty if no other process uses it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.tidy()
            await self._do(self._truncate)
        except Unavailable as exc:
            log.warning("store_tidying_failed", reason=exc.detail)
        self._thread.shutdown()
        self._db.close()

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do a work in the thread; raises `Unavailable`."""
        return await self._do(lambda: work(self._db))

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as exc:
            raise unavailable(exc) from exc

    def _sweep(self) -> int:
        swept = 0
        while ledger.any_expired(self._db, now := seconds_to_micros(self._clock.time())):
            with transaction(self._db):
                swept += ledger.sweep(self._db, now, _AT_ONCE)
        if swept:
            log.warning("reservations_swept", count=swept)
        return swept

    def _write_used(self, used: dict[str, _Use]) -> None:
        notes = sorted((token_id, *use) for token_id, use in used.items())
        for start in range(0, len(notes), _AT_ONCE):
            with transaction(self._db):
                self._db.executemany(_TOUCH, notes[start : start + _AT_ONCE])

    def _take_over(self) -> None:
        while take_over(self._db, _AT_ONCE) == _AT_ONCE:
            pass

    def _forget_ended(self) -> None:
        for forget in (forget_ended, forget_first_answers, forget_rows, forget_issued):
            while forget(self._db, seconds_to_micros(self._clock.time()), _AT_ONCE):
                pass

    def _checkpoint(self) -> None:
        """Copy what the log holds; under steady load it is only ever emptied by a checkpoint that keeps writers out."""
        _, pages, _ = self._db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages > _LONG_WAL_PAGES:
            self._truncate()

    def _truncate(self) -> None:
        self._db.execute(f"PRAGMA busy_timeout = {_TRUNCATE_WAIT_MS}")
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")


async def _every(period_s: float, work: Callable[[], Awaitable[object]], failed: str) -> None:
    while True:
        await asyncio.sleep(period_s * uniform(0.5, 1.5))  # several processes do not come at once
        try:
            await work()
        except Unavailable as exc:
            log.error(failed, reason=exc.detail)
