"""What keeps a service of the app's routes from being published, and what is doubtful about it.  Pure."""

from collections.abc import Iterator, Sequence

from tollbridge.administering import parse_usd
from tollbridge.services.kinds import Problem
from tollbridge_rest import documents
from tollbridge_routes.app.definition import AppDefinition, AppRoute
from tollbridge_routes.app.describing import document_of, is_described
from tollbridge_routes.app.paths import flaw_of, flaw_of_prefix, head_of
from tollbridge_routes.app.table import template_of

_NEVER = frozenset(("CONNECT", "TRACE"))
_MOST = 200


def problems_of(definition: AppDefinition) -> list[Problem]:
    """List what is wrong, at most 200 problems."""
    found = [*_of_prefix(definition), *_of_routes(definition)]
    if not any(not problem.warning for problem in found):
        found += _of_document(definition)
    return found[:_MOST]


def _of_prefix(definition: AppDefinition) -> Iterator[Problem]:
    flaw = flaw_of_prefix(definition.prefix)
    if flaw:
        yield Problem("prefix", flaw)


def _of_routes(definition: AppDefinition) -> Iterator[Problem]:
    if not definition.routes:
        yield Problem("routes", "list the routes of the app that are served; `tollbridge app-routes` writes them")
    names: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for place, route in enumerate(definition.routes):
        at = f"routes/{place}"
        yield from _of_route(at, route)
        if route.name in names:
            yield Problem(f"{at}/name", f"another route is named {route.name!r}; each has a scope of its own")
        names.add(route.name)
        template = template_of(definition, route)
        for method in dict.fromkeys(route.methods):
            if (template, method) in taken:
                yield Problem(f"{at}/path", f"another route takes {method} {template}")
            taken.add((template, method))


def _of_route(at: str, route: AppRoute) -> Iterator[Problem]:
    flaw = flaw_of(route.path)
    if flaw:
        yield Problem(f"{at}/path", flaw)
    never = sorted(_NEVER & set(route.methods))
    if never:
        yield Problem(f"{at}/methods", f"{never[0]} is never served")
    if route.price_per_call is not None:
        yield from _of_price(at, route, route.price_per_call)
    if head_of(route.path) is not None:
        yield Problem(f"{at}/path", "it serves all that the app has below, also what comes later", warning=True)


def _of_price(at: str, route: AppRoute, price: str) -> Iterator[Problem]:
    try:
        parse_usd(price)
    except ValueError as exc:
        yield Problem(f"{at}/price_per_call", str(exc))
        return
    if route.public:
        yield Problem(f"{at}/price_per_call", "a public route is charged to nobody", warning=True)


def _of_document(definition: AppDefinition) -> Sequence[Problem]:
    if definition.openapi is None:
        return [Problem("openapi", "nothing says what its calls look like; put the app's own here", warning=True)]
    try:
        document = document_of(definition)
    except documents.BadDocument as exc:
        return [Problem("openapi", exc.message)]
    found = [
        Problem(f"routes/{place}/path", "the description of the app has no such operation", warning=True)
        for place, route in enumerate(definition.routes)
        if not is_described(definition, route)
    ]
    told = [
        Problem(f"openapi/{each.field.partition('/')[2]}".rstrip("/"), each.message, each.warning)
        for each in documents.problems_of(document)
    ]
    return [*found, *told]
