"""What can be called: which path is which operation of which dialect, and which operation of the wrapped app."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tollbridge.call import Headers
from tollbridge.errors import MethodNotAllowed
from tollbridge.formats.dialect import Dialect, Operation

_Way = tuple[Dialect, Operation]

_MOST_WRAPPED = 64
"""Middleware that is looked through for the router behind it."""


class Surface:
    """The paths of the served dialects.  Paths are matched whole; `{model}` stands for one segment or more."""

    def __init__(self, dialects: Iterable[Dialect] = ()) -> None:
        self._exact: dict[str, list[_Way]] = {}
        self._prefixed: list[tuple[str, list[_Way]]] = []
        prefixed: dict[str, list[_Way]] = {}
        for dialect in dialects:
            for operation in dialect.operations:
                head, brace, tail = operation.path.partition("{model}")
                if brace and not tail:
                    prefixed.setdefault(head, []).append((dialect, operation))
                else:
                    self._exact.setdefault(operation.path, []).append((dialect, operation))
        self._prefixed = sorted(prefixed.items(), key=lambda item: -len(item[0]))

    @property
    def heads(self) -> tuple[str, ...]:
        """The paths behind which the rest is a model's name."""
        return tuple(head for head, _ in self._prefixed)

    @property
    def paths(self) -> Mapping[str, Sequence[_Way]]:
        """Every path as it is written in a dialect, with the operations behind it."""
        return {**self._exact, **{f"{head}{{model}}": ways for head, ways in self._prefixed}}

    def find(self, method: str, path: str, headers: Headers) -> _Way | None:
        """Find what is called, or None if no dialect serves the path; raises `MethodNotAllowed`."""
        ways = self._exact.get(path)
        if ways is None:
            ways = next(
                (ways for head, ways in self._prefixed if path.startswith(head) and len(path) > len(head)), None
            )
            if ways is None:
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


def route_template(scope: Mapping[str, Any], app: object) -> str:
    """Give `GET:/orders/{id}` for a request to the wrapped app, by its own router; `GET:*` where none fits.

    The router is the first thing with routes behind the `app` of one middleware after another. `scope["app"]` does not
    count: where the app is mounted in another, that is the other, whose routes are not these.
    """
    method = "WS" if scope["type"] == "websocket" else scope["method"]
    for _ in range(_MOST_WRAPPED):
        routes = getattr(app, "routes", None)
        if routes is not None or app is None:
            break
        app = getattr(app, "app", None)
    else:
        routes = None
    template = _match(routes or (), dict(scope))
    return f"{method}:{template if template is not None else '*'}"


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
