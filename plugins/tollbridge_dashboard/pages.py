"""Rendering: templates, the theme, and what every page shows."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from tollbridge import Gateway
from tollbridge_dashboard import charts, words
from tollbridge_dashboard.assets import Assets
from tollbridge_dashboard.attention import is_failing
from tollbridge_dashboard.budgets import level
from tollbridge_dashboard.cookies import THEME, read_cookie, set_cookie

_THEMES = ("light", "dark")
_LARGEST_FORM = 65_536


class Pages:
    """Renders the pages of one gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.assets = Assets()
        self._templates = Environment(
            loader=PackageLoader("tollbridge_dashboard"),
            autoescape=select_autoescape(default=True),
            extensions=["jinja2.ext.i18n"],
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # of the extension
        self._templates.filters["shell_json"] = _shell_json
        self._templates.globals.update(
            charts=charts, words=words, level=level, is_failing=is_failing, asset=self.assets.path
        )

    def render(self, request: Request, template: str, /, *, status: int = 200, **context: object) -> HTMLResponse:
        """Render a template; links in it begin with `root`."""
        clock, theme = self.gateway.clock, read_cookie(request, THEME)
        began = clock.monotonic()
        text = self._templates.get_template(template).render(
            root=root(request),
            here=_here(request),
            theme=theme if theme in _THEMES else "",
            now=clock.now(),
            **context,
        )
        return HTMLResponse(text, status, headers={"server-timing": f"render;dur={_ms(clock.monotonic() - began)}"})

    async def refuse(self, request: Request, status: int) -> Response:
        """Make the page of a refusal before any page was reached."""
        return self.render(request, "refused.html", status=status, code=status)

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
        safe = back if back.startswith(root(request) + "/") and back[1:2] not in ("/", "\\") else root(request) + "/"
        answer = RedirectResponse(safe, 303)
        if theme in _THEMES:
            set_cookie(answer, request, THEME, theme, max_age=31_536_000)
        return answer


def root(request: Request) -> str:
    """Give the path the dashboard is mounted at."""
    path: str = request.scope.get("root_path", "")
    return path


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def _shell_json(value: object) -> str:
    """Write JSON to stand between single quotes in a shell."""
    return json.dumps(value).replace("'", "'\\''")


def _here(request: Request) -> str:
    path, query = request.scope["path"], request.url.query
    return f"{path}?{query}" if query else path


async def read_form(request: Request) -> Mapping[str, list[str]]:
    """Read a form sent as `application/x-www-form-urlencoded`; raises `HTTPException` for what is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise HTTPException(413)
    found: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise HTTPException(400) from None
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
