"""Whether the app that is wrapped here has what a service hands on."""

from collections.abc import Iterator

from tollbridge.services.kinds import Problem
from tollbridge.surface import ListedRoute, listed_routes
from tollbridge_routes.app.definition import AppDefinition, AppRoute
from tollbridge_routes.app.paths import head_of
from tollbridge_routes.app.table import template_of

NOTHING_WRAPPED = (
    "this gateway stands alone and wraps no app, so it has no routes to serve; put it around the app: "
    "Tollbridge(app, config=...)"
)


def missing_in(app: object, definition: AppDefinition) -> Iterator[Problem]:
    """Say which routes the app has not, None for no app."""
    if app is None:
        yield Problem("", NOTHING_WRAPPED)
        return
    listed = listed_routes(app)
    for place, route in enumerate(definition.routes):
        if head_of(route.path) is not None:
            continue
        template = template_of(definition, route)
        if listed is None:
            what = f"the app does not show its routes, so {template} cannot be told from others; serve /* of it"
            yield Problem(f"routes/{place}/path", what)
            continue
        there = [each for each in listed if each.template == template]
        if not there:
            yield Problem(f"routes/{place}/path", f"the app has no route {template}; write it as the app does")
        elif lacking := _lacking(route, there):
            yield Problem(f"routes/{place}/methods", f"the app takes no {lacking} at {template}", warning=True)


def _lacking(route: AppRoute, there: list[ListedRoute]) -> str:
    methods = {method for each in there for method in each.methods}
    if not all(each.methods for each in there):
        return ""
    return ", ".join(method for method in route.methods if method not in methods)
