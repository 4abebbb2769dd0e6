"""What each page needs of whoever looks at it, and what they get where they lack it."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tollbridge.browsing import read_form, root, sign_in_path
from tollbridge.errors import GatewayError
from tollbridge.faults import told
from tollbridge.pagemodel import Page
from tollbridge.redaction import is_secret_name
from tollbridge.screens.viewing import viewer

if TYPE_CHECKING:
    from tollbridge.screens.pages import Pages

_LONGEST_QUERY = 3000

log = structlog.get_logger("tollbridge")


def guarded(pages: "Pages", page: Page) -> Route:
    """Give a page as a route that looks at what it needs first."""
    need = page.need

    async def answer(request: Request) -> Response:
        who = viewer(request)
        if not who.may(need):
            path = pages.shell.first_path(who) if need.elsewhere else ""
            if path:
                return RedirectResponse(f"{root(request)}{path}", 303)
            return await pages.denied(request, need.scope)
        if need.proved and not pages.gateway.sessions.is_confirmed(who.session):
            return RedirectResponse(sign_in_path(request, await _back(request), again=True), 303)
        if request.headers.get("sec-fetch-dest", "document") == "document":  # what a script asks for has no menu
            await pages.shell.count(request)
        try:
            return await page.show(request)
        except (GatewayError, HTTPException):
            raise
        except Exception as exc:
            log.error("page_failed", page=page.path, **told(exc))
            return await pages.failed(request, exc)

    return Route(page.path, answer, methods=[page.method])


async def _back(request: Request) -> str:
    """Give the address that shows this page again, with what was typed into its form, but for what is secret."""
    path: str = request.scope["path"]
    query = request.url.query
    if request.method == "POST":
        typed = await read_form(request)
        query = urlencode({name: said for name, said in typed.items() if not is_secret_name(name)}, doseq=True)
    return f"{path}?{query}" if query and len(query) <= _LONGEST_QUERY else path
