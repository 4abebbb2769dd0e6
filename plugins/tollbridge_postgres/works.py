"""What a call asks of the ledger: to hold, to settle, to give back."""

from collections.abc import Mapping

import msgspec

from tollbridge.stores.building import USAGE_COLUMNS, Reservation, UsageRow, calls_of, charge_of, usage_values


class Reserve(msgspec.Struct, frozen=True, gc=False):
    """Hold what a call may cost.  `expires_at` in microseconds, as the database's clock tells it."""

    reservation: Reservation
    expires_at: int


class Settle(msgspec.Struct, frozen=True, gc=False):
    """Write what a call did cost: `values` of its usage row by column, `charge` to the budgets it holds.

    `calls` is what it takes from quotas.
    """

    call_id: str
    values: Mapping[str, object]
    charge: int
    calls: int = 1


class Release(msgspec.Struct, frozen=True, gc=False):
    """Give back what a call holds.  Only for a call that can not have reached a provider."""

    call_id: str


class Nothing(msgspec.Struct, frozen=True, gc=False):
    """Wait for the works before."""


Work = Reserve | Settle | Release | Nothing


def settle(row: UsageRow) -> Settle:
    """Make the work that settles a call."""
    values = dict(zip(USAGE_COLUMNS, usage_values(row), strict=True))
    return Settle(row.call_id, values, charge_of(row), calls_of(row))
