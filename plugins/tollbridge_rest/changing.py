"""What differs between two REST services, and whether a caller of the first may fail with the second.  Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge.services.kinds import Change
from tollbridge_rest.definition import Definition, Route, Strictness, Terms
from tollbridge_rest.documents import changes
from tollbridge_rest.making import Meant, read_definition
from tollbridge_rest.overtaking import overtaken

MOST_CHANGES = 2_000
_LONGEST = 200


def changes_between(before: Definition, after: Definition) -> list[Change]:
    """List what differs, breaking changes first; raises `BadDocument`."""
    old, new = read_definition(before), read_definition(after)
    found = list(_of_upstreams(before, after))
    if before.routes or after.routes:
        found += _of_routes(old.routes, new.routes)
        found += overtaken(old.routes, new.routes)
    else:
        found += _of_terms("default", before.default, after.default)
    found += _of_disabled(old, new)
    if old.document is not None and new.document is not None:
        found += changes(old.document, new.document)
    elif old.document is not new.document:
        found.append(Change("document", "the document came" if old.document is None else "the document went"))
    return sorted(found, key=lambda change: (not change.breaking, change.path))[:MOST_CHANGES]


def _of_upstreams(before: Definition, after: Definition) -> Iterator[Change]:
    """An upstream is nobody's business but the gateway's, as long as it is the same service behind it."""
    for name in sorted({*before.upstreams, *after.upstreams}):
        old, new = before.upstreams.get(name), after.upstreams.get(name)
        at = f"upstreams/{name}"
        if old is None:
            yield Change(at, "an upstream was added")
        elif new is None:
            yield Change(at, "an upstream was removed")
        else:
            for field in old.__struct_fields__:
                if getattr(old, field) != getattr(new, field):
                    shown = _shown(getattr(old, field)), _shown(getattr(new, field))
                    yield Change(f"{at}/{field}", f"{field} of an upstream changed", False, *shown)


def _of_routes(before: Sequence[Route], after: Sequence[Route]) -> Iterator[Change]:
    old, new = {route.name: route for route in before}, {route.name: route for route in after}
    for name in old.keys() - new.keys():
        yield Change(f"routes/{name}", "a route was removed", True, old[name].path)
    for name in new.keys() - old.keys():
        yield Change(f"routes/{name}", "a route was added", False, "", new[name].path)
    for name in old.keys() & new.keys():
        yield from _of_terms(f"routes/{name}", old[name], new[name])


def _of_disabled(before: Meant, after: Meant) -> Iterator[Change]:
    there = {route.name for route in before.routes} & {route.name for route in after.routes}
    for name in (after.disabled - before.disabled) & there:
        yield Change(f"disabled/{name}", "it was disabled", True)
    for name in (before.disabled - after.disabled) & there:
        yield Change(f"disabled/{name}", "it is not disabled any more")


def _of_terms(at: str, before: Terms, after: Terms) -> Iterator[Change]:
    for field in before.__struct_fields__:
        was, now = getattr(before, field), getattr(after, field)
        if was != now:
            breaks = _BREAKS.get(field, _never)(was, now)
            yield Change(f"{at}/{field}", f"{field} of a route changed", breaks, _shown(was), _shown(now))


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _never(was: Any, now: Any) -> bool:
    return False


def _always(was: Any, now: Any) -> bool:
    return True


def _fewer_methods(was: Sequence[str], now: Sequence[str]) -> bool:
    return bool(now) and (not was or not set(was) <= set(now))


def _less(was: int, now: int) -> bool:
    return now < was


def _sooner(was: float | None, now: float | None) -> bool:
    return now is not None and (was is None or now < was)


def _stricter(was: Any, now: Any) -> bool:
    sides = ((was.request, now.request), (was.response, now.response))
    return any(new is Strictness.REFUSE and old is not new for old, new in sides)


def _not_any_more(was: bool, now: bool) -> bool:
    return was and not now


def _gone(was: Any, now: Any) -> bool:
    return was is not None and now != was


_BREAKS: Mapping[str, Callable[[Any, Any], bool]] = {
    "path": _always,
    "match": _always,
    "methods": _fewer_methods,
    "max_body_bytes": _less,
    "max_answer_bytes": _less,
    "timeout_s": _sooner,
    "validate": _stricter,
    "response": _always,
    "cors": _gone,
    "escaped_slashes": _not_any_more,
}
"""Which changes of a route a caller may fail with; what is not here shows in its answers, if at all, as before."""
