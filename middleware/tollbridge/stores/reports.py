"""Sums of usage in an SQL database, from those that are kept of it, by SQL that SQLite and PostgreSQL share.

A report is read in one transaction, so that its parts agree; what counts as what is said in `counting`. What a service
asks of a model for a call of its own costs like any call, and is counted as one more call to its provider alone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.metering.ledger import UsageRow
from tollbridge.stores.engine import answering
from tollbridge.stores.reporting import Bucket, BudgetStanding, Health, Spend, Totals, Use
from tollbridge.stores.rollups import BY_ENDING, BY_MODEL, BY_TOKEN, CUT_ALL, CUT_MODEL
from tollbridge.stores.rows import USAGE_COLUMNS, micros, moment, storable, usage_row
from tollbridge.stores.sqlusage import SqlUsage
from tollbridge.stores.sumqueries import Sum, Which
from tollbridge.stores.tables import budget, usage
from tollbridge.stores.timequeries import Timing, lasted, latencies
from tollbridge.stores.toplists import find_biggest
from tollbridge.stores.usages import Figures, ReportAsked
from tollbridge.stores.usagesums import ASKED, COUNTED, FAILED, REFUSED, checked_limit, count, within

_u = usage.c
_ROW = tuple(_u[column] for column in USAGE_COLUMNS)
_WHAT = "(CASE WHEN model <> '' THEN model ELSE service END)"
_KEYS = {"token_id": BY_TOKEN, "model": BY_MODEL, "provider": BY_MODEL, "service": BY_MODEL}


class SqlReports:
    """Reports over usage."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._usage = SqlUsage(engine)

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals:
        """Sum a range; latencies of a token are None where it made more calls than are read for them."""
        if since >= until:
            return _totals(Figures())
        filters = {} if token_id is None else {"token_id": (token_id,)}
        return _totals((await self._usage.report(ReportAsked(starts=(since,), until=until, filters=filters))).totals)

    async def series(
        self, since: datetime, until: datetime, *, steps: int, by_model: bool = False, timed: bool = True
    ) -> Sequence[Bucket]:
        """Cut a range into buckets, in order of time and key; raises `ValueError` for less than one.

        Where the range is no multiple of `steps` microseconds, the last bucket is the shorter one.
        """
        if steps < 1:
            raise ValueError(f"steps {steps} is below 1")
        begin, end = micros(since), micros(until)
        width = max(1, -(-(end - begin) // steps))
        cut = [(start, min(start + width, end)) for start in range(begin, end, width)]
        which, key = Which({}), _WHAT if by_model else "''"
        with answering():
            async with self._engine.connect() as connection:
                wanted = Sum(
                    which=which,
                    steps=cut,
                    kept=(BY_MODEL if by_model else BY_ENDING,),
                    key=key,
                    names=("made", "calls", "failed", "cost"),
                )
                found = await wanted.ask(connection, "ORDER BY step, its")
                timing = Timing(which=which, steps=cut, cut=CUT_MODEL if by_model else CUT_ALL, key=key)
                times = await timing.ask(connection) if timed else {}
        starts = [moment(start) for start, _ in cut]
        return [
            Bucket(starts[step], its, int(calls), int(failed), int(cost), *lasted(times.get((step, its))))
            for step, its, _, calls, failed, cost in found
        ]

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        """Give the biggest spenders, then the busiest; raises `ValueError` for an unknown `by` or a limit below 1."""
        if by not in _KEYS:
            raise ValueError(f"spend by {by!r} is unknown; known: {', '.join(_KEYS)}")
        checked_limit(limit)
        kept, steps = _KEYS[by], [(micros(since), micros(until))]
        wanted = Sum(
            which=Which({}), steps=steps, kept=(kept,), key=by, names=("made", "calls", "cost"), dated=kept.dated
        )
        with answering():
            async with self._engine.connect() as connection:
                rows, _ = await find_biggest(connection, wanted, ("cost", "calls"), limit)
                last = await self._last(connection, by, [row[1] for row in rows], steps[0]) if not kept.dated else {}
        return [
            Spend(key=row[1], calls=sums["calls"], cost=sums["cost"], last_at=moment(last.get(row[1]) or row[-1]))
            for row in rows
            if (sums := wanted.sums(row))
        ]

    async def _last(
        self, connection: AsyncConnection, by: str, keys: Sequence[str], within: tuple[int, int]
    ) -> Mapping[str, int]:
        """Say when the last calls of some were, by an index."""
        inside = (_u.at >= within[0], _u.at < within[1])
        newest = [select(func.max(_u.at)).where(_u[by] == key, *inside).scalar_subquery() for key in keys]
        return dict(zip(keys, (await connection.execute(select(*newest))).one(), strict=True)) if keys else {}

    async def uses(self, since: datetime, until: datetime) -> Sequence[Use]:
        keys = (_u.token_id, _u.operation, _u.model)
        used = (
            select(*keys, func.count(), count(not_(REFUSED)), func.max(_u.at))
            .where(within(since, until), _u.token_id != "", ASKED)
            .group_by(*keys)
            .order_by(*keys)
        )
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(used)).all()
        return [Use(token, what, model, calls, allowed, moment(at)) for token, what, model, calls, allowed, at in rows]

    async def cost(self, since: datetime, until: datetime) -> int:
        steps, names = [(micros(since), micros(until))], ("made", "cost")
        wanted = Sum(which=Which({}), steps=steps, kept=(BY_ENDING,), names=names)
        with answering():
            async with self._engine.connect() as connection:
                return sum(wanted.sums(row)["cost"] for row in await wanted.ask(connection))

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        steps = [(micros(since), micros(until))]
        place = "service || '/' || provider"  # no service has a slash in its name
        with answering():
            async with self._engine.connect() as connection:
                names = ("made", "went", "went_failed")
                wanted = Sum(which=Which({}), steps=steps, kept=(BY_MODEL,), key=place, names=names)
                rows = await wanted.ask(connection)
                timing = Timing(which=Which({}), steps=steps, cut=CUT_MODEL, key=place, nested=True)
                times = await timing.ask(connection)
        found = []
        for row in rows:
            service, _, provider = row[1].partition("/")
            sums = wanted.sums(row)
            if sums["went"]:
                p50, _, _ = latencies(times.get((0, row[1])))
                found.append(Health(service, provider, sums["went"], sums["went_failed"], p50))
        return sorted(found, key=lambda one: (-one.failed, -one.calls, one.service, one.provider))

    async def service_calls(
        self, service: str, since: datetime, until: datetime, *, release: str = ""
    ) -> tuple[int, int]:
        """Count the calls of a published service that it answered or should have, and those of them that failed.

        Of all of its releases, or of the one that is named.
        """
        own = and_(within(since, until), _u.service == storable(service), COUNTED)
        if release:
            own = and_(own, _u.release == storable(release))
        with answering():
            async with self._engine.connect() as connection:
                calls, failed = (await connection.execute(select(func.count(), count(FAILED)).where(own))).one()
        return int(calls), int(failed)

    async def budget_standings(self, ids: Collection[str]) -> Mapping[str, BudgetStanding]:
        """Say how budgets stand."""
        rows = select(budget.c.id, budget.c.spent, budget.c.reserved).where(budget.c.id.in_(ids))
        with answering():
            async with self._engine.connect() as connection:
                found = (await connection.execute(rows)).all()
        return {id: BudgetStanding(spent, reserved) for id, spent, reserved in found}

    async def find_call(self, call_id: str) -> UsageRow | None:
        """Find the usage row of a call."""
        found = await self._rows(select(*_ROW).where(_u.call_id == storable(call_id)))
        return found[0] if found else None

    async def recent(self, *, limit: int = 20, token_id: str | None = None) -> Sequence[UsageRow]:
        """Give the newest usage rows, newest first; raises `ValueError` for a limit below 1."""
        newest = select(*_ROW).order_by(_u.at.desc(), _u.call_id.desc()).limit(checked_limit(limit))
        if token_id is not None:
            newest = newest.where(_u.token_id == token_id)
        return await self._rows(newest)

    async def _rows(self, wanted: Select[Any]) -> Sequence[UsageRow]:
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(wanted)).all()
        return [usage_row(dict(zip(USAGE_COLUMNS, row, strict=True))) for row in rows]


def _totals(figures: Figures) -> Totals:
    return Totals(**{name: getattr(figures, name) for name in Totals.__slots__})
