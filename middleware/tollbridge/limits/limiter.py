"""The seam to a limiter: several limits taken together, all or none."""

import math
from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec.structs import force_setattr

from tollbridge.errors import RateLimited

# So much is forgiven, in units and in seconds; it does not add up over calls.
_SLACK_UNITS = 1e-4
_SLACK_S = 1e-9


class Rate(msgspec.Struct, frozen=True, gc=False):
    """At most `amount` units in `period_s` seconds, up to `burst` of them at once.

    `name` is `requests` or `tokens`: it names the limit in headers and errors.
    """

    name: str
    amount: int
    period_s: float = 60.0
    burst: int = 0
    interval_s: float = 0.0
    """Seconds in which one unit comes back; worked out from the others, as is the next."""
    room_s: float = 0.0
    """Seconds' worth of units of an idle limit: its burst and a little, for sums of floats may miss the exact fit."""

    def __post_init__(self) -> None:
        interval_s = self.period_s / self.amount if self.amount > 0 else math.inf
        slack_s = interval_s * _SLACK_UNITS + _SLACK_S
        force_setattr(self, "interval_s", interval_s)
        force_setattr(self, "room_s", self.depth * interval_s + slack_s if self.amount > 0 else -math.inf)

    @property
    def depth(self) -> int:
        """The burst in force: `amount` unless a smaller or larger one was set."""
        return self.burst or self.amount


class Demand(msgspec.Struct, frozen=True, gc=False):
    """What one call asks of one limit: `cost` units, at least 0, of `rate` for `key` (a token id, or the bridge)."""

    key: str
    rate: Rate
    cost: int


class Lease(msgspec.Struct, frozen=True, gc=False):
    """At most `amount` calls of `key` at once, and as each of `above` says: a call holds a slot of every one or none.

    Those `above` have none above them.
    """

    key: str
    amount: int
    above: tuple["Lease", ...] = ()


class Standing(msgspec.Struct, frozen=True, gc=False):
    """How one limit stands after a decision: `remaining` units now, all of them again in `reset_s` seconds."""

    rate: Rate
    remaining: int
    reset_s: float


class Grant(msgspec.Struct, gc=False):
    """What a call was given; handed back when it ends.  `lease` is the concurrency slot's owner, or empty."""

    demands: tuple[Demand, ...]
    standings: tuple[Standing, ...]
    lease: Lease | None = None
    holder: str = ""


class Sight(msgspec.Struct, frozen=True, gc=False):
    """How limits stand for a call that takes nothing: one standing for each demand, before it takes.

    `waits_s` are the seconds until each demand fits, 0.0 where it does, `inf` where it never will. `running` are the
    calls that hold a slot of the lease and of each above it, with the slots there are. `refusal` is what `take` would
    raise.
    """

    standings: tuple[Standing, ...] = ()
    waits_s: tuple[float, ...] = ()
    running: tuple[tuple[Lease, int], ...] = ()
    refusal: RateLimited | None = None


class Limiter(Protocol):
    """Keeps limits.  One decision covers every dimension: a call refused by one consumes nothing of the others."""

    shared: bool
    """Whether several workers see the same counters."""

    async def take(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Grant:
        """Take all or nothing; raises `RateLimited` with `retry_after_s`, after which the same demand fits.

        `holder` is the call's id. The error carries the limit headers. A demand above its rate's depth can never be
        met: it is refused with `retry=False` semantics (`x-should-retry: false`) and says so.
        """
        ...

    def take_now(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Grant | None:
        """Do the same without waiting; None, and nothing taken, where somebody else has to be asked."""
        ...

    async def peek(self, demands: Sequence[Demand], lease: Lease | None) -> None:
        """Raise `RateLimited` where not even one unit of each is left; takes nothing."""
        ...

    async def look(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Sight:
        """Say what `take` would do now, and how everything stands that it would look at; takes nothing."""
        ...

    def settle(self, grant: Grant, actual: Sequence[int]) -> None:
        """Replace each demand's cost by what was really used and free the lease, with nobody waiting.

        Less is refunded, more is charged without asking. Operations that follow find it done.

        A second settlement of one grant is a no-op.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds.  May be called twice."""
        ...
