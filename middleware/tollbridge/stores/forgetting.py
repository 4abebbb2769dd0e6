"""Forgetting what has ended, on one SQLite connection."""

import sqlite3
from collections.abc import Sequence

from tollbridge.stores.files import transaction

FORGET_ITEMS = "DELETE FROM kept_item WHERE answer_id = ?1"
_FORGET = "DELETE FROM kept_answer WHERE id = ?1"
_ENDED = "SELECT id FROM kept_answer WHERE ends_at <= ?1 LIMIT ?2"
_ANY_FIRST = "SELECT 1 FROM idempotency WHERE ends_at <= ?1 LIMIT 1"
_FORGET_FIRST = """
    DELETE FROM idempotency WHERE rowid IN (SELECT rowid FROM idempotency WHERE ends_at <= ?1 LIMIT ?2)
"""

LATE_S = 600
"""Seconds for which what became of a code is still known, so that who comes late with it hears the right thing."""
_LISTED_S = 30 * 24 * 3600
"""Seconds for which an invitation that has ended is still listed."""
ENDING = {"replay": 0, "session": 0, "refresh": 0, "code": LATE_S, "device": LATE_S, "invitation": _LISTED_S}
"""Tables whose rows, told by their digest, are of no use so many seconds after their `ends_at`.

A code that was used is known as used (RFC 6749 section 4.1.2), and a device's as ended (RFC 8628 section 3.5).
"""
_FORGET_ROWS = [
    (
        f"SELECT 1 FROM {table} WHERE ends_at <= ?1 - {late_s * 1_000_000} LIMIT 1",
        f"DELETE FROM {table} WHERE digest IN"
        f" (SELECT digest FROM {table} WHERE ends_at <= ?1 - {late_s * 1_000_000} LIMIT ?2)",
    )
    for table, late_s in ENDING.items()
]
_ANY_ISSUED = "SELECT 1 FROM secret WHERE expires_at <= ?1 AND use IN ('access', 'elsewhere') LIMIT 1"
_FORGET_ISSUED = """
    DELETE FROM secret WHERE digest IN (
        SELECT digest FROM secret WHERE expires_at <= ?1 AND use IN ('access', 'elsewhere') LIMIT ?2
    )
"""


def forget_ended(db: sqlite3.Connection, now: int, most: int) -> int:
    """Forget answers whose time is over, at most so many; gives how many there were.  `now` in microseconds."""
    ids = [id for (id,) in db.execute(_ENDED, (now, most))]
    if ids:
        forget(db, ids)
    return len(ids)


def forget_first_answers(db: sqlite3.Connection, now: int, most: int) -> int:
    """Forget first answers whose time is over, at most so many; gives how many.  `now` in microseconds."""
    if db.execute(_ANY_FIRST, (now,)).fetchone() is None:
        return 0
    with transaction(db):
        return db.execute(_FORGET_FIRST, (now, most)).rowcount


def forget_rows(db: sqlite3.Connection, now: int, most: int) -> int:
    """Forget rows of the tables of `ENDING` whose time is over, at most so many of each; gives how many."""
    return sum(_forget_rows(db, *statements, (now, most)) for statements in _FORGET_ROWS)


def forget_issued(db: sqlite3.Connection, now: int, most: int) -> int:
    """Forget access tokens whose time is over, at most so many; gives how many.  `now` in microseconds."""
    return _forget_rows(db, _ANY_ISSUED, _FORGET_ISSUED, (now, most))


def _forget_rows(db: sqlite3.Connection, any_ended: str, forget: str, given: tuple[int, int]) -> int:
    if db.execute(any_ended, given[:1]).fetchone() is None:
        return 0
    with transaction(db):
        return db.execute(forget, given).rowcount


def forget(db: sqlite3.Connection, ids: Sequence[str]) -> None:
    """Forget answers, what is in them too."""
    with transaction(db):
        db.executemany(FORGET_ITEMS, [(id,) for id in ids])
        db.executemany(_FORGET, [(id,) for id in ids])
