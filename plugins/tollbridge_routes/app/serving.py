"""Routes of the wrapped app as a service, on one worker."""

from collections.abc import Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge import NotFound
from tollbridge.administering import parse_usd, to_nano
from tollbridge.services.kinds import ServiceOperation
from tollbridge.surface import route_template
from tollbridge_routes.app.bounding import hand_on
from tollbridge_routes.app.definition import AppDefinition, AppRoute
from tollbridge_routes.app.paths import shown
from tollbridge_routes.app.table import Table, Taken

Headers = list[tuple[bytes, bytes]]
_SAFE = "/:@!$&'()*+,;=~-._"
"""What a path holds as it is (RFC 3986 section 3.3)."""


def operation_of(route: AppRoute, method: str) -> ServiceOperation:
    """Give what a route is called by."""
    price = None if route.price_per_call is None else to_nano(parse_usd(route.price_per_call))
    return ServiceOperation(
        route.name, method, shown(route.path), route.summary, route.public, price, route.max_body_bytes, audience=None
    )


def operations_of(definition: AppDefinition) -> Sequence[ServiceOperation]:
    """List what can be called, each method of a route by itself."""
    return [operation_of(route, method) for route in definition.routes for method in dict.fromkeys(route.methods)]


class ServedApp:
    """Finds which route a call takes, and hands it to the app."""

    def __init__(self, app: ASGIApp, definition: AppDefinition) -> None:
        self._app = app
        self._prefix = definition.prefix
        self._table = Table(definition)

    def find(self, method: str, path: str, headers: Headers, query: bytes) -> ServiceOperation | None:
        """Say what a request calls, None for nothing; raises `MethodNotAllowed`."""
        taken = self._take(method, path, headers, query)
        return None if taken is None else operation_of(taken.route, method)

    def _take(self, method: str, path: str, headers: Headers, query: bytes) -> Taken | None:
        for at in self._table.paths(path):
            asked = {"type": "http", "method": method, "path": at, "root_path": "", "headers": headers}
            _, _, template = route_template({**asked, "query_string": query}, self._app).partition(":")
            taken = self._table.find(method, at, template)
            if taken is not None:
                return taken
        return None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a call that was let in to the app, mounted at the service (ASGI: `path` begins with `root_path`)."""
        root: str = scope["root_path"]
        path = scope["path"].removeprefix(root)
        taken = self._take(scope["method"], path, list(scope["headers"]), scope["query_string"])
        if taken is None:
            raise NotFound(f"there is nothing at {path[:200] or '/'}")
        whole = root + taken.path
        handed = {**scope, "path": whole, "raw_path": quote(whole, safe=_SAFE).encode("ascii")}
        back = self._leading_back(root, send) if self._prefix else send
        await hand_on(self._app, handed, receive, back, limit=taken.route.max_body_bytes)

    async def close(self) -> None:
        """Nothing runs beside the calls."""

    def _leading_back(self, root: str, send: Send) -> Send:
        """Take the prefix out of where the app sends its callers, for it stands in no URL of the service."""
        there = root + self._prefix

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    (name, _led_back(value, there, root) if name.lower() == b"location" else value)
                    for name, value in message.get("headers", ())
                ]
                message = {**message, "headers": headers}
            await send(message)

        return sending


def _led_back(location: bytes, there: str, root: str) -> bytes:
    """Give a location below `there` as one below `root`, any other as it is."""
    try:
        parts = urlsplit(location.decode("ascii"))
    except ValueError:
        return location
    before = quote(there, safe=_SAFE)
    if not parts.path.startswith(before) or parts.path[len(before) : len(before) + 1] not in ("", "/"):
        return location
    path = quote(root, safe=_SAFE) + parts.path[len(before) :]
    return urlunsplit(parts._replace(path=path)).encode("ascii")
