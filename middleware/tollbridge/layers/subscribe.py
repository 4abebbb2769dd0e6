"""The link behind `authorize`: of a published service, whether the caller may have it, and what it says of its end."""

from collections.abc import Awaitable, Iterator
from email.utils import format_datetime
from typing import ClassVar

from msgspec.structs import replace
from starlette.types import ASGIApp

from tollbridge.call import Call, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import Unauthenticated, Unavailable
from tollbridge.layers.layer import Layer
from tollbridge.services.admitting import Subscriptions, has_subscription, terms_of
from tollbridge.services.book import Live
from tollbridge.services.entrance import PREFIX, VERSION, Entered, no_service
from tollbridge.services.model import Design, Service
from tollbridge.tokens.model import Above, TokenLimits

_NO_LIMITS = TokenLimits()


class Subscribe(Layer):
    """Refuses what leads to no service that serves, and who has no subscription where one is needed.

    It stands where the caller is known to be one who may be told. Limits and budget of the plan, and what bounds all
    callers of the service together, stand above the caller from then on: they hold as a team's do. Its quota and its
    models are looked at where calls are counted, and where the service asks a model.
    Answers, and refusals from here on, say which version answered, and of a service that is to end since when
    (`Deprecation`, RFC 9745), when (`Sunset`, RFC 8594) and what takes its place (`Link`, RFC 5829).
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
        if call.public or not entered.is_hidden_from(call.principal):
            return self._tell(call, entered)
        return self._uncover(call, entered)

    async def _uncover(self, call: Call, entered: Entered) -> None:
        """Go on for who subscribed to a hidden service; everybody else is refused as where there is none."""
        if not await has_subscription(self._subscriptions, call.principal, entered.service):
            entered.live = entered.asked = None
            raise no_service(call.service)
        waiting = self._tell(call, entered)
        if waiting is not None:
            await waiting

    def _tell(self, call: Call, entered: Entered) -> Awaitable[None] | None:
        release = entered.live or entered.asked
        if release is not None and entered.service is not None:
            entered.refused = (*entered.refused, *_said(entered.service, release))
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
        if entered.spoken is None and "@" not in entered.root:
            _vary(head)
        for name, value in _said(entered.service, entered.live):
            if name == b"link":
                head.headers.append((name, value))
            else:
                head.set(name, value)


def _said(service: Service, live: Live) -> Iterator[tuple[bytes, bytes]]:
    """Give the headers that say which version answers, and what becomes of the service."""
    yield VERSION, live.release.version.encode("ascii")
    if service.deprecated_at is None:
        return
    yield b"deprecation", b"@%d" % int(service.deprecated_at.timestamp())
    if service.sunset_at is not None:
        yield b"sunset", format_datetime(service.sunset_at, usegmt=True).encode("ascii")
    if service.successor:
        yield b"link", f'<{PREFIX}{service.successor}>; rel="successor-version"'.encode("ascii")


def _vary(head: ResponseHead) -> None:
    """Say that another version may answer who asks for one in a header, where the path names none."""
    named = b",".join(value for name, value in head.headers if name.lower() == b"vary").lower()
    if VERSION not in named and b"*" not in named:
        head.headers.append((b"vary", VERSION))
