"""Limits kept in this process.

Nothing is awaited between looking and taking, so one event loop needs no lock; it's not for several threads.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tollbridge.clock import Clock
from tollbridge.errors import RateLimited
from tollbridge.limits.gcra import IDLE, Bucket, Decision, decide
from tollbridge.limits.headers import limit_headers
from tollbridge.limits.limiter import Demand, Grant, Lease, Limiter, Rate

LEASE_S = 3600.0

_LEASE_RETRY_S = 1.0  # nobody knows when a running call ends


class MemoryLimiter:
    """Keeps limits for the calls of one process.

    A limit is known by key, name and period, so a changed amount goes on from where it stands. The demands of one call
    are of different limits. A lease that nobody gives back ends after `lease_s`; nobody renews it.
    Memory follows the keys in use: each call looks at a key or two and forgets those whose units are all back.
    """

    shared = False

    def __init__(self, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self._clock = clock
        self._lease_s = lease_s
        self._turn = 0
        self._buckets: _Shelf[tuple[str, str, float], Bucket] = _Shelf()
        self._running: _Shelf[str, _Running] = _Shelf()

    @property
    def size(self) -> int:
        """How many keys are remembered."""
        return len(self._buckets.kept) + len(self._running.kept)

    async def take(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Grant:
        """Take all or nothing; raises `RateLimited`.

        A call that already holds its lease keeps it. When a slot will be free cannot be known: then, and only then,
        `retry_after_s` is a guess.
        """
        now = self._clock.monotonic()
        buckets = self._buckets.kept
        decisions = []
        wait_s = 0.0
        for demand in demands:
            bucket = buckets.get(_slot(demand))
            decision = decide(bucket.tat if bucket is not None else IDLE, demand.rate, demand.cost, now)
            wait_s = max(wait_s, decision.wait_s)
            decisions.append(decision)
        full = lease is not None and self._is_full(lease, holder, now)
        if wait_s or full:
            raise _refusal(demands, decisions, lease if full else None)
        self._turn = turn = self._turn + 1
        for demand in demands:
            self._add(demand, demand.cost, now)
        if lease is not None:
            running = self._running.kept.get(lease.key)
            if running is None:
                running = self._running.put(lease.key, _Running(), now)
            running.begin(holder, now + self._lease_s)
            self._running.sweep(now)
        self._buckets.sweep(now)
        return _Taken(tuple(demands), tuple([d.standing for d in decisions]), lease, holder if lease else "", turn)

    async def peek(self, demands: Sequence[Demand], lease: Lease | None) -> None:
        """Raise `RateLimited` where not even one unit of each is left, whatever the demands' costs; takes nothing."""
        now = self._clock.monotonic()
        buckets = self._buckets.kept
        decisions = []
        wait_s = 0.0
        for demand in demands:
            bucket = buckets.get(_slot(demand))
            decision = decide(IDLE if bucket is None else bucket.tat, demand.rate, 0, now)
            if not decision.wait_s and not decision.standing.remaining:
                decision = decide(IDLE if bucket is None else bucket.tat, demand.rate, 1, now)
            wait_s = max(wait_s, decision.wait_s)
            decisions.append(decision)
        full = lease is not None and self._is_full(lease, None, now)
        if wait_s or full:
            raise _refusal(demands, decisions, lease if full else None)

    async def settle(self, grant: Grant, actual: Sequence[int]) -> None:
        ...
