"""Many reservations and settlements in one transaction: each budget is read once and written once for all of them.

The outcome is that of `stores.ledger` one by one, settlements first. What cannot be done together, for a value that no
column takes or a call that reserves twice, raises, and the batch is done one by one instead.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from tollbridge.errors import BudgetExceeded
from tollbridge.metering.ledger import Reservation
from tollbridge.stores import ledger
from tollbridge.stores.rows import Value

_STANDING = "SELECT spent, reserved FROM budget WHERE id = ?1"
_MOVE = "UPDATE budget SET spent = spent + ?1, reserved = reserved + ?2 WHERE id = ?3"
_OPEN = "INSERT INTO reservation (call_id, token_id, amount, budgets, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)"


class Reserve(msgspec.Struct, frozen=True, gc=False):
    """Hold what a call may cost."""

    reservation: Reservation

    def __call__(self, db: sqlite3.Connection) -> None:
        ledger.reserve(db, self.reservation)


class Settle(msgspec.Struct, frozen=True, gc=False):
    """Write what a call did cost: `values` of its usage row, `charge` to its budgets."""

    call_id: str
    values: tuple[Value, ...]
    charge: int

    def __call__(self, db: sqlite3.Connection) -> None:
        ledger.settle(db, self.call_id, self.values, self.charge)


class _Budget(msgspec.Struct, gc=False):
    """One budget in this transaction: how it stood, whether it had a row, and what is `held` since, None if nothing."""

    found: bool
    spent: int
    reserved: int
    held: int | None = None


def settle_all(db: sqlite3.Connection, settles: Sequence[Settle]) -> None:
    """Write all rows, take their reservations away and charge the budgets."""
    db.executemany(ledger.WRITE, [settle.values for settle in settles])
    moved: dict[str, list[int]] = {}
    for settle in settles:
        # A call that was settled before holds nothing any more: its charge finds no reservation.
        for amount, budgets in db.execute(ledger.CLOSE, (settle.call_id,)).fetchall():
            for budget in ledger.decode_ids(budgets):
                sums = moved.setdefault(budget, [0, 0])
                sums[0] += settle.charge
                sums[1] -= amount
    if moved:
        db.executemany(_MOVE, [(spent, reserved, budget) for budget, (spent, reserved) in moved.items()])


def reserve_all(db: sqlite3.Connection, reservations: Sequence[Reservation]) -> list[BudgetExceeded | None]:
    """Hold each on all of its budgets or on none, in order; gives a refusal for each that does not fit."""
    standing: dict[str, _Budget] = {}
    outcomes: list[BudgetExceeded | None] = []
    opened = []
    for reservation in reservations:
        amount = reservation.amount
        lines = {line.id: line for line in reservation.budgets}  # a budget named twice is held once
        budgets = [standing.get(id) or _read(db, standing, id) for id in lines]
        for budget, line in zip(budgets, lines.values(), strict=True):
            reserved = budget.reserved + (budget.held or 0)
            if budget.spent + reserved + amount > line.limit:
                outcomes.append(ledger.too_small(line, amount, (budget.spent, reserved)))
                break
        else:
            for budget in budgets:
                budget.held = amount + (budget.held or 0)
            opened.append(ledger.opening(reservation, lines))
            outcomes.append(None)
    db.executemany(_OPEN, opened)
    held = [(id, budget.found, budget.held) for id, budget in standing.items() if budget.held is not None]
    db.executemany(ledger.BEGIN, [(id, amount) for id, found, amount in held if not found])
    db.executemany(_MOVE, [(0, amount, id) for id, found, amount in held if found])
    return outcomes


def _read(db: sqlite3.Connection, standing: dict[str, _Budget], id: str) -> _Budget:
    row = db.execute(_STANDING, (id,)).fetchone()
    budget = standing[id] = _Budget(False, 0, 0) if row is None else _Budget(True, *row)
    return budget
