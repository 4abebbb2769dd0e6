"""Forgetting kept answers, on one SQLite connection."""

import sqlite3
from collections.abc import Sequence

from tollbridge.stores.files import transaction

FORGET_ITEMS = "DELETE FROM kept_item WHERE answer_id = ?1"
_FORGET = "DELETE FROM kept_answer WHERE id = ?1"
_ENDED = "SELECT id FROM kept_answer WHERE ends_at <= ?1 LIMIT ?2"


def forget_ended(db: sqlite3.Connection, now: int, most: int) -> int:
    """Forget answers whose time is over, at most so many; gives how many there were.  `now` in microseconds."""
    ids = [id for (id,) in db.execute(_ENDED, (now, most))]
    if ids:
        forget(db, ids)
    return len(ids)


def forget(db: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Forget answers, what is in them too."""
    with transaction(db):
        db.executemany(FORGET_ITEMS, [(id,) for id in ids])
        db.executemany(_FORGET, [(id,) for id in ids])
