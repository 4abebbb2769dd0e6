"""Which route a request takes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import GatewayError
from tollbridge_rest.conditions import LONGEST_VALUE, make_condition, values_of
from tollbridge_rest.definition import Condition, Route
from tollbridge_rest.routing import Router, make_way

NOTHING = values_of((), b"")


def make(*routes: tuple[str, str] | dict[str, Any]) -> Router:
    written = [
        route if isinstance(route, dict) else {"name": f"r{place}", "path": route[1], "methods": route[0].split()}
        for place, route in enumerate(routes)
    ]
    found = msgspec.convert(written, list[Route])
    return Router(make_way(route, place) for place, route in enumerate(found))


def taken(router: Router, method: str, path: str, values: Any = NOTHING) -> str | None:
    found = router.find(method, path, values)
    return None if found is None else found.way.route.path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/b", "/a/b"),
        ("/a/x.json", "/a/{id}.json"),
        ("/a/x", "/a/{id}"),
        ("/a/x/y", "/a/{rest*}"),
        ("/a", "/a/{rest*}"),
        ("/a/", "/a/{rest*}"),
        ("/x/b", "/{x}/b"),
        ("/x/c", None),
        ("", None),
        ("/", "/"),
    ],
)
def test_most_certain_route_is_taken(path: str, name: str | None) -> None:
    router = make(*(("GET", template) for template in ("/a/{rest*}", "/a/{id}", "/{x}/b", "/a/{id}.json", "/a/b", "/")))

    assert taken(router, "GET", path) == name


def test_values_of_parameters_are_given_by_name() -> None:
    router = make({"name": "r", "path": "/{a}/x-{b}.{c}/{rest*}"})

    found = router.find("GET", "/1/x-2.3/4/5", NOTHING)

    assert found is not None
    assert found.values == {"a": "1", "b": "2", "c": "3", "rest": "/4/5"}


def test_less_certain_route_serves_a_method_that_the_first_does_not() -> None:
    router = make(("GET", "/a/b"), ("POST", "/a/{id}"))

    assert taken(router, "POST", "/a/b") == "/a/{id}"
    with pytest.raises(GatewayError, match="DELETE is not served here; GET, HEAD, POST are") as caught:
        router.find("DELETE", "/a/b", NOTHING)
    assert caught.value.extra_headers == {"allow": "GET, HEAD, POST"}


def test_head_is_served_by_get_and_trace_and_connect_by_nothing() -> None:
    router = make(("GET", "/a"), {"name": "all", "path": "/b"})

    assert taken(router, "HEAD", "/a") == "/a"
    assert taken(router, "PURGE", "/b") == "/b"
    assert taken(router, "TRACE", "/b") is None
    assert taken(router, "CONNECT", "/b") is None


def test_route_with_more_conditions_comes_first_then_the_one_written_first() -> None:
    one = {"in": "query", "name": "v", "value": "1"}
    router = make(
        {"name": "plain", "path": "/a"},
        {"name": "second", "path": "/a"},
        {"name": "one", "path": "/a", "match": [one]},
        {"name": "two", "path": "/a", "match": [one, {"in": "header", "name": "X", "is": "exists"}]},
    )

    seen = (NOTHING, values_of((), b"v=1"), values_of([(b"x", b"")], b"v=1"))
    found = [router.find("GET", "/a", values) for values in seen]
    assert [each.way.route.name for each in found if each is not None] == ["plain", "one", "two"]


def test_route_whose_conditions_fail_is_not_there() -> None:
    router = make({"name": "a", "path": "/a", "methods": ["GET"], "match": [{"in": "query", "name": "v"}]})

    assert taken(router, "POST", "/a") is None


def test_preflight_is_not_held_against_headers_that_it_cannot_show() -> None:
    match = [{"in": "header", "name": "x", "is": "exists"}, {"in": "query", "name": "v", "is": "exists"}]
    router = make({"name": "a", "path": "/a", "match": match})

    assert router.find("GET", "/a", values_of((), b"v"), preflight=True) is not None
    assert router.find("GET", "/a", NOTHING, preflight=True) is None


def test_path_of_many_segments_leads_nowhere() -> None:
    assert taken(make(("GET", "/{rest*}")), "GET", "/a" * 101) is None
    assert taken(make(("GET", "/{rest*}")), "GET", "/a" * 100) == "/{rest*}"


@pytest.mark.parametrize(
    ("condition", "query", "meets"),
    [
        ({"value": "1"}, b"a=1", True),
        ({"value": "1"}, b"a=2&a=1", True),
        ({"value": "1"}, b"A=1", False),
        ({"value": "a b"}, b"a=a+b", True),
        ({"is": "prefix", "value": "ab"}, b"a=abc", True),
        ({"is": "prefix", "value": "ab"}, b"a=xabc", False),
        ({"is": "regex", "value": "^a+$"}, b"a=aaa", True),
        ({"is": "regex", "value": "^(a+)+$"}, b"a=" + b"a" * 4000 + b"b", False),
        ({"is": "regex", "value": "b"}, b"a=abc", True),
        ({"is": "exists"}, b"a", True),
        ({"is": "exists"}, b"b", False),
        ({"is": "not", "value": "1"}, b"a=1", False),
        ({"is": "not", "value": "1"}, b"a=2", True),
        ({"is": "not", "value": "1"}, b"", True),
        ({"is": "not"}, b"a=2", False),
        ({"is": "not"}, b"", True),
        ({"is": "prefix", "value": ""}, b"a=" + b"x" * (LONGEST_VALUE + 1), False),
    ],
)
def test_condition_is_met(condition: dict[str, str], query: bytes, meets: bool) -> None:
    made = make_condition(msgspec.convert({"in": "query", "name": "a", **condition}, Condition))

    assert made(values_of((), query)) is meets


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a{1000}{1000}{1000}"])
def test_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="no pattern that can be used"):
        make_condition(msgspec.convert({"in": "query", "name": "a", "is": "regex", "value": pattern}, Condition))


SEGMENT = st.sampled_from(["a", "b", "{x}", "{x}.j", "a{x}"])


@given(
    st.lists(st.tuples(st.lists(SEGMENT, max_size=3), st.booleans()), max_size=8),
    st.lists(st.sampled_from(["a", "b", "ab", "a.j", "c"]), max_size=4),
)
def test_what_is_found_is_what_a_look_at_every_route_finds(templates: Any, parts: list[str]) -> None:
    """The naive way: every route that fits, ordered by how certain each segment is."""
    routes = []
    for place, (segments, rest) in enumerate(templates):
        named = [segment.replace("x", f"x{n}") for n, segment in enumerate(segments)]
        routes.append({"name": f"r{place}", "path": "".join(f"/{part}" for part in [*named, *["{r*}"] * rest])})
    router = make(*routes)
    path = "".join(f"/{part}" for part in parts)

    def order(way: Any) -> Any:
        steps = [(0,) if not s.names else (1, -s.weight) for s in way.template.segments]
        return (*steps, (2,)) if way.template.rest else tuple(steps)

    ways = [make_way(route, place) for place, route in enumerate(msgspec.convert(routes, list[Route]))]
    fits = []
    for way in ways:
        segments = way.template.segments
        long_enough = len(parts) >= len(segments) if way.template.rest else len(parts) == len(segments)
        if long_enough and all(
            (segment.texts[0] == part if not segment.names else segment.match(part) is not None)
            for segment, part in zip(segments, parts, strict=False)
        ):
            fits.append(way)
    found = router.find("GET", path, NOTHING)

    if not fits:
        assert found is None
        return
    assert found is not None
    assert order(found.way) == min(map(order, fits))
