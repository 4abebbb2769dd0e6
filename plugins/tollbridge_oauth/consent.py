"""The authorization endpoint (RFC 6749 section 3.1): a person is asked whether a program may do what it asks for.

Nobody is sent anywhere unless the client is known and the address is one that was registered for it. The form holds
the request as it came, which is checked again in full when it comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from authlib.common.urls import add_params_to_uri
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge import Denied
from tollbridge.authorizing import CodeWish, is_own_machine
from tollbridge.browsing import field_of, read_form
from tollbridge_oauth.asking import Asked
from tollbridge_oauth.authentication import Authentication
from tollbridge_oauth.forms import Form, names_another, parameters
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.lending import Lender, Visitor, actor, consent
from tollbridge_oauth.minting import Mint
from tollbridge_oauth.pages import Pages
from tollbridge_oauth.refusals import AccessDeniedError, InvalidScopeError, InvalidTarget, OAuth2Error
from tollbridge_oauth.server import Raw, Server
from tollbridge_oauth.tokens import address_of
from tollbridge_oauth.words import said

_LONGEST_QUERY = 3_500
"""Of a request; somebody who has to sign in first comes back with it."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a program asks for, checked: where it may be answered, and by Authlib's rules."""

    asked: Asked
    server: Server
    grant: Any
    text: str

    @property
    def client(self) -> KnownClient:
        """Who asks."""
        return self.asked.known

    @property
    def redirect_uri(self) -> str:
        """Where the answer goes."""
        return self.asked.form["redirect_uri"]

    @property
    def scopes(self) -> Sequence[str]:
        """What for."""
        return tuple(self.asked.scope.split())

    def answer(self, lender: Visitor | None) -> Raw:
        """Give the answer for the program: the code that was made, or that nobody agreed."""
        raw: Raw = self.server.create_authorization_response(self.asked, grant_user=lender, grant=self.grant)
        return raw


