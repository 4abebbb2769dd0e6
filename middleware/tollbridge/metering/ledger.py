"""The ledger's words: what is reserved before a call, and what is settled after it.

At every instant, for every budget: spent + reserved <= limit + X, X being what running calls used beyond their
reservation. A reservation is a row, so the sum can be audited. Settling takes the row away in the same transaction
that writes the usage row, so a second settlement finds nothing and does nothing. An expired reservation is charged in
full, never released.
"""

from datetime import datetime

import msgspec

from tollbridge.call import Outcome
from tollbridge.metering.usage import Usage, UsageSource

CALLS = "calls:"
"""What the ids of quotas begin with: they count calls, where budgets count nano-dollars."""


class BudgetLine(msgspec.Struct, frozen=True, gc=False):
    """One budget a call draws on: `id` holds its owner and period, such as `token:tok_1:2026-11`; nano-dollars.

    `label` is how the owner calls it, for the error's text. One whose id begins with `CALLS` is a quota, of which each
    call takes one; its period is over at `ends_s` (epoch seconds).
    """

    id: str
    limit: int
    label: str
    ends_s: float = 0.0


class Reservation(msgspec.Struct, frozen=True, gc=False):
    """What a call may cost at most, nano-dollars, held until it is settled.  `expires_at` in epoch seconds."""

    call_id: str
    token_id: str
    amount: int
    budgets: tuple[BudgetLine, ...]
    expires_at: float


class UsageRow(msgspec.Struct, frozen=True, gc=False):
    """One settled call.  Never changed after it was written; the cost can be derived anew from it.

    `cost` in nano-dollars, None when unpriced. `duration_ms` to the end of the answer, `first_byte_ms` to its first
    byte. `parent` is the id of the call that this one was made for, empty where a caller made it. `application` is who
    called, by its id, `release` which one of a published service it was, empty for none; both are also those of what
    was asked for such a call.
    """

    call_id: str
    at: datetime
    token_id: str
    team: str
    service: str
    operation: str
    dialect: str
    provider: str
    model: str
    model_used: str
    outcome: str
    status: int
    error: str
    stream: bool
    usage: Usage
    usage_source: UsageSource
    cost: int | None
    price_id: str
    duration_ms: int
    first_byte_ms: int | None
    bytes_in: int
    bytes_out: int
    parent: str = ""
    application: str = ""
    release: str = ""


def charge_of(row: UsageRow) -> int:
    """What a row takes from the budgets, nano-dollars."""
    return row.cost or 0


def calls_of(row: UsageRow) -> int:
    """What a row takes from quotas: one call, and nothing where the bridge itself refused it."""
    return int(row.outcome != Outcome.REFUSED.value)


def drawn(budget_id: str, amount: int, calls: int = 1) -> int:
    """Say how much is drawn on a budget, of an amount in nano-dollars and a number of calls."""
    return calls if budget_id.startswith(CALLS) else amount
