"""Rendering: the templates of a package over those that all pages share."""

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tollbridge.browsing.assets import Assets
from tollbridge.browsing.cookies import THEME, read_cookie
from tollbridge.browsing.place import root
from tollbridge.clock import Clock

SHARED = "tollbridge.browsing"
THEMES = ("light", "dark")


class Renderer:
    """Renders the templates of one package.

    They may extend `bare.html`, use what `marks.html` has, and name the shared files `base.css` and `icon.svg`. Links
    begin with `root`; static files are served below `mount`.
    """

    def __init__(self, package: str, clock: Clock, *, mount: str = "") -> None:
        self.assets = Assets(SHARED, package, mount=mount)
        self._clock = clock
        self.templates = Environment(
            loader=ChoiceLoader((PackageLoader(package), PackageLoader(SHARED))),
            autoescape=select_autoescape(default=True),
            extensions=["jinja2.ext.i18n"],
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # of the extension
        self.templates.globals["asset"] = self.assets.path

    def render(self, request: Request, template: str, /, *, status: int = 200, **context: object) -> HTMLResponse:
        """Render a template, and say how long that took."""
        theme, began = read_cookie(request, THEME), self._clock.monotonic()
        text = self.templates.get_template(template).render(
            root=root(request),
            here=here(request),
            theme=theme if theme in THEMES else "",
            now=self._clock.now(),
            **context,
        )
        took = (self._clock.monotonic() - began) * 1000
        return HTMLResponse(text, status, headers={"server-timing": f"render;dur={took:.1f}"})


def here(request: Request) -> str:
    """Give path and query of a request, as the browser has them."""
    path, query = request.scope["path"], request.url.query
    return f"{path}?{query}" if query else path
