"""Messages to webhooks in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, exists, insert, or_, select, update

from tollbridge.audit import Act
from tollbridge.errors import BadRequest
from tollbridge.stores.auditing import record
from tollbridge.stores.engine import answering
from tollbridge.stores.jobtables import delivery, webhook
from tollbridge.stores.rows import micros, moment, seconds_to_micros, storable
from tollbridge.stores.telling import delivery_values
from tollbridge.stores.tokenrows import optional_moment
from tollbridge.stores.tokenwriting import TokenTurns
from tollbridge.stores.webhooks import DELIVERED, Delivery

_c, _w = delivery.c, webhook.c
_FREE: dict[str, Any] = {"runner": "", "lease_ends_at": 0}


class SqlOutbox:
    """Keeps them."""

    def __init__(self, turns: TokenTurns) -> None:
        self._turns = turns

    async def post(self, new: Delivery) -> None:
        values = delivery_values(
            new.id, new.webhook_id, new.event, micros(new.created_at), said=new.said, content=new.sealed
        )
        there = select(delivery).where(_c.id == new.id)
        async with self._turns.take() as writing:
            row = (await writing.connection.execute(there)).one_or_none()
            if row is None:
                await writing.connection.execute(insert(delivery).values(values))
            elif row.ended_at is not None and row.outcome != DELIVERED:
                await writing.connection.execute(
                    update(delivery).where(_c.id == row.id).values(values | {"ended_at": None})
                )

    async def lanes(self) -> Sequence[str]:
        due = exists().where(_c.webhook_id == _w.id, self._due())
        wanted = select(_w.id).where(_w.disabled_at.is_(None), _w.rests_until <= self._now(), due)
        with answering():
            async with self._turns.engine.connect() as db:
                return list((await db.execute(wanted.order_by(_w.rests_until, _w.id))).scalars())

    async def claim(self, webhook_id: str, runner: str, *, most: int, lease_s: float) -> Sequence[Delivery]:
        """Take them in one statement: of two who try at once, the second finds the lease of the first."""
        oldest = select(_c.id).where(_c.webhook_id == webhook_id, self._due()).order_by(_c.id).limit(most)
        taken = {"runner": runner, "lease_ends_at": self._now() + seconds_to_micros(lease_s)}
        rests = exists().where(_w.id == webhook_id, _w.rests_until > self._now())
        statement = update(delivery).where(_c.id.in_(oldest), self._due(), ~rests).values(taken)
        had = select(delivery).where(_c.webhook_id == webhook_id, _c.runner == runner).order_by(_c.id)
        with answering():
            async with self._turns.engine.begin() as db:
                await db.execute(statement)
                return [_delivery(row) for row in await db.execute(had)]

    async def finish(self, delivery_id: str, runner: str, outcome: str) -> bool:
        ended = {"ended_at": self._now(), "attempts": _c.attempts + 1, "outcome": outcome, "content": b"", **_FREE}
        since = None if outcome == DELIVERED else self._now()
        return await self._tried(delivery_id, runner, ended, since)

    async def postpone(self, delivery_id: str, runner: str, outcome: str, *, pause_s: float) -> bool:
        due = self._now() + seconds_to_micros(pause_s)
        values = {"due_at": due, "attempts": _c.attempts + 1, "outcome": outcome, **_FREE}
        return await self._tried(delivery_id, runner, values, self._now())

    async def give_back(self, webhook_id: str, runner: str, *, pause_s: float) -> None:
        until = self._now() + seconds_to_micros(pause_s)
        rests = update(webhook).where(_w.id == webhook_id, _w.rests_until < until).values(rests_until=until)
        with answering():
            async with self._turns.engine.begin() as db:
                held = (_c.webhook_id == webhook_id, _c.runner == runner)
                await db.execute(update(delivery).where(*held).values(_FREE))
                if pause_s:
                    await db.execute(rests)

    async def get_delivery(self, delivery_id: str) -> Delivery | None:
        with answering():
            async with self._turns.engine.connect() as db:
                row = (await db.execute(select(delivery).where(_c.id == storable(delivery_id)))).one_or_none()
        return None if row is None else _delivery(row)

    async def list_deliveries(
        self, webhook_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[Delivery]:
        wanted = select(delivery).where(_c.webhook_id == storable(webhook_id)).order_by(_c.id.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_c.id < storable(before))
        with answering():
            async with self._turns.engine.connect() as db:
                return [_delivery(row) for row in await db.execute(wanted)]

    async def send_again(self, delivery_id: str, act: Act) -> Delivery | None:
        asked = select(delivery).where(_c.id == storable(delivery_id))
        anew = {"due_at": self._now(), "ended_at": None, "attempts": 0, **_FREE}
        async with self._turns.take() as writing:
            row = (await writing.connection.execute(asked)).one_or_none()
            if row is None:
                return None
            if not row.said and not row.content:
                raise BadRequest("it held a secret, which is not kept any more", code="conflict", status=409)
            await writing.connection.execute(update(delivery).where(_c.id == row.id).values(anew))
            await record(writing.connection, act, ("webhook.resend", row.webhook_id), None, {"delivery": row.id})
            return _delivery((await writing.connection.execute(asked)).one())

    async def cancel(self, delivery_id: str, why: str) -> None:
        ended = {"ended_at": self._now(), "outcome": why, "content": b"", **_FREE}
        with answering():
            async with self._turns.engine.begin() as db:
                await db.execute(update(delivery).where(_c.id == delivery_id, _c.ended_at.is_(None)).values(ended))

    async def forget_deliveries(self, before: datetime) -> int:
        old = micros(before)
        over = or_(_c.ended_at < old, and_(_c.ended_at.is_(None), _c.due_at < old))
        with answering():
            async with self._turns.engine.begin() as db:
                return (await db.execute(delete(delivery).where(_c.created_at < old, over))).rowcount

    def _now(self) -> int:
        return seconds_to_micros(self._turns.clock.time())

    def _due(self) -> ColumnElement[bool]:
        now = self._now()
        return and_(_c.ended_at.is_(None), _c.due_at <= now, _c.lease_ends_at <= now)

    async def _tried(self, delivery_id: str, runner: str, values: dict[str, Any], failing_since: int | None) -> bool:
        """Note an attempt at a message, and whether its webhook fails; says whether the worker still had it."""
        its = _w.id == select(_c.webhook_id).where(_c.id == delivery_id).scalar_subquery()
        if failing_since is None:
            now = update(webhook).where(its, _w.failing_since.is_not(None)).values(failing_since=None, rests_until=0)
        else:
            now = update(webhook).where(its, _w.failing_since.is_(None)).values(failing_since=failing_since)
        with answering():
            async with self._turns.engine.begin() as db:
                noted = update(delivery).where(_c.id == delivery_id, _c.runner == runner).values(values)
                if not (await db.execute(noted)).rowcount:
                    return False
                await db.execute(now)
                return True


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        event=row.event,
        created_at=moment(row.created_at),
        attempts=row.attempts,
        outcome=row.outcome,
        said=row.said,
        sealed=bytes(row.content),
        due_at=moment(row.due_at) if row.due_at and row.ended_at is None else None,
        ended_at=optional_moment(row.ended_at),
    )
