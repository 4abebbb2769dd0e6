"""Rendering: what every page shows, refusals, and the way from a form to the admin API."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tollbridge.browsing import Languages, Renderer, root
from tollbridge.errors import GatewayError
from tollbridge.screens import cells, charts, rowhtml, words
from tollbridge.screens.asking import Asking, Refused
from tollbridge.screens.budgets import level
from tollbridge.screens.forms import sentence
from tollbridge.screens.shell import Shell
from tollbridge.screens.viewing import client_of, seen, viewer
from tollbridge.screens.waits import collect_waiting

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

SHARED = "tollbridge.screens"


def framed(gateway: "Gateway", package: str, languages: Languages) -> Renderer:
    """Make what renders the templates of a package within the frame."""
    also = () if package == SHARED else (SHARED,)
    renderer = Renderer(package, gateway.clock, also=also, config=gateway.config, languages=languages)
    renderer.templates.filters["shell_json"] = _shell_json
    renderer.templates.globals.update(cells=cells, charts=charts, rowhtml=rowhtml, words=words, level=level)
    return renderer


class Pages:
    """Renders the pages of one screen; all screens of a package share its `renderer`, and so `environment`."""

    def __init__(self, gateway: "Gateway", shell: Shell, renderer: Renderer) -> None:
        self.gateway = gateway
        self.shell = shell
        self._renderer = renderer
        self.zone = renderer.zone
        self.environment = renderer.templates

    def render(
        self, request: Request, template: str, /, *, status: int = 200, nav: str = "", **context: Any
    ) -> HTMLResponse:
        """Render a template for whoever looks; `nav` is the path of the menu's entry that this page is under."""
        who = seen(request)
        menu = self.shell.menu(who) if who is not None else ()
        return self._renderer.render(
            request,
            template,
            status=status,
            viewer=who,
            menu=menu,
            nav=nav,
            **{"said": "", "secret": False, "menu_counts": self.shell.counted(request), **context},
        )

    def address(self, request: Request) -> str:
        """Give the gateway's address as the browser has it, with the path it may have, without a slash at its end."""
        path = root(request).removesuffix(self.gateway.config.server.prefix)
        return f"{request.url.scheme}://{request.headers.get('host', '')}{path}"

    def asking(self, request: Request, *, team: str | None = None) -> Asking:
        """Give what asks the admin API for whoever looks."""
        return Asking(self.gateway, viewer(request), client_of(request), team=team)

    def back(self, request: Request, path: str, **query: str) -> Response:
        """Lead to a page after something was done (303)."""
        asked = f"?{urlencode(query)}" if query else ""
        return RedirectResponse(f"{root(request)}{path}{asked}", 303)

    def told(self, request: Request, texts: Mapping[str, str]) -> str:
        """Give the text of what was done just now, which the address names by `said`; empty where it names none."""
        return texts.get(request.query_params.get("said", ""), "")

    async def refuse(self, request: Request, status: int) -> Response:
        """Make the page of a refusal before any page was reached."""
        return self._renderer.render(request, "refused.html", status=status, code=status, message="", viewer=None)

    async def denied(self, request: Request, scope: str) -> Response:
        """Make the page for somebody who lacks a scope, and name it."""
        waits = await collect_waiting(self.gateway, viewer(request))
        return self.render(request, "denied.html", status=403, scope=scope, waits=waits)

    async def failed(self, request: Request, exc: Exception) -> Response:
        """Make the page of an error: what the API refused in its own words, of anything else the status alone."""
        code: int = exc.status_code if isinstance(exc, HTTPException) else getattr(exc, "status", 500)
        message = sentence(exc.message) if isinstance(exc, Refused) else ""
        refused = isinstance(exc, Refused) and code < 500
        if seen(request) is not None and (refused or (isinstance(exc, GatewayError) and code == 403)):
            return self.render(request, "no.html", status=code, code=code, message=message)
        page = self._renderer.render(request, "refused.html", status=code, code=code, message=message, viewer=None)
        headers = exc.headers if isinstance(exc, HTTPException) else None
        page.headers.update(headers or {})
        return page


def _shell_json(value: object) -> str:
    """Write JSON to stand between single quotes in a shell."""
    return json.dumps(value).replace("'", "'\\''")
