"""Rendering: the templates of a package over those that all pages share."""

from collections.abc import Sequence
from types import CodeType

from jinja2 import BytecodeCache, ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import HTMLResponse

from tollbridge.browsing.assets import Assets
from tollbridge.browsing.cookies import THEME, read_cookie
from tollbridge.browsing.languages import SHARED, Languages
from tollbridge.browsing.paths import way_back
from tollbridge.browsing.place import root
from tollbridge.browsing.speech import gettext, ngettext, npgettext, pgettext, spoken
from tollbridge.browsing.tags import direction
from tollbridge.browsing.zones import Zone
from tollbridge.clock import Clock
from tollbridge.config import Config

THEMES = ("light", "dark")


class _Compiled(BytecodeCache):
    """What templates were compiled to, by name and content: apps of one process have most of them in common."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket, if its template was compiled before."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember what a template was compiled to."""
        self._known[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()
"""Of all renderers, which are alike in all that compiling depends on."""


class Renderer:
    """Renders the templates of one package.

    They may extend `bare.html`, use what `marks.html` has, and name the shared files `base.css` and `icon.svg`. Links
    begin with `root`; static files are served below `mount`. What the package does not have itself is looked for in
    those of `also`, the first before the second, and last in what is shared.

    What passes `_` and its like is said in the language of the request: one of `languages`, those of these packages if
    they are not given, which a `Shield` chooses. `config` has their default and the time zone that `zone` writes times
    in. Raises `ConfigError` for a catalogue that cannot be used.
    """

    def __init__(
        self,
        package: str,
        clock: Clock,
        *,
        mount: str = "",
        also: Sequence[str] = (),
        config: Config | None = None,
        languages: Languages | None = None,
    ) -> None:
        packages = (package, *also, SHARED)
        self.assets = Assets(*reversed(packages), mount=mount)
        self.languages = Languages(*packages, config=config) if languages is None else languages
        self.zone = Zone((config or Config()).pages.time_zone)
        self._clock = clock
        self.templates = Environment(
            loader=ChoiceLoader([PackageLoader(name) for name in packages]),
            autoescape=select_autoescape(default=True),
            extensions=["jinja2.ext.i18n"],
            undefined=StrictUndefined,
            bytecode_cache=_COMPILED,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.templates.install_gettext_callables(  # type: ignore[attr-defined]  # of the extension
            gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
        )
        self.templates.globals.update(asset=self.assets.path, mount=mount, zone=self.zone)

    def render(self, request: Request, template: str, /, *, status: int = 200, **context: object) -> HTMLResponse:
        """Render a template in the language that is spoken, and say how long that took."""
        theme, began = read_cookie(request, THEME), self._clock.monotonic()
        text = self.templates.get_template(template).render(
            root=root(request),
            here=here(request),
            theme=theme if theme in THEMES else "",
            now=self._clock.now(),
            lang=spoken(),
            direction=direction(spoken()),
            languages=self.languages.names if status < 400 and _comes_again(request) else (),
            **context,
        )
        took = (self._clock.monotonic() - began) * 1000
        headers = {
            "server-timing": f"render;dur={took:.1f}",
            "content-language": spoken(),
            "vary": "Accept-Language, Cookie",
        }
        return HTMLResponse(text, status, headers=headers)


def here(request: Request) -> str:
    """Give path and query of a request, as the browser has them."""
    path, query = request.scope["path"], request.url.query
    return f"{path}?{query}" if query else path


def _comes_again(request: Request) -> bool:
    """Whether a page can be shown again by its address alone, in another language say."""
    return request.method in ("GET", "HEAD") and way_back(request, here(request)) == here(request)
