"""Kept answers on PostgreSQL: written in the batches of each tick, apart from the ledger's."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec
import structlog

from tollbridge import Unavailable
from tollbridge.stores.building import (
    InternalError,
    KeptAnswer,
    Outcomes,
    Ticks,
    micros,
    moment,
    seconds_to_micros,
    storable,
    unavailable,
)
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.driver import Connection, Row
from tollbridge_postgres.pool import Pool

MOST_TURNS = 1000
"""How many answers of one conversation are found, the newest."""

_COLUMNS = "k.id, k.token_id, k.provider, k.model, k.at, k.ends_at, k.before, length(k.content) AS size"
_LIVE = "k.token_id = $2 AND k.ends_at > $3"
_KEEP = """
    INSERT INTO kept_answer AS k (id, token_id, provider, model, at, ends_at, before, content)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (id) DO UPDATE SET
        provider = $3, model = $4, at = $5, ends_at = $6, before = $7, content = $8 WHERE k.token_id = $2
"""
_KEEP_ITEMS = """
    INSERT INTO kept_item (answer_id, id, place)
    SELECT $1, item.id, item.place FROM unnest($2::text[]) WITH ORDINALITY AS item (id, place) ON CONFLICT DO NOTHING
"""
_FORGET_ITEMS = "DELETE FROM kept_item WHERE answer_id = $1"
_FIND = f"SELECT {_COLUMNS} FROM kept_answer AS k WHERE k.id = $1 AND {_LIVE}"
_THREAD = f"""
    WITH RECURSIVE thread (id, turn) AS (
        SELECT $1::text COLLATE "C", 0
        UNION ALL
        SELECT k.before, turn + 1 FROM thread JOIN kept_answer AS k ON k.id = thread.id
        WHERE {_LIVE} AND k.before <> '' AND turn + 1 < {MOST_TURNS}
    )
    SELECT {_COLUMNS} FROM thread JOIN kept_answer AS k ON k.id = thread.id
    WHERE {_LIVE} ORDER BY turn DESC
"""
_STANDING = "FROM kept_item AS i JOIN kept_answer AS k ON k.id = i.answer_id"
_AMONG = "i.id = ANY($1::text[])"
_HOLDERS = f"""
    WITH holder AS (
        SELECT k.id, row_number() OVER (PARTITION BY i.id ORDER BY k.at DESC, k.id DESC) AS place
        {_STANDING} WHERE {_AMONG} AND {_LIVE}
    )
    SELECT {_COLUMNS} FROM kept_answer AS k
    WHERE k.id IN (SELECT id FROM holder WHERE place = 1) ORDER BY k.at, k.id
"""
_STRANGERS = f"""
    SELECT i.id {_STANDING} WHERE {_AMONG} AND k.token_id <> $2 AND k.ends_at > $3
    EXCEPT SELECT i.id {_STANDING} WHERE {_AMONG} AND {_LIVE}
"""
_CONTENTS = f"""
    SELECT k.id, k.content FROM kept_answer AS k WHERE k.id = ANY($1::text[]) AND {_LIVE} AND length(k.content) > 0
"""
_ITEMS = "SELECT answer_id, id FROM kept_item WHERE answer_id = ANY($1::text[]) ORDER BY answer_id, place"
_FORGET = """
    WITH gone AS (DELETE FROM kept_answer AS k WHERE k.id = $1 AND k.token_id = $2 AND k.ends_at > $3 RETURNING id),
        items AS (DELETE FROM kept_item WHERE answer_id IN (SELECT id FROM gone))
    SELECT count(*) FROM gone
