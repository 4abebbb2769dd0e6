"""The ledger's operations on one SQLite connection, each inside a write transaction that someone else began.

`BEGIN IMMEDIATE` holds the only write lock, so what an operation reads stays true until the commit. An operation that
raises `BudgetExceeded` has left nothing behind, so that others in the same transaction can go on.
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

import msgspec

from tollbridge.call import Outcome
from tollbridge.errors import BudgetExceeded, InternalError
from tollbridge.metering.ledger import BudgetLine, Reservation, UsageRow
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.money import show_usd
from tollbridge.stores.rows import USAGE_COLUMNS, Value, moment, seconds_to_micros, usage_values

SWEPT = "reservation_expired"
"""The `error` of a usage row that a sweep wrote."""

_HOLD = "UPDATE budget SET reserved = reserved + ?1 WHERE id = ?2 AND spent + reserved <= ?3"
_UNHOLD = "UPDATE budget SET reserved = reserved - ?1 WHERE id = ?2"
BEGIN = "INSERT INTO budget (id, spent, reserved) VALUES (?1, 0, ?2)"
_FORGET = "DELETE FROM budget WHERE id = ?1"
_STANDING = "SELECT spent, reserved FROM budget WHERE id = ?1"
_CHARGE = "UPDATE budget SET reserved = reserved - ?1, spent = spent + ?2 WHERE id = ?3"
_OPEN = """
    INSERT INTO reservation (call_id, token_id, amount, budgets, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (call_id) DO NOTHING
"""
CLOSE = "DELETE FROM reservation WHERE call_id = ?1 RETURNING amount, budgets"
WRITE = f"""
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
decode_ids = msgspec.json.Decoder(list[str]).decode


def reserve(db: sqlite3.Connection, reservation: Reservation) -> None:
    """Hold the amount on every budget, or raise `BudgetExceeded` for the first that is too small."""
    amount = reservation.amount
    lines = {line.id: line for line in reservation.budgets}  # a budget named twice is held once
    if db.execute(_OPEN, opening(reservation, lines)).rowcount != 1:
        raise InternalError("this call already holds its budgets", detail=f"{reservation.call_id} was reserved twice")
    held: list[str] = []
    begun: list[str] = []
    for line in lines.values():
        if db.execute(_HOLD, (amount, line.id, line.limit - amount)).rowcount == 1:
            held.append(line.id)
            continue
        standing = db.execute(_STANDING, (line.id,)).fetchone()
        if standing is None and amount <= line.limit:
            db.execute(BEGIN, (line.id, amount))
            begun.append(line.id)
            continue
        db.executemany(_UNHOLD, [(amount, budget) for budget in held])
        db.executemany(_FORGET, [(budget,) for budget in begun])
        db.execute(CLOSE, (reservation.call_id,)).fetchall()
        raise too_small(line, amount, standing or (0, 0))


def settle(db: sqlite3.Connection, call_id: str, values: tuple[Value, ...], charge: int) -> None:
    """Write the usage row, take the call's reservation away and charge its budgets; nothing if the row is there."""
    if db.execute(WRITE, values).rowcount == 1:
        _close(db, call_id, charge)


def release(db: sqlite3.Connection, call_id: str) -> None:
    """Give back what a call holds.  Only for a call that can not have reached a provider."""
    _close(db, call_id, 0)


def sweep(db: sqlite3.Connection, now_us: int, most: int) -> int:
    """Charge at most so many expired reservations in full and give their number.

    The usage row is dated at the expiry and holds no tokens: what the call used is not known, only what it could cost.
    """
    expired = db.execute(_EXPIRED, (now_us, most)).fetchall()
    for call_id, expires_at, token_id, amount, team in expired:
        row = _swept(call_id, moment(expires_at), token_id, team, amount)
        db.execute(WRITE, usage_values(row))
        _close(db, call_id, amount)
    return len(expired)


def any_expired(db: sqlite3.Connection, now_us: int) -> bool:
    """Whether a sweep would find something; needs no write transaction."""
    return bool(db.execute(_ANY_EXPIRED, (now_us,)).fetchone()[0])


def _close(db: sqlite3.Connection, call_id: str, charge: int) -> None:
    for amount, budgets in db.execute(CLOSE, (call_id,)).fetchall():
        db.executemany(_CHARGE, [(amount, charge, budget) for budget in decode_ids(budgets)])


def _swept(call_id: str, at: datetime, token_id: str, team: str, amount: int) -> UsageRow:
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


def opening(reservation: Reservation, budgets: Iterable[str]) -> tuple[Value, ...]:
    """Give the values of a reservation's row."""
    return (
        reservation.call_id,
        reservation.token_id,
        reservation.amount,
        _encode_ids(list(budgets)).decode(),
        seconds_to_micros(reservation.expires_at),
    )


def too_small(line: BudgetLine, amount: int, standing: tuple[int, int]) -> BudgetExceeded:
    """How a budget stands is the operator's to know: the bridge's own is drawn on by every caller."""
    spent, reserved = standing
    return BudgetExceeded(
        f"{line.label} cannot hold this call, which may cost up to ${show_usd(amount)}",
        detail=f"{line.id}: limit {line.limit}, spent {spent}, reserved {reserved}, asked {amount} nano-dollars",
    )