class _Unanswerable(Exception):
    """Nobody can be sent back; `why` is a word of `pages`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _SentBack(Exception):
    """The program is answered at once."""

    def __init__(self, raw: Raw) -> None:
        super().__init__("sent back")
        self.raw = raw


class Consenting:
    """Answers for it."""

    def __init__(self, pages: Pages, authentication: Authentication, mint: Mint) -> None:
        self._pages = pages
        self._authentication = authentication
        self._mint = mint

    async def page(self, request: Request) -> Response:
        """Ask, unless nothing is new or the client is trusted."""
        try:
            wish = await self._wish(request, request.scope.get("query_string", b""))
            visitor = await self._pages.visitor(request, wish.scopes)
            if isinstance(visitor, Response):
                return visitor
            lenders = await self._lenders(wish, visitor)
            lender = _unasked(wish, lenders)
            if lender is not None:
                return await self._agree(request, wish, visitor, lender)
            return self._ask(request, wish, visitor, lenders)
        except _Unanswerable as exc:
            return self._pages.no(request, exc.why)
        except _SentBack as exc:
            return self._sent(exc.raw)

    async def decide(self, request: Request) -> Response:
        """Take the answer of the person who was asked."""
        form = await read_form(request)
        try:
            wish = await self._wish(request, field_of(form, "request").encode("utf-8", "replace"))
            visitor = await self._pages.visitor(request, wish.scopes)
            if isinstance(visitor, Response) or visitor.session.id != field_of(form, "who"):
                raise _Unanswerable("again")
            lenders = {one.team: one for one in await self._lenders(wish, visitor)}
            lender = lenders.get(field_of(form, "team"))
            if field_of(form, "answer") != "agree" or lender is None:
                raise _SentBack(wish.answer(None))
            return await self._agree(request, wish, visitor, lender)
        except _Unanswerable as exc:
            return self._pages.no(request, exc.why)
        except _SentBack as exc:
            return self._sent(exc.raw)

    async def _wish(self, request: Request, query: bytes) -> Wish:
        """Check what a program asks for; raises `_Unanswerable`, or `_SentBack` with what it did wrong."""
        form = _read(query)
        client = await self._client(request, form)
        if "redirect_uri" not in form or not client.check_redirect_uri(form["redirect_uri"]):
            raise _Unanswerable("redirect")
        kind = "code" if form.get("response_type") == "code" else "another than code"
        asked = Asked(
            {**form, "response_type": kind}, client, self._pages.gateway, address=address_of(request), method="GET"
        )
        server = Server(client, self._mint)
        try:
            grant = server.get_consent_grant(asked)
            if names_another(form, self._mint.issuer):
                raise InvalidTarget(redirect_uri=form["redirect_uri"], state=form.get("state"))
        except OAuth2Error as exc:
            raise _SentBack(server.handle_error_response(asked, exc)) from exc
        return Wish(asked, server, grant, query.decode("ascii"))

    async def _client(self, request: Request, form: Form) -> KnownClient:
        try:
            client = await self._authentication.find(form.get("client_id", ""), address_of(request))
        except OAuth2Error:
            client = None
        if client is None:
            raise _Unanswerable("client")
        return client

    async def _lenders(self, wish: Wish, visitor: Visitor) -> Sequence[Lender]:
        """Give who can lend all of it; raises `_SentBack` where nobody can."""
        lenders = await self._pages.lending.lenders(visitor, wish.client, wish.scopes)
        if not lenders:
            why = InvalidScopeError("this person may not do all of that", redirect_uri=wish.redirect_uri)
            raise _SentBack(self._error(wish, why))
        return lenders

    def _ask(self, request: Request, wish: Wish, visitor: Visitor, lenders: Sequence[Lender]) -> Response:
        return self._pages.render(
            request,
            "consent.html",
            back_to=wish.redirect_uri,
            client=wish.client.client,
            target=wish.redirect_uri,
            asked=said(wish.scopes),
            lenders=lenders,
            visitor=visitor,
            text=wish.text,
        )

    async def _agree(self, request: Request, wish: Wish, visitor: Visitor, lender: Lender) -> Response:
        gateway = self._pages.gateway
        code_wish = CodeWish(
            redirect_uri=wish.redirect_uri,
            challenge=wish.asked.form["code_challenge"],
            confirmed_at=visitor.session.confirmed_at,
            lasts_s=gateway.config.oauth.code_s,
        )
        lent = consent(lender, wish.client, wish.scopes)
        try:
            wish.asked.code = await gateway.grants.authorize(lent, code_wish, by=actor(request, visitor))
        except Denied:
            why = AccessDeniedError("an administrator switched this off", redirect_uri=wish.redirect_uri)
            return self._sent(self._error(wish, why))
        return self._sent(wish.answer(visitor))

    def _error(self, wish: Wish, error: OAuth2Error) -> Raw:
        error.state = wish.asked.form.get("state")
        raw: Raw = wish.server.handle_error_response(wish.asked, error)
        return raw

    def _sent(self, raw: Raw) -> Response:
        """Send somebody back, with who answers (RFC 9207); by 303, so that no form goes with them (RFC 9700, 4.12)."""
        target = dict(raw[2])["Location"]
        return RedirectResponse(add_params_to_uri(target, {"iss": self._mint.issuer}), 303)


def _read(query: bytes) -> Form:
    if len(query) > _LONGEST_QUERY:
        raise _Unanswerable("request")
    try:
        return parameters(query)
    except OAuth2Error:
        raise _Unanswerable("request") from None


def _unasked(wish: Wish, lenders: Sequence[Lender]) -> Lender | None:
    """Give who lends without being asked: what is known already, or a client that is trusted.

    A program on somebody's own machine is always asked for: any other can stand in its place (RFC 8252 section 8.6).
    """
    if is_own_machine(wish.redirect_uri):
        return None
    known = lenders if wish.client.client.rules.trusted else [one for one in lenders if one.remembered]
    return known[0] if len(known) == 1 else None
