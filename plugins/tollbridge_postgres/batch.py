"""The ledger's batches: a transaction each, done again in halves where a work in it is at fault."""

import asyncio
from collections.abc import Sequence

from tollbridge import Unavailable
from tollbridge.stores.building import InternalError, Outcomes, Ticks, unavailable
from tollbridge_postgres.failures import Contended, Uncertain
from tollbridge_postgres.ledger import begin_budgets, do_together
from tollbridge_postgres.pool import Pool
from tollbridge_postgres.works import Nothing, Reserve, Work

_TRIES = 4
"""How often a batch that others stood in the way of is begun."""
_MOST_KNOWN = 20_000


class Ledger(Ticks[Work]):
    """Group commit on PostgreSQL, one transaction of this process at a time."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(self._begin, Nothing())
        self._pool = pool
        self._known: set[str] = set()

    def _begin(self, works: list[Work]) -> "asyncio.Future[Outcomes]":
        return self._loop.create_task(self._to_the_end(works))

    async def _to_the_end(self, works: Sequence[Work]) -> Outcomes:
        try:
            return await self._run(works)
        except asyncio.CancelledError:
            raise unavailable("the event loop ended") from None

    async def _run(self, works: Sequence[Work]) -> Outcomes:
        try:
            return await self._try(works, _TRIES)
        except Unavailable:
            raise
        except Exception as exc:
            if len(works) == 1:
                return [_fault(exc)]
        half = len(works) // 2
        first = await self._run(works[:half])
        try:
            return [*first, *await self._run(works[half:])]
        except Unavailable as exc:
            raise Uncertain(exc.message, detail=exc.detail) from None

    async def _try(self, works: Sequence[Work], times: int) -> Outcomes:
        if all(isinstance(work, Nothing) for work in works):
            return [None] * len(works)
        budgets = {line.id for work in works if isinstance(work, Reserve) for line in work.reservation.budgets}
        try:
            await self._know(budgets)
            return await self._pool.transact(lambda db: do_together(db, works))
        except Contended:
            self._known -= budgets
            if times == 1:
                raise
            return await self._try(works, times - 1)

    async def _know(self, budgets: set[str]) -> None:
        """See to it that each budget has a row, in a transaction of its own: nobody waits for another's new row."""
        new = budgets - self._known
        if new:
            async with self._pool.lend() as db:
                await begin_budgets(db, new)
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known |= new


def _fault(exc: Exception) -> InternalError:
    """Name a fault of a work's values by its kind; the values are nobody's to read."""
    if isinstance(exc, InternalError):
        return exc
    kind = f"{type(exc).__name__} {getattr(exc, 'sqlstate', None) or ''}".strip()
    return InternalError("the ledger cannot hold this call", detail=f"store: {kind}")
