"""Which routes may take calls that others took before, though nobody changed those.  Pure."""

from collections.abc import Iterator, Sequence

from tollbridge.services.kinds import Change
from tollbridge_rest.definition import Route
from tollbridge_rest.routing import Router, Way, make_way

_SAMPLE = "_"
_ANY = "GET"
"""A method for routes that take all."""


def overtaken(before: Sequence[Route], after: Sequence[Route]) -> Iterator[Change]:
    """Tell of routes that stand before another now and did not: its calls are of another scope and price there.

    Each path of either side is looked at with the methods that its route names. Nobody can say which calls meet the
    conditions of two routes, so they are taken for met. It breaks no caller where the path says more than the other's
    did, as `/orders/latest` beside `/orders/{id}`: such calls are few, and the route is there for them.
    """
    old, new = (Router(make_way(route, place) for place, route in enumerate(each)) for each in (before, after))
    there = {route.name for route in after}
    told: set[tuple[str, str]] = set()
    for method, path in _samples((*before, *after)):
        for loser, winner in _lost(old.takers(method, path), new.takers(method, path)):
            names = winner.route.name, loser.route.name
            if names in told or names[1] not in there:
                continue
            told.add(names)
            what = f"it may take calls now that went to {names[1]}"
            breaks = not _says_more(winner, loser)
            yield Change(f"routes/{names[0]}", what, breaks, loser.route.path, winner.route.path)


def _samples(routes: Sequence[Route]) -> Iterator[tuple[str, str]]:
    """Give methods and a path of each route, each pair once."""
    seen: set[tuple[str, str]] = set()
    for place, route in enumerate(routes):
        template = make_way(route, place).template
        values = dict.fromkeys(template.names, _SAMPLE)
        if template.rest:
            values[template.rest] = f"/{_SAMPLE}"
        path = template.expand(values)
        for method in route.methods or (_ANY,):
            if (method, path) not in seen:
                seen.add((method, path))
                yield method, path


def _lost(before: Sequence[Way], after: Sequence[Way]) -> Iterator[tuple[Way, Way]]:
    """Give each way that another comes before now and did not, with one such."""
    stood = {way.route.name: place for place, way in enumerate(before)}
    latest: list[tuple[int, Way]] = []  # of those up to each place, the one that stood last before
    stands: dict[str, int] = {}
    for place, way in enumerate(after):
        stands[way.route.name] = place
        own = stood.get(way.route.name, len(before)), way
        latest.append(own if not latest or own[0] > latest[-1][0] else latest[-1])
    for place, way in enumerate(before):
        above = stands.get(way.route.name, len(after))
        if above and latest[above - 1][0] > place:
            yield way, latest[above - 1][1]


def _says_more(winner: Way, loser: Way) -> bool:
    shapes = [[segment.texts for segment in way.template.segments] for way in (winner, loser)]
    return not loser.template.rest and shapes[0] != shapes[1]
