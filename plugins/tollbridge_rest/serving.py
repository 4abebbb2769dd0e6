"""A REST service as it serves on one worker."""

import asyncio
from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from tollbridge import BadRequest, Call, Clock, Denied, GatewayError, NotFound
from tollbridge.administering import MethodNotAllowed, parse_usd, to_nano
from tollbridge.services.kinds import OPERATION, ServiceOperation
from tollbridge_rest.backend import Backend
from tollbridge_rest.calls import RestCall
from tollbridge_rest.checks import Wait, keep_checking
from tollbridge_rest.conditions import values_of
from tollbridge_rest.cors import ASKED_METHOD, answer_headers, is_preflight, preflight_headers, value_of
from tollbridge_rest.definition import Cors, Route
from tollbridge_rest.described import Described
from tollbridge_rest.headers import Headers
from tollbridge_rest.jsonbodies import JsonEdit
from tollbridge_rest.keeping import Shelf
from tollbridge_rest.routing import Router, Taken, make_way
from tollbridge_rest.shaping import Course, Shown
from tollbridge_rest.templates import ESCAPED, read_template


class RestOperation(ServiceOperation, frozen=True):
    """What can be called.  `taken` is the route with what of the path it was found by, where it was looked up.

    `asked`: a browser asks about it (CORS).
    """

    taken: Taken | None = None
    asked: bool = False


def operation_of(route: Route, method: str, audience: str = "") -> RestOperation:
    """Give what can be called by a route with a method."""
    price = None if route.price_per_call is None else to_nano(parse_usd(route.price_per_call))
    most = route.max_body_bytes
    return RestOperation(route.name, method, route.path, route.summary, price=price, max_body=most, audience=audience)


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
        self._running = 0
        self._closed = False

    def start(self) -> None:
        """Begin to check the nodes that are to be checked."""
        checked = [backend for backend in self._backends.values() if backend.upstream.health.path]
        self._checks = [asyncio.create_task(keep_checking(backend, self._wait)) for backend in checked]

    def find(self, method: str, path: str, headers: Headers, query: bytes) -> RestOperation | None:
        """Say what a request calls, None for nothing.

        Raises `MethodNotAllowed`, and `Denied` (503 operation_disabled) for what is switched off.
        """
        if is_preflight(method, headers):
            taken = self._asked_before(path, headers, query)
            if taken is not None:
                return _preflight(taken)
        taken = self._take(method, path, headers, query)
        if taken is None:
            return None
        operation, cors = self._operations[taken.way.place], taken.way.route.cors
        refused = () if cors is None else tuple(answer_headers(cors, headers))
        return replace(operation, refused=refused, taken=taken)

    def _take(self, method: str, path: str, headers: Headers, query: bytes) -> Taken | None:
        """Find the route of a request; raises `BadRequest` for one that takes no slash in a parameter, and `Denied`.

        What it raises says to pages of other origins what an answer would.
        """
        values = values_of(headers, query)
        try:
            taken = self._router.find(method, path, values)
        except MethodNotAllowed as exc:
            raise _readable(exc, self._router.cors_at(path, values), headers) from None
        if taken is not None and ESCAPED in path and not taken.way.route.escaped_slashes:
            slash = BadRequest("this operation takes no escaped slash (%2F) in its path", code="unsafe_request")
            raise _readable(slash, taken.way.route.cors, headers)
        if taken is not None and taken.way.route.name in self._disabled:
            said = f"the operation {taken.way.route.name!r} is disabled; the owner of this service can enable it"
            raise _readable(Denied(said, status=503, code="operation_disabled"), taken.way.route.cors, headers)
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
        """Answer a request that was let in by what `find` gave; raises a `GatewayError` before it has answered.

        What of its headers has changed since, such as that credentials were taken out, leads to no other route.
        """
        if scope["type"] != "http":
            raise BadRequest("this service speaks HTTP and no WebSockets; call it with a plain request")
        call: Call = scope["tollbridge"]
        found: RestOperation = scope[OPERATION]
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        headers, query = list(scope["headers"]), scope.get("query_string", b"")
        if found.taken is None:
            raise NotFound(f"there is nothing at {path[:200] or '/'}")
        if found.asked:
            await _answer_preflight(found.taken, headers, send)
            return
        course = self._courses[found.taken.way.place]
        shown = Shown(call, scope["method"], path, query, headers, scope.get("root_path", ""))
        self._running += 1
        try:
            await RestCall(course, found.taken, shown, self._shelf, self._clock).run(receive, send)
        finally:
            self._running -= 1
            if self._closed:
                self._rest()

    async def close(self) -> None:
        """End the checks, and with the last call that runs let go of idle connections and of what is kept.

        A call that was found before and comes after is answered as any other.
        """
        checks, self._checks = self._checks, []
        for check in checks:
            check.cancel()
        if checks:
            await asyncio.wait(checks)
        self._closed = True
        self._rest()

    def _rest(self) -> None:
        if self._running:
            return
        for backend in self._backends.values():
            backend.pool.rest()
        self._shelf.clear()


def _readable(refusal: GatewayError, cors: Cors | None, headers: Headers) -> GatewayError:
    """Let a page of another origin read a refusal, where it could read an answer."""
    for name, value in [] if cors is None else answer_headers(cors, headers):
        refusal.extra_headers[name.decode("ascii")] = value.decode("latin-1")
    return refusal


def _preflight(taken: Taken) -> RestOperation:
    route = taken.way.route
    return RestOperation(route.name, "OPTIONS", route.path, public=True, price=0, max_body=0, taken=taken, asked=True)


def _audience(route: Route, backends: Mapping[str, Backend]) -> str:
    backend = backends.get(route.upstream)
    return "" if backend is None else backend.upstream.identity_audience


async def _answer_preflight(taken: Taken, headers: Headers, send: Send) -> None:
    route = taken.way.route
    told = [] if route.cors is None else preflight_headers(route.cors, route.methods, headers)
    await send({"type": "http.response.start", "status": 204, "headers": told})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
