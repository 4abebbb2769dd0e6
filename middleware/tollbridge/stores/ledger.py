"""The ledger's operations on one SQLite connection, each inside a write transaction that someone else began.

`BEGIN IMMEDIATE` holds the only write lock, so what an operation reads stays true until the commit. A reservation that
does not fit has left nothing behind, so that others in the same transaction can go on.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from tollbridge.call import Outcome
from tollbridge.errors import BudgetExceeded, InternalError, QuotaExceeded
from tollbridge.metering.ledger import CALLS, BudgetLine, Reservation, UsageRow, drawn
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.money import show_usd
from tollbridge.stores.rows import USAGE_COLUMNS, Value, moment, seconds_to_micros, usage_values

SWEPT = "reservation_expired"
"""The `error` of a usage row that a sweep wrote."""

_STANDING = "SELECT spent, reserved FROM budget WHERE id = ?1"
_BEGIN = "INSERT INTO budget (id, spent, reserved) VALUES (?1, 0, ?2)"
_MOVE = "UPDATE budget SET spent = spent + ?1, reserved = reserved + ?2 WHERE id = ?3"
_OPEN = """
    INSERT INTO reservation (call_id, token_id, amount, budgets, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (call_id) DO NOTHING
"""
_CLOSE = "DELETE FROM reservation WHERE call_id = ?1 RETURNING amount, budgets"
_CLOSE_KNOWN = "DELETE FROM reservation WHERE call_id = ?1"
_WRITE = f"""
    INSERT INTO usage ({", ".join(USAGE_COLUMNS)}) VALUES ({", ".join("?" * len(USAGE_COLUMNS))})
    ON CONFLICT (call_id) DO NOTHING
"""
_EXPIRED = """
    SELECT r.call_id, r.expires_at, r.token_id, r.amount, ifnull(t.team, '')
    FROM reservation AS r LEFT JOIN token AS t ON t.id = r.token_id
    WHERE r.expires_at <= ?1 ORDER BY r.expires_at LIMIT ?2
"""
_ANY_EXPIRED = "SELECT EXISTS (SELECT 1 FROM reservation WHERE expires_at <= ?1)"

_encode_ids = msgspec.json.Encoder().encode
_decode_ids = msgspec.json.Decoder(list[str]).decode


class Settlement(msgspec.Struct, frozen=True, gc=False):
    """What a call did cost: `values` of its usage row, `charge` to the budgets it holds, in nano-dollars.

    `held` is the reservation it holds, where that is known. `calls` is what it takes from quotas.
    """

    call_id: str
    values: tuple[Value, ...]
    charge: int
    held: Reservation | None = None
    calls: int = 1


class _Budget(msgspec.Struct, gc=False):
    """One budget in this transaction: how it stood, whether it had a row, and what is `held` since, None if nothing."""

    found: bool
    spent: int
    reserved: int
    held: int | None = None


_Toll = tuple[int, int]
"""Nano-dollars, and calls."""


class _Sums(msgspec.Struct, gc=False):
    """What calls that draw on the same lines are charged, in nano-dollars and calls, and what they held."""

    lines: Sequence[BudgetLine]
    charged: int = 0
    released: int = 0
    counted: int = 0
    calls: int = 0


class _Drawn(msgspec.Struct, frozen=True, gc=False):
    """The budgets that calls draw on with the same lines, and their ids as a reservation's row has them."""

    budgets: list[tuple[_Budget, BudgetLine]]
    ids: str


def reserve(db: sqlite3.Connection, reservation: Reservation) -> None:
    """Hold the amount on every budget, or raise `BudgetExceeded` for the first that is too small."""
    (refusal,) = reserve_all(db, [reservation])
    if refusal is not None:
        raise refusal


def reserve_all(db: sqlite3.Connection, reservations: Sequence[Reservation]) -> list[BudgetExceeded | None]:
    """Hold each on all of its budgets or on none, in order; gives a refusal for each that does not fit.

    Each budget is read once and written once for all of them. Raises `InternalError` where a call reserves twice; the
    transaction is the caller's to undo, unless the reservation was the only one.
    """
    standing: dict[str, _Budget] = {}
    known: dict[int, _Drawn] = {}
    outcomes: list[BudgetExceeded | None] = []
    opened = []
    for reservation in reservations:
        amount, lines = reservation.amount, reservation.budgets
        on = known.get(id(lines)) or known.setdefault(id(lines), _draw(db, standing, lines))
        for budget, line in on.budgets:
            if budget.spent + budget.reserved + (budget.held or 0) + drawn(line.id, amount) > line.limit:
                outcomes.append(too_small(line, amount, budget.spent, budget.reserved + (budget.held or 0)))
                break
        else:
            for budget, line in on.budgets:
                budget.held = drawn(line.id, amount) + (budget.held or 0)
            expires_at = seconds_to_micros(reservation.expires_at)
            opened.append((reservation.call_id, reservation.token_id, amount, on.ids, expires_at))
            outcomes.append(None)
    if opened and db.executemany(_OPEN, opened).rowcount != len(opened):
        ids = ", ".join(reservation.call_id for reservation in reservations)
        raise InternalError("this call already holds its budgets", detail=f"reserved twice, one of {ids}")
    held = [(id, budget.found, budget.held) for id, budget in standing.items() if budget.held is not None]
    db.executemany(_BEGIN, [(id, amount) for id, found, amount in held if not found])
    db.executemany(_MOVE, [(0, amount, id) for id, found, amount in held if found])
    return outcomes


def settle(db: sqlite3.Connection, settlement: Settlement) -> None:
    """Write the usage row, take the call's reservation away and charge the budgets; nothing where the row is there."""
    if db.execute(_WRITE, settlement.values).rowcount == 1:
        _close(db, [(settlement.call_id, (settlement.charge, settlement.calls))])


def settle_all(db: sqlite3.Connection, settlements: Sequence[Settlement]) -> None:
    """Do the same for many; what they are said to hold is not looked up.

    Raises `InternalError` where a call was settled before, or does not hold what it is said to; the transaction is the
    caller's to undo.
    """
    if db.executemany(_WRITE, [each.values for each in settlements]).rowcount != len(settlements):
        raise InternalError("a call is settled twice")
    held = [(each, each.held) for each in settlements if each.held is not None]
    if held and db.executemany(_CLOSE_KNOWN, [(reservation.call_id,) for _, reservation in held]).rowcount != len(held):
        raise InternalError("a call holds less than it is said to")
    sums: dict[int, _Sums] = {}
    for settlement, reservation in held:
        lines = reservation.budgets
        each = sums.get(id(lines)) or sums.setdefault(id(lines), _Sums(lines))
        each.charged += settlement.charge
        each.released += reservation.amount
        each.counted += settlement.calls
        each.calls += 1
    moved: dict[str, list[int]] = {}
    for each in sums.values():
        _move(moved, {line.id for line in each.lines}, (each.charged, each.counted), (each.released, each.calls))
    _move_all(db, moved)
    if len(held) < len(settlements):
        _close(db, [(bare.call_id, (bare.charge, bare.calls)) for bare in settlements if bare.held is None])


def release(db: sqlite3.Connection, call_id: str) -> None:
    """Give back what a call holds.  Only for a call that can not have reached a provider."""
    _close(db, [(call_id, (0, 0))])


def sweep(db: sqlite3.Connection, now_us: int, most: int) -> int:
    """Charge at most so many expired reservations in full and give their number.

    The usage row is dated at the expiry and holds no tokens: what the call used is not known, only what it could cost.
    """
    expired = db.execute(_EXPIRED, (now_us, most)).fetchall()
    for call_id, expires_at, token_id, amount, team in expired:
        row = swept_row(call_id, moment(expires_at), token_id, team, amount)
        db.execute(_WRITE, usage_values(row))
    _close(db, [(call_id, (amount, 1)) for call_id, _, _, amount, _ in expired])
    return len(expired)


def any_expired(db: sqlite3.Connection, now_us: int) -> bool:
    """Whether a sweep would find something; needs no write transaction."""
    return bool(db.execute(_ANY_EXPIRED, (now_us,)).fetchone()[0])


def _close(db: sqlite3.Connection, charges: Iterable[tuple[str, _Toll]]) -> None:
    """Take reservations away and charge their budgets; a call that holds nothing any more is charged nothing."""
    moved: dict[str, list[int]] = {}
    for call_id, charge in charges:
        for amount, budgets in db.execute(_CLOSE, (call_id,)).fetchall():
            _move(moved, _decode_ids(budgets), charge, (amount, 1))
    _move_all(db, moved)


def _move(moved: dict[str, list[int]], budgets: Iterable[str], charge: _Toll, held: _Toll) -> None:
    """Add to what is spent of each budget, and take from what is reserved of it."""
    for budget in budgets:
        sums = moved.setdefault(budget, [0, 0])
        sums[0] += drawn(budget, *charge)
        sums[1] -= drawn(budget, *held)


def _move_all(db: sqlite3.Connection, moved: dict[str, list[int]]) -> None:
    db.executemany(_MOVE, [(spent, reserved, budget) for budget, (spent, reserved) in moved.items()])


def _draw(db: sqlite3.Connection, standing: dict[str, _Budget], lines: Sequence[BudgetLine]) -> _Drawn:
    """Look up how budgets stand, those that are not known yet; one that is named twice is held once."""
    for line in lines:
        if line.id not in standing:
            row = db.execute(_STANDING, (line.id,)).fetchone()
            standing[line.id] = _Budget(False, 0, 0) if row is None else _Budget(True, *row)
    by_id = {line.id: line for line in lines}
    return _Drawn([(standing[id], line) for id, line in by_id.items()], _encode_ids(list(by_id)).decode())


def swept_row(call_id: str, at: datetime, token_id: str, team: str, amount: int) -> UsageRow:
    """Make the usage row of a reservation that expired: charged in full, with no tokens."""
    return UsageRow(
        call_id=call_id,
        at=at,
        token_id=token_id,
        team=team,
        service="",
        operation="",
        dialect="",
        provider="",
        model="",
        model_used="",
        outcome=Outcome.UPSTREAM_FAILED.value,
        status=500,
        error=SWEPT,
        stream=False,
        usage=Usage(),
        usage_source=UsageSource.RESERVED,
        cost=amount,
        price_id="",
        duration_ms=0,
        first_byte_ms=None,
        bytes_in=0,
        bytes_out=0,
    )


def too_small(line: BudgetLine, amount: int, spent: int, reserved: int) -> BudgetExceeded:
    """Refuse an amount that a budget cannot hold, or a call that a quota has no room for.

    How the budget stands is the operator's to know: the bridge's own is drawn on by every caller.
    """
    if line.id.startswith(CALLS):
        told = f"{line.id}: limit {line.limit}, made {spent}, running {reserved} calls"
        return QuotaExceeded(f"{line.label} is used up: {line.limit} calls", ends_s=line.ends_s, detail=told)
    return BudgetExceeded(
        f"{line.label} cannot hold this call, which may cost up to ${show_usd(amount)}",
        detail=f"{line.id}: limit {line.limit}, spent {spent}, reserved {reserved}, asked {amount} nano-dollars",
    )
