"""Sums over usage rows in an SQL database, by SQLAlchemy Core and plain SQL that SQLite and PostgreSQL share.

A series is one statement and totals are read in one transaction, so that they agree; what counts as what is said in
`usagesums`. What a service asks of a model for a call of its own costs like any call, and is counted as one more call
to its provider alone.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, func, literal, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.metering.ledger import UsageRow
from tollbridge.stores.engine import answering
from tollbridge.stores.reporting import Bucket, BudgetStanding, Health, Spend, Totals, Use
from tollbridge.stores.rows import USAGE_COLUMNS, moment, storable, usage_row
from tollbridge.stores.tables import budget, usage
from tollbridge.stores.usagesums import (
    ASKED,
    COUNTED,
    FAILED,
    INPUT,
    OUTPUT,
    REFUSED,
    UNPRICED,
    buckets,
    checked_limit,
    count,
    measured,
    stepped,
    sum_of,
    within,
)

_u = usage.c
_ROW = tuple(_u[column] for column in USAGE_COLUMNS)
_WENT = or_(ASKED, _u.provider != "")
"""To a service or to a provider: of the calls that were made for others, those that came to one."""
_WHAT = case((_u.model != "", _u.model), else_=_u.service)
_PLACE = _u.service.concat("/").concat(_u.provider)  # no service has a slash in its name
_KEYS = {"token_id": _u.token_id, "model": _u.model, "provider": _u.provider, "service": _u.service}


class SqlReports:
    """Reports over the usage table."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals:
        """Sum a range: three seconds for a million rows in it (2 cores, 2026-11), away from the event loop."""
        which = within(since, until)
        if token_id is not None:
            which = and_(which, _u.token_id == token_id)
        sums = select(
            count(ASKED),
            count(and_(ASKED, FAILED)),
            count(and_(ASKED, REFUSED)),
            count(UNPRICED),
            sum_of(_u.cost),
            sum_of(INPUT),
            sum_of(OUTPUT),
        ).where(which)
        whole = (literal(0), literal(""))
        with answering():
            async with self._engine.connect() as connection:
                sum_row = (await connection.execute(sums)).one()
                lasted = (await connection.execute(stepped(measured(which, *whole, _u.duration_ms)))).one_or_none()
                began = (await connection.execute(stepped(measured(which, *whole, _u.first_byte_ms)))).one_or_none()
        calls, failed, refused, unpriced, cost, input_tokens, output_tokens = map(int, sum_row)
        return Totals(
            calls=calls,
            failed=failed,
            refused=refused,
            unpriced=unpriced,
            cost=cost,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
            latency_p50_ms=None if lasted is None else lasted.p50,
            latency_p95_ms=None if lasted is None else lasted.p95,
            first_byte_p50_ms=None if began is None else began.p50,
        )

    async def series(self, since: datetime, until: datetime, *, steps: int, by_model: bool = False) -> Sequence[Bucket]:
        """Cut a range into buckets, as `usagesums.buckets` says."""
        key = _WHAT if by_model else literal("")
        with answering():
            async with self._engine.connect() as connection:
                return await buckets(connection, since, until, steps=steps, key=key)

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        """Give the biggest spenders, then the busiest; raises `ValueError` for an unknown `by` or a limit below 1."""
        if by not in _KEYS:
            raise ValueError(f"spend by {by!r} is unknown; known: {', '.join(_KEYS)}")
        key, cost, calls = _KEYS[by], sum_of(_u.cost), count(ASKED)
        biggest = (
            select(key, calls, cost, func.max(_u.at))
            .where(within(since, until))
            .group_by(key)
            .order_by(cost.desc(), calls.desc(), key)
            .limit(checked_limit(limit))
        )
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(biggest)).all()
        return [Spend(key=name, calls=many, cost=int(spent), last_at=moment(last)) for name, many, spent, last in rows]

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
        with answering():
            async with self._engine.connect() as connection:
                return int((await connection.execute(select(sum_of(_u.cost)).where(within(since, until)))).scalar_one())

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        which = and_(within(since, until), _WENT, not_(REFUSED))
        each = stepped(measured(which, literal(0), _PLACE, _u.duration_ms, counted=_WENT))
        with answering():
            async with self._engine.connect() as connection:
                rows = (await connection.execute(each)).all()
        found = []
        for row in rows:
            service, _, provider = row.key.partition("/")
            found.append(Health(service, provider, int(row.calls), int(row.failed), row.p50))
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
