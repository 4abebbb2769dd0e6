"""The seams to a store, with the atomicity each promises.

The hot path has its own, narrow one (`HotStore`): look up a token, reserve, settle. Everything else, administration and
reports, goes through `AdminStore` and may be slower.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from tollbridge.metering.ledger import Reservation, UsageRow
from tollbridge.stores.kept import KeptStore
from tollbridge.tokens.model import Principal, Token, TokenBudget, TokenKind, TokenLimits


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token about to be written.  `digest` is the keyed hash of its secret; the secret itself never gets here."""

    id: str
    name: str
    digest: bytes
    hint: str
    pepper_id: str
    scopes: tuple[str, ...]
    created_at: datetime
    kind: TokenKind = TokenKind.BEARER
    owner: str = ""
    team: str = ""
    expires_at: datetime | None = None
    limits: TokenLimits = field(default_factory=TokenLimits)
    budget: TokenBudget | None = None


class HotStore(Protocol):
    """What every request needs.  Any failure to answer raises `Unavailable`: the caller is refused, not let through."""

    async def find_principal(self, digest: bytes) -> Principal | None:
        """Find the live token behind a secret's digest: not revoked, not expired, as of every change that returned."""
        ...

    def recall_principal(self, digest: bytes) -> Principal | None:
        """Give the same where it is certain without asking anyone, else None.  Must not wait."""
        ...

    async def live_tokens(self, token_ids: Collection[str]) -> Collection[str]:
        """Give those of the tokens that are neither revoked nor expired, as of every change that returned."""
        ...

    async def reserve(self, reservation: Reservation) -> None:
        """Hold the amount on all of its budgets or on none; raises `BudgetExceeded` naming the first too small."""
        ...

    async def settle(self, row: UsageRow) -> None:
        """Write the usage row, release the reservation of that call and charge its budgets, all or nothing, once.

        A row without a reservation (a refused call, an unpriced one) is written and charges nothing. A second
        settlement of one call is a no-op.
        """
        ...

    def post(self, row: UsageRow, held: Reservation | None = None) -> None:
        """Settle soon, within milliseconds, with nobody waiting.  `held` is what was reserved for that call, if known.

        Operations that follow find it done, reports of this process too, and `close` waits for it. While the store
        fails it is kept, within reason, and done when the store is back; reports do not wait for that. Lost in a crash,
        the reservation stays, and is charged in full when it expires.
        """
        ...

    def touch(self, token_id: str, at: datetime, client: str) -> None:
        """Note that a token was used.  Written soon, not now; may be lost in a crash."""
        ...


class AdminStore(Protocol):
    """Everything else about tokens."""

    async def add_token(self, token: NewToken) -> Token:
        """Write a token; committed when this returns."""
        ...

    async def revoke_token(self, token_id: str, at: datetime) -> Token | None:
        """Revoke; every request that starts after this returned is refused, on every worker.  None if unknown.

        Revoking twice keeps the first time.
        """
        ...

    async def get_token(self, token_id: str) -> Token | None:
        """Find a token by its id."""
        ...

    async def list_tokens(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        search: str = "",
        state: str = "",
        budgets: Sequence[TokenBudget] = (),
    ) -> Sequence[Token]:
        """List tokens, newest first, at most `limit` of those with an id below `before` (keyset paging).

        `search` is a plain substring of name, owner or id: no wildcards. `state` is a `TokenState`, a `TokenView` or
        empty for all. `budgets` hold for each token without one of its own.
        """
        ...

    async def count_tokens(self, *, budgets: Sequence[TokenBudget] = ()) -> "TokenCounts":
        """Count tokens by state and by view; `budgets` hold for each token without one of its own."""
        ...

    async def budget_uses(self, owned: Mapping[str, Sequence[TokenBudget]]) -> "Mapping[str, Sequence[BudgetUse]]":
        """Say how the budgets of each owner (`bridge`, or `token:<id>`) stand in the period that runs now."""
        ...


SOON = timedelta(days=7)
"""A token that ends within this time needs somebody."""
NEAR_PART = 10
"""A budget is near its end with less than this part of it left."""


class TokenView(StrEnum):
    """Active tokens that need somebody.  A budget nothing was spent of is in none, however small it is."""

    ENDING = "ending"
    """Ends within a week."""
    NEAR_BUDGET = "near-budget"
    """At least nine tenths of a budget are spent, and no budget is spent whole."""
    OVER_BUDGET = "over-budget"
    """A budget is spent whole, or beyond."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """How many tokens there are."""

    active: int
    expiring: int
    revoked: int
    expired: int
    near_budget: int = 0
    over_budget: int = 0


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What is spent of one budget in its period (`day`, `month` or `total`), nano-dollars."""

    amount: int
    period: str
    spent: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a range of usage rows.  `cost` in nano-dollars; latencies in milliseconds, None without calls.

    `unpriced` counts calls that had usage and no price. `failed` counts calls whose status was 500 or more, or that
    were truncated.
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

    The group of a call to a model is the model's name, that of a call to the wrapped app its service's.
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
    """What one token, model or service spent in a range."""

    key: str
    calls: int
    cost: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Health:
    """How the calls fared that one service passed on to one provider (empty for the wrapped app itself).

    Refused calls never got there and do not count. `failed` is what it is in `Totals`.
    """

    service: str
    provider: str
    calls: int
    failed: int
    latency_p50_ms: int | None


class Reports(Protocol):
    """The one query layer behind tiles, charts, tables, CSV and API.  Ranges are `since` <= time < `until`, UTC."""

    async def totals(self, since: datetime, until: datetime, *, token_id: str | None = None) -> Totals: ...

    async def series(self, since: datetime, until: datetime, *, steps: int, by_model: bool = False) -> Sequence[Bucket]:
        """Cut the range into `steps` equal buckets; empty ones are left out."""
        ...

    async def spend(self, since: datetime, until: datetime, *, by: str, limit: int = 10) -> Sequence[Spend]:
        """Give the biggest spenders; `by` is `token_id`, `model`, `provider` or `service`."""
        ...

    async def cost(self, since: datetime, until: datetime) -> int:
        """Sum what the calls of a range cost, nano-dollars; quicker than all the totals."""
        ...

    async def health(self, since: datetime, until: datetime) -> Sequence[Health]:
        """Say how each service and provider fared: those with the most failures first, then the busiest."""
        ...

    async def recent(self, *, limit: int = 20, token_id: str | None = None) -> Sequence[UsageRow]:
        """Give the newest usage rows."""
        ...


class Store(HotStore, AdminStore, KeptStore, Reports, Protocol):
    """A whole store."""

    async def open(self) -> None:
        """Open, check the schema's version, begin background work; raises `StoreError` with what to do."""
        ...

    async def close(self) -> None:
        """Write what is pending and close."""
        ...

    async def sweep(self) -> int:
        """Charge every expired reservation in full; gives how many there were."""
        ...

    async def check(self) -> None:
        """Answer if the store can serve, so can write; raises `Unavailable` otherwise."""
        ...
