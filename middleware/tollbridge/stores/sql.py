"""Everything of a store that SQLAlchemy serves, in one place to load late."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.clock import Clock
from tollbridge.stores.admin import SqlAdmin
from tollbridge.stores.auditing import SqlAudit
from tollbridge.stores.firstanswers import SqlFirstAnswers
from tollbridge.stores.reports import SqlReports
from tollbridge.stores.resealing import SqlSealed
from tollbridge.stores.signing import SqlSigningKeys
from tollbridge.stores.tokenchanges import SqlTokens
from tollbridge.stores.tokenwriting import TokenTurns


class SqlSide:
    """Administration and reports of one database.

    `reading` has one transaction see one state; else `engine` does. What changes tokens does so inside `changing`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        clock: Clock,
        *,
        reading: AsyncEngine | None = None,
        changing: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._engine = engine
        self.admin = SqlAdmin(engine, clock)
        turns = TokenTurns(engine, clock, changing)
        self.tokens = SqlTokens(turns)
        self.audit = SqlAudit(engine)
        self.first_answers = SqlFirstAnswers(engine, clock)
        self.reports = SqlReports(reading or engine)
        self.sealed = SqlSealed(engine)
        self.signing = SqlSigningKeys(engine)

    async def close(self) -> None:
        await self._engine.dispose()
