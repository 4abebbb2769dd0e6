"""The seams to a store, with the atomicity each promises.

The hot path has its own, narrow one (`HotStore`): look up a token, reserve, settle. Everything else, administration and
reports, goes through `AdminStore` and may be slower.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol

from tollbridge.audit import Act
from tollbridge.metering.ledger import Reservation, UsageRow
from tollbridge.services.subscribing import Subscribed
from tollbridge.stores.analytics import AnalyticsStore
from tollbridge.stores.applications import ApplicationStore
from tollbridge.stores.audits import AuditStore
from tollbridge.stores.changes import ForeignToken, NewSecret, NewToken, TokenEdit
from tollbridge.stores.clients import ClientStore
from tollbridge.stores.credentials import CredentialStore
from tollbridge.stores.devices import DeviceStore
from tollbridge.stores.grants import GrantStore
from tollbridge.stores.idempotency import IdempotencyStore
from tollbridge.stores.jobs import JobStore
from tollbridge.stores.kept import KeptStore
from tollbridge.stores.notices import NoticeStore
from tollbridge.stores.overviews import OverviewStore
from tollbridge.stores.people import PeopleStore
from tollbridge.stores.replays import ReplayStore
from tollbridge.stores.reporting import Reports
from tollbridge.stores.rotations import RotationStore
from tollbridge.stores.sealed import SealedStore
from tollbridge.stores.services import ServiceStore
from tollbridge.stores.sessions import SessionStore
from tollbridge.stores.storedsecrets import SecretStore, StoredSecret
from tollbridge.stores.subscriptions import SubscriptionStore
from tollbridge.stores.usages import UsageStore
from tollbridge.stores.webhooks import Outbox, WebhookStore
from tollbridge.tokens.model import Principal, Shown, Token, TokenBudget


class HotStore(Protocol):
    """What every request needs.  Any failure to answer raises `Unavailable`: the caller is refused, not let through."""

    async def find_principal(self, digest: bytes) -> Principal | None:
        """Find the live token behind a secret's digest: not revoked, not expired, as of every change that returned."""
        ...

    async def find_holder(self, token_id: str) -> Principal | None:
        """Find the live token of an id, of whatever kind: for who proved in another way who calls."""
        ...

    async def team_holder(self, name: str) -> str | None:
        """Give the id of what holds a team, also of one that is disabled or has ended; None where there is none."""
        ...

    def recall_principal(self, digest: bytes) -> Principal | None:
        """Give what `find_principal` gives where it is certain without asking anyone, else None.  Must not wait."""
        ...

    async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
        """Give those whose token, and secret or key that was shown, still open, as of every change that returned."""
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

    def touch(self, token_id: str, at: datetime, client: str, used_for: str = "") -> None:
        """Note that a token was used, from where and for what.  Written soon, not now; may be lost in a crash."""
        ...


class AdminStore(Protocol):
    """Everything else about tokens.  What changes them says who does and is recorded; None is changed nothing."""

    async def add_token(self, token: NewToken, act: Act) -> Token:
        """Write a token; committed when this returns.

        What the token above it may not do it may not either, from then on, and it ends with that one at the latest.
        Raises `BadRequest` (409) where its id or secret is there already, or where the token above it opens nothing.
        """
        ...

    async def import_tokens(self, tokens: Sequence[ForeignToken], act: Act) -> Sequence[Token | None]:
        """Write tokens of another system, all of them or none; committed when this returns.

        None stands for one whose secret is there already, whoever's it is: what is there stays. Raises as `add_token`
        does, with the place of the one that is refused as `param`: `"0"` for the first.
        """
        ...

    async def rotate_token(self, token_id: str, secret: NewSecret, ends_at: datetime, act: Act) -> Token | None:
        """Give a token a further secret; those it has end at `ends_at` at the latest.  None if unknown.

        Raises `BadRequest` (409) where two secrets open at the time of the new one, or the token is revoked or expired.
        """
        ...

    async def change_token(self, token_id: str, edit: TokenEdit, act: Act) -> Token | None:
        """Change a token, and what those it minted may do with it; holds on every worker when this returns.

        An `edit` that asks how the token is sees what all changes before left. None if unknown; raises `BadRequest`
        (409) where it is revoked.
        """
        ...

    async def switch_token(self, token_id: str, act: Act, *, on: bool) -> Token | None:
        """Disable a token and those it minted, or enable them again; holds on every worker when this returns.

        What was disabled by itself stays so. None if unknown; raises `BadRequest` (409) where it is revoked, or where
        it is to be enabled under one that is disabled.
        """
        ...

    async def revoke_token(self, token_id: str, act: Act) -> Token | None:
        """Revoke a token and those it minted, on every worker: what starts after this returned is refused.

        None if unknown. Revoking twice keeps the first time, and is recorded once.
        """
        ...

    async def rehash_secret(self, digest: bytes, anew: bytes, pepper_id: str) -> None:
        """Keep a secret under another hash of its own; nothing where the first one is not there any more."""
        ...

    async def count_secrets(self) -> Mapping[str, int]:
        """Count the secrets that still open, refresh tokens and shared keys too, by the id of their pepper."""
        ...

    async def tokens_under(self, pepper_id: str, *, limit: int = 5) -> Sequence[str]:
        """Give the ids of some tokens, clients and grants whose secrets that is about, in their order."""
        ...

    async def get_token(self, token_id: str) -> Token | None:
        """Find a token by its id."""
        ...

    async def get_tokens(self, token_ids: Collection[str]) -> Mapping[str, Token]:
        """Give those that are there, by their ids."""
        ...

    async def list_tokens(
        self,
        *,
        limit: int = 50,
        before: str | None = None,
        search: str = "",
        state: str = "",
        parent: str = "",
        team: str = "",
        owner: str = "",
        budgets: Sequence[TokenBudget] = (),
    ) -> Sequence[Token]:
        """List tokens, newest first, at most `limit` of those with an id below `before` (keyset paging).

        `search` is a plain substring of name, owner or id: no wildcards. `parent` gives only those it minted, `team`
        only those of that team, `owner` only those whose owner is just that. `state` is a `TokenState`, a `TokenView`
        or empty for all. `budgets` hold for each token without one of its own.
        """
        ...

    async def count_tokens(self, *, budgets: Sequence[TokenBudget] = (), team: str = "") -> "TokenCounts":
        """Count tokens, or those of a team, by state and by view; `budgets` as above."""
        ...

    async def budget_uses(self, owned: Mapping[str, Sequence[TokenBudget]]) -> "Mapping[str, Sequence[BudgetUse]]":
        """Say how the budgets of each owner (`bridge`, or `token:<id>`) stand in the period that runs now."""
        ...


