"""A service as it may begin: all that an app answers, written down once.  What the app becomes later is not in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge.surface import ListedRoute, listed_routes
from tollbridge_routes.app.paths import flaw_of, head_of, shown

_MOST_WRAPPED = 64
_UNFIT = re.compile(r"[^A-Za-z0-9._~-]+")


@dataclass(frozen=True, slots=True)
class Drafted:
    """A design, and in sentences what is not in it."""

    design: dict[str, Any]
    left_out: tuple[str, ...] = ()


def draft_of(app: object, prefix: str = "") -> Drafted | None:
    """Write a design of all that an app answers below a prefix; None for an app that does not show its routes.

    What the app leaves out of its own description is left out here too, and so is an app of another kind within it,
    whose routes nobody sees.
    """
    listed = listed_routes(app)
    if listed is None:
        return None
    below = [each for each in listed if each.template.startswith(f"{prefix}/") or each.template == prefix]
    taken, left_out = list[ListedRoute](), list[str]()
    for each in (each for each in below if not each.hidden):
        reason = _reason(each)
        if reason:
            left_out.append(f"{each.template} is left out: {reason}")
        else:
            taken.append(each)
    document = _described(app)
    served = {shown(each.template) for each in taken}
    definition: dict[str, Any] = {"prefix": prefix, "routes": list(_routes(taken, prefix))}
    title = ""
    if document is not None:
        definition["openapi"] = {
            **document,
            "paths": {at: document["paths"][at] for at in document["paths"] if at in served},
        }
        title = str(document["info"].get("title", ""))
    return Drafted({"name": title, "definition": definition}, tuple(left_out))


def _reason(route: ListedRoute) -> str:
    if head_of(route.template) is not None:
        return "an app of another kind answers there, whose routes nobody sees; write /* for all of it"
    return flaw_of(route.template) or ("" if route.methods else "it takes all methods; list it with those to be served")


def _routes(listed: Sequence[ListedRoute], prefix: str) -> Iterable[dict[str, Any]]:
    names: set[str] = set()
    for each in listed:
        name = _name(each, names)
        names.add(name)
        route: dict[str, Any] = {
            "name": name,
            "path": each.template.removeprefix(prefix),
            "methods": list(each.methods),
        }
        if each.summary:
            route["summary"] = each.summary[:500]
        yield route


def _name(route: ListedRoute, taken: set[str]) -> str:
    """Give a name that fits a scope, and is no other's."""
    plain = _UNFIT.sub("-", route.name).strip("-")[:80] or "route"
    if plain in taken:
        plain = f"{plain}.{'-'.join(route.methods).lower()}"[:90]
    name, count = plain, 1
    while name in taken:
        count += 1
        name = f"{plain}.{count}"
    return name


def _described(app: object) -> Mapping[str, Any] | None:
    """Give what an app says of itself as OpenAPI, as FastAPI does; None for one that does not."""
    for _ in range(_MOST_WRAPPED):
        describe = getattr(app, "openapi", None)
        if callable(describe):
            found = describe()
            whole = isinstance(found, Mapping) and {"info", "openapi", "paths"} <= found.keys()
            return found if whole else None
        app = getattr(app, "app", None)
    return None
