"""The audit log in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from tollbridge.audit import FIRST, Act, Actor, AuditRecord, digest_of, written
from tollbridge.stores.engine import answering
from tollbridge.stores.family import take_turn
from tollbridge.stores.rows import micros, storable
from tollbridge.stores.tables import audit
from tollbridge.stores.telling import tell

_a = audit.c
_WAITING_US = 3_600_000_000
"""How long a change may have waited for its turn at most: that long records are out of the order of their times."""


async def record(
    connection: AsyncConnection, act: Act, what: tuple[str, str], before: object, after: object
) -> AuditRecord:
    """Write one record, of an action and its target, in a transaction that has taken its turn; webhooks hear of it."""
    last = (await connection.execute(select(_a.number, _a.digest).order_by(_a.number.desc()).limit(1))).one_or_none()
    number, previous = (0, FIRST) if last is None else (last.number, last.digest)
    action, target = what
    actor = Actor(*(storable(text) for text in (act.actor.id, act.actor.via, act.actor.client, act.actor.call_id)))
    new = AuditRecord(
        number=number + 1,
        at_us=micros(act.at),
        actor=actor,
        action=action,
        target=target,
        before=written(before),
        after=written(after),
        previous=previous,
    )
    new = replace(new, digest=digest_of(new, act.key))
    await connection.execute(
        insert(audit).values(
            number=new.number,
            at=new.at_us,
            actor=actor.id,
            via=actor.via,
            client=actor.client,
            call_id=actor.call_id,
            action=new.action,
            target=new.target,
            before=new.before,
            after=new.after,
            previous=new.previous,
            digest=new.digest,
        )
    )
    await tell(connection, new)
    return new


class SqlAudit:
    """Reads the audit log, and writes what is no change of the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(
        self, act: Act, action: str, target: str, before: object = None, after: object = None
    ) -> AuditRecord:
        """Record what happens elsewhere, or what is only read; committed when this returns."""
        with answering():
            async with self._engine.begin() as connection:
                await take_turn(connection)
                return await record(connection, act, (action, target), before, after)

    async def list_audit(
        self,
        *,
        limit: int = 50,
        before: int | None = None,
        actor: str = "",
        action: str = "",
        target: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Sequence[AuditRecord]:
        """List records, newest first; `action` may be the beginning of one, such as `token.`.

        Raises `ValueError` for a limit below 1.
        """
        if limit < 1:
            raise ValueError(f"limit {limit} is below 1")
        wanted = select(audit).order_by(_a.number.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(_a.number < before)
        if actor:
            wanted = wanted.where(_a.actor == storable(actor))
        if action:
            wanted = wanted.where(_a.action.startswith(storable(action), autoescape=True))
        if target:
            wanted = wanted.where(_a.target == storable(target))
        with answering():
            async with self._engine.connect() as connection:
                if since is not None:
                    first = await _first(connection, micros(since) - _WAITING_US)
                    wanted = wanted.where(_a.number >= first, _a.at >= micros(since))
                if until is not None:
                    end = await _first(connection, micros(until) + _WAITING_US)
                    wanted = wanted.where(_a.number < end, _a.at < micros(until))
                return [_record(row) for row in await connection.execute(wanted)]

    async def follow_audit(self, after: int = 0, *, limit: int = 500) -> Sequence[AuditRecord]:
        """Give the records that follow a number, in order."""
        wanted = select(audit).where(_a.number > after).order_by(_a.number).limit(limit)
        with answering():
            async with self._engine.connect() as connection:
                return [_record(row) for row in await connection.execute(wanted)]


async def _first(connection: AsyncConnection, at_us: int) -> int:
    """Give the number from which on records are of a time or later, but for those that waited; some 20 look-ups."""
    low, high = 0, ((await connection.execute(select(func.max(_a.number)))).scalar() or 0) + 1
    while low < high:
        middle = (low + high) // 2
        at = (await connection.execute(select(_a.at).where(_a.number >= middle).order_by(_a.number).limit(1))).scalar()
        if at is not None and at < at_us:
            low = middle + 1
        else:
            high = middle
    return low


def _record(row: Row[Any]) -> AuditRecord:
    return AuditRecord(
        number=row.number,
        at_us=row.at,
        actor=Actor(row.actor, row.via, row.client, row.call_id),
        action=row.action,
        target=row.target,
        before=row.before,
        after=row.after,
        previous=bytes(row.previous),
        digest=bytes(row.digest),
    )
