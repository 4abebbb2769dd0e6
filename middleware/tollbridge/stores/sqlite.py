"""The embedded store: one SQLite file, any number of processes on one machine."""

import asyncio
import os
import sqlite3
from collections.abc import Collection, Coroutine, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tollbridge.clock import Clock, SystemClock
from tollbridge.metering.ledger import Reservation, UsageRow
from tollbridge.stores.answers import Answers
from tollbridge.stores.base import Bucket, BudgetUse, Health, NewToken, Spend, Store, TokenCounts, Totals
from tollbridge.stores.files import cannot_open, connect, unavailable
from tollbridge.stores.hot import SqliteHot
from tollbridge.stores.kept import KeptAnswer
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.running import RunningTokens
from tollbridge.stores.schema import prepare
from tollbridge.stores.upkeep import Upkeep
from tollbridge.tokens.model import Principal, Token, TokenBudget

if TYPE_CHECKING:
    from tollbridge.stores.admin import SqlAdmin
    from tollbridge.stores.reports import SqlReports
    from tollbridge.stores.sql import SqlSide

LEAST_ROOM = 65_536
"""Bytes that must be free on the disk for the store to be ready."""


class SqliteStore:
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

    def recall_principal(self, digest: bytes) -> Principal | None:
        return self._open.hot.recall_principal(digest)

    async def live_tokens(self, token_ids: Collection[str]) -> Collection[str]:
        return self._open.running.live(token_ids)

    def reserve(self, reservation: Reservation) -> Coroutine[None, None, None]:
        return self._open.hot.reserve(reservation)

    async def settle(self, row: UsageRow) -> None:
        await self._open.hot.settle(row)

    def post(self, row: UsageRow, held: Reservation | None = None) -> None:
        self._open.hot.post(row, held)

    def touch(self, token_id: str, at: datetime, client: str) -> None:
        self._open.upkeep.touch(token_id, at, client)

    def keep(self, answer: KeptAnswer, content: bytes) -> None:
        self._open.answers.keep(answer, content)

    async def find_answer(self, id: str, token_id: str) -> KeptAnswer | None:
        return await self._open.answers.find_answer(id, token_id)

    async def find_thread(self, id: str, token_id: str) -> Sequence[KeptAnswer]:
        return await self._open.answers.find_thread(id, token_id)

    async def find_holders(self, items: Collection[str], token_id: str) -> Sequence[KeptAnswer]:
        return await self._open.answers.find_holders(items, token_id)

    async def find_strangers(self, items: Collection[str], token_id: str) -> Sequence[str]:
        return await self._open.answers.find_strangers(items, token_id)

    async def contents(self, ids: Collection[str], token_id: str) -> Mapping[str, bytes]:
        return await self._open.answers.contents(ids, token_id)

    async def forget_answer(self, id: str, token_id: str) -> bool:
        return await self._open.answers.forget_answer(id, token_id)

    async def add_token(self, token: NewToken) -> Token:
        return await (await self._sql()).admin.add_token(token)

    async def revoke_token(self, token_id: str, at: datetime) -> Token | None:
        admin = (await self._sql()).admin
        with self._open.mark.changing():
            return await admin.revoke_token(token_id, at)

    async def get_token(self, token_id: str) -> Token | None:
        return await (await self._sql()).admin.get_token(token_id)

    async def list_tokens(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        search: str = "",
        state: str = "",
        budgets: Sequence[TokenBudget] = (),
    ) -> Sequence[Token]:
        admin = await self._settled_admin()
        return await admin.list_tokens(limit=limit, before=before, search=search, state=state, budgets=budgets)

    async def count_tokens(self, *, budgets: Sequence[TokenBudget] = ()) -> TokenCounts:
        return await (await self._settled_admin()).count_tokens(budgets=budgets)

    async def budget_uses(self, owned: Mapping[str, Sequence[TokenBudget]]) -> Mapping[str, Sequence[BudgetUse]]:
        return await (await self._settled_admin()).budget_uses(owned)

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals:
        return await (await self._reports()).totals(since, until, token_id=token_id)

    async def series(self, since: datetime, until: datetime, *, steps: int, by_model: bool = False) -> Sequence[Bucket]:
        return await (await self._reports()).series(since, until, steps=steps, by_model=by_model)

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        return await (await self._reports()).spend(since, until, by=by, limit=limit)

    async def cost(self, since: datetime, until: datetime) -> int:
        return await (await self._reports()).cost(since, until)

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        return await (await self._reports()).health(since, until)

    async def recent(self, *, limit: int = 20, token_id: str | None = None) -> Sequence[UsageRow]:
        return await (await self._reports()).recent(limit=limit, token_id=token_id)

    async def _settled_admin(self) -> "SqlAdmin":
        """Give the administrator's side, once what this process has settled is written."""
        await self._open.hot.flush()
        return (await self._sql()).admin

    async def _reports(self) -> "SqlReports":
        """Give the reports, once what this process has settled is written."""
        await self._open.hot.flush()
        return (await self._sql()).reports

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

    async def _sql(self) -> "SqlSide":
        parts = self._open
        if parts.sql is None:
            parts.sql = asyncio.ensure_future(asyncio.to_thread(_load_sql, self._path, self._clock))
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


def _load_sql(path: Path, clock: Clock) -> "SqlSide":
    from tollbridge.stores.sql import SqlSide  # SQLAlchemy: half a second and 30 MB that most workers never need

    return SqlSide(path, clock)


_: type[Store] = SqliteStore
