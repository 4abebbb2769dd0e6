"""The hot path on SQLite: raw prepared statements, a connection that reads and one that writes.  No SQLAlchemy."""

import asyncio
import math
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgspec

from tollbridge.clock import Clock
from tollbridge.errors import Unavailable
from tollbridge.metering.ledger import Reservation, UsageRow, calls_of, charge_of
from tollbridge.services.subscribing import CallQuota, Subscribed
from tollbridge.stores import ledger
from tollbridge.stores.batch import TickBatch
from tollbridge.stores.files import unavailable
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.rows import seconds_to_micros, storable, usage_values
from tollbridge.stores.tokenrows import read_above, read_conditions
from tollbridge.stores.works import Reserve, Settle
from tollbridge.tokens.model import Environment, Principal, SecretUse, TokenBudget, TokenKind, TokenLimits
from tollbridge.tokens.scopes import scope_set

PRINCIPAL_COLUMNS = """
    t.id, t.name, t.scopes, t.kind, t.owner, t.team,
    t.requests_per_minute, t.tokens_per_minute, t.concurrency, t.budget_amount, t.budget_period,
    t.bounds, t.conditions, t.environment, t.canary, s.expires_at, t.above, s.scopes, s.use, s.created_at
"""
"""What a look-up gives of a token `t` and its secret `s`, in the order that `principal_of` reads it."""
# One row whatever the digest, a look-up in both tables, and nothing in the row unless the token is live: how long it
# takes does not tell unknown from revoked. ?2 is now, ?3 the end of what has none, in microseconds.
_PRINCIPAL = f"""
    SELECT {PRINCIPAL_COLUMNS},
           min(ifnull(t.expires_at, ?3), ifnull(s.expires_at, ?3))
    FROM (SELECT 1)
    LEFT JOIN secret AS s ON s.digest = ?1 AND s.use IN ('', 'access')
    LEFT JOIN token AS t
        ON t.id = ifnull(s.token_id, '') AND t.revoked_at IS NULL AND t.disabled_at IS NULL
        AND ifnull(t.expires_at, ?3) > ?2 AND ifnull(s.expires_at, ?3) > ?2
"""
_HOLDER = f"""
    SELECT {PRINCIPAL_COLUMNS}, ifnull(t.expires_at, ?3)
    FROM token AS t LEFT JOIN secret AS s ON FALSE
    WHERE t.id = ?1 AND t.revoked_at IS NULL AND t.disabled_at IS NULL AND ifnull(t.expires_at, ?3) > ?2
"""
SUBSCRIBED_COLUMNS = """
    s.id, p.requests_per_minute, p.tokens_per_minute, p.concurrency, p.budget_amount, p.budget_period,
    p.price_per_call, p.models, p.quota_calls, p.quota_period, p.policies
"""
"""What a look-up gives of a subscription `s` and its plan `p`, in the order that `subscribed_of` reads it.

Behind it stands whether its time is over.
"""
_SUBSCRIBED = f"""
    SELECT {SUBSCRIBED_COLUMNS}, ifnull(s.expires_at, ?4) <= ?3
    FROM subscription AS s LEFT JOIN plan AS p ON p.name = s.plan
    WHERE s.application = ?1 AND s.service_id = ?2 AND s.state = 'approved'
"""
_TEAM = "SELECT holder FROM team WHERE name = ?1"
_EDITION = "SELECT number FROM turn WHERE name = 'services'"
SEEN_S = 1.0
"""How long a token that was found is not asked for again while the mark stays."""
CHECKED_S = 1.0
"""How long the store is taken to be writable after a check that wrote."""
_MOST_SEEN = 10_000
_NEVER = 2**62
_KINDS = {kind.value: kind for kind in TokenKind}
_ENVIRONMENTS = {environment.value: environment for environment in Environment}
_NO_LIMITS = TokenLimits()


class _Seen(msgspec.Struct, frozen=True, gc=False):
    """A token that was found, and when that holds: under one mark, in a span of the wall clock."""

    principal: Principal
    mark: bytes
    from_s: float
    until_s: float


def principal_of(row: Sequence[Any]) -> Principal:
    """Read who calls from the columns that a look-up gives, in its order."""
    token_id, name, scopes, kind, owner, team = row[:6]
    limits = row[6:9]
    bounds, conditions, environment, canary, secret_ends, above, granted, use, made = row[11:20]
    issued = use == SecretUse.ACCESS
    said = [granted, scopes] if issued else [scopes]
    return Principal(
        id=token_id,
        name=name,
        scopes=scope_set("\n".join([*said, bounds] if bounds else said)),
        kind=TokenKind.ACCESS if issued else _KINDS[kind],
        owner=owner,
        team=team,
        limits=_NO_LIMITS if limits == (None, None, None) else TokenLimits(*limits),
        budget=None if row[9] is None else TokenBudget(row[9], row[10]),
        environment=_ENVIRONMENTS[environment],
        conditions=read_conditions(conditions),
        secret_ends_s=None if secret_ends is None or issued else secret_ends / 1_000_000,
        canary=bool(canary),
        above=read_above(above),
        secret_made_us=made or 0,
    )


