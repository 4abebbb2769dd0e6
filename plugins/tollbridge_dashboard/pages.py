"""Rendering: the theme, refusals, and what every page shows."""

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tollbridge import Gateway
from tollbridge.browsing import THEME, THEMES, Renderer, read_form, set_cookie, way_back
from tollbridge_dashboard import charts, words
from tollbridge_dashboard.attention import is_failing
from tollbridge_dashboard.budgets import level
from tollbridge_dashboard.viewing import seen, viewer
from tollbridge_dashboard.waits import collect_waiting

_A_YEAR_S = 31_536_000


class Pages:
    """Renders the pages of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._renderer = Renderer("tollbridge_dashboard", gateway.clock)
        self.assets = self._renderer.assets
        templates = self._renderer.templates
        templates.filters["shell_json"] = _shell_json
        templates.globals.update(charts=charts, words=words, level=level, is_failing=is_failing)

    def render(self, request: Request, template: str, /, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Render a template for whoever looks."""
        return self._renderer.render(request, template, status=status, viewer=seen(request), **context)

    async def refuse(self, request: Request, status: int) -> Response:
        """Make the page of a refusal before any page was reached."""
        return self.render(request, "refused.html", status=status, code=status)

    async def denied(self, request: Request, scope: str) -> Response:
        """Make the page for somebody who lacks a scope, and name it."""
        waits = await collect_waiting(self.gateway, viewer(request))
        return self.render(request, "denied.html", status=403, nav="", scope=scope, waits=waits)

    async def failed(self, request: Request, exc: Exception) -> Response:
        """Make the page of an error."""
        code: int = exc.status_code if isinstance(exc, HTTPException) else getattr(exc, "status", 500)
        headers = exc.headers if isinstance(exc, HTTPException) else None
        page = self.render(request, "refused.html", status=code, code=code)
        page.headers.update(headers or {})
        return page

    async def switch_theme(self, request: Request) -> Response:
        """Keep the theme in a cookie and go back to the page it was asked from."""
        form = await read_form(request)
        back = form.get("back", [""])[0]
        theme = form.get("theme", [""])[0]
        answer = RedirectResponse(way_back(request, back), 303)
        if theme in THEMES:
            set_cookie(answer, request, THEME, theme, max_age=_A_YEAR_S)
        return answer


def _shell_json(value: object) -> str:
    """Write JSON to stand between single quotes in a shell."""
    return json.dumps(value).replace("'", "'\\''")
