"""Signing keys in an SQL database, by SQLAlchemy."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from tollbridge.stores.engine import answering
from tollbridge.stores.family import take_turn
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.sealed import StoredKey
from tollbridge.stores.tables import signing_key

_k = signing_key.c


class SqlSigningKeys:
    """Keeps them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def signing_keys(self, used_for: str) -> Sequence[StoredKey]:
        wanted = select(signing_key).where(_k.used_for == used_for).order_by(_k.made_at.desc(), _k.kid)
        with answering():
            async with self._engine.connect() as db:
                return [
                    StoredKey(row.kid, row.used_for, row.algorithm, moment(row.made_at), row.public, bytes(row.content))
                    for row in await db.execute(wanted)
                ]

    async def add_signing_key(self, key: StoredKey, after: datetime) -> None:
        newer = select(func.count()).where(_k.used_for == key.used_for, _k.made_at > micros(after))
        with answering():
            async with self._engine.begin() as db:
                await take_turn(db)
                if (await db.execute(newer)).scalar_one():
                    return
                await db.execute(
                    insert(signing_key).values(
                        kid=key.kid,
                        used_for=key.used_for,
                        algorithm=key.algorithm,
                        made_at=micros(key.made_at),
                        public=key.public,
                        content=key.sealed,
                    )
                )

    async def drop_signing_keys(self, used_for: str, before: datetime) -> int:
        old = delete(signing_key).where(_k.used_for == used_for, _k.made_at < micros(before))
        with answering():
            async with self._engine.begin() as db:
                return (await db.execute(old)).rowcount
