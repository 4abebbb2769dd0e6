"""Which route a request takes.  Pure.

A path is walked down a tree of segments, the most certain branch first: a text, then a text with parameters in it,
then a parameter, then the rest.  Among routes of one path those with more conditions come first, then those that stand
first.  No branch is walked twice, so a look takes time in the tree and in the path, not in their product.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tollbridge.administering import MethodNotAllowed
from tollbridge_rest.conditions import Meets, Values, make_condition
from tollbridge_rest.definition import Cors, Place, Route
from tollbridge_rest.templates import ESCAPED, PathTemplate, Segment, read_template

NEVER = frozenset(("CONNECT", "TRACE"))
"""What no route serves: one would be a tunnel, the other shows a caller the gateway's own credential."""
_MOST_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class Way:
    """A route as it is looked up.  `place` is where it stands among all."""

    route: Route
    place: int
    template: PathTemplate
    conditions: tuple[Meets, ...]
    preflight: tuple[Meets, ...]

    def takes(self, method: str) -> bool:
        """Whether it serves a method; who serves GET serves HEAD (RFC 9110 section 9.3.2)."""
        methods = self.route.methods
        if method in NEVER:
            return False
        return not methods or method in methods or (method == "HEAD" and "GET" in methods)


@dataclass(frozen=True, slots=True)
class Taken:
    """A route with the values of its path's parameters."""

    way: Way
    values: dict[str, str]


@dataclass(slots=True)
class _Branch:
    """Where a path has come to.  `ends` are the ways that end here, `rests` those that take whatever follows."""

    texts: "dict[str, _Branch]" = field(default_factory=dict)
    mixed: "dict[tuple[str, ...], tuple[Segment, _Branch]]" = field(default_factory=dict)
    ordered: "list[tuple[Segment, _Branch]]" = field(default_factory=list)
    ends: list[Way] = field(default_factory=list)
    rests: list[Way] = field(default_factory=list)


def make_way(route: Route, place: int) -> Way:
    """Read a route; raises `ValueError` for a template or a pattern that cannot be used."""
    conditions = tuple(map(make_condition, route.match))
    seen = [condition.where is Place.QUERY for condition in route.match]
    preflight = tuple(meets for meets, kept in zip(conditions, seen, strict=True) if kept)
    return Way(route, place, read_template(route.path), conditions, preflight)


class Router:
    """Finds routes."""

    def __init__(self, ways: Iterable[Way]) -> None:
        self._root = _Branch()
        for way in sorted(ways, key=lambda way: (-len(way.conditions), way.place)):
            self._plant(way)
        _put_in_order(self._root)

    def _plant(self, way: Way) -> None:
        branch = self._root
        for segment in way.template.segments:
            branch = _below(branch, segment)
        (branch.rests if way.template.rest else branch.ends).append(way)

    def find(self, method: str, path: str, values: Values, *, preflight: bool = False) -> Taken | None:
        """Give the route a request takes, or None; raises `MethodNotAllowed` where another method would take one.

        `path` is decoded but for slashes within a segment, empty or with a slash before. `preflight`: a browser asks
        before it calls (CORS), and does not show the headers that it will send, so conditions on them are not looked
        at.
        """
        allowed: set[str] = set()
        for ways, rest, found in self._walk(path):
            for way in ways:
                conditions = way.preflight if preflight else way.conditions
                if not all(meets(values) for meets in conditions):
                    continue
                if way.takes(method):
                    return Taken(way, _named(way.template, found, rest))
                allowed.update(way.route.methods)
        if allowed:
            names = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
            raise MethodNotAllowed(f"{method[:20]} is not served here; {names} are", headers={"allow": names})
        return None

    def cors_at(self, path: str, values: Values) -> Cors | None:
        """Give the rules for pages of other origins of the first route at a path that has some."""
        ways = (way for ways, _, _ in self._walk(path) for way in ways)
        rules = (way.route.cors for way in ways if all(meets(values) for meets in way.conditions))
        return next((cors for cors in rules if cors is not None), None)

    def takers(self, method: str, path: str) -> list[Way]:
        """List the ways that may take a request, by the conditions it meets: the last one has none, or all may not."""
        found = []
        for way in (way for ways, _, _ in self._walk(path) for way in ways if way.takes(method)):
            found.append(way)
            if not way.conditions:
                break
        return found

    def _walk(self, path: str) -> "Iterable[tuple[Sequence[Way], str, tuple[str, ...]]]":
        """Give all ends that a path leads to, the most certain first, each with the rest and the values on the way."""
        parts = path.split("/", _MOST_SEGMENTS + 1)[1:]
        if len(parts) > _MOST_SEGMENTS:
            return
        waiting: list[tuple[_Branch, int, tuple[str, ...], bool]] = [(self._root, 0, (), False)]
        while waiting:
            branch, place, found, late = waiting.pop()
            if late:
                yield branch.rests, "".join(f"/{part}" for part in parts[place:]), found
                continue
            if branch.rests:
                waiting.append((branch, place, found, True))
            if place == len(parts):
                if branch.ends:
                    yield branch.ends, "", found
                continue
            part = parts[place]
            for segment, below in branch.ordered:
                values = segment.match(part)
                if values is not None:
                    waiting.append((below, place + 1, (*found, *values), False))
            straight = branch.texts.get(part)
            if straight is not None:
                waiting.append((straight, place + 1, found, False))


def _below(branch: _Branch, segment: Segment) -> _Branch:
    if not segment.names:
        return branch.texts.setdefault(segment.texts[0], _Branch())
    return branch.mixed.setdefault(segment.texts, (segment, _Branch()))[1]


def _put_in_order(root: _Branch) -> None:
    """Have the segments with the least fixed text looked at first, for what is found first is taken last."""
    waiting = [root]
    while waiting:
        branch = waiting.pop()
        branch.ordered = sorted(branch.mixed.values(), key=lambda pair: pair[0].weight)
        waiting += [*branch.texts.values(), *(below for _, below in branch.ordered)]


def _named(template: PathTemplate, found: tuple[str, ...], rest: str) -> dict[str, str]:
    plain = [value.replace(ESCAPED, "/") for value in found]
    values = (*plain, rest) if template.rest else plain
    return dict(zip(template.names, values, strict=True))
