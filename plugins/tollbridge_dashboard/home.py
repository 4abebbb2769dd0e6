"""Home: what crosses the bridge now, and what it costs."""

import hashlib
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page
from tollbridge.screens import Pages
from tollbridge.screens.owners import owners
from tollbridge.screens.viewing import viewer
from tollbridge.screens.waits import collect_waiting
from tollbridge_dashboard.attention import is_failing
from tollbridge_dashboard.figures import RANGES, collect
from tollbridge_dashboard.panels import collect_panels
from tollbridge_dashboard.scopes import READ

_AS_OF = "x-as-of"


def make(pages: Pages) -> Sequence[Page]:
    """Give the page."""
    need = Need(READ, whole=True, elsewhere=True)
    pages.environment.globals["is_failing"] = is_failing
    return (Page("GET", "/", Home(pages).page, need),)


class Home:
    """The first page."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def page(self, request: Request) -> Response:
        """Show it, or answer 304 when nothing but the time has changed since the page the browser has."""
        gateway = self._pages.gateway
        chosen = RANGES.get(request.query_params.get("range", ""), RANGES["24h"])
        figures = await collect(gateway, chosen, self._pages.zone)
        page = self._pages.render(
            request,
            "home.html",
            nav="/",
            figures=figures,
            waits=await collect_waiting(gateway, viewer(request)),
            people=await owners(gateway, (token for _, token in figures.spenders if token)),
            ranges=RANGES.values(),
            models=gateway.models(),
            panels=await collect_panels(gateway),
        )
        as_of = self._pages.zone.second(figures.at)
        said = f'{figures.at:%H:%M:%S}Z">{as_of}</time>'.encode("ascii")
        digest = hashlib.sha256(bytes(page.body).replace(said, b"")).hexdigest()[:32]
        headers = {"etag": f'W/"{digest}"', _AS_OF: as_of}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        page.headers.update(headers)
        return page
