"""Having the sums take over usage rows that they have not yet, inside a transaction.

Several processes may do so at once: none takes what another is taking, tables are written in one order, and rows in
that of their keys, so that no two transactions wait for each other.
"""

from collections.abc import Sequence
from typing import Any

from tollbridge.stores.building import (
    FACTS_SQL,
    LATENCY,
    LATENCY_KEY,
    PENDING,
    SUM_TABLES,
    Histograms,
    SumsTable,
    pack_times,
    roll_up,
    unpack_times,
    writing,
)
from tollbridge_postgres.driver import Connection, Row

_NUMBERS = {"span": "integer", "nested": "integer", "cut": "integer"}
_TEXTS = ("token_id", "team", "service", "provider", "model", "ending")


def _kind(column: str) -> str:
    return "text" if column in _TEXTS else _NUMBERS.get(column, "bigint")


def _arrays(columns: Sequence[str]) -> str:
    return ", ".join(f"${number}::{_kind(column)}[]" for number, column in enumerate(columns, 1))


def _adding(kept: SumsTable) -> str:
    return writing(kept, f"SELECT * FROM unnest({_arrays(kept.columns)})")


_ADD = {kept.table: _adding(kept) for kept in SUM_TABLES}
_TAKE = f"""
    DELETE FROM {PENDING} WHERE (at, call_id) IN (
        SELECT at, call_id FROM {PENDING} ORDER BY at, call_id LIMIT $1 FOR UPDATE SKIP LOCKED
    ) RETURNING call_id
"""
_FACTS = f"SELECT {FACTS_SQL} FROM usage WHERE call_id = ANY($1::text[])"
_NAMES = ", ".join(LATENCY_KEY)
# What is changed here is nothing, but the row is locked then, and what it holds is the newest.
_LOCK = f"""
    INSERT INTO {LATENCY} ({_NAMES}, lasted, began)
    SELECT *, ''::bytea, ''::bytea FROM unnest({_arrays(LATENCY_KEY)})
    ON CONFLICT ({_NAMES}) DO UPDATE SET cut = excluded.cut RETURNING {_NAMES}, lasted, began
"""
_CHANGE = f"""
    UPDATE {LATENCY} SET lasted = given.lasted, began = given.began
    FROM unnest({_arrays(LATENCY_KEY)}, ${len(LATENCY_KEY) + 1}::bytea[], ${len(LATENCY_KEY) + 2}::bytea[])
        AS given ({_NAMES}, lasted, began)
    WHERE {" AND ".join(f"{LATENCY}.{name} = given.{name}" for name in LATENCY_KEY)}
"""


async def take_over(db: Connection, most: int) -> int:
    """Add rows to the sums that have not been, at most so many; gives how many there were."""
    taken = [row["call_id"] for row in await db.fetch(_TAKE, most)]
    facts = await db.fetch(_FACTS, taken) if taken else ()
    if facts:
        await _add_up(db, facts)
    return len(taken)


async def _add_up(db: Connection, facts: Sequence[Row]) -> None:
    rolled = roll_up(tuple(row.values()) for row in facts)
    for table, rows in rolled.sums.items():
        await db.execute(_ADD[table], *_columns(rows))
    if rolled.times:
        await _add_times(db, rolled.times)


async def _add_times(db: Connection, times: Histograms) -> None:
    found = await db.fetch(_LOCK, *_columns(list(times)))
    changed = []
    for row in found:
        *key, lasted, began = row.values()
        more = times[tuple(key)]
        changed.append((*key, pack_times(unpack_times(lasted) + more[0]), pack_times(unpack_times(began) + more[1])))
    await db.execute(_CHANGE, *_columns(changed))


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return list(map(list, zip(*rows, strict=True)))
