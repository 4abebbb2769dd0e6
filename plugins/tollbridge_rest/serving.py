"""A REST service as it serves on one worker."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from tollbridge import BadRequest, Call, Clock, Denied, GatewayError, NotFound
from tollbridge.administering import parse_usd, to_nano
from tollbridge.services.kinds import ServiceOperation
from tollbridge_rest.backend import Backend
from tollbridge_rest.calls import RestCall
from tollbridge_rest.checks import Wait, keep_checking
from tollbridge_rest.conditions import values_of
from tollbridge_rest.cors import ASKED_METHOD, answer_headers, is_preflight, preflight_headers, value_of
from tollbridge_rest.definition import Route
from tollbridge_rest.described import Described
from tollbridge_rest.headers import Headers
from tollbridge_rest.jsonbodies import JsonEdit
from tollbridge_rest.keeping import Shelf
from tollbridge_rest.routing import Router, Taken, make_way
from tollbridge_rest.shaping import Course, Shown
from tollbridge_rest.templates import ESCAPED, read_template


def operation_of(route: Route, method: str, audience: str = "") -> ServiceOperation:
    """Give what can be called by a route with a method."""
    price = None if route.price_per_call is None else to_nano(parse_usd(route.price_per_call))
    most = route.max_body_bytes
    return ServiceOperation(
        route.name, method, route.path, route.summary, price=price, max_body=most, audience=audience
    )


def make_course(route: Route, backends: Mapping[str, Backend], described: Described | None) -> Course:
    """Make of a route what its calls need."""
    return Course(
        route,
        backends.get(route.upstream),
        read_template(route.rewrite) if route.rewrite else None,
        JsonEdit(route.request.body),
        JsonEdit(route.response.body),
        described,
    )


class Read:
    """What is worked out of a definition before it serves, of a large document in seconds.  `router` finds routes."""

    def __init__(
        self, routes: Sequence[Route], described: Described | None, disabled: frozenset[str] = frozenset()
    ) -> None:
        self.routes = routes
        self.described = described
        self.disabled = disabled
        self.router = Router(make_way(route, place) for place, route in enumerate(routes))


class ServedRest:
    """Finds what a request calls and answers it.

    Nodes are checked beside the calls from `start` on. `wait` lets seconds pass between checks.
    """

    escaped_slashes = True

    def __init__(
        self, read: Read, backends: Mapping[str, Backend], *, clock: Clock, wait: Wait = asyncio.sleep
    ) -> None:
        self._router, routes = read.router, read.routes
        self._operations = [
            operation_of(route, next(iter(route.methods), "GET"), _audience(route, backends)) for route in routes
        ]
        self._courses = [make_course(route, backends, read.described) for route in routes]
        self._disabled = read.disabled
        self._backends = backends
        self._clock = clock
        self._wait = wait
        self._shelf = Shelf()
        self._checks: list[asyncio.Task[None]] = []
        self._closed = False

    def start(self) -> None:
        """Begin to check the nodes that are to be checked."""
        checked = [backend for backend in self._backends.values() if backend.upstream.health.path]
        self._checks = [asyncio.create_task(keep_checking(backend, self._wait)) for backend in checked]

    def find(self, method: str, path: str, headers: Headers, query: bytes) -> ServiceOperation | None:
        """Say what a request calls, None for nothing.

        Raises `MethodNotAllowed`, and `Denied` (503 operation_disabled) for what is switched off.
        """
        if is_preflight(method, headers):
            taken = self._asked_before(path, headers, query)
            if taken is not None:
                name = taken.way.route.name
                return ServiceOperation(name, "OPTIONS", taken.way.route.path, public=True, price=0, max_body=0)
        taken = self._take(method, path, headers, query)
        if taken is None:
            return None
        operation, cors = self._operations[taken.way.place], taken.way.route.cors
        return operation if cors is None else replace(operation, refused=tuple(answer_headers(cors, headers)))

    def _take(self, method: str, path: str, headers: Headers, query: bytes) -> Taken | None:
        """Find the route of a request; raises `BadRequest` for one that takes no slash in a parameter, and `Denied`."""
        taken = self._router.find(method, path, values_of(headers, query))
        if taken is not None and ESCAPED in path and not taken.way.route.escaped_slashes:
            raise BadRequest("this operation takes no escaped slash (%2F) in its path", code="unsafe_request")
        if taken is not None and taken.way.route.name in self._disabled:
            said = f"the operation {taken.way.route.name!r} is disabled; the owner of this service can enable it"
            raise Denied(said, status=503, code="operation_disabled")
        return taken

    def _asked_before(self, path: str, headers: Headers, query: bytes) -> Taken | None:
        """Find the route that a browser asks about, where it is one that answers browsers."""
        method = value_of(headers, ASKED_METHOD).decode("latin-1")
        try:
            taken = self._router.find(method, path, values_of(headers, query), preflight=True)
        except GatewayError:
            return None
        return taken if taken is not None and taken.way.route.cors is not None else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that was let in; raises a `GatewayError` before it has answered."""
        if scope["type"] != "http":
            raise BadRequest("this service speaks HTTP and no WebSockets; call it with a plain request")
        call: Call = scope["tollbridge"]
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        headers, query = list(scope["headers"]), scope.get("query_string", b"")
        if is_preflight(scope["method"], headers):
            asked = self._asked_before(path, headers, query)
            if asked is not None:
                await _answer_preflight(asked, headers, send)
                return
        taken = self._take(scope["method"], path, headers, query)
        if taken is None:
            raise NotFound(f"there is nothing at {path[:200] or '/'}")
        course = self._courses[taken.way.place]
        shown = Shown(call, scope["method"], path, query, headers)
        await RestCall(course, taken, shown, self._shelf, self._clock).run(receive, send)

    async def close(self) -> None:
        """End the checks and let go of idle connections and of what is kept; calls may still be running."""
        checks, self._checks = self._checks, []
        for check in checks:
            check.cancel()
        if checks:
            await asyncio.wait(checks)
        for backend in self._backends.values():
            backend.pool.rest()
        self._shelf.clear()


def _audience(route: Route, backends: Mapping[str, Backend]) -> str:
    backend = backends.get(route.upstream)
    return "" if backend is None else backend.upstream.identity_audience


async def _answer_preflight(taken: Taken, headers: Headers, send: Send) -> None:
    route = taken.way.route
    told = [] if route.cors is None else preflight_headers(route.cors, route.methods, headers)
    await send({"type": "http.response.start", "status": 204, "headers": told})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
