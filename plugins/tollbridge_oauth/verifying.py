"""The page at which a person types the code that a device shows (RFC 8628 section 3.3).

Whoever guesses has few tries: there are 20^8 codes, and failures count against who is signed in and where.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Denied
from tollbridge.authorizing import Device
from tollbridge.browsing import field_of, read_form
from tollbridge_oauth.authentication import Authentication
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.lending import Lender, Visitor, actor, consent
from tollbridge_oauth.pages import Pages
from tollbridge_oauth.refusals import OAuth2Error
from tollbridge_oauth.tokens import address_of
from tollbridge_oauth.words import said

_HALF = 4


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that waits, its client, and who can lend to it what it asks for."""

    device: Device
    client: KnownClient
    lenders: Sequence[Lender]

    @property
    def shown(self) -> str:
        """The code as the device shows it."""
        code = self.device.user_code
        return f"{code[:_HALF]}-{code[_HALF:]}"


class Verifying:
    """Answers for it."""

    def __init__(self, pages: Pages, authentication: Authentication) -> None:
        self._pages = pages
        self._authentication = authentication

    async def page(self, request: Request) -> Response:
        """Take a code, or say what a device asks for."""
        visitor = await self._pages.visitor(request)
        if isinstance(visitor, Response):
            return visitor
        typed = request.query_params.get("user_code", "")
        if not typed:
            return self._pages.render(request, "device.html", wrong=False)
        waiting = await self._waiting(request, visitor, typed)
        if waiting is None:
            return self._pages.render(request, "device.html", status=404, wrong=True)
        proved = await self._pages.visitor(request, waiting.device.lent.scopes)
        if isinstance(proved, Response):
            return proved
        return self._pages.render(
            request,
            "device_consent.html",
            client=waiting.client.client,
            shown=waiting.shown,
            asked=said(waiting.device.lent.scopes),
            lenders=waiting.lenders,
            visitor=visitor,
        )

    async def decide(self, request: Request) -> Response:
        """Take the answer."""
        form = await read_form(request)
        visitor = await self._pages.visitor(request)
        if isinstance(visitor, Response):
            return visitor
        if visitor.session.id != field_of(form, "who"):
            return self._pages.no(request, "again")
        waiting = await self._waiting(request, visitor, field_of(form, "user_code"))
        if waiting is None:
            return self._pages.render(request, "device.html", status=404, wrong=True)
        lender = {one.team: one for one in waiting.lenders}.get(field_of(form, "team"))
        proved = await self._pages.visitor(request, waiting.device.lent.scopes)
        if isinstance(proved, Response):
            return proved
        agrees = field_of(form, "answer") == "agree" and lender is not None
        done = await self._decided(request, visitor, waiting, lender if agrees else None)
        return self._pages.render(request, "device_done.html", agreed=agrees and done, client=waiting.client.client)

    async def _waiting(self, request: Request, visitor: Visitor, typed: str) -> Waiting | None:
        gateway, address, account = self._pages.gateway, address_of(request), f"device {visitor.person.id}"
        gateway.throttle.check(address, account)
        device = await gateway.grants.find_device(typed)
        if device is None:
            gateway.throttle.failed(address, account)
            return None
        try:
            client = await self._authentication.find(device.lent.client_id, address)
        except OAuth2Error:
            client = None
        if client is None:
            return None
        return Waiting(device, client, await self._pages.lending.lenders(visitor, client, device.lent.scopes))

    async def _decided(self, request: Request, visitor: Visitor, waiting: Waiting, lender: Lender | None) -> bool:
        scopes = waiting.device.lent.scopes
        lent = None if lender is None else consent(lender, waiting.client, scopes)
        by, confirmed_at = actor(request, visitor), visitor.session.confirmed_at
        grants = self._pages.gateway.grants
        try:
            return await grants.decide_device(waiting.device, lent, confirmed_at=confirmed_at, by=by)
        except Denied:
            await grants.decide_device(waiting.device, None, by=by)
            return False
