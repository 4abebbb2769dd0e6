"""What a batch does, one work a call: on its own, or many reservations and settlements together.

Together each budget is read once and written once for all of them. The outcome is that of one by one, settlements
first. What cannot be done together, for a value that no column takes or a call that reserves twice, is left undone.
"""

import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from tollbridge.metering.ledger import Reservation
from tollbridge.stores import ledger
from tollbridge.stores.ticks import Outcome

Work = Callable[[sqlite3.Connection], None]

OWN_FAULTS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""Errors of SQLite that come of one work's values, not of the store."""


class Reserve(msgspec.Struct, frozen=True, gc=False):
    """Hold what a call may cost."""

    reservation: Reservation

    def __call__(self, db: sqlite3.Connection) -> None:
        ledger.reserve(db, self.reservation)


class Settle(msgspec.Struct, frozen=True, gc=False):
    """Write what a call did cost."""

    settlement: ledger.Settlement

    def __call__(self, db: sqlite3.Connection) -> None:
        ledger.settle(db, self.settlement)


_TOGETHER = frozenset((Reserve, Settle))


class Alone(Exception):
    """This batch has a work that the others must not suffer for."""


def go_together(works: Sequence[Work]) -> bool:
    """Whether these are several, and all of them reservations and settlements."""
    return len(works) > 1 and _TOGETHER.issuperset(map(type, works))


def do_together(db: sqlite3.Connection, works: Sequence[Work]) -> list[Outcome]:
    """Do reservations and settlements of many calls at once; gives an outcome for each, in order.

    Raises `Alone` where a work is at fault, `sqlite3.Error` where the store is; the transaction is the caller's to undo
    then.
    """
    settlements = [work.settlement for work in works if isinstance(work, Settle)]
    reservations = [work.reservation for work in works if isinstance(work, Reserve)]
    try:
        if settlements:
            ledger.settle_all(db, settlements)
        refusals = iter(ledger.reserve_all(db, reservations) if reservations else ())
    except sqlite3.Error as exc:
        if isinstance(exc, OWN_FAULTS):
            raise Alone from exc
        raise
    except Exception as exc:
        raise Alone from exc
    return [None if isinstance(work, Settle) else next(refusals) for work in works]
