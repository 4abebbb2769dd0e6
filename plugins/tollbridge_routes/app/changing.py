"""What differs between two services of the app's routes, and which of it a caller may fail with.  Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tollbridge.services.kinds import Change
from tollbridge_rest import documents
from tollbridge_routes.app.definition import AppDefinition, AppRoute
from tollbridge_routes.app.describing import document_of

MOST_CHANGES = 2_000


def changes_between(before: AppDefinition, after: AppDefinition) -> list[Change]:
    """List what differs, breaking changes first; raises `BadDocument`.

    What is called, and how, is compared by what is told of it.
    """
    found = [*documents.changes(document_of(before), document_of(after)), *_of_terms(before, after)]
    return sorted(found, key=lambda change: (not change.breaking, change.path))[:MOST_CHANGES]


def _of_terms(before: AppDefinition, after: AppDefinition) -> Iterator[Change]:
    if before.prefix != after.prefix:
        what = "calls are handed to another place in the app"
        yield Change("prefix", what, False, before.prefix, after.prefix)
    if (before.openapi is None) != (after.openapi is None):
        came = before.openapi is None
        yield Change("openapi", "the app's own description came" if came else "the app's own description went")
    old, new = _named(before), _named(after)
    for name in sorted(old.keys() & new.keys()):
        for field, breaks in _BREAKS.items():
            was, now = getattr(old[name], field), getattr(new[name], field)
            if was != now:
                what = f"{field} of a route changed"
                yield Change(f"routes/{name}/{field}", what, breaks(was, now), _shown(was), _shown(now))


def _named(definition: AppDefinition) -> Mapping[str, AppRoute]:
    return {route.name: route for route in definition.routes}


def _shown(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _less(was: int | None, now: int | None) -> bool:
    return now is not None and (was is None or now < was)


def _no_more(was: bool, now: bool) -> bool:
    return was and not now


def _never(was: Any, now: Any) -> bool:
    return False


_BREAKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "max_body_bytes": _less,
    "path": _never,
    "price_per_call": _never,
    "public": _no_more,
    "summary": _never,
}
"""Which changes of a route a caller may fail with.  That of a path shows in what is told of it."""
