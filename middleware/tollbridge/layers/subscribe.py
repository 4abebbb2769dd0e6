"""The link behind `authorize`: of a published service, whether the caller may have it, and what it says of its end."""

from collections.abc import Awaitable
from email.utils import format_datetime
from typing import ClassVar

from msgspec.structs import replace
from starlette.types import ASGIApp

from tollbridge.call import Call, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import Unauthenticated, Unavailable
from tollbridge.layers.layer import Layer
from tollbridge.services.admitting import Subscriptions, terms_of
from tollbridge.services.entrance import PREFIX, VERSION, Entered
from tollbridge.services.model import Design, Service
from tollbridge.tokens.model import Above, TokenLimits

_NO_LIMITS = TokenLimits()


class Subscribe(Layer):
    """Refuses what leads to no service that serves, and who has no subscription where one is needed.

    It stands where the caller is known to be one who may be told. Limits and budget of the plan, and what bounds all
    callers of the service together, stand above the caller from then on: they hold as a team's do. Its quota and its
    models are looked at where calls are counted, and where the service asks a model.
    Answers say which version answered, and of a service that is to end since when (`Deprecation`, RFC 9745), when
    (`Sunset`, RFC 8594) and what takes its place (`Link`, RFC 5829).
    """

    name: ClassVar[str] = "subscribe"
    needs: ClassVar[tuple[str, ...]] = ("authorize",)

    def __init__(self, app: ASGIApp, *, subscriptions: Subscriptions | None = None, clock: Clock | None = None) -> None:
        super().__init__(app, clock=clock)
        self._subscriptions = subscriptions

    def head(self, call: Call) -> Awaitable[None] | None:
        return None if call.entered is None else self._enter(call, call.entered)

    def body(self, call: Call) -> Awaitable[None] | None:
        """Do for a service that is called as a model, which only its body says, what `head` does for one by path."""
        entered = call.entered
        return None if entered is None or entered.spoken is None else self._enter(call, entered)

    def _enter(self, call: Call, entered: Entered) -> Awaitable[None] | None:
        if entered.refusal is not None and not isinstance(entered.refusal, Unavailable):
            raise entered.refusal
        if call.public or entered.service is None or entered.live is None:
            return None
        return self._let_in(call, entered, entered.service, entered.live.design)

    async def _let_in(self, call: Call, entered: Entered, service: Service, design: Design) -> None:
        principal = call.principal
        if principal is None:
            raise Unauthenticated()
        above = []
        entered.terms = subscribed = await terms_of(self._subscriptions, principal, service, design.access)
        if subscribed is not None:
            if subscribed.price_per_call is not None:
                call.call_price = subscribed.price_per_call
            if subscribed.limits != _NO_LIMITS or subscribed.budget is not None:
                above.append(Above(subscribed.id, subscribed.limits, subscribed.budget))
        if design.limits != _NO_LIMITS or design.budget is not None:
            above.append(Above(service.id, design.limits, design.budget))
        if above:
            call.principal = replace(principal, above=(*principal.above, *above))

    def response_head(self, call: Call, head: ResponseHead) -> None:
        entered = call.entered
        if entered is None or entered.live is None or entered.service is None:
            return
        head.set(VERSION, entered.live.release.version.encode("ascii"))
        service = entered.service
        if service.deprecated_at is None:
            return
        head.set(b"deprecation", b"@%d" % int(service.deprecated_at.timestamp()))
        if service.sunset_at is not None:
            head.set(b"sunset", format_datetime(service.sunset_at, usegmt=True).encode("ascii"))
        if service.successor:
            head.headers.append((b"link", f'<{PREFIX}{service.successor}>; rel="successor-version"'.encode("ascii")))
