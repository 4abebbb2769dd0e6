"""Proving again who one is, before something sensitive."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tollbridge.browsing import field_of, read_form, sign_in_path, way_back
from tollbridge_signin.entering import BY_PASSWORD, Entering
from tollbridge_signin.pages import Pages
from tollbridge_signin.refusals import SignInRefused, Why
from tollbridge_signin.ways import Ways


class Again:
    """The page for it: each may do so by any way that is theirs."""

    def __init__(self, pages: Pages, entering: Entering, ways: Ways) -> None:
        self._pages = pages
        self._entering = entering
        self._ways = ways

    async def page(self, request: Request) -> Response:
        """Show the ways."""
        return await self._show(request, request.query_params.get("next", ""))

    async def prove(self, request: Request) -> Response:
        """Take the password of whoever is signed in."""
        form = await read_form(request)
        back = field_of(form, "next")
        session = await self._pages.session(request)
        person = await self._pages.person(session)
        if session is None or person is None:
            return RedirectResponse(sign_in_path(request, way_back(request, back)), 303)
        asked_at = self._pages.gateway.clock.now()
        try:
            await self._entering.check_password(request, person.email, field_of(form, "password"), why=Why.OWN)
        except SignInRefused as exc:
            return await self._show(request, back, refused=exc)
        return await self._pages.enter(request, person.id, BY_PASSWORD, back, asked_at=asked_at)

    async def _show(self, request: Request, back: str, *, refused: SignInRefused | None = None) -> Response:
        session = await self._pages.session(request)
        back = way_back(request, back)
        if session is None:
            return RedirectResponse(sign_in_path(request, back), 303)
        person = await self._pages.person(session)
        allowed = self._pages.gateway.config.signin.passwords
        return self._pages.render(
            request,
            "again.html",
            refused=refused,
            back=back,
            person=person,
            providers=self._ways.providers if person is not None else (),
            has_password=person is not None and person.has_password and allowed,
        )
