"""The embedded store: one SQLite file, any number of processes on one machine."""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tollbridge.clock import Clock, SystemClock
from tollbridge.metering.ledger import Reservation, UsageRow
from tollbridge.services.subscribing import Subscribed
from tollbridge.stores.answers import Answers
from tollbridge.stores.base import Store
from tollbridge.stores.files import cannot_open, connect, unavailable
from tollbridge.stores.hot import SqliteHot
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.running import RunningTokens
from tollbridge.stores.schema import prepare
from tollbridge.stores.sealed import READ_OWN_KEYS, READ_PEPPERS
from tollbridge.stores.served import SqlServed
from tollbridge.stores.storedsecrets import READ_SECRETS, StoredSecret, secret_of
from tollbridge.stores.upkeep import Upkeep
from tollbridge.tokens.model import Principal, Shown

if TYPE_CHECKING:
    from tollbridge.stores.sql import SqlSide

LEAST_ROOM = 65_536
"""Bytes that must be free on the disk for the store to be ready."""

_ADD_OWN_KEY = "INSERT INTO own_key (name, content) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"


class SqliteStore(SqlServed):
    """A whole store in one file.

    `durability`: `normal` survives the end of the process at any point and may lose the last moments in a power cut;
    `full` survives that too and costs a disk write for each batch. `migrate`: bring an older schema up to date at
    start, rather than refuse. `tidy_s` and `sweep_s` are the periods of background work.
    """

    def __init__(
        self,
        path: str | Path,
        clock: Clock | None = None,
        *,
        durability: str = "normal",
        migrate: bool = True,
        tidy_s: float = 3.0,
        sweep_s: float = 30.0,
    ) -> None:
        self._path = Path(path)
        self._clock = clock or SystemClock()
        self._full = durability == "full"
        self._migrate = migrate
        self._tidy_s = tidy_s
        self._sweep_s = sweep_s
        self._parts: _Parts | None = None

    async def open(self) -> None:
        """Open, making the file or bringing it up to date; raises `StoreError`.  Opening twice opens once."""
        if self._parts is not None:
            return
        reader, writer, keeper, mark, inode = await asyncio.to_thread(self._connect)
        hot = SqliteHot(reader, writer, self._clock, mark=mark, full=self._full)
        upkeep = Upkeep(keeper, self._clock, settled=hot.flush)
        answers = Answers(hot.batch, upkeep, self._clock)
        self._parts = _Parts(hot, upkeep, answers, mark, inode, RunningTokens(reader, self._clock, mark))
        await upkeep.catch_up()
        upkeep.start(tidy_s=self._tidy_s, sweep_s=self._sweep_s)

    async def close(self) -> None:
        """Write what is pending and close; nothing else is served from the moment this is called."""
        parts, self._parts = self._parts, None
        if parts is None:
            return
        await parts.hot.close()
        if parts.sql is not None:
            await (await parts.sql).close()
        await parts.upkeep.close()

    async def check(self) -> None:
        """Read, write, see that there is room for more, and that the file is still the one that was opened."""
        parts = self._open
        await parts.hot.check()
        try:
            inode = self._path.stat().st_ino
            disk = os.statvfs(self._path)
        except OSError as exc:
            raise unavailable(exc) from exc
        room = disk.f_frsize * (disk.f_bavail if os.geteuid() else disk.f_bfree)
        if disk.f_blocks and room < LEAST_ROOM:  # a write may fit into the log as it is, and the next one not
            raise unavailable(f"{room} bytes are free on the disk of {self._path}")
        if inode != parts.inode:
            raise unavailable(f"{self._path} was replaced while it was open; restart")

    async def sweep(self) -> int:
        return await self._open.upkeep.sweep()

    async def find_principal(self, digest: bytes) -> Principal | None:
        return await self._open.hot.find_principal(digest)

    async def find_holder(self, token_id: str) -> Principal | None:
        return await self._open.hot.find_holder(token_id)

    async def team_holder(self, name: str) -> str | None:
        return self._open.hot.team_holder(name)

    def recall_principal(self, digest: bytes) -> Principal | None:
        return self._open.hot.recall_principal(digest)

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        return self._open.hot.find_subscription(application, service_id)

    async def edition(self) -> int:
        return self._open.hot.edition()

    async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
        return self._open.running.open(shown)

    def reserve(self, reservation: Reservation) -> Coroutine[None, None, None]:
        return self._open.hot.reserve(reservation)

    async def settle(self, row: UsageRow) -> None:
        await self._open.hot.settle(row)

    def post(self, row: UsageRow, held: Reservation | None = None) -> None:
        self._open.hot.post(row, held)

    def touch(self, token_id: str, at: datetime, client: str, used_for: str = "") -> None:
        self._open.upkeep.touch(token_id, at, client, used_for)

    async def stored_secrets(self) -> Sequence[StoredSecret]:
        return await self._open.upkeep.do(lambda db: [secret_of(row) for row in db.execute(READ_SECRETS)])

    async def own_keys(self) -> Mapping[str, bytes]:
        return await self._open.upkeep.do(lambda db: dict(db.execute(READ_OWN_KEYS).fetchall()))

    async def add_own_key(self, name: str, sealed: bytes) -> bytes:
        await self._open.upkeep.do(lambda db: db.execute(_ADD_OWN_KEY, (name, sealed)).close())
        return (await self.own_keys())[name]

    async def peppers(self) -> Collection[str]:
        return await self._open.upkeep.do(lambda db: {id for (id,) in db.execute(READ_PEPPERS) if id})

    def _connect(self) -> tuple[sqlite3.Connection, sqlite3.Connection, sqlite3.Connection, TokenMark, int]:
        prepare(self._path, migrate=self._migrate)
        try:
            with ExitStack() as undo:
                reader = undo.enter_context(closing(connect(self._path, patient=False)))
                writer = undo.enter_context(closing(connect(self._path, patient=False, full=self._full)))
                keeper = undo.enter_context(closing(connect(self._path)))
                inode = self._path.stat().st_ino
                mark = TokenMark(self._path)
                undo.pop_all()
        except (sqlite3.Error, OSError) as exc:
            raise cannot_open(self._path, exc) from exc
        return reader, writer, keeper, mark, inode

    @property
    def _open(self) -> "_Parts":
        if self._parts is None:
            raise unavailable("not open")
        return self._parts

    @property
    def _kept(self) -> Answers:
        return self._open.answers

    async def _flush(self) -> None:
        await self._open.hot.flush()

    def _changing(self) -> AbstractContextManager[None]:
        return self._open.mark.changing()

    async def _sql(self) -> "SqlSide":
        parts = self._open
        if parts.sql is None:
            parts.sql = asyncio.ensure_future(asyncio.to_thread(_load_sql, self._path, self._clock, self._changing))
        return await asyncio.shield(parts.sql)


@dataclass(slots=True)
class _Parts:
    """What is there while the store is open."""

    hot: SqliteHot
    upkeep: Upkeep
    answers: Answers
    mark: TokenMark
    inode: int
    running: RunningTokens
    sql: "asyncio.Future[SqlSide] | None" = None


def _load_sql(path: Path, clock: Clock, changing: Callable[[], AbstractContextManager[None]]) -> "SqlSide":
    from tollbridge.stores.engine import sqlite_engine  # SQLAlchemy: half a second and 30 MB that most never need
    from tollbridge.stores.sql import SqlSide

    return SqlSide(sqlite_engine(path), clock, changing=changing)


_: type[Store] = SqliteStore
