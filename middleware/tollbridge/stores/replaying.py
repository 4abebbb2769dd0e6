"""What was shown once, in an SQL database, by SQLAlchemy: nothing here knows which one."""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, bindparam, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.clock import Clock
from tollbridge.stores.engine import answering
from tollbridge.stores.rows import micros, seconds_to_micros

_TYPES = {"digest": LargeBinary, "ends_at": BigInteger, "now": BigInteger}
# One statement, so that of all who try one is the first: every database takes it in these words.
_SHOW = text(
    """
    INSERT INTO replay (digest, ends_at) VALUES (:digest, :ends_at)
    ON CONFLICT (digest) DO UPDATE SET ends_at = excluded.ends_at WHERE replay.ends_at <= :now
    """
).bindparams(*(bindparam(name, type_=kind) for name, kind in _TYPES.items()))


class SqlReplays:
    """Remembers it."""

    def __init__(self, engine: AsyncEngine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def first(self, digest: bytes, ends_at: datetime) -> bool:
        now, ends = seconds_to_micros(self._clock.time()), micros(ends_at)
        if ends <= now:
            return False
        with answering():
            async with self._engine.begin() as db:
                return bool((await db.execute(_SHOW, {"digest": digest, "ends_at": ends, "now": now})).rowcount)
