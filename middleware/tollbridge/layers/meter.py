"""The seventh link: the toll.  Reserved before the call, settled after it, exactly once, however it ended."""

from collections.abc import Awaitable
from typing import ClassVar

from starlette.types import ASGIApp

from tollbridge.applications.model import application_of
from tollbridge.call import Call, Estimate, Outcome, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import QuotaExceeded, RateLimited, TokenEnded, Unavailable, Unpriced
from tollbridge.layers.layer import Layer
from tollbridge.metering.budgets import Budgets, quota_line
from tollbridge.metering.ledger import Reservation, UsageRow
from tollbridge.metering.prices import Price, PriceBook
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.money import show_usd
from tollbridge.providers import Target
from tollbridge.stores.base import HotStore

_BYTES_PER_TOKEN = 4


class Meter(Layer):
    """Reserves the most a call can cost on every budget it draws on, and settles what it did cost.

    A call under a plan with a quota takes one of that, and gives it back where it is refused behind here. One that
    needs no token costs nobody anything; of a published service it is recorded, as one of no token.
    `unpriced` says what happens to a model without a price: `guard` refuses it where a budget applies, `allow` lets it
    pass and records it as unpriced, `refuse` always refuses. `call_price` is what one call of the wrapped app costs, in
    nano-dollars. `longest_s` is the longest a call can run: its reservation is charged in full after that.
    """

    name: ClassVar[str] = "meter"

    def __init__(
        self,
        app: ASGIApp,
        *,
        ledger: HotStore,
        prices: PriceBook | None = None,
        budgets: Budgets | None = None,
        unpriced: str = "guard",
        call_price: int = 0,
        longest_s: float = 960.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._ledger = ledger
        self._prices = prices or PriceBook((), {})
        self._budgets = budgets or Budgets()
        self._unpriced = unpriced
        self._call_price = call_price
        self._longest_s = longest_s

    def price_of(self, call: Call, target: Target) -> Price | None:
        """Find the price of a target: the public name's own, else the provider's."""
        return self._prices.find(target.provider.price_id, target.model, call.received, alias=call.model or "")

    def body(self, call: Call) -> Awaitable[None] | None:
        operation = call.operation
        if operation is not None and (operation.lists_models or operation.modelless):
            return None
        budgets = self._budgets.lines(call)
        amount = self._price(call)
        if operation is not None and operation.ai and call.estimate is not None:
            prices = [self.price_of(call, target) for target in call.targets]
            call.price = price = prices[0] if prices else None
            if None in prices and (self._unpriced == "refuse" or (self._unpriced == "guard" and budgets)):
                raise Unpriced(
                    f"the model {call.model!r} has no known price, and calls without one are refused here; "
                    "ask the operator to set its price",
                    param="model",
                )
            estimate = call.estimate
            if price is not None and len(prices) == 1:
                amount = price.bound(estimate.input, estimate.output)
            else:
                amount = max((p.bound(estimate.input, estimate.output) for p in prices if p is not None), default=0)
        else:
            quota = quota_line(call)
            if call.public or not (amount or quota):
                return None  # there is nobody to charge a public path to
            budgets = (*(budgets if amount else ()), *(() if quota is None else (quota,)))
        principal = call.principal
        reservation = Reservation(
            call.id, principal.id if principal is not None else "", amount, budgets, self.clock.time() + self._longest_s
        )
        return self._reserve(call, reservation)

    def _price(self, call: Call) -> int:
        return self._call_price if call.call_price is None else call.call_price

    async def _reserve(self, call: Call, reservation: Reservation) -> None:
        try:
            await self._ledger.reserve(reservation)
        except QuotaExceeded as exc:
            exc.retry_after_s = exc.ends_s - self.clock.time()
            raise
        call.reservation = reservation

    def response_head(self, call: Call, head: ResponseHead) -> None:
        if call.usage is not None and call.usage_source is UsageSource.PROVIDER and call.price is not None:
            call.cost = call.price.cost(call.usage)
            call.costed = call.usage
            head.headers.append((b"x-tollbridge-cost-usd", show_usd(call.cost).encode("ascii")))

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        operation = call.operation
        principal, reservation = call.principal, call.reservation
        if reservation is None and (isinstance(call.error, RateLimited) or not _counts(call)):
            return  # a caller who is unknown or too fast must not make the ledger work
        if operation is not None and operation.lists_models:
            return
        self._charge(call, outcome)
        self._ledger.post(self._row(call, outcome), reservation)
        if principal is not None:
            used_for = call.model or ("" if operation is None else operation.scope)
            self._ledger.touch(principal.id, call.received, call.client, used_for)

    def _charge(self, call: Call, outcome: Outcome) -> None:
        """Settle on a usage and a cost: reported, else estimated from what passed, else the reservation."""
        operation, reservation = call.operation, call.reservation
        if operation is None or not operation.ai:
            call.cost = 0 if outcome is Outcome.REFUSED or call.public else self._price(call)
            return
        answered = call.status == 200 or call.first_byte_s is not None
        cut = outcome is Outcome.TRUNCATED and isinstance(call.error, Unavailable)  # by us: the provider may charge
        failed = call.status >= 400 and not cut and not isinstance(call.error, TokenEnded)
        if reservation is None or call.target is None or not call.reached or failed:
            call.usage_source, call.cost = UsageSource.NONE, 0
            return
        if call.usage is not None and (outcome is Outcome.COMPLETE or call.usage.output_total):
            call.usage_source = UsageSource.PROVIDER
        elif answered and call.reader is not None and call.reader.pieces:
            call.usage_source, call.usage = UsageSource.ESTIMATED, estimated(call)
        else:
            call.usage_source = UsageSource.RESERVED
        if call.usage is None or call.usage_source is UsageSource.RESERVED:
            call.cost = reservation.amount if call.price is not None else None
        elif call.price is not None and call.costed is not call.usage:
            cost = call.price.cost(call.usage)
            reported = call.usage_source is UsageSource.PROVIDER
            call.cost = cost if reported else min(cost, reservation.amount)

    def _row(self, call: Call, outcome: Outcome) -> UsageRow:
        operation, target, principal, dialect = call.operation, call.target, call.principal, call.dialect
        first, price, error = call.first_byte_s, call.price, call.error
        return UsageRow(
            call_id=call.id,
            at=call.received,
            token_id=principal.id if principal is not None else "",
            team=principal.team if principal is not None else "",
            service=call.service,
            operation=operation.scope if operation is not None else "",
            dialect=dialect.name if dialect is not None else "",
            provider=target.provider.name if target is not None else "",
            model=call.model or "",
            model_used=target.model if target is not None else "",
            outcome=outcome._value_,
            status=call.status,
            error=error.code if error is not None else "",
            stream=call.stream,
            usage=call.usage or _NOTHING,
            usage_source=call.usage_source or UsageSource.NONE,
            cost=call.cost,
            price_id=price.id if price is not None else "",
            duration_ms=int(call.duration_s * 1000),
            first_byte_ms=None if first is None else int(first * 1000),
            bytes_in=call.bytes_in,
            bytes_out=call.bytes_out,
            parent=call.parent,
            application=application_of(principal) if principal is not None else "",
            release=call.release,
        )


_NOTHING = Usage()


def _counts(call: Call) -> bool:
    """Whether a call is somebody's, or of a service that lets everybody call: what a browser asks before is none."""
    return call.principal is not None or (call.public and bool(call.release) and call.method != "OPTIONS")


def estimated(call: Call) -> Usage:
    """Count what passed where the provider did not say: a token a piece of output, one for four bytes of input.

    Never more than the call's estimate.
    """
    bound = call.estimate or Estimate(0, 0)
    pieces = call.reader.pieces if call.reader is not None else 0
    return Usage(input=-(-bound.input // _BYTES_PER_TOKEN), output=min(pieces, bound.output))
