"""First answers in an SQL database, by SQLAlchemy: nothing here knows which one."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    LargeBinary,
    Text,
    Update,
    and_,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.clock import Clock
from tollbridge.stores.engine import answering
from tollbridge.stores.idempotency import FirstAnswer, KeyedRequest
from tollbridge.stores.rows import seconds_to_micros, storable
from tollbridge.stores.tables import idempotency

_c = idempotency.c
_TYPES = {
    "caller": Text,
    "key": Text,
    "fingerprint": LargeBinary,
    "run": Text,
    "lease_ends_at": BigInteger,
    "ends_at": BigInteger,
    "content": LargeBinary,
    "now": BigInteger,
}
# One statement, so that of all who try one has the key: every database takes it in these words.
_BEGIN = text(
    """
    INSERT INTO idempotency (caller, key, fingerprint, run, lease_ends_at, ends_at, content)
    VALUES (:caller, :key, :fingerprint, :run, :lease_ends_at, :ends_at, :content)
    ON CONFLICT (caller, key) DO UPDATE SET
        fingerprint = excluded.fingerprint, run = excluded.run, lease_ends_at = excluded.lease_ends_at,
        ends_at = excluded.ends_at, content = excluded.content,
        abandoned = CASE WHEN idempotency.ends_at <= :now THEN ''
            ELSE idempotency.abandoned || ' ' || idempotency.run END
    WHERE idempotency.ends_at <= :now OR (length(idempotency.content) = 0 AND idempotency.lease_ends_at <= :now)
    """
).bindparams(*(bindparam(name, type_=kind) for name, kind in _TYPES.items()))


class SqlFirstAnswers:
    """Keeps them."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def begin_once(self, request: KeyedRequest, *, lease_s: float, keep_s: float) -> FirstAnswer | None:
        now_s = self._clock.time()
        values = {
            "caller": storable(request.caller),
            "key": storable(request.key),
            "fingerprint": request.fingerprint,
            "run": request.run,
            "lease_ends_at": seconds_to_micros(now_s + lease_s),
            "ends_at": seconds_to_micros(now_s + keep_s),
            "content": b"",
            "now": seconds_to_micros(now_s),
        }
        with answering():
            async with self._engine.begin() as db:
                if (await db.execute(_BEGIN, values)).rowcount:
                    return None
                found = (await db.execute(select(_c.fingerprint, _c.content).where(_of(request)))).one()
        return FirstAnswer(bytes(found.fingerprint), bytes(found.content))

    async def abandoned_runs(self, request: KeyedRequest) -> Sequence[str]:
        with answering():
            async with self._engine.connect() as db:
                found = (await db.execute(select(_c.abandoned).where(_held(request)))).scalar_one_or_none()
        return (found or "").split()

    async def finish_once(self, request: KeyedRequest, content: bytes) -> bool:
        return await self._end(update(idempotency).where(_held(request)).values(content=content))

    async def give_up_once(self, request: KeyedRequest) -> bool:
        return await self._end(delete(idempotency).where(_held(request)))

    async def _end(self, statement: Update | Delete) -> bool:
        with answering():
            async with self._engine.begin() as db:
                return bool((await db.execute(statement)).rowcount)


def _of(request: KeyedRequest) -> ColumnElement[bool]:
    return and_(_c.caller == storable(request.caller), _c.key == storable(request.key))


def _held(request: KeyedRequest) -> ColumnElement[bool]:
    return and_(_of(request), _c.run == request.run, _c.content == b"")