"""

log = structlog.get_logger("tollbridge")


class Keep(msgspec.Struct, frozen=True, gc=False):
    """Keep an answer."""

    answer: KeptAnswer
    content: bytes


class Answers:
    """The kept answers of one process."""

    def __init__(self, pool: Pool, clock: DatabaseClock) -> None:
        self._pool = pool
        self._clock = clock
        self._ticks: Ticks[Keep | None] = Ticks(self._begin, None)

    def keep(self, answer: KeptAnswer, content: bytes) -> None:
        """Write it in this tick's transaction."""
        self._ticks.submit(Keep(answer, content)).add_done_callback(_log_failure)

    async def find_answer(self, id: str, token_id: str) -> KeptAnswer | None:
        """Find an answer by its id."""
        found = await self._find(_FIND, token_id, storable(id))
        return found[0] if found else None

    async def find_thread(self, id: str, token_id: str) -> Sequence[KeptAnswer]:
        """Find an answer and those before it."""
        return [_answer(row) for row in await self._rows(_THREAD, token_id, storable(id))]

    async def find_holders(self, items: Collection[str], token_id: str) -> Sequence[KeptAnswer]:
        """Find the newest answer of each item."""
        return await self._find(_HOLDERS, token_id, _listed(items))

    async def find_strangers(self, items: Collection[str], token_id: str) -> Sequence[str]:
        """Find the items that are others'."""
        return [row["id"] for row in await self._rows(_STRANGERS, token_id, _listed(items))]

    async def contents(self, ids: Collection[str], token_id: str) -> Mapping[str, bytes]:
        """Give the sealed contents, by id."""
        return {row["id"]: row["content"] for row in await self._rows(_CONTENTS, token_id, _listed(ids))}

    async def forget_answer(self, id: str, token_id: str) -> bool:
        """Forget an answer."""
        ((count,),) = [tuple(row.values()) for row in await self._rows(_FORGET, token_id, storable(id))]
        return bool(count)

    async def flush(self) -> None:
        """Wait until what was to be kept so far is written, or has failed."""
        await self._ticks.flush()

    async def close(self) -> None:
        """Write what is pending."""
        await self._ticks.close()

    async def _find(self, statement: str, token_id: str, asked: "str | list[str]") -> list[KeptAnswer]:
        await self._ticks.flush()
        async with self._pool.lend() as db:
            rows = await db.fetch(statement, asked, token_id, self._now())
            items: dict[str, list[str]] = {row["id"]: [] for row in rows}
            for row in await db.fetch(_ITEMS, list(items)) if items else ():
                items[row["answer_id"]].append(row["id"])
        return [_answer(row, items[row["id"]]) for row in rows]

    async def _rows(self, statement: str, token_id: str, asked: "str | list[str]") -> Sequence[Row]:
        await self._ticks.flush()
        async with self._pool.lend() as db:
            return await db.fetch(statement, asked, token_id, self._now())

    def _now(self) -> int:
        return seconds_to_micros(self._clock.time())

    def _begin(self, works: "list[Keep | None]") -> "asyncio.Future[Outcomes]":
        return asyncio.ensure_future(self._keep_all(works))

    async def _keep_all(self, works: "Sequence[Keep | None]") -> Outcomes:
        """Keep them in one transaction; where one is at fault each in its own."""

        async def keep(db: Connection) -> None:
            for work in works:
                if work is not None:
                    await _keep(db, work)

        try:
            if any(works):
                await self._pool.transact(keep)
            return [None] * len(works)
        except asyncio.CancelledError:
            raise unavailable("the event loop ended") from None
        except Unavailable:
            raise
        except Exception as exc:
            if len(works) == 1:
                return [InternalError("the answer cannot be kept", detail=f"store: {type(exc).__name__}")]
        return [outcome for work in works for outcome in await self._keep_all([work])]


async def _keep(db: Connection, work: Keep) -> None:
    answer, id = work.answer, storable(work.answer.id)
    times = micros(answer.at), micros(answer.ends_at)
    row = (id, answer.token_id, answer.provider, storable(answer.model), *times, storable(answer.before), work.content)
    if await db.execute(_KEEP, *row) == "INSERT 0 1":
        await db.execute(_FORGET_ITEMS, id)
        if answer.items:
            await db.execute(_KEEP_ITEMS, id, _listed(answer.items))


def _answer(row: Row, items: Sequence[str] = ()) -> KeptAnswer:
    return KeptAnswer(
        id=row["id"],
        token_id=row["token_id"],
        provider=row["provider"],
        model=row["model"],
        at=moment(row["at"]),
        ends_at=moment(row["ends_at"]),
        before=row["before"],
        items=tuple(items),
        size=row["size"],
    )


def _listed(ids: Collection[str]) -> list[str]:
    return [storable(id) for id in ids]


def _log_failure(done: "asyncio.Future[None]") -> None:
    failure = None if done.cancelled() else done.exception()
    if failure is not None:
        log.error("answer_not_kept", reason=getattr(failure, "detail", None) or type(failure).__name__)
