"""What the pages share: how they are rendered, and who may see them."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tollbridge import Gateway, GatewayError
from tollbridge.browsing import Renderer, here, policy, sign_in_path
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge_oauth.addresses import PATH
from tollbridge_oauth.answers import waiting
from tollbridge_oauth.lending import Lending, Visitor

_WHY = {
    "client": N_("The program that sent you here is not known, or has ended."),
    "redirect": N_("The program that sent you here wants you to go back to an address that is not registered for it."),
    "request": N_("The program that sent you here asked in a way that cannot be understood."),
    "operator": N_("You came by the operator's link. What you let a program do is lent by a person: sign in as one."),
    "again": N_("This page was made for somebody else, or a while ago. Begin again in the program."),
}


class Pages:
    """The pages of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.lending = Lending(gateway)
        self._renderer = Renderer("tollbridge_oauth", gateway.clock, mount=PATH, config=gateway.config)
        self.assets, self.languages = self._renderer.assets, self._renderer.languages

    def render(
        self, request: Request, template: str, /, *, status: int = 200, back_to: str = "", **context: Any
    ) -> HTMLResponse:
        """Render a template; the answer to its form may lead to the origin of `back_to`."""
        page = self._renderer.render(request, template, status=status, **context)
        page.headers["content-security-policy"] = policy(_origins(back_to))
        return page

    def no(self, request: Request, why: str) -> Response:
        """Say why nobody is sent back; never a redirect (RFC 6749 section 4.1.2.1)."""
        sign_in = sign_in_path(request, here(request)) if why == "operator" else ""
        return self.render(request, "cannot.html", status=400, why=_(_WHY[why]), sign_in=sign_in)

    async def refuse(self, request: Request, status: int) -> Response:
        """Make the page of a refusal before any page was reached."""
        return self.render(request, "refused.html", status=status, code=status)

    async def failed(self, request: Request, exc: Exception) -> Response:
        """Make the page of an error, and say when to try again where that is known."""
        code: int = exc.status_code if isinstance(exc, HTTPException) else getattr(exc, "status", 500)
        page = self.render(request, "refused.html", status=code, code=code)
        told = waiting(exc) if isinstance(exc, GatewayError) else getattr(exc, "headers", None)
        page.headers.update(told or {})
        return page

    async def visitor(self, request: Request, scopes: Sequence[str] = ()) -> Visitor | Response:
        """Give the person in the browser, or the answer to one who must first sign in.

        Who is to lend what others may do must have proved who they are lately.
        """
        session = await self.lending.session(request)
        if session is None:
            return RedirectResponse(sign_in_path(request, here(request)), 303)
        grave = any(scope.startswith("admin:") for scope in scopes)
        if grave and not self.gateway.sessions.is_confirmed(session):
            return RedirectResponse(sign_in_path(request, here(request), again=True), 303)
        return await self.lending.visitor(session) or self.no(request, "operator")


def _origins(url: str) -> Sequence[str]:
    """Give the source that a policy allows for a URL; an IPv6 address cannot stand in one, so its scheme does."""
    if not url:
        return ()
    parts = urlsplit(url)
    return (f"{parts.scheme}:",) if "[" in parts.netloc else (f"{parts.scheme}://{parts.netloc}",)
