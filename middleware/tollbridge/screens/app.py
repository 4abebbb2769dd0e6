"""The ASGI app of all screens."""

from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tollbridge.browsing import (
    THEME,
    THEMES,
    Assets,
    Languages,
    Place,
    Shield,
    field_of,
    read_form,
    root,
    set_cookie,
    way_back,
)
from tollbridge.errors import GatewayError, PluginError
from tollbridge.pagemodel import Page
from tollbridge.screens.guard import Guard
from tollbridge.screens.needs import guarded
from tollbridge.screens.pages import SHARED, Pages, framed
from tollbridge.screens.shell import Shell
from tollbridge.screens.viewing import viewer

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

T = TypeVar("T")

_A_YEAR_S = 31_536_000
_LONGEST_SEARCH = 200
_SQUEEZED = 5
"""How hard pages are compressed: 9, the default, takes 2.5 times as long for a twentieth of the bytes."""
HOME = "/"


def make_app(gateway: "Gateway") -> ASGIApp:
    """Build the app, to be mounted where its links begin with the scope's `root_path`.

    Raises `PluginError` where two screens have a page at one path.
    """
    shell = Shell(gateway)
    packages = [screen.package for screen in shell.screens]
    languages = Languages(SHARED, *packages, config=gateway.config)
    frames = {package: framed(gateway, package, languages) for package in dict.fromkeys((SHARED, *packages))}
    own = Pages(gateway, shell, frames[SHARED])
    routes, taken = list[Route](), dict[tuple[str, str], str]()
    for screen in shell.screens:
        pages = Pages(gateway, shell, frames[screen.package])
        for page in _found(screen.make)(pages):
            other = taken.setdefault((page.method, page.path), screen.name)
            if other != screen.name:
                raise PluginError(
                    f"the screens {other!r} and {screen.name!r} both have a page at {page.method} {page.path}; "
                    "disable one of their plugins with plugins.disabled"
                )
            routes.append(guarded(pages, page))
        if screen.search is not None:
            shell.searches.append(_found(screen.search)(pages))
    common = _Common(own)
    found = [Page("POST", "/theme", common.switch_theme), Page("GET", "/search", common.search)]
    found.append(Page("POST", "/language", languages.switch))
    if ("GET", HOME) not in taken:
        found.append(Page("GET", HOME, common.first))
    routes += [guarded(own, page) for page in found]
    routes.append(Route("/static/{name}", _Files([frame.assets for frame in frames.values()]).serve))
    handlers = {HTTPException: own.failed, GatewayError: own.failed}
    app = GZipMiddleware(Starlette(routes=routes, exception_handlers=handlers), compresslevel=_SQUEEZED)
    server = gateway.config.server
    guard = Guard(gateway, own.refuse)
    place = Place(server.public_url, server.prefix)
    return Shield(app, place, refuse=own.refuse, clock=gateway.clock, admit=guard.admit, languages=languages)


def _found(made: Callable[[Pages], T] | str) -> Callable[[Pages], T]:
    """Give a function that may be said by its name."""
    return resolve_name(made) if isinstance(made, str) else made


class _Files:
    """Static files of all screens: their names hold a digest of what is in them, so none is another's."""

    def __init__(self, held: Sequence[Assets]) -> None:
        self._assets = held

    async def serve(self, request: Request) -> Response:
        for assets in self._assets:
            if assets.has(request.path_params["name"]):
                return await assets.serve(request)
        raise HTTPException(404)


class _Common:
    """Pages that belong to no screen."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def switch_theme(self, request: Request) -> Response:
        """Keep the theme in a cookie and go back to the page it was asked from."""
        form = await read_form(request)
        back = field_of(form, "back")
        theme = field_of(form, "theme")
        answer = RedirectResponse(way_back(request, back), 303)
        if theme in THEMES:
            set_cookie(answer, request, THEME, theme, max_age=_A_YEAR_S)
        return answer

    async def search(self, request: Request) -> Response:
        """Show what is called as somebody typed."""
        wanted = request.query_params.get("q", "").strip()[:_LONGEST_SEARCH]
        hits = await self._pages.shell.search(request, wanted) if wanted else ()
        return self._pages.render(request, "search.html", searched=wanted, hits=hits)

    async def first(self, request: Request) -> Response:
        """Lead to the first page of the menu."""
        path = self._pages.shell.first_path(viewer(request))
        if not path:
            return await self._pages.denied(request, "")
        return RedirectResponse(f"{root(request)}{path}", 303)
