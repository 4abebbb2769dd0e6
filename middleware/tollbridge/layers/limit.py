"""The sixth link: how fast."""

from collections.abc import Awaitable, Sequence
from typing import ClassVar

import msgspec
from starlette.types import ASGIApp

from tollbridge.call import Call, Outcome, ResponseHead
from tollbridge.clock import Clock
from tollbridge.layers.layer import Layer
from tollbridge.limits.headers import limit_headers
from tollbridge.limits.limiter import Demand, Grant, Lease, Limiter, Rate
from tollbridge.limits.neighbours import neighbourhood
from tollbridge.tokens.model import Above, TokenLimits

_PUBLIC = "public:"
_LARGE = 6
"""Digits of the content length from which a body is large: 100 kB."""
_MOST_KNOWN = 1024

_NOBODY: tuple[Above, ...] = ()


class _InForce(msgspec.Struct, frozen=True, gc=False):
    """The limits of one token and of those above it: `own` and `above` with the defaults where they have none."""

    own: TokenLimits
    above: tuple[Above, ...]
    requests: tuple[Demand, ...]
    tokens: tuple[tuple[str, Rate], ...]
    lease: Lease | None


class Limit(Layer):
    """Keeps requests and tokens a minute and calls at once, for each token; on public paths for each address.

    A call counts for its token and for all above that. `defaults` hold for tokens without limits of their own. A model
    call takes the most it can use in tokens, capped at the limit itself so that a single call always fits an idle
    token, and gives back what it did not use. A call that a later layer refuses takes nothing. `share` is the number of
    workers a token's own limit is divided among where the limiter does not see them all. `tokens_only` is for calls
    that are made for others: those were counted, and hold a place. A call that borrows what another was given takes
    what is lacking there, and the other is counted however it ends.
    """

    name: ClassVar[str] = "limit"
    opens_early = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        limiter: Limiter,
        defaults: TokenLimits | None = None,
        share: int = 1,
        tokens_only: bool = False,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._share = 1 if limiter.shared else share
        self._tokens_only = tokens_only
        self._limiter = limiter
        self._defaults = defaults or TokenLimits()
        self._in_force: dict[str, _InForce] = {}

    def _demands(self, call: Call) -> tuple[list[Demand], Lease | None]:
        principal = call.principal
        if call.acting is not None:
            return [], None  # pages of the gateway: their sessions are no tokens, and a page asks several times
        if principal is None:
            own, above, key = self._defaults, _NOBODY, _PUBLIC + neighbourhood(call.client)
        else:
            own, above, key = principal.limits, principal.above, principal.id
        limits = self._in_force.get(key)
        if limits is None or limits.own is not own or (limits.above is not above and limits.above != above):
            limits = self._read(own, above, key)
        demands, lease = list(limits.requests), limits.lease
        if call.borrowed is not None:
            demands, lease = _not_in(call.borrowed, demands, lease)
        if limits.tokens and (call.operation is None or call.operation.ai):
            cost = 0 if call.estimate is None else call.estimate.input + call.estimate.output
            for owner, tokens in limits.tokens:
                depth = tokens.burst or tokens.amount
                demands.append(Demand(owner, tokens, depth if cost > depth else cost))
        return demands, lease

    def _read(self, own: TokenLimits, above: tuple[Above, ...], key: str) -> _InForce:
        """Give the limits of a token and of those above it, with the defaults in their places."""
        default, tokens_only = self._defaults, self._tokens_only
        requests: list[Demand] = []
        tokens: list[tuple[str, Rate]] = []
        leases: list[Lease] = []
        for owner, limits in ((key, own), *((each.id, each.limits) for each in above)):
            amount = self._amount(limits.requests_per_minute, default.requests_per_minute)
            if amount and not tokens_only:
                requests.append(Demand(owner, Rate("requests", amount), 1))
            if amount := self._amount(limits.tokens_per_minute, default.tokens_per_minute):
                tokens.append((owner, Rate("tokens", amount)))
            amount = self._amount(limits.concurrency, default.concurrency)
            if amount and not tokens_only:
                leases.append(Lease(owner, amount))
        lease = _joined(leases)
        if len(self._in_force) >= _MOST_KNOWN:
            self._in_force.clear()
        found = self._in_force[key] = _InForce(own, above, tuple(requests), tuple(tokens), lease)
        return found

    def _amount(self, own: int | None, default: int | None) -> int:
        """Give the limit in force here: a token's own one is shared out among workers that do not share counters."""
        if own is None:
            return default or 0
        return -(-own // self._share)

    def head(self, call: Call) -> Awaitable[None] | None:
        """Refuse before a large body is read where nothing is left at all; a small one is soon here for `body`."""
        if call.operation is None or not call.operation.ai:
            return None
        length = call.header(b"content-length")
        if length is not None and len(length) < _LARGE:
            return None
        demands, lease = self._demands(call)
        return self._limiter.peek(demands, lease) if demands or lease is not None else None

    def body(self, call: Call) -> Awaitable[None] | None:
        demands, lease = self._demands(call)
        if not demands and lease is None:
            return None
        call.grant = self._limiter.take_now(demands, lease, call.id)
        return self._take(call, demands, lease) if call.grant is None else None

    async def _take(self, call: Call, demands: Sequence[Demand], lease: Lease | None) -> None:
        call.grant = await self._limiter.take(demands, lease, call.id)

    def response_head(self, call: Call, head: ResponseHead) -> None:
        if call.grant is not None and call.grant.standings:
            head.headers += limit_headers(call.grant.standings)

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        grant = call.grant
        if grant is None:
            return
        if outcome is Outcome.REFUSED and not call.lent:
            actual = [0] * len(grant.demands)
        else:
            usage = call.usage
            used = None if usage is None else usage.total
            actual = [
                used if used is not None and demand.rate.name == "tokens" else demand.cost for demand in grant.demands
            ]
        self._limiter.settle(grant, actual)


def _not_in(given: Grant, demands: Sequence[Demand], lease: Lease | None) -> tuple[list[Demand], Lease | None]:
    """Leave out whose requests, and whose calls at once, were counted with another call."""
    counted = {demand.key for demand in given.demands if demand.rate.name == "requests"}
    places = {each.key for each in _leases(given.lease)}
    left = [each for each in _leases(lease) if each.key not in places]
    return [demand for demand in demands if demand.key not in counted], _joined(left)


def _leases(lease: Lease | None) -> tuple[Lease, ...]:
    return () if lease is None else (Lease(lease.key, lease.amount), *lease.above)


def _joined(leases: Sequence[Lease]) -> Lease | None:
    return Lease(leases[0].key, leases[0].amount, tuple(leases[1:])) if leases else None
