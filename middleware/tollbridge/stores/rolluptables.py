"""The tables of sums that are kept of usage rows; `rollups` says what is in them, and `segments` what their spans are.

`start` is when a span begins; of histograms there are the packed bytes.
"""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from tollbridge.stores.columns import count, metadata
from tollbridge.stores.counting import MEASURES, PENDING
from tollbridge.stores.rollups import LATENCY, LATENCY_KEY, TABLES, Kept

_NUMBERS = {"start": BigInteger(), "span": Integer(), "nested": Integer(), "cut": Integer()}


def _key(name: str) -> Column[Any]:
    return Column(name, _NUMBERS.get(name) or Text(), primary_key=True, autoincrement=False)


def _table(kept: Kept) -> Table:
    sums = [count(name) for name in (*MEASURES, *(("last_at",) if kept.dated else ()))]
    ranked = [Index(f"ix_{kept.table}_{name}", "span", "start", name) for name in kept.ranked]
    return Table(kept.table, metadata, *map(_key, kept.key), *sums, *ranked, sqlite_with_rowid=False)


PENDING_ROWS = Table(
    PENDING,
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("call_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)
TABLES_OF_SUMS = {kept.table: _table(kept) for kept in TABLES}
LATENCIES = Table(
    LATENCY,
    metadata,
    *map(_key, LATENCY_KEY),
    Column("lasted", LargeBinary, nullable=False),
    Column("began", LargeBinary, nullable=False),
)
