"""What every request needs, on PostgreSQL: asked of the database each time, many at once."""

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from tollbridge import Principal, Unavailable
from tollbridge.stores.building import (
    PRINCIPAL_COLUMNS,
    SUBSCRIBED_COLUMNS,
    Reservation,
    Shown,
    Subscribed,
    UsageRow,
    principal_of,
    seconds_to_micros,
    storable,
    subscribed_of,
    unavailable,
)
from tollbridge_postgres.batch import Ledger
from tollbridge_postgres.clock import DatabaseClock
from tollbridge_postgres.driver import Connection
from tollbridge_postgres.failures import Uncertain
from tollbridge_postgres.lookups import Lookups
from tollbridge_postgres.pool import Pool
from tollbridge_postgres.works import Release, Reserve, settle

# One row for each digest whatever it is, and nothing in it unless the token is live: how long a look-up takes does not
# tell unknown from revoked. $2 is now, $3 the end of what has none, in microseconds.
_PRINCIPALS = f"""
    SELECT {PRINCIPAL_COLUMNS}, asked.digest AS asked_for
    FROM unnest($1::bytea[]) AS asked (digest)
    LEFT JOIN secret AS s ON s.digest = asked.digest AND s.use IN ('', 'access')
    LEFT JOIN token AS t
        ON t.id = coalesce(s.token_id, '') AND t.revoked_at IS NULL AND t.disabled_at IS NULL
        AND coalesce(t.expires_at, $3::bigint) > $2::bigint AND coalesce(s.expires_at, $3::bigint) > $2::bigint
"""
_HOLDERS = f"""
    SELECT {PRINCIPAL_COLUMNS}, t.id AS asked_for
    FROM token AS t LEFT JOIN secret AS s ON FALSE
    WHERE t.id = ANY($1::text[]) AND t.revoked_at IS NULL AND t.disabled_at IS NULL AND coalesce(t.expires_at, $3) > $2
"""
# A secret is known by its token and the time it was made: its digest changes with the pepper; 0 for none. A key that
# signed is known by its id, empty for none.
_OPEN = """
    SELECT asked.id, asked.made, asked.key
    FROM unnest($1::text[], $2::bigint[], $5::text[]) AS asked (id, made, key)
    JOIN token AS t ON t.id = asked.id AND t.revoked_at IS NULL AND t.disabled_at IS NULL
    WHERE coalesce(t.expires_at, $4::bigint) > $3::bigint AND (asked.made = 0 OR EXISTS (
        SELECT 1 FROM secret AS s
        WHERE s.token_id = t.id AND s.created_at = asked.made AND s.use IN ('', 'access', 'client')
        AND coalesce(s.expires_at, $4) > $3
    )) AND (asked.key = '' OR EXISTS (
        SELECT 1 FROM credential AS c
        WHERE c.id = asked.key AND c.token_id = t.id AND coalesce(c.expires_at, $4) > $3
    ))
"""
_SUBSCRIBED = f"""
    SELECT asked.application, asked.service_id, {SUBSCRIBED_COLUMNS}, coalesce(s.expires_at, $4::bigint) <= $3::bigint
    FROM unnest($1::text[], $2::text[]) AS asked (application, service_id)
    JOIN subscription AS s
        ON s.application = asked.application AND s.service_id = asked.service_id AND s.state = 'approved'
    LEFT JOIN plan AS p ON p.name = s.plan
"""
_TEAMS = "SELECT name, holder FROM team WHERE name = ANY($1::text[])"
_EDITION = "SELECT number FROM turn WHERE name = 'services'"
_WRITABLE = "SELECT pg_current_xact_id()::text, current_setting('transaction_read_only')"
_SERVICES = "services"
_NEVER = 2**62
CHECKED_S = 1.0
"""How long the store is taken to be writable after a check that wrote."""