SOON = timedelta(days=7)
"""A token that ends within this time needs somebody."""
UNUSED_FOR = timedelta(days=30)
"""A token that nobody used for this time needs somebody."""
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
    UNUSED = "unused"
    """Nobody used it for `UNUSED_FOR`, and it is older."""


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """How many tokens there are."""

    active: int
    expiring: int
    revoked: int
    expired: int
    near_budget: int = 0
    over_budget: int = 0
    disabled: int = 0
    unused: int = 0


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What is spent of one budget in its period (`day`, `month` or `total`), nano-dollars."""

    amount: int
    period: str
    spent: int

    @property
    def level(self) -> Literal["", "near", "over"]:
        """Say whether it is `over` or `near` its end, by the rule of the views; else empty."""
        if not self.spent:
            return ""
        if self.spent >= self.amount:
            return "over"
        return "near" if self.spent >= self.amount - self.amount // NEAR_PART else ""


class Store(HotStore, AdminStore, AuditStore, KeptStore, SealedStore, IdempotencyStore, Reports, Protocol):
    """A whole store."""

    async def clients(self) -> ClientStore:
        """Give what keeps OAuth clients."""
        ...

    async def grants(self) -> GrantStore:
        """Give what keeps grants and what is issued for them."""
        ...

    async def devices(self) -> DeviceStore:
        """Give what keeps what devices ask for."""
        ...

    async def sessions(self) -> SessionStore:
        """Give what keeps sessions of people in browsers."""
        ...

    async def credentials(self) -> CredentialStore:
        """Give what keeps keys that callers sign with."""
        ...

    async def people(self) -> PeopleStore:
        """Give what keeps teams, people, members and roles."""
        ...

    async def applications(self) -> ApplicationStore:
        """Give what keeps applications."""
        ...

    async def replays(self) -> ReplayStore:
        """Give what remembers what was shown once."""
        ...

    async def secrets(self) -> SecretStore:
        """Give what changes keys of providers."""
        ...

    async def stored_secrets(self) -> Sequence[StoredSecret]:
        """Read the keys of providers, sealed, by name and the newest version first.  Cheap enough for every second."""
        ...

    async def jobs(self) -> JobStore:
        """Give what keeps the jobs that workers share."""
        ...

    async def webhooks(self) -> WebhookStore:
        """Give what keeps webhooks."""
        ...

    async def outbox(self) -> Outbox:
        """Give what keeps messages to webhooks."""
        ...

    async def rotations(self) -> RotationStore:
        """Give what keeps how secrets change by themselves."""
        ...

    async def notices(self) -> NoticeStore:
        """Give what records that somebody is told in time."""
        ...

    async def services(self) -> ServiceStore:
        """Give what keeps services and their releases."""
        ...

    async def subscriptions(self) -> SubscriptionStore:
        """Give what keeps plans and subscriptions."""
        ...

    async def overviews(self) -> OverviewStore:
        """Give what shows many objects at once."""
        ...

    async def analytics(self) -> AnalyticsStore:
        """Give what sums up the calls of a service or an application, once what this process has settled is written."""
        ...

    async def usages(self) -> UsageStore:
        """Give what reports usage and lists calls, once what this process has settled is written."""
        ...

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        """Find the subscription of a service that an application has, approved and not ended since; it may be `over`.

        As of every change that returned.
        """
        ...

    async def edition(self) -> int:
        """Count the changes of what is published.  Cheap enough for every call; raises `Unavailable`."""
        ...

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
