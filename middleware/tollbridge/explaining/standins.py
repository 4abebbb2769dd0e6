"""What stands in a rehearsal in place of that which a call would change: it looks, and takes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

from tollbridge.call import Call
from tollbridge.explaining.words import Decided
from tollbridge.layers.authenticate import Throttles
from tollbridge.limits.limiter import Demand, Grant, Lease, Limiter, Sight
from tollbridge.metering.ledger import BudgetLine, Reservation, drawn
from tollbridge.stores.ledger import too_small
from tollbridge.stores.reporting import BudgetStanding, Reports
from tollbridge.tokens.model import Principal

ADMITTING = ("head", "body")
"""The phases that may refuse a call before it crosses."""

Phase = Callable[[Call], Awaitable[None]]


class Known:
    """Tokens, of which one is known: whoever shows anything is that principal, or nobody."""

    def __init__(self, principal: Principal | None) -> None:
        self._principal = principal

    def recall(self, secret: bytes) -> Principal | None:
        """Say who it is."""
        return self._principal

    async def identify(self, secret: bytes) -> Principal | None:
        """Say who it is."""
        return self._principal


class Uncounted:
    """A throttle that counts no failure."""

    def __init__(self, throttle: Throttles) -> None:
        self.check = throttle.check

    def failed(self, source: str) -> None:
        """Count nothing."""


class Looking:
    """A limiter that takes nothing; `sight` is what it saw of `demands`."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self.shared = limiter.shared
        self.demands: Sequence[Demand] = ()
        self.sight = Sight()

    def take_now(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> None:
        """Have it asked with time to wait."""

    async def take(self, demands: Sequence[Demand], lease: Lease | None, holder: str) -> Grant:
        """Look; raises `RateLimited` where taking would."""
        self.demands, self.sight = demands, await self._limiter.look(demands, lease, holder)
        if self.sight.refusal is not None:
            raise self.sight.refusal
        return Grant(tuple(demands), self.sight.standings, lease, holder)

    async def peek(self, demands: Sequence[Demand], lease: Lease | None) -> None:
        """Raise `RateLimited` where not even one unit of each is left."""
        self.demands, self.sight = demands, await self._limiter.look(demands, lease, "")
        await self._limiter.peek(demands, lease)


class Estimating:
    """A ledger that holds nothing; `drawn` are the budgets it looked at, with how each stands, `amount` what was asked.

    The amount is None where it was not asked.
    """

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self.drawn: Sequence[tuple[BudgetLine, BudgetStanding]] = ()
        self.amount: int | None = None

    async def reserve(self, reservation: Reservation) -> None:
        """Look; raises `BudgetExceeded` for the first budget that is too small."""
        lines = {line.id: line for line in reservation.budgets}
        found = await self._reports.budget_standings(lines)
        self.amount = amount = reservation.amount
        self.drawn = [(line, found.get(id, BudgetStanding())) for id, line in lines.items()]
        for line, standing in self.drawn:
            if standing.spent + standing.reserved + drawn(line.id, amount) > line.limit:
                raise too_small(line, amount, standing.spent, standing.reserved)


class Voices:
    """Policies, and layers of plugins, that are asked only as far as they say: `pure`, or with an `explain` of theirs.

    `decided` is what each made of the call, `said` what it said of it. One that does not say how it is asked is
    `NOT_ASKED`. `timeout_s` is for each `explain`.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.decided: dict[str, Decided] = {}
        self.said: dict[str, str] = {}

    def stand_in(self, name: str, policy: Any) -> SimpleNamespace | None:
        """Give a policy that may be asked, None where there is nothing to ask."""
        phases = [phase for phase in ADMITTING if hasattr(policy, phase)]
        if not phases:
            return None
        asked = self.asked(name, policy, phases)
        return SimpleNamespace(**asked) if asked else None

    def asked(self, name: str, thing: Any, phases: Sequence[str]) -> dict[str, Phase]:
        """Give the phases that are run in place of its own; `explain` where the last of them would be."""
        if getattr(thing, "pure", False) is True:
            self.decided[name] = Decided.NOT_REACHED
            return {phase: self._heard(name, getattr(thing, phase)) for phase in phases}
        if hasattr(thing, "explain"):
            self.decided[name] = Decided.NOT_REACHED
            return {phases[-1]: self._heard(name, self._explaining(name, thing))}
        self.decided[name] = Decided.NOT_ASKED
        return {}

    def _heard(self, name: str, phase: Callable[[Call], Awaitable[None] | None]) -> Phase:
        async def heard(call: Call) -> None:
            self.decided[name] = Decided.REFUSES
            waiting = phase(call)
            if waiting is not None:
                await waiting
            self.decided[name] = Decided.PASSES

        return heard

    def _explaining(self, name: str, thing: Any) -> Phase:
        async def explaining(call: Call) -> None:
            async with asyncio.timeout(self._timeout_s):
                self.said[name] = str(await thing.explain(call) or "")

        return explaining
