"""What a store reports of usage rows, and in which words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from tollbridge.metering.ledger import UsageRow

QUARTER = timedelta(minutes=15)
"""The shortest span of time that sums are kept of."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def latest(now: datetime, length: timedelta) -> tuple[datetime, datetime]:
    """Give the range of that length that ends with the quarter of an hour that is going on.

    It is summed up of whole quarters; of one that ends now, the calls at both of its edges would be read one by one.
    """
    until = _EPOCH + ((now - _EPOCH) // QUARTER + 1) * QUARTER
    return until - length, until


def nearest_quarter(at: datetime) -> datetime:
    """Give when the quarter of an hour begins that is nearest to a time."""
    return _EPOCH + (at - _EPOCH + QUARTER / 2) // QUARTER * QUARTER


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a range of usage rows.  `cost` in nano-dollars; latencies in milliseconds, None without calls.

    `unpriced` counts calls that had usage and no price. `failed` counts calls whose status was 500 or more, or that
    were truncated, but for those of what was switched off on purpose. What was asked of a model for another call is in
    `unpriced`, `cost` and tokens, and in nothing else.
    """

    calls: int
    failed: int
    refused: int
    unpriced: int
    cost: int
    input_tokens: int
    output_tokens: int
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    first_byte_p50_ms: int | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """One step of a series: `start` is its beginning (UTC), `key` the group, or empty.

    The group of a call to a model is the model's name, that of a call to the wrapped app its service's. What was asked
    of a model for another call has a cost here and no more: there may be a bucket without `calls`.
    """

    start: datetime
    key: str
    calls: int
    failed: int
    cost: int
    latency_p50_ms: int | None
    latency_p95_ms: int | None


@dataclass(frozen=True, slots=True)
class Spend:
    """What one token, model or service spent in a range.  `calls` leaves out those made for other calls."""

    key: str
    calls: int
    cost: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Use:
    """What one token called in a range: an operation by its scope, and a model, empty for none; refused calls too.

    `allowed` are the calls that were let across. What a service asked for them is none of these.
    """

    token_id: str
    operation: str
    model: str
    calls: int
    allowed: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Health:
    """How the calls fared that one service passed on to one provider (empty for the wrapped app itself).

    Refused calls never got there and do not count. Calls that were made for other calls do where they came to a
    provider: it was asked, and may have failed. `failed` is what it is in `Totals`.
    """

    service: str
    provider: str
    calls: int
    failed: int
    latency_p50_ms: int | None


@dataclass(frozen=True, slots=True)
class BudgetStanding:
    """How a budget stands at one instant, nano-dollars: what is spent of it, and what running calls hold."""

    spent: int = 0
    reserved: int = 0


class Reports(Protocol):
    """The one query layer behind tiles, charts, tables, CSV and API.  Ranges are `since` <= time < `until`, UTC."""

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals: ...

    async def series(
        self, since: datetime, until: datetime, *, steps: int, by_model: bool = False, timed: bool = True
    ) -> Sequence[Bucket]:
        """Cut the range into `steps` equal buckets; empty ones are left out.  Unless `timed` none has latencies."""
        ...

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        """Give the biggest spenders; `by` is `token_id`, `model`, `provider` or `service`."""
        ...

    async def uses(self, since: datetime, until: datetime) -> Sequence[Use]:
        """Say what each token called, in order of token, operation and model."""
        ...

    async def cost(self, since: datetime, until: datetime) -> int:
        """Sum what the calls of a range cost, nano-dollars; quicker than all the totals."""
        ...

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        """Say how each service and provider fared: those with the most failures first, then the busiest."""
        ...

    async def service_calls(
        self, service: str, since: datetime, until: datetime, *, release: str = ""
    ) -> tuple[int, int]:
        """Count the calls of a published service that it answered or should have, and those of them that failed.

        Of all of its releases, or of the one that is named.
        """
        ...

    async def budget_standings(self, ids: Collection[str]) -> Mapping[str, BudgetStanding]:
        """Say how budgets stand, by the ids of their lines; one that nobody drew on yet is left out."""
        ...

    async def find_call(self, call_id: str) -> UsageRow | None:
        """Find what was recorded of a call."""
        ...

    async def recent(self, *, limit: int = 20, token_id: str | None = None) -> Sequence[UsageRow]:
        """Give the newest usage rows."""
        ...
