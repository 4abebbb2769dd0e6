"""Having the sums take over usage rows that they have not yet, on one SQLite connection."""

import sqlite3
from collections.abc import Mapping

from tollbridge.stores.counting import FACTS_SQL, PENDING
from tollbridge.stores.files import transaction
from tollbridge.stores.histograms import pack, unpack
from tollbridge.stores.rollups import LATENCY, LATENCY_KEY, TABLES, Key, roll_up, writing

_OLDEST = f"SELECT at, call_id FROM {PENDING} ORDER BY at, call_id LIMIT ?"
_FACTS = f"SELECT {FACTS_SQL} FROM usage WHERE call_id = ?"
_TAKEN = f"DELETE FROM {PENDING} WHERE at = ? AND call_id = ?"
_ADD = {kept.table: writing(kept, f"VALUES ({', '.join('?' * len(kept.columns))})") for kept in TABLES}
_ITS = " AND ".join(f"{name} = ?" for name in LATENCY_KEY)
_READ = f"SELECT lasted, began FROM {LATENCY} WHERE {_ITS}"
_BEGIN = f"INSERT INTO {LATENCY} (lasted, began, {', '.join(LATENCY_KEY)}) VALUES (?{', ?' * (1 + len(LATENCY_KEY))})"
_CHANGE = f"UPDATE {LATENCY} SET lasted = ?, began = ? WHERE {_ITS}"


def take_over(db: sqlite3.Connection, most: int) -> int:
    """Add rows to the sums that have not been, at most so many, the oldest first; gives how many there were.

    They are read and added up before the transaction, which then is a short one: a row never changes. Where another
    process took some of them in between, nothing is done: gives 0.
    """
    pending = db.execute(_OLDEST, (most,)).fetchall()
    if not pending:
        return 0
    rolled = roll_up(row for _, call_id in pending for row in db.execute(_FACTS, (call_id,)))
    try:
        with transaction(db):
            if db.executemany(_TAKEN, pending).rowcount != len(pending):
                raise _Taken
            for table, rows in rolled.sums.items():
                db.executemany(_ADD[table], rows)
            _add_times(db, rolled.times)
    except _Taken:
        return 0
    return len(pending)


class _Taken(Exception):
    """Another process has taken rows over."""


def _add_times(db: sqlite3.Connection, times: Mapping[Key, tuple[int, int]]) -> None:
    for key, (lasted, began) in times.items():
        found = db.execute(_READ, key).fetchone()
        if found is None:
            db.execute(_BEGIN, (pack(lasted), pack(began), *key))
        else:
            db.execute(_CHANGE, (pack(unpack(found[0]) + lasted), pack(unpack(found[1]) + began), *key))
