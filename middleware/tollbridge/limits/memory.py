"""Limits kept in this process.

Nothing is awaited between looking and taking, so one event loop needs no lock; it is not for several threads.
(Here, as in all that runs for every call, `zip` goes without `strict`, which costs as much again: what is zipped was
made, or measured, to the same length.)
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from tollbridge.clock import Clock
from tollbridge.errors import RateLimited
from tollbridge.limits.gcra import IDLE, Bucket, admit, decide
from tollbridge.limits.headers import limit_headers
from tollbridge.limits.limiter import Demand, Grant, Lease, Limiter, Rate, Sight, Standing

LEASE_S = 3600.0
_AT_ONCE = 8
_LEASE_RETRY_S = 1.0  # nobody knows when a running call ends

K = TypeVar("K")
V = TypeVar("V", bound="_Forgettable")


class _Forgettable(Protocol):
    def idle(self, now: float) -> bool: ...


class _Shelf(Generic[K, V]):
    """A dict that forgets its idle values little by little, so that no single call pays for all."""

    __slots__ = ("_looks", "_round", "kept")

    def __init__(self) -> None:
        self.kept: dict[K, V] = {}
        self._round: deque[K] = deque()
        self._looks = 0

    def put(self, key: K, value: V) -> V:
        """Keep a new value.  Two looks more for each keep the shelf at about twice what is in use."""
        self.kept[key] = value
        self._round.append(key)
        self._looks += 2
        return value

    def sweep(self, now: float) -> None:
        """Look at the next few keys in turn and forget the idle ones; for the last few calls at once."""
        waiting, kept = self._round, self.kept
        for _ in range(min(self._looks + _AT_ONCE, len(waiting))):
            key = waiting.popleft()
            if kept[key].idle(now):
                del kept[key]
            else:
                waiting.append(key)
        self._looks = 0


class _Running:
    """When the leases of one key end, by holder, the earliest first."""

    __slots__ = ("ends",)

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}

    def expire(self, now: float) -> None:
        ends = self.ends
        while ends:
            holder = next(iter(ends))
            if ends[holder] > now:
                return
            del ends[holder]

    def idle(self, now: float) -> bool:
        self.expire(now)
        return not self.ends


class _Taken(Grant, gc=False):
    """`turn` is 0 once settled; `buckets` are those of the demands."""

    turn: int = 0
    buckets: Sequence[Bucket] = ()


class MemoryLimiter:
    """Keeps limits for the calls of one process.

    A limit is known by key, name and period, so a changed amount goes on from where it stands. The demands of one call
    are of different limits. A lease that nobody gives back ends after `lease_s`; nobody renews it.
    Memory follows the keys in use: each call looks at a few and forgets those whose units are all back.
    """

    shared = False

    def __init__(self, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self._clock = clock
        self._lease_s = lease_s
        self._turn = 0
        self._untidy = 0
        self._buckets: _Shelf[tuple[str, str, float], Bucket] = _Shelf()
        self._running: _Shelf[str, _Running] = _Shelf()

    @property
    def size(self) -> int:
        """How many limits and concurrency keys are remembered."""
        return len(self._buckets.kept) + len(self._running.kept)

    async def take(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Grant:
        """Take all or nothing; raises `RateLimited`."""
        return self.take_now(demands, lease, holder)

    def take_now(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Grant:
        """Take all or nothing; raises `RateLimited`.

        A call that already holds its lease keeps it. Nobody can know when a running call ends: where the lease is what
        is missing, `retry_after_s` is a guess of one second.
        """
        now = self._clock.monotonic()
        kept = self._buckets.kept
        full = None if lease is None else self._full(lease, holder, now)
        fits = full is None
        buckets: list[Bucket] = []
        standings: list[Standing] = []
        for demand in demands:
            rate = demand.rate
            bucket = kept.get((demand.key, rate.name, rate.period_s)) or Bucket()
            standing = admit(bucket.tat, rate, demand.cost, now)
            if standing is None:
                fits = False
                break
            buckets.append(bucket)
            standings.append(standing)
        if not fits:
            raise self._refusal([(demand, demand.cost) for demand in demands], full, now)
        self._turn = turn = self._turn + 1
        for demand, bucket in zip(demands, buckets):  # noqa: B905
            if bucket.tat == IDLE:
                self._buckets.put(_slot(demand), bucket)
            bucket.add(demand.cost * demand.rate.interval_s, turn, now)
        if lease is None:
            holder = ""
        else:
            for each in (lease, *lease.above):
                running = self._running.kept.get(each.key) or self._running.put(each.key, _Running())
                running.ends.pop(holder, None)  # to the end: the order is that of expiry
                running.ends[holder] = now + self._lease_s
        self._tidy(now)
        return _Taken(tuple(demands), tuple(standings), lease, holder, turn, buckets)

    async def peek(self, demands: Sequence[Demand], lease: Lease | None) -> None:
        """Raise `RateLimited` where not even one unit of each is left, whatever the demands cost; takes nothing."""
        now = self._clock.monotonic()
        buckets = self._buckets.kept
        full = None if lease is None else self._full(lease, None, now)
        fits = full is None
        for demand in demands:
            bucket = buckets.get(_slot(demand))
            fits = fits and (bucket is None or not decide(bucket.tat, demand.rate, 1, now).wait_s)
        if not fits:
            raise self._refusal([(demand, 1) for demand in demands], full, now)

    async def look(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Sight:
        """Say what `take` would do now; takes nothing."""
        now = self._clock.monotonic()
        kept = self._buckets.kept
        full = None if lease is None else self._full(lease, holder, now)
        fits = full is None
        standings, waits_s = [], []
        for demand in demands:
            bucket = kept.get(_slot(demand))
            tat = IDLE if bucket is None else bucket.tat
            standings.append(decide(tat, demand.rate, 0, now).standing)
            waits_s.append(decide(tat, demand.rate, demand.cost, now).wait_s)
            fits = fits and admit(tat, demand.rate, demand.cost, now) is not None
        refusal = None if fits else self._refusal([(demand, demand.cost) for demand in demands], full, now)
        slots = () if lease is None else (lease, *lease.above)
        running = tuple((each, self._held(each, now)) for each in slots)
        return Sight(tuple(standings), tuple(waits_s), running, refusal)

    def settle(self, grant: Grant, actual: Sequence[int]) -> None:
        """Give back or charge the difference and free the lease; once.

        What was used beyond the grant counts from now. Units are given back as far as they still limit anyone: a call
        that ran long cannot turn what it did not use into a second burst (see `Bucket`).
        `actual` has one number for each demand; below 0 counts as 0.
        """
        if not isinstance(grant, _Taken):
            raise TypeError("a grant is settled by the limiter that gave it")
        if len(actual) != len(grant.demands):
            raise ValueError(f"{len(grant.demands)} demands were granted, {len(actual)} are settled")
        taken_in, grant.turn = grant.turn, 0
        if not taken_in:
            return
        if grant.lease is not None:
            for lease in (grant.lease, *grant.lease.above):
                running = self._running.kept.get(lease.key)
                if running is not None:
                    running.ends.pop(grant.holder, None)
        for bucket, demand, used in zip(grant.buckets, grant.demands, actual):  # noqa: B905
            over = (used if used > 0 else 0) - demand.cost
            if over < 0:
                bucket.give_back(-over * demand.rate.interval_s, taken_in)
            elif over > 0:
                self._turn += 1
                now = self._clock.monotonic()
                self._bucket(demand).add(over * demand.rate.interval_s, self._turn, now)
                self._tidy(now)

    async def close(self) -> None:
        """Nothing is held open."""

    def _tidy(self, now: float) -> None:
        """Forget what nobody uses any more; done for several calls at once."""
        self._untidy += 1
        if self._untidy >= _AT_ONCE:
            self._untidy = 0
            self._buckets.sweep(now)
            self._running.sweep(now)

    def _bucket(self, demand: Demand) -> Bucket:
        slot = _slot(demand)
        return self._buckets.kept.get(slot) or self._buckets.put(slot, Bucket())

    def _full(self, lease: Lease, holder: str | None, now: float) -> Lease | None:
        """Give the first of a lease and those above it that has no slot left."""
        for each in (lease, *lease.above):
            if self._is_full(each, holder, now):
                return each
        return None

    def _is_full(self, lease: Lease, holder: str | None, now: float) -> bool:
        running = self._running.kept.get(lease.key)
        if len(() if running is None else running.ends) < lease.amount:
            return False
        if running is None:
            return True
        running.expire(now)
        return len(running.ends) >= lease.amount and holder not in running.ends

    def _held(self, lease: Lease, now: float) -> int:
        """Count the calls that hold a slot."""
        running = self._running.kept.get(lease.key)
        return 0 if running is None else sum(end > now for end in running.ends.values())

    def _refusal(self, asked: Sequence[tuple[Demand, int]], full: Lease | None, now: float) -> RateLimited:
        """Name what keeps the call waiting longest, and tell how every limit stands."""
        wait_s, message = 0.0, ""
        if full is not None:
            wait_s = _LEASE_RETRY_S
            message = f"the limit of calls at once, {full.amount}, is reached; try again when one has ended"
        standings = []
        for demand, cost in asked:
            bucket = self._buckets.kept.get(_slot(demand))
            tat = IDLE if bucket is None else bucket.tat
            standings.append(decide(tat, demand.rate, 0, now).standing)
            longer = decide(tat, demand.rate, cost, now).wait_s
            if longer > wait_s:
                wait_s, message = longer, _too_much(demand.rate, cost, longer)
        headers = {name.decode("ascii"): value.decode("ascii") for name, value in limit_headers(standings)}
        if wait_s < math.inf:
            return RateLimited(message, retry_after_s=wait_s, headers=headers)
        never = RateLimited(message, headers=headers)
        never.retry = False
        return never


def _too_much(rate: Rate, cost: int, wait_s: float) -> str:
    if wait_s < math.inf:
        limit = f"the limit of {rate.amount} {rate.name} in {rate.period_s:g} s is reached"
        return f"{limit}; try again in {math.ceil(wait_s)} s"
    depth = max(0, rate.depth) if rate.amount > 0 else 0
    return f"this call asks for {cost} {rate.name} and the limit never has more than {depth} at once; ask for less"


def _slot(demand: Demand) -> tuple[str, str, float]:
    return (demand.key, demand.rate.name, demand.rate.period_s)


_: type[Limiter] = MemoryLimiter
