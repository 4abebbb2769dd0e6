"""Everything of a store that SQLAlchemy serves, in one place to load late."""

from pathlib import Path

from tollbridge.clock import Clock
from tollbridge.stores.admin import SqlAdmin
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.reports import SqlReports


class SqlSide:
    """Administration and reports on one SQLite file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._engine = sqlite_engine(path)
        self.admin = SqlAdmin(self._engine, clock)
        self.reports = SqlReports(self._engine)

    async def close(self) -> None:
        await self._engine.dispose()