def subscribed_of(row: Sequence[Any]) -> Subscribed:
    """Read a subscription that was approved from the columns that a look-up gives, in its order."""
    id, requests, tokens, concurrency, amount, period, price, models, calls, calls_period, policies, over = row
    return Subscribed(
        id,
        TokenLimits(requests, tokens, concurrency),
        None if amount is None else TokenBudget(amount, period),
        price,
        tuple(models.split("\n")) if models else (),
        None if calls is None else CallQuota(calls, calls_period),
        policies or "",
        bool(over),
    )


class SqliteHot:
    """Look-ups, reservations and settlements of one process.  `full`: every commit waits for the disk, in a thread."""

    def __init__(
        self,
        reader: sqlite3.Connection,
        writer: sqlite3.Connection,
        clock: Clock,
        *,
        mark: TokenMark,
        full: bool = False,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._mark = mark
        self._seen: dict[bytes | str, _Seen] = {}
        self.batch = self._batch = TickBatch(writer, in_thread=full)
        self._writes_until_s = -math.inf

    async def find_principal(self, digest: bytes) -> Principal | None:
        """Find the live token behind a digest, as of the newest commit of any process that keeps the mark.

        A change that does not turn the mark, made by hand in the file, is seen after `SEEN_S`.
        """
        return self.recall_principal(digest) or self._find(_PRINCIPAL, digest)

    async def find_holder(self, token_id: str) -> Principal | None:
        """Find the live token of that id, as `find_principal` does."""
        return self._recall(token_id) or self._find(_HOLDER, storable(token_id))

    def team_holder(self, name: str) -> str | None:
        """Find what holds a team, as of the newest commit of any process."""
        rows = self._ask(_TEAM, storable(name))
        return str(rows[0][0]) if rows else None

    def edition(self) -> int:
        """Count the changes of what is published, as of the newest commit of any process."""
        ((number,),) = self._ask(_EDITION)
        return int(number)

    def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        """Find the subscription that was approved, as of the newest commit of any process."""
        now = seconds_to_micros(self._clock.time())
        rows = self._ask(_SUBSCRIBED, application, service_id, now, _NEVER)
        return subscribed_of(rows[0]) if rows else None

    def recall_principal(self, digest: bytes) -> Principal | None:
        """Give a token that was found under the mark as it is now."""
        return self._recall(digest)

    def _recall(self, key: bytes | str) -> Principal | None:
        seen = self._seen.get(key)
        if seen is None or seen.mark != self._mark.read() or not seen.from_s <= self._clock.time() < seen.until_s:
            return None
        return seen.principal

    def _find(self, statement: str, key: bytes | str) -> Principal | None:
        """Look one up, and remember it.  In autocommit each look-up sees the newest commit."""
        now_s, mark = self._clock.time(), self._mark.read()
        rows = self._ask(statement, key, seconds_to_micros(now_s), _NEVER)
        if not rows or rows[0][0] is None:
            self._seen.pop(key, None)
            return None
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        row = rows[0]
        principal = principal_of(row)
        self._seen[key] = _Seen(principal, mark, now_s, min(row[-1] / 1_000_000, now_s + SEEN_S))
        return principal

    def _ask(self, statement: str, *values: bytes | str | int) -> Sequence[Sequence[Any]]:
        try:
            return self._reader.execute(statement, values).fetchall()
        except sqlite3.Error as exc:
            raise unavailable(exc) from exc

    async def reserve(self, reservation: Reservation) -> None:
        """Hold the amount on all budgets or none.  A caller cancelled while it waits holds nothing afterwards."""
        done = self._batch.submit(Reserve(reservation))
        try:
            await done
        except asyncio.CancelledError:
            with suppress(Unavailable):  # closed meanwhile: the sweep finds it
                self._batch.post(lambda db: ledger.release(db, reservation.call_id))
            raise

    async def settle(self, row: UsageRow) -> None:
        """Write, release and charge, once.  Written also if the caller is cancelled while it waits."""
        await self._batch.submit(_settle(row))

    def post(self, row: UsageRow, held: Reservation | None = None) -> None:
        """Do the same soon, with nobody waiting."""
        self._batch.post(_settle(row, held))

    async def flush(self) -> None:
        """Wait until everything asked for so far is written, or the store has failed once more."""
        await self._batch.flush()

    async def check(self) -> None:
        """Read once and take the write lock once; write too, unless that was seen to work within `CHECKED_S`."""
        self._ask(_PRINCIPAL, b"", seconds_to_micros(self._clock.time()), _NEVER)
        now = self._clock.monotonic()
        if now < self._writes_until_s:
            await self._batch.submit(lambda db: None)
            return
        await self._batch.submit(_write_a_page)
        self._writes_until_s = now + CHECKED_S

    async def close(self) -> None:
        """Write what is pending and close both connections."""
        await self._batch.close()
        self._writer.close()
        self._reader.close()
        self._mark.close()


def _write_a_page(db: sqlite3.Connection) -> None:
    """Write the first page to the log as it is; checkpoints take it from there, so nothing grows."""
    db.execute("PRAGMA user_version = 0")


def _settle(row: UsageRow, held: Reservation | None = None) -> Settle:
    return Settle(ledger.Settlement(row.call_id, usage_values(row), charge_of(row), held, calls_of(row)))
