"""Which route of a service a call takes.  Pure.

The app's own router says which of its routes that would be; a service has that one or it has not.  So no call of a
service comes to a route that is not in it, however much their paths resemble each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbridge.administering import MethodNotAllowed
from tollbridge_routes.app.definition import AppDefinition, AppRoute
from tollbridge_routes.app.paths import head_of


@dataclass(frozen=True, slots=True)
class Taken:
    """A route, and the path at which the app has it."""

    route: AppRoute
    path: str


class Table:
    """The routes of a service by their templates in the app."""

    def __init__(self, definition: AppDefinition) -> None:
        self._prefix = definition.prefix
        self._whole: dict[str, list[AppRoute]] = {}
        below: dict[str, list[AppRoute]] = {}
        for route in definition.routes:
            template = template_of(definition, route)
            self._whole.setdefault(template, []).append(route)
            head = head_of(template)
            if head is not None:
                below.setdefault(head, []).append(route)
        self._below = sorted(below.items(), key=lambda item: -len(item[0]))

    def paths(self, path: str) -> Sequence[str]:
        """Give where in the app a path below the service may be; the service itself may have a slash there or none.

        A path that another reads as one elsewhere is nowhere: an app that shows no routes may well do so.
        """
        if "//" in path or "\\" in path or not {".", ".."}.isdisjoint(path.split("/")):
            return []
        if path in ("", "/"):
            return [self._prefix, f"{self._prefix}/"] if self._prefix else ["/"]
        return [self._prefix + path]

    def find(self, method: str, path: str, template: str) -> Taken | None:
        """Give the route that is taken, None for none; raises `MethodNotAllowed`.

        `path` is the app's, `template` what its router has there: `*` for nothing, or where it cannot be seen.
        """
        routes: Sequence[AppRoute] = self._whole.get(template, ())
        if not routes:
            routes = next((found for head, found in self._below if path.startswith(head)), ())
        for route in routes:
            if takes(route, method):
                return Taken(route, path)
        if not routes:
            return None
        methods = {each for route in routes for each in route.methods}
        allowed = ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
        raise MethodNotAllowed(f"{method[:20]} is not served here; {allowed} are", headers={"allow": allowed})


def takes(route: AppRoute, method: str) -> bool:
    """Whether a route takes a method; what takes GET takes HEAD (RFC 9110 section 9.3.2)."""
    return method in route.methods or (method == "HEAD" and "GET" in route.methods)


def template_of(definition: AppDefinition, route: AppRoute) -> str:
    """Give the template of a route as the app has it."""
    return definition.prefix + route.path or "/"
