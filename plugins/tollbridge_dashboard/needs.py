"""What each page needs of whoever looks at it, in one table, and what they get where they lack it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tollbridge.browsing import read_form, root, sign_in_path
from tollbridge_dashboard.home import Home
from tollbridge_dashboard.pages import Pages
from tollbridge_dashboard.token_making import TokenMaking
from tollbridge_dashboard.tokens import Tokens
from tollbridge_dashboard.viewing import BRIDGE, READ, WRITE, viewer

_LONGEST_QUERY = 3000

Page = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Need:
    """A scope, in some team or, where it is `whole`, in the whole bridge; `proved`: by who showed so lately.

    Whoever has the scope in a team alone is led to the page `instead`, if there is one.
    """

    scope: str = ""
    whole: bool = False
    proved: bool = False
    instead: str = ""


def routes(pages: Pages) -> list[Route]:
    """Give the pages, each with what it needs."""
    home, tokens, making = Home(pages), Tokens(pages), TokenMaking(pages)
    sees, makes = Need(READ), Need(WRITE, proved=True)
    table: tuple[tuple[str, str, Page, Need], ...] = (
        ("GET", "/", home.page, Need(READ, whole=True, instead="/tokens")),
        ("POST", "/theme", pages.switch_theme, Need()),
        ("GET", "/tokens", tokens.page, sees),
        ("GET", "/tokens/new", making.form, makes),
        ("POST", "/tokens/new", making.create, makes),
        ("GET", "/tokens/{id}/revoke", tokens.ask, makes),
        ("POST", "/tokens/{id}/revoke", tokens.revoke, makes),
        ("GET", "/tokens/{id}/used", tokens.used, sees),
    )
    return [Route(path, _needing(pages, page, need), methods=[method]) for method, path, page, need in table]


def _needing(pages: Pages, page: Page, need: Need) -> Page:
    async def answer(request: Request) -> Response:
        who = viewer(request)
        if need.scope:
            teams = who.teams(need.scope)
            if need.whole and teams and BRIDGE not in teams and need.instead:
                return RedirectResponse(f"{root(request)}{need.instead}", 303)
            if not teams or (need.whole and BRIDGE not in teams):
                return await pages.denied(request, need.scope)
        if need.proved and not pages.gateway.sessions.is_confirmed(who.session):
            return RedirectResponse(sign_in_path(request, await _back(request), again=True), 303)
        return await page(request)

    return answer


async def _back(request: Request) -> str:
    """Give the address that shows this page again, with what was typed into its form."""
    path: str = request.scope["path"]
    query = request.url.query
    if request.method == "POST":
        query = urlencode(await read_form(request), doseq=True)
    return f"{path}?{query}" if query and len(query) <= _LONGEST_QUERY else path
