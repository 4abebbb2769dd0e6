"""Kept answers on SQLite: written with the calls' own batches, read in the thread of the upkeep."""

import asyncio
import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import structlog

from tollbridge.clock import Clock
from tollbridge.stores.batch import TickBatch
from tollbridge.stores.forgetting import FORGET_ITEMS, forget
from tollbridge.stores.kept import KeptAnswer
from tollbridge.stores.rows import micros, moment, seconds_to_micros, storable
from tollbridge.stores.upkeep import Upkeep

MOST_TURNS = 1000
"""How many answers of one conversation are found, the newest."""

_COLUMNS = "k.id, k.token_id, k.provider, k.model, k.at, k.ends_at, k.before, length(k.content)"
_LIVE = "k.token_id = :token AND k.ends_at > :now"
_KEEP = """
    INSERT INTO kept_answer (id, token_id, provider, model, at, ends_at, before, content)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (id) DO UPDATE SET
        provider = ?3, model = ?4, at = ?5, ends_at = ?6, before = ?7, content = ?8 WHERE token_id = ?2
"""
_KEEP_ITEM = "INSERT INTO kept_item (answer_id, id, place) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
_FIND = f"SELECT {_COLUMNS} FROM kept_answer AS k WHERE k.id = :id AND {_LIVE}"
_THREAD = f"""
    WITH RECURSIVE thread (id, turn) AS (
        SELECT :id, 0
        UNION ALL
        SELECT k.before, turn + 1 FROM thread JOIN kept_answer AS k ON k.id = thread.id
        WHERE {_LIVE} AND k.before <> '' AND turn + 1 < {MOST_TURNS}
    )
    SELECT {_COLUMNS} FROM thread JOIN kept_answer AS k ON k.id = thread.id
    WHERE {_LIVE} ORDER BY turn DESC
"""
_STANDING = "FROM kept_item AS i JOIN kept_answer AS k ON k.id = i.answer_id"
_AMONG = "i.id IN (SELECT value FROM json_each(:ids))"
_HOLDERS = f"""
    WITH holder AS (
        SELECT k.id, row_number() OVER (PARTITION BY i.id ORDER BY k.at DESC, k.id DESC) AS place
        {_STANDING} WHERE {_AMONG} AND {_LIVE}
    )
    SELECT {_COLUMNS} FROM kept_answer AS k
    WHERE k.id IN (SELECT id FROM holder WHERE place = 1) ORDER BY k.at, k.id
"""
_STRANGERS = f"""
    SELECT i.id {_STANDING} WHERE {_AMONG} AND k.token_id <> :token AND k.ends_at > :now
    EXCEPT SELECT i.id {_STANDING} WHERE {_AMONG} AND {_LIVE}
"""
_CONTENTS = f"""
    SELECT k.id, k.content FROM kept_answer AS k
    WHERE k.id IN (SELECT value FROM json_each(:ids)) AND {_LIVE} AND length(k.content) > 0
"""
_ITEMS = "SELECT id FROM kept_item WHERE answer_id = ?1 ORDER BY place"

Row = tuple[str, str, str, str, int, int, str, int]

log = structlog.get_logger("tollbridge")


class Answers:
    """The kept answers of one process."""

    def __init__(self, batch: TickBatch, upkeep: Upkeep, clock: Clock) -> None:
        self._batch = batch
        self._upkeep = upkeep
        self._clock = clock

    def keep(self, answer: KeptAnswer, content: bytes) -> None:
        """Write it in this tick's transaction."""
        self._batch.submit(lambda db: _keep(db, answer, content)).add_done_callback(_log_failure)

    async def find_answer(self, id: str, token_id: str) -> KeptAnswer | None:
        """Find an answer by its id."""
        found = await self._find(_FIND, token_id, id=storable(id))
        return found[0] if found else None

    async def find_thread(self, id: str, token_id: str) -> Sequence[KeptAnswer]:
        """Find an answer and those before it."""
        return [_answer(row) for row in await self._rows(_THREAD, token_id, id=storable(id))]

    async def find_holders(self, items: Collection[str], token_id: str) -> Sequence[KeptAnswer]:
        """Find the newest answer of each item."""
        return await self._find(_HOLDERS, token_id, ids=_listed(items))

    async def find_strangers(self, items: Collection[str], token_id: str) -> Sequence[str]:
        """Find the items that are others'."""
        return [id for (id,) in await self._rows(_STRANGERS, token_id, ids=_listed(items))]

    async def contents(self, ids: Collection[str], token_id: str) -> Mapping[str, bytes]:
        """Give the sealed contents, by id."""
        return dict(await self._rows(_CONTENTS, token_id, ids=_listed(ids)))

    async def forget_answer(self, id: str, token_id: str) -> bool:
        """Forget an answer."""
        if await self.find_answer(id, token_id) is None:
            return False
        await self._upkeep.do(lambda db: forget(db, [id]))
        return True

    async def _find(self, statement: str, token_id: str, **named: str) -> list[KeptAnswer]:
        asking = self._asking(token_id, named)
        await self._batch.flush()
        return await self._upkeep.do(
            lambda db: [_answer(row, _items(db, row[0])) for row in db.execute(statement, asking).fetchall()]
        )

    async def _rows(self, statement: str, token_id: str, **named: str) -> list[Any]:
        asking = self._asking(token_id, named)
        await self._batch.flush()
        return await self._upkeep.do(lambda db: db.execute(statement, asking).fetchall())

    def _asking(self, token_id: str, named: Mapping[str, str]) -> dict[str, str | int]:
        return {**named, "token": token_id, "now": seconds_to_micros(self._clock.time())}


def _keep(db: sqlite3.Connection, answer: KeptAnswer, content: bytes) -> None:
    id = storable(answer.id)
    times = micros(answer.at), micros(answer.ends_at)
    row = (id, answer.token_id, answer.provider, storable(answer.model), *times, storable(answer.before), content)
    if db.execute(_KEEP, row).rowcount:
        db.execute(FORGET_ITEMS, (id,))
        db.executemany(_KEEP_ITEM, [(id, storable(item), place) for place, item in enumerate(answer.items)])


def _items(db: sqlite3.Connection, id: str) -> tuple[str, ...]:
    return tuple(item for (item,) in db.execute(_ITEMS, (id,)))


def _answer(row: Row, items: tuple[str, ...] = ()) -> KeptAnswer:
    id, token_id, provider, model, at, ends_at, before, size = row
    return KeptAnswer(id, token_id, provider, model, moment(at), moment(ends_at), before, items, size)


def _listed(ids: Collection[str]) -> str:
    return json.dumps([storable(id) for id in ids])


def _log_failure(done: "asyncio.Future[None]") -> None:
    failure = None if done.cancelled() else done.exception()
    if failure is not None:
        log.error("answer_not_kept", reason=getattr(failure, "detail", None) or type(failure).__name__)
