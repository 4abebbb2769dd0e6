"""The ledger's works of one tick, in one transaction: each budget read once and written once for all of them.

Rows are locked in one order by whoever changes them: open reservations, then usage, then budgets, each by its id. So no
two transactions wait for each other. Settlements come first, then what is given back, then reservations.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from tollbridge.stores.building import (
    USAGE_COLUMNS,
    InternalError,
    Outcome,
    Outcomes,
    Reservation,
    drawn,
    too_small,
)
from tollbridge_postgres.driver import Connection, Row
from tollbridge_postgres.failures import Contended
from tollbridge_postgres.works import Release, Reserve, Settle, Work

_COLUMNS = ", ".join(USAGE_COLUMNS)
_HELD = "SELECT call_id, amount, budgets FROM reservation WHERE call_id = ANY($1::text[]) ORDER BY call_id FOR UPDATE"
_WRITE = f"""
    INSERT INTO usage ({_COLUMNS}) SELECT {_COLUMNS} FROM json_populate_recordset(NULL::usage, $1::json)
    ON CONFLICT (call_id) DO NOTHING RETURNING call_id
"""
_CLOSE = "DELETE FROM reservation WHERE call_id = ANY($1::text[])"
_BEGIN = """
    INSERT INTO budget (id, spent, reserved) SELECT id, 0, 0 FROM unnest($1::text[]) AS id
    ON CONFLICT (id) DO NOTHING
"""
_STANDING = "SELECT id, spent, reserved FROM budget WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE"
_MOVE = """
    UPDATE budget SET spent = budget.spent + moved.spent, reserved = budget.reserved + moved.reserved
    FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS moved (id, spent, reserved) WHERE budget.id = moved.id
"""
_OPEN = """
    INSERT INTO reservation (call_id, token_id, amount, budgets, expires_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[])
    ON CONFLICT (call_id) DO NOTHING
"""

encode = msgspec.json.Encoder().encode
_decode_ids = msgspec.json.Decoder(list[str]).decode


Toll = tuple[int, int]
"""Nano-dollars, and calls."""


class Moves:
    """What is added to budgets in one transaction: to what is spent, and to what is reserved of each."""

    def __init__(self) -> None:
        self._moved: dict[str, list[int]] = {}

    def hold(self, budgets: Iterable[str], amount: int) -> None:
        """Add what a call holds to what is reserved of each of these."""
        for budget in budgets:
            self._add(budget, 0, drawn(budget, amount))

    def close(self, held: Iterable[Row], charges: Mapping[str, Toll]) -> None:
        """Take what calls held from what is reserved, and add what each is charged."""
        for row in held:
            for budget in _decode_ids(row["budgets"]):
                self._add(budget, drawn(budget, *charges[row["call_id"]]), -drawn(budget, row["amount"]))

    def _add(self, budget: str, spent: int, reserved: int) -> None:
        sums = self._moved.setdefault(budget, [0, 0])
        sums[0] += spent
        sums[1] += reserved

    def on(self, row: Row) -> tuple[int, int]:
        """Say what is spent and reserved of a budget with what was added to it so far."""
        spent, reserved = self._moved.get(row["id"], (0, 0))
        return row["spent"] + spent, row["reserved"] + reserved

    async def lock(self, db: Connection, more: Iterable[str] = ()) -> Mapping[str, Row]:
        """Lock these budgets and some more, and give how they stand, by id; those without a row are left out."""
        ids = sorted({*self._moved, *more})
        return {row["id"]: row for row in await db.fetch(_STANDING, ids)} if ids else {}

    async def write(self, db: Connection) -> None:
        """Write them, once the budgets are locked."""
        moved = [(id, *sums) for id, sums in self._moved.items() if any(sums)]
        if moved:
            await db.execute(_MOVE, *map(list, zip(*moved, strict=True)))


async def begin_budgets(db: Connection, budgets: Iterable[str]) -> None:
    """Make a row for each budget without one."""
    await db.execute(_BEGIN, sorted(budgets))


async def do_together(db: Connection, works: Sequence[Work]) -> Outcomes:
    """Do works inside a transaction; gives an outcome for each, in order.

    Raises `InternalError` where a call reserves twice, `Contended` where a budget lost its row; the transaction is the
    caller's to undo then.
    """
    moves = Moves()
    released = {work.call_id for work in works if isinstance(work, Release)}
    await _settle(db, moves, [work for work in works if isinstance(work, Settle)], released)
    asked = [work for work in works if isinstance(work, Reserve) and work.reservation.call_id not in released]
    standing = await moves.lock(db, {line.id for work in asked for line in work.reservation.budgets})
    held: list[Reserve] = []
    refusals: dict[str, Outcome] = {}
    for work in asked:
        refusal = _hold(work.reservation, standing, moves)
        if refusal is None:
            held.append(work)
        refusals[work.reservation.call_id] = refusal
    await moves.write(db)
    if held:
        await _open(db, held)
    return [refusals.get(work.reservation.call_id) if isinstance(work, Reserve) else None for work in works]


async def write_usage(db: Connection, values: Sequence[Mapping[str, object]]) -> set[str]:
    """Write usage rows; gives the ids of the calls that had none before."""
    rows = sorted(values, key=lambda row: str(row["call_id"]))
    return {row["call_id"] for row in await db.fetch(_WRITE, encode(rows).decode())}


async def close_reservations(db: Connection, calls: Iterable[str]) -> None:
    """Take reservations away, once they are locked."""
    await db.execute(_CLOSE, list(calls))


async def _settle(db: Connection, moves: Moves, settlements: Sequence[Settle], released: set[str]) -> None:
    charges = dict.fromkeys(released, (0, 0))
    charges |= {work.call_id: (work.charge, work.calls) for work in reversed(settlements)}
    if not charges:
        return
    held = await db.fetch(_HELD, sorted(charges))
    closed = released - {work.call_id for work in settlements}
    if settlements:
        closed |= await write_usage(db, [work.values for work in settlements])
    held = [row for row in held if row["call_id"] in closed]
    if held:
        await close_reservations(db, [row["call_id"] for row in held])
        moves.close(held, charges)


def _hold(reservation: Reservation, standing: Mapping[str, Row], moves: Moves) -> Outcome:
    """Hold the amount on every budget, or give the refusal of the first that is too small."""
    lines = {line.id: line for line in reservation.budgets}
    for id, line in lines.items():
        row = standing.get(id)
        if row is None:
            raise Contended("the budget is gone", detail="store: a budget lost its row")
        spent, reserved = moves.on(row)
        if spent + reserved + drawn(id, reservation.amount) > line.limit:
            return too_small(line, reservation.amount, spent, reserved)
    moves.hold(lines, reservation.amount)
    return None


async def _open(db: Connection, held: Sequence[Reserve]) -> None:
    rows = []
    for work in held:
        one = work.reservation
        ids = encode(list(dict.fromkeys(line.id for line in one.budgets))).decode()
        rows.append((one.call_id, one.token_id, one.amount, ids, work.expires_at))
    said = await db.execute(_OPEN, *map(list, zip(*rows, strict=True)))
    if int(said.rpartition(" ")[2]) != len(rows):
        ids = ", ".join(call_id for call_id, *_ in rows)
        raise InternalError("this call already holds its budgets", detail=f"reserved twice, one of {ids}")
