"""Routes that may take what another took before are told, and whether that breaks a caller."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.administering import MethodNotAllowed
from tollbridge_rest.conditions import values_of
from tollbridge_rest.definition import Route
from tollbridge_rest.overtaking import overtaken
from tollbridge_rest.routing import Router, make_way

HEADER = [{"in": "header", "name": "x-tier", "is": "exists"}]


def one(name: str, path: str, *methods: str, match: Any = ()) -> dict[str, Any]:
    return {"name": name, "path": path, "methods": methods, "match": match, "upstream": "main"}


def routes(*found: dict[str, Any]) -> list[Route]:
    return msgspec.convert(found, list[Route])


ALL, ID, LATEST = one("all", "/{rest*}"), one("id", "/orders/{id}"), one("latest", "/orders/latest")
POST, ANY, TIER = one("post", "/a", "POST"), one("any", "/a"), one("tier", "/a", match=HEADER)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([ALL], [ALL, ID], [("routes/id", "all", True)]),
        ([ID], [ID, LATEST], [("routes/latest", "id", False)]),
        ([POST, ANY], [ANY, POST], [("routes/any", "post", True)]),
        ([ANY], [ANY, TIER], [("routes/tier", "any", True)]),
        ([ANY, TIER], [TIER, ANY], []),
        ([ANY], [ANY, POST], []),
        ([ALL], [ALL, one("head", "/a", "HEAD")], [("routes/head", "all", True)]),
        ([ID, LATEST], [LATEST, ID], []),
        ([ALL, ID], [ALL], []),
        ([ALL], [one("other", "/{rest*}")], []),
    ],
)
def test_route_that_comes_before_another_is_told(before: Any, after: Any, told: Any) -> None:
    found = overtaken(routes(*before), routes(*after))

    assert [(each.path, each.what.rpartition(" ")[2], each.breaking) for each in found] == told


@given(st.permutations([ALL, ID, LATEST, POST, ANY, one("pdf", "/orders/{id}.pdf", "GET")]), st.data())
def test_call_that_goes_elsewhere_is_told_unless_its_route_was_changed(
    after: list[dict[str, Any]], data: st.DataObject
) -> None:
    before = data.draw(st.permutations(after))
    after = data.draw(st.lists(st.sampled_from(after), unique_by=lambda each: each["name"]))
    old, new = routes(*before), routes(*after)
    told = {(each.path.removeprefix("routes/"), each.what.rpartition(" ")[2]) for each in overtaken(old, new)}

    for method in ("GET", "POST"):
        for path in ("/orders/latest", "/orders/1", "/orders/1.pdf", "/a", "/b/c"):
            was, now = (name_of(each, method, path) for each in (old, new))
            if was != now and now is not None and was in {route.name for route in new}:
                assert (now, was) in told


def name_of(found: list[Route], method: str, path: str) -> str | None:
    router = Router(make_way(route, place) for place, route in enumerate(found))
    try:
        taken = router.find(method, path, values_of((), b""))
    except MethodNotAllowed:
        return None
    return None if taken is None else taken.way.route.name