class PostgresHot:
    """Look-ups, reservations and settlements of one process."""

    def __init__(self, pool: Pool, clock: DatabaseClock) -> None:
        self._pool = pool
        self._clock = clock
        self._ledger = Ledger(pool)
        self._principals = Lookups(self._find_principals)
        self._holders = Lookups(self._find_holders)
        self._opening = Lookups(self._find_open)
        self._subscriptions = Lookups(self._find_subscriptions)
        self._teams = Lookups(self._find_teams)
        self._editions = Lookups(self._find_edition)
        self._writes_until_s = -math.inf

    async def find_principal(self, digest: bytes) -> Principal | None:
        """Find the live token behind a digest, as of every commit before the question."""
        return (await self._principals.find((digest,)))[digest]

    async def find_holder(self, token_id: str) -> Principal | None:
        """Find the live token of that id, as of every commit before the question."""
        asked = storable(token_id)
        return (await self._holders.find((asked,))).get(asked)

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        """Find the subscription that was approved, as of every commit before the question."""
        asked = (application, service_id)
        return (await self._subscriptions.find((asked,))).get(asked)

    async def team_holder(self, name: str) -> str | None:
        """Find what holds a team, as of every commit before the question."""
        asked = storable(name)
        return (await self._teams.find((asked,))).get(asked)

    async def edition(self) -> int:
        """Count the changes of what is published, as of every commit before the question."""
        return (await self._editions.find((_SERVICES,)))[_SERVICES]

    async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
        """Give those that still open, as of every commit before the question."""
        if not shown:
            return ()
        asked = frozenset(shown)
        return asked & (await self._opening.find(asked)).keys()

    async def reserve(self, reservation: Reservation) -> None:
        """Hold the amount on all budgets or none.

        A caller cancelled while it waits holds nothing afterwards, and neither does one whose commit went unanswered.
        """
        expires_at = seconds_to_micros(self._clock.there(reservation.expires_at))
        done = self._ledger.submit(Reserve(reservation, expires_at))
        try:
            await done
        except (asyncio.CancelledError, Uncertain):
            with suppress(Unavailable):  # closed meanwhile: the sweep finds it
                self._ledger.post(Release(reservation.call_id))
            raise

    async def settle(self, row: UsageRow) -> None:
        """Write, release and charge, once.  Written also if the caller is cancelled while it waits."""
        await self._ledger.submit(settle(row))

    def post(self, row: UsageRow) -> None:
        """Do the same soon, with nobody waiting."""
        self._ledger.post(settle(row))

    async def flush(self) -> None:
        """Wait until everything asked for so far is written, or the store has failed once more."""
        await self._ledger.flush()

    async def check(self) -> None:
        """Read once, and write, unless that was seen to work within `CHECKED_S`."""
        await self.find_principal(b"")
        now = self._clock.monotonic()
        if now < self._writes_until_s:
            return
        await self._pool.transact(_write)
        self._writes_until_s = now + CHECKED_S

    async def close(self) -> None:
        """Write what is pending, and answer what was asked."""
        await self._ledger.close()
        await self._principals.close()
        await self._holders.close()
        await self._opening.close()
        await self._subscriptions.close()
        await self._teams.close()
        await self._editions.close()

    async def _find_principals(self, digests: Sequence[bytes]) -> Mapping[bytes, Principal | None]:
        async with self._pool.lend() as db:
            rows = await db.fetch(_PRINCIPALS, digests, seconds_to_micros(self._clock.time()), _NEVER)
        found = ((row["asked_for"], tuple(row.values())) for row in rows)
        return {digest: None if columns[0] is None else principal_of(columns) for digest, columns in found}

    async def _find_holders(self, token_ids: Sequence[str]) -> Mapping[str, Principal]:
        async with self._pool.lend() as db:
            rows = await db.fetch(_HOLDERS, token_ids, seconds_to_micros(self._clock.time()), _NEVER)
        return {row["asked_for"]: principal_of(tuple(row.values())) for row in rows}

    async def _find_subscriptions(self, asked: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Subscribed]:
        applications, services = ([one[place] for one in asked] for place in (0, 1))
        async with self._pool.lend() as db:
            now = seconds_to_micros(self._clock.time())
            rows = [tuple(row.values()) for row in await db.fetch(_SUBSCRIBED, applications, services, now, _NEVER)]
        return {(row[0], row[1]): subscribed_of(row[2:]) for row in rows}

    async def _find_teams(self, names: Sequence[str]) -> Mapping[str, str]:
        async with self._pool.lend() as db:
            return {row["name"]: row["holder"] for row in await db.fetch(_TEAMS, names)}

    async def _find_edition(self, names: Sequence[str]) -> Mapping[str, int]:
        async with self._pool.lend() as db:
            (row,) = await db.fetch(_EDITION)
        return {_SERVICES: int(row["number"])}

    async def _find_open(self, shown: Sequence[Shown]) -> Mapping[Shown, bool]:
        ids, made, keys = ([getattr(one, name) for one in shown] for name in ("token_id", "made_us", "key"))
        async with self._pool.lend() as db:
            rows = await db.fetch(_OPEN, ids, made, seconds_to_micros(self._clock.time()), _NEVER, keys)
        return {Shown(row["id"], row["made"], row["key"]): True for row in rows}


async def _write(db: Connection) -> None:
    """Take a transaction's number, which has the commit written to the log and no table changed."""
    (row,) = await db.fetch(_WRITABLE)
    if row["current_setting"] != "off":
        raise unavailable("the database takes no writes")
