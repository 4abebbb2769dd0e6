"""What can be called: which path is which operation of which dialect, and which operation of the wrapped app."""

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge.call import Headers
from tollbridge.errors import MethodNotAllowed
from tollbridge.formats.dialect import Dialect, Operation

_Way = tuple[Dialect, Operation]
Serves = Callable[[Dialect, Operation], bool]
"""Says of the first operation at a path whether anybody can answer there; it holds for all of them."""

_MOST_WRAPPED = 64
"""Middleware that is looked through for the router behind it."""


_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _always(dialect: Dialect, operation: Operation) -> bool:
    return True


class Surface:
    """The paths of the served dialects.

    Paths are matched whole; `{model}` stands for one segment or more, `{id}` for one of letters, digits, `-` and `_`.
    """

    def __init__(self, dialects: Iterable[Dialect] = ()) -> None:
        self._exact: dict[str, list[_Way]] = {}
        self._ids: dict[tuple[str, str], list[_Way]] = {}
        self._sockets: dict[str, _Way] = {}
        around: dict[tuple[str, str], list[_Way]] = {}
        for dialect in dialects:
            for operation in dialect.operations:
                if operation.socket:
                    self._sockets[operation.path] = (dialect, operation)
                    continue
                for path in (operation.path, *operation.also):
                    head, brace, tail = path.partition("{model}")
                    start, mark, rest = path.partition("{id}")
                    if brace:
                        around.setdefault((head, tail), []).append((dialect, operation))
                    elif mark:
                        self._ids.setdefault((start, rest), []).append((dialect, operation))
                    else:
                        self._exact.setdefault(path, []).append((dialect, operation))
        self._around = sorted(around.items(), key=lambda item: (-len(item[0][0]), -len(item[0][1])))

    @property
    def heads(self) -> tuple[str, ...]:
        """The paths behind which the rest is a model's name."""
        return tuple(dict.fromkeys(head for (head, _), _ in self._around))

    @property
    def paths(self) -> Mapping[str, Sequence[_Way]]:
        """Every path as it is written in a dialect, sessions too, with the operations behind it."""
        sessions = {path: [way] for path, way in self._sockets.items()}
        ids = {f"{head}{{id}}{tail}": ways for (head, tail), ways in self._ids.items()}
        return {
            **self._exact,
            **sessions,
            **ids,
            **{f"{head}{{model}}{tail}": ways for (head, tail), ways in self._around},
        }

    def find(self, method: str, path: str, headers: Headers, serves: Serves = _always) -> _Way | None:
        """Find what is called, or None if no dialect serves the path; raises `MethodNotAllowed`."""
        ways = self._exact.get(path) or self._named(path)
        if ways is None or not serves(*ways[0]):
            return None
        fitting = [way for way in ways if way[1].method == method]
        if not fitting:
            allowed = ", ".join(sorted({operation.method for _, operation in ways}))
            raise MethodNotAllowed(f"this path takes {allowed}, not {method[:20]}", headers={"allow": allowed})
        if len(fitting) == 1:
            return fitting[0]
        named = dict(headers)
        for way in fitting:
            if way[0].claims(named):
                return way
        return next((way for way in fitting if way[1].fallback), fitting[0])

    def find_socket(self, path: str, serves: Serves = _always) -> _Way | None:
        """Find what a WebSocket at this path opens, or None if no dialect has sessions there."""
        way = self._sockets.get(path)
        return way if way is not None and serves(*way) else None

    def _named(self, path: str) -> list[_Way] | None:
        """Find the ways of a path with a name in it: an id, else a model's; the longest of what stands around wins."""
        for (head, tail), ways in self._ids.items():
            if path.startswith(head) and path.endswith(tail) and _ID.fullmatch(path[len(head) : len(path) - len(tail)]):
                return ways
        for (head, tail), ways in self._around:
            if path.startswith(head) and path.endswith(tail) and len(path) > len(head) + len(tail):
                return ways
        return None


class ListedRoute(msgspec.Struct, frozen=True):
    """A route of the wrapped app.  `template` is as `route_template` gives it, without the method.

    `methods` are in capitals and in order, HEAD only where there is no GET; none for all of them. `hidden`: the app
    leaves it out of its own description.
    """

    template: str
    methods: tuple[str, ...] = ()
    name: str = ""
    summary: str = ""
    hidden: bool = False


def route_template(scope: Mapping[str, Any], app: object) -> str:
    """Give `GET:/orders/{id}` for a request to the wrapped app, by its own router; `GET:*` where none fits.

    The router is the first thing with routes behind the `app` of one middleware after another. `scope["app"]` does not
    count: where the app is mounted in another, that is the other, whose routes are not these.
    """
    method = "WS" if scope["type"] == "websocket" else scope["method"]
    template = _match(_routes_of(app) or (), dict(scope))
    return f"{method}:{template if template is not None else '*'}"


def listed_routes(app: object) -> Sequence[ListedRoute] | None:
    """List what the wrapped app answers over HTTP, in the order of its router; None where it shows no routes."""
    routes = _routes_of(app)
    return None if routes is None else list(_listed(routes, ""))


def _routes_of(app: object) -> Iterable[Any] | None:
    for _ in range(_MOST_WRAPPED):
        routes: Iterable[Any] | None = getattr(app, "routes", None)
        if routes is not None or app is None:
            return routes
        app = getattr(app, "app", None)
    return None


def _listed(routes: Iterable[Any], base: str) -> Iterator[ListedRoute]:
    for route in _each(routes):
        path = base + getattr(route, "path", "")
        inner = getattr(route, "routes", None)
        if inner:
            yield from _listed(inner, path)
        elif inner is not None:
            yield ListedRoute(f"{path}/*", name=getattr(route, "name", None) or "")
        elif hasattr(route, "methods"):
            methods = set(route.methods or ())
            if "GET" in methods:
                methods.discard("HEAD")
            name, hidden = getattr(route, "name", None) or "", not getattr(route, "include_in_schema", True)
            yield ListedRoute(path, tuple(sorted(methods)), name, _summary(route), hidden)


def _summary(route: Any) -> str:
    """Give what a route says of itself, else the first line of what its code does."""
    said, endpoint = getattr(route, "summary", None), getattr(route, "endpoint", None)
    if not said and (inspect.isroutine(endpoint) or inspect.isclass(endpoint)):
        said = (endpoint.__doc__ or "").strip()
    return str(said or "").partition("\n")[0].strip()


def _match(routes: Iterable[Any], scope: dict[str, Any]) -> str | None:
    """Walk the routes as Starlette's router does: the first full match holds, else the first partial one."""
    partial: str | None = None
    for route in _each(routes):
        matches = getattr(route, "matches", None)
        if matches is None:
            continue
        match, child = matches(scope)
        if not match.value:
            continue
        path: str = getattr(route, "path", "")
        inner = getattr(route, "routes", None)
        if inner:
            below = _match(inner, {**scope, **child})
            if below is not None:
                return path + below
        found = path or "*" if inner is None else f"{path}/*"
        if match.value == 2:
            return found
        partial = partial or found
    return partial


def _each(routes: Iterable[Any]) -> Iterator[Any]:
    """Give the routes, those of a router that FastAPI includes one by one with their whole paths.

    Taken as one, an included router matches everything below it and says no path (fastapi 0.165, read 2026-11).
    """
    for route in routes:
        included = getattr(route, "effective_route_contexts", None)
        if included is None:
            yield route
        else:
            yield from (getattr(context, "starlette_route", None) or context for context in included())
