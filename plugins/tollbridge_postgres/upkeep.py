"""What a store does beside the requests: notes of use, ended answers, the sweep, a look at the database's clock."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import uniform

import structlog

from tollbridge import Unavailable
from tollbridge.stores.building import (
    ENDING,
    USAGE_COLUMNS,
    micros,
    moment,
    seconds_to_micros,
    storable,
    swept_row,
    usage_values,
)
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.driver import Connection
from tollbridge_postgres.ledger import Moves, close_reservations, write_usage
from tollbridge_postgres.pool import Pool
from tollbridge_postgres.rollups import take_over

_AT_ONCE = 200
"""Rows changed in one transaction: others wait for its end."""
_SUMMED_AT_ONCE = 1_000
"""Usage rows that sums take over in one transaction."""
CLOCK_S = 30.0
"""How often the database's clock is looked at."""
LAST_S = 2.0
"""How long closing waits for the last notes."""

_LOCK_USED = "SELECT FROM token WHERE id = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE"
_TOUCH = """
    UPDATE token SET last_used_at = used.at, last_used_from = used.client, last_used_for = used.purpose
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[]) AS used (id, at, client, purpose)
    WHERE token.id = used.id AND (token.last_used_at IS NULL OR token.last_used_at < used.at)
"""
_EXPIRED = """
    SELECT r.call_id, r.expires_at, r.token_id, r.amount, r.budgets, coalesce(t.team, '') AS team
    FROM reservation AS r LEFT JOIN token AS t ON t.id = r.token_id
    WHERE r.expires_at <= $1 ORDER BY r.expires_at LIMIT $2 FOR UPDATE OF r SKIP LOCKED
"""
_FORGET_ENDED = """
    WITH ended AS (SELECT id FROM kept_answer WHERE ends_at <= $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
        gone AS (DELETE FROM kept_answer WHERE id IN (SELECT id FROM ended)),
        items AS (DELETE FROM kept_item WHERE answer_id IN (SELECT id FROM ended))
    SELECT count(*) FROM ended
"""

_FORGET_FIRST_ANSWERS = """
    WITH gone AS (
        DELETE FROM idempotency WHERE (caller, key) IN (
            SELECT caller, key FROM idempotency WHERE ends_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    )
    SELECT count(*) FROM gone
"""
_FORGET_ISSUED = """
    WITH gone AS (
        DELETE FROM secret WHERE digest IN (
            SELECT digest FROM secret WHERE expires_at <= $1 AND use IN ('access', 'elsewhere')
            LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    )
    SELECT count(*) FROM gone
"""
_FORGET_ROWS = [
    f"""
    WITH gone AS (
        DELETE FROM {table} WHERE digest IN (
            SELECT digest FROM {table} WHERE ends_at <= $1::bigint - {late_s * 1_000_000}
            LIMIT $2 FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    )
    SELECT count(*) FROM gone
    """
    for table, late_s in ENDING.items()
]

log = structlog.get_logger("tollbridge")

_Use = tuple[int, str, str]
"""When a token was used (microseconds since the epoch), from where, for what."""


class Upkeep:
    """Keeps one database in shape.  Any number of processes may do so at once.

    `settled` is waited for before each sweep: what this process knows of a call counts more than that its time is over.
    """

    def __init__(self, pool: Pool, clock: DatabaseClock, *, settled: Callable[[], Awaitable[None]]) -> None:
        self._pool = pool
        self._clock = clock
        self._settled = settled
        self._used: dict[str, _Use] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, tidy_s: float, sweep_s: float) -> None:
        """Begin to tidy, to sweep and to look at the clock in the background, about every so many seconds."""
        self._tasks = [
            asyncio.create_task(_every(tidy_s, self.tidy, "store_tidying_failed")),
            asyncio.create_task(_every(sweep_s, self.sweep, "sweep_failed")),
            asyncio.create_task(_every(CLOCK_S, self.look_at_clock, "store_clock_unknown")),
        ]

    async def catch_up(self) -> None:
        """Charge what an earlier process left open and has expired since; a failure is left to the next sweep."""
        try:
            await self.sweep()
        except Unavailable as exc:
            log.error("sweep_failed", reason=exc.detail)

    def touch(self, token_id: str, at: datetime, client: str, used_for: str) -> None:
        """Note a use, in memory; the newest of a token counts."""
        noted = (micros(at), storable(client), storable(used_for))
        if self._used.get(token_id, noted) <= noted:
            self._used[token_id] = noted

    async def look_at_clock(self) -> None:
        """Read the database's time.  Raises `Unavailable`."""
        async with self._pool.lend() as db:
            await self._clock.look(db)

    async def sweep(self) -> int:
        """Charge every expired reservation in full; gives how many there were.  Raises `Unavailable`."""
        await self._settled()
        swept = 0
        while found := await self._pool.transact(self._sweep):
            swept += found
        if swept:
            log.warning("reservations_swept", count=swept)
        return swept

    async def tidy(self) -> None:
        """Write the notes of use, bring the sums of usage up to date, forget what has ended.  Raises `Unavailable`."""
        used, self._used = self._used, {}
        try:
            notes = sorted((token_id, *use) for token_id, use in used.items())
            for start in range(0, len(notes), _AT_ONCE):
                await self._write_used(notes[start : start + _AT_ONCE])
        except (Unavailable, asyncio.CancelledError):
            self._used = used | self._used  # written twice does no harm
            raise
        while await self._pool.transact(lambda db: take_over(db, _SUMMED_AT_ONCE)) == _SUMMED_AT_ONCE:
            pass
        for statement in (_FORGET_ENDED, _FORGET_FIRST_ANSWERS, *_FORGET_ROWS, _FORGET_ISSUED):
            while await self._forget(statement):
                pass

    async def close(self) -> None:
        """Stop, and write what is noted."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(LAST_S):
                await self.tidy()
        except (Unavailable, TimeoutError) as exc:
            log.warning("store_tidying_failed", reason=getattr(exc, "detail", None) or type(exc).__name__)

    async def _sweep(self, db: Connection) -> int:
        expired = await db.fetch(_EXPIRED, seconds_to_micros(self._clock.time()), _AT_ONCE)
        if expired:
            rows = [
                swept_row(row["call_id"], moment(row["expires_at"]), row["token_id"], row["team"], row["amount"])
                for row in expired
            ]
            await write_usage(db, [dict(zip(USAGE_COLUMNS, usage_values(row), strict=True)) for row in rows])
            await close_reservations(db, [row["call_id"] for row in expired])
            moves = Moves()
            moves.close(expired, {row["call_id"]: (row["amount"], 1) for row in expired})
            await moves.lock(db)
            await moves.write(db)
        return len(expired)

    async def _write_used(self, notes: list[tuple[str, int, str, str]]) -> None:
        ids, *columns = map(list, zip(*notes, strict=True))

        async def write(db: Connection) -> None:
            await db.execute(_LOCK_USED, ids)  # in one order, so that no two processes wait for each other
            await db.execute(_TOUCH, ids, *columns)

        await self._pool.transact(write)

    async def _forget(self, statement: str) -> int:
        async with self._pool.lend() as db:
            return int(await db.fetchval(statement, seconds_to_micros(self._clock.time()), _AT_ONCE))


async def _every(period_s: float, work: Callable[[], Awaitable[object]], failed: str) -> None:
    while True:
        await asyncio.sleep(period_s * uniform(0.5, 1.5))  # several processes do not come at once
        try:
            await work()
        except Unavailable as exc:
            log.error(failed, reason=exc.detail)
