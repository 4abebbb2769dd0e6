"""The page to sign in at: by password, by the operator's link; and signing out."""

import asyncio
from weakref import WeakValueDictionary

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge import GatewayError
from tollbridge.browsing import SESSION, field_of, read_cookie, read_form, root, set_cookie, way_back
from tollbridge.people.model import Person
from tollbridge.sessions import Session
from tollbridge_signin import PATH
from tollbridge_signin.door import Door
from tollbridge_signin.pages import Pages, actor, client_of
from tollbridge_signin.refusals import SignInRefused, Why
from tollbridge_signin.ways import Ways

BY_LINK, BY_PASSWORD = "link", "password"
"""How somebody came, as their session says it."""
_LONGEST_EMAIL = 254
_NOBODY = "?"
log = structlog.get_logger("tollbridge")


class Entering:
    """The pages at the door."""

    def __init__(self, pages: Pages, door: Door, ways: Ways) -> None:
        self._pages = pages
        self._door = door
        self._ways = ways
        self._gateway = pages.gateway
        self._trying: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def page(self, request: Request) -> Response:
        """Show the ways in.  A link that is merely looked at, by a mail scanner say, is not used up."""
        code = request.query_params.get("code", "")
        if not code:
            return await self._show(request, request.query_params.get("next", ""))
        known = self._door.knows_code(code)
        back = request.query_params.get("next", "")
        return self._link_page(request, code if known else "", back)

    async def enter(self, request: Request) -> Response:
        """Take a code or a password, and begin a session."""
        form = await read_form(request)
        back = field_of(form, "next")
        if "code" in form:
            if not self._door.use_code(field_of(form, "code")):
                return self._link_page(request, "", back)
            return await self._pages.enter(request, "", BY_LINK, back)
        email = field_of(form, "email")[:_LONGEST_EMAIL].strip()
        asked_at = self._gateway.clock.now()
        try:
            person = await self.check_password(request, email, field_of(form, "password"))
        except SignInRefused as exc:
            return await self._show(request, back, email=email, refused=exc)
        return await self._pages.enter(request, person.id, BY_PASSWORD, back, asked_at=asked_at)

    async def check_password(self, request: Request, email: str, password: str, *, why: Why = Why.PASSWORD) -> Person:
        """Find who has this address and password; raises `SignInRefused`, with `why`, and counts what is wrong."""
        throttle, client, account = self._gateway.throttle, client_of(request), email.casefold() or _NOBODY
        if not self._gateway.config.signin.passwords:
            raise SignInRefused(why)
        async with self._trying.setdefault(account, asyncio.Lock()):  # else many tries at once would all be let through
            try:
                throttle.check(client, account)
            except GatewayError as exc:
                raise SignInRefused(Why.WAIT, wait_s=exc.retry_after_s or 0.0) from exc
            person = await self._gateway.people.check_password(email, password)
            if person is None:
                throttle.failed(client, account)
                log.warning("sign_in_refused", reason="password", client=client)
                raise SignInRefused(why)
        return person

    async def leave(self, request: Request) -> Response:
        """End the session; its cookie is worth nothing from now on."""
        session = await self._pages.session(request)
        if session is not None:
            await self._gateway.sessions.end(read_cookie(request, SESSION), by=actor(request, session))
        answer = RedirectResponse(f"{root(request)}{PATH}?out", 303)
        set_cookie(answer, request, SESSION, "", max_age=0)
        return answer

    def _link_page(self, request: Request, code: str, back: str) -> Response:
        status = 200 if code else 401
        return self._pages.render(request, "link.html", status=status, code=code, back=way_back(request, back))

    async def _show(
        self, request: Request, back: str, *, email: str = "", refused: SignInRefused | None = None
    ) -> Response:
        session: Session | None = await self._pages.session(request)
        return self._pages.render(
            request,
            "sign_in.html",
            refused=refused,
            back=way_back(request, back),
            email=email,
            left="out" in request.query_params,
            session=session,
            person=await self._pages.person(session),
            providers=self._ways.providers,
            passwords=await self._ways.have_passwords(),
        )
