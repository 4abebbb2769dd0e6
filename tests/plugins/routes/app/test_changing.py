"""What differs between two services of routes."""

from typing import Any

import pytest
from tests.plugins.routes.app.conftest import define

from tollbridge_routes.app.changing import changes_between

A: dict[str, Any] = {"name": "a", "path": "/a"}


def told(before: Any, after: Any) -> list[tuple[str, bool]]:
    return [(change.path, change.breaking) for change in changes_between(before, after)]


def test_same_service_has_no_changes() -> None:
    assert told(define(A), define(A)) == []


@pytest.mark.parametrize(
    ("before", "after", "path", "breaking"),
    [
        (define(A), define(A, prefix="/other"), "prefix", False),
        (define(A), define({**A, "summary": "A"}), "routes/a/summary", False),
        (define(A), define({**A, "price_per_call": "1"}), "routes/a/price_per_call", False),
        (define(A), define({**A, "max_body_bytes": 9}), "routes/a/max_body_bytes", True),
        (define({**A, "max_body_bytes": 9}), define({**A, "max_body_bytes": 8}), "routes/a/max_body_bytes", True),
        (define({**A, "max_body_bytes": 8}), define({**A, "max_body_bytes": 9}), "routes/a/max_body_bytes", False),
        (define({**A, "max_body_bytes": 8}), define(A), "routes/a/max_body_bytes", False),
        (define({**A, "public": True}), define(A), "routes/a/public", True),
        (define(A), define({**A, "public": True}), "routes/a/public", False),
    ],
)
def test_change_of_terms_is_told(before: Any, after: Any, path: str, breaking: bool) -> None:
    assert told(before, after) == [(path, breaking)]


def test_route_that_goes_breaks_callers_and_one_that_comes_does_not() -> None:
    two = define(A, {"name": "b", "path": "/b"})

    ((path, breaking),) = told(two, define(A))
    assert "/b" in path
    assert breaking
    ((path, breaking),) = told(define(A), two)
    assert "/b" in path
    assert not breaking


def test_route_with_another_name_breaks_who_has_the_scope_of_the_old_one() -> None:
    assert [breaking for _, breaking in told(define(A), define({**A, "name": "b"}))] == [True]


def test_what_the_descriptions_say_is_compared() -> None:
    def described(*needed: str) -> Any:
        parameters = [{"name": name, "in": "query", "required": True, "schema": {"type": "string"}} for name in needed]
        operation = {"parameters": parameters, "responses": {"200": {"description": "Good."}}}
        paths = {"/shop/a": {"get": operation}, "/shop/hidden": {"get": operation}}
        return {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": paths}

    found = told(define(A, openapi=described("q")), define(A, openapi=described("q", "r")))

    assert [breaking for _, breaking in found] == [True]
    assert all("hidden" not in path for path, _ in found)
    assert ("openapi", False) in told(define(A), define(A, openapi=described()))
    assert ("openapi", False) in told(define(A, openapi=described()), define(A))
