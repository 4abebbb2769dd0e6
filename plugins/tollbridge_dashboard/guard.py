"""What stands before every page: its headers, no requests from other sites, and the session."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge import Clock
from tollbridge_dashboard.cookies import SESSION, read_cookie
from tollbridge_dashboard.door import Door
from tollbridge_dashboard.place import Place

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/sign-in", "/static/")

Refuse = Callable[[Request, int], Awaitable[Response]]


class Guard:
    """Wraps the pages.  `refuse(request, status)` makes the page for a 401 or 403."""

    def __init__(self, app: ASGIApp, door: Door, place: Place, *, refuse: Refuse, clock: Clock) -> None:
        self._app = app
        self._door = door
        self._place = place
        self._refuse = refuse
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        scope = self._place.seen(scope)
        request, began = Request(scope, receive), self._clock.monotonic()

        async def harden(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["content-security-policy"] = CSP
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers.setdefault("cache-control", "no-store")
                times = [headers.get("server-timing"), f"total;dur={(self._clock.monotonic() - began) * 1000:.1f}"]
                headers["server-timing"] = ", ".join(time for time in times if time)
            await send(message)

        status = self._verdict(request)
        app = self._app if status is None else await self._refuse(request, status)
        await app(scope, receive, harden)

    def _verdict(self, request: Request) -> int | None:
        """Give the status of a refusal, or None."""
        if request.method not in _SAFE and not from_here(request):
            return 403
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if path == _OPEN[0] or path.startswith(_OPEN[1]):
            return None
        return None if self._door.knows_session(read_cookie(request, SESSION)) else 401


def from_here(request: Request) -> bool:
    """Whether a browser says that the request was made by this very site, or typed by its user."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = urlsplit(request.headers.get("origin", ""))
    schemes = ("https",) if request.url.scheme == "https" else ("http", "https")
    return origin.scheme in schemes and origin.netloc == request.headers.get("host", "")
