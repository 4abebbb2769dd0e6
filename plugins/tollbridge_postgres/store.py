"""The store on PostgreSQL: one database, any number of processes on any number of machines."""

import asyncio
from collections.abc import Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from tollbridge import Clock, Principal, SystemClock, Unavailable
from tollbridge.stores.base import Store
from tollbridge.stores.building import (
    READ_OWN_KEYS,
    READ_PEPPERS,
    READ_SECRETS,
    Reservation,
    Shown,
    SqlServed,
    StoredSecret,
    Subscribed,
    UsageRow,
    secret_of,
    unavailable,
)
from tollbridge_postgres.address import Address
from tollbridge_postgres.answers import Answers
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.failures import cannot_open, no_answer
from tollbridge_postgres.hot import PostgresHot
from tollbridge_postgres.pool import Pool, open_pool
from tollbridge_postgres.schema import prepare
from tollbridge_postgres.upkeep import Upkeep

if TYPE_CHECKING:
    from tollbridge.stores.sql import SqlSide

_ADD_OWN_KEY = "INSERT INTO own_key (name, content) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING"


class PostgresStore(SqlServed):
    """A whole store in one database.

    Every commit is on the disk of the server before it counts, as its own settings say. `migrate`: bring an older
    schema up to date at start, rather than refuse. `tidy_s` and `sweep_s` are the periods of background work.
    """

    def __init__(
        self,
        address: Address,
        clock: Clock | None = None,
        *,
        migrate: bool = True,
        tidy_s: float = 3.0,
        sweep_s: float = 30.0,
    ) -> None:
        self._address = address
        self._given = clock or SystemClock()
        self._migrate = migrate
        self._tidy_s = tidy_s
        self._sweep_s = sweep_s
        self._parts: _Parts | None = None

    async def open(self) -> None:
        """Open, filling an empty database or bringing it up to date; raises `StoreError`.  Opening twice opens once."""
        if self._parts is not None:
            return
        await prepare(self._address, migrate=self._migrate)
        clock = DatabaseClock(self._given)
        pool = await self._connect(clock)
        hot = PostgresHot(pool, clock)
        upkeep = Upkeep(pool, clock, settled=hot.flush)
        self._parts = _Parts(pool, clock, hot, upkeep, Answers(pool, clock))
        await upkeep.catch_up()
        upkeep.start(tidy_s=self._tidy_s, sweep_s=self._sweep_s)

    async def close(self) -> None:
        """Write what is pending and close; nothing else is served from the moment this is called."""
        parts, self._parts = self._parts, None
        if parts is None:
            return
        await parts.hot.close()
        await parts.answers.close()
        if parts.sql is not None:
            await (await parts.sql).close()
        await parts.upkeep.close()
        await parts.pool.close()

    async def check(self) -> None:
        """Read, and write what the server has to have on its disk."""
        await self._open.hot.check()

    async def sweep(self) -> int:
        return await self._open.upkeep.sweep()

    async def find_principal(self, digest: bytes) -> Principal | None:
        return await self._open.hot.find_principal(digest)

    async def find_holder(self, token_id: str) -> Principal | None:
        return await self._open.hot.find_holder(token_id)

    async def team_holder(self, name: str) -> str | None:
        return await self._open.hot.team_holder(name)

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        return await self._open.hot.find_subscription(application, service_id)

    async def edition(self) -> int:
        return await self._open.hot.edition()

    def recall_principal(self, digest: bytes) -> Principal | None:
        """Recall nobody: nothing here knows of another machine's revocation without asking."""
        return None

    async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
        return await self._open.hot.still_open(shown)

    def reserve(self, reservation: Reservation) -> Coroutine[None, None, None]:
        return self._open.hot.reserve(reservation)

    async def settle(self, row: UsageRow) -> None:
        await self._open.hot.settle(row)

    def post(self, row: UsageRow, held: Reservation | None = None) -> None:
        """Settle soon; what is held is read from the database in any case."""
        self._open.hot.post(row)

    def touch(self, token_id: str, at: datetime, client: str, used_for: str = "") -> None:
        self._open.upkeep.touch(token_id, at, client, used_for)

    async def stored_secrets(self) -> Sequence[StoredSecret]:
        async with self._open.pool.lend() as db:
            return [secret_of(tuple(row.values())) for row in await db.fetch(READ_SECRETS)]

    async def own_keys(self) -> Mapping[str, bytes]:
        async with self._open.pool.lend() as db:
            return {row["name"]: row["content"] for row in await db.fetch(READ_OWN_KEYS)}

    async def add_own_key(self, name: str, sealed: bytes) -> bytes:
        async with self._open.pool.lend() as db:
            await db.execute(_ADD_OWN_KEY, name, sealed)
        return (await self.own_keys())[name]

    async def peppers(self) -> Collection[str]:
        async with self._open.pool.lend() as db:
            return {row["pepper_id"] for row in await db.fetch(READ_PEPPERS) if row["pepper_id"]}

    async def _connect(self, clock: DatabaseClock) -> Pool:
        """Open the pool, and see what time it is there."""
        try:
            pool = await open_pool(self._address)
        except Exception as exc:
            raise cannot_open(self._address.name, exc) from None
        try:
            async with pool.lend() as db:
                await clock.look(db)
        except Unavailable as exc:
            await pool.close()
            raise no_answer(self._address.name, exc) from None
        return pool

    @property
    def _open(self) -> "_Parts":
        if self._parts is None:
            raise unavailable("not open")
        return self._parts

    @property
    def _kept(self) -> Answers:
        return self._open.answers

    async def _flush(self) -> None:
        parts = self._open
        await parts.hot.flush()
        await parts.answers.flush()

    async def _sql(self) -> "SqlSide":
        parts = self._open
        if parts.sql is None:
            parts.sql = asyncio.ensure_future(asyncio.to_thread(_load_sql, self._address, parts.clock))
        return await asyncio.shield(parts.sql)


@dataclass(slots=True)
class _Parts:
    """What is there while the store is open."""

    pool: Pool
    clock: DatabaseClock
    hot: PostgresHot
    upkeep: Upkeep
    answers: Answers
    sql: "asyncio.Future[SqlSide] | None" = None


def _load_sql(address: Address, clock: Clock) -> "SqlSide":
    from tollbridge_postgres.engine import sql_side  # SQLAlchemy: half a second and 30 MB that most workers never need

    return sql_side(address, clock)


_: type[Store] = PostgresStore
