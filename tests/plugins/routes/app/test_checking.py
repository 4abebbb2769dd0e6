"""What keeps a service of routes from being published."""

from typing import Any

import pytest
from tests.plugins.routes.app.conftest import ORDERS, define
from tests.plugins.routes.shop import make_shop

from tollbridge_routes.app.checking import problems_of

DOCUMENT = make_shop().openapi()


def told(definition: Any) -> list[tuple[str, str, bool]]:
    return [(problem.field, problem.message, problem.warning) for problem in problems_of(definition)]


def test_service_with_the_apps_description_is_good() -> None:
    assert told(define(*ORDERS, openapi=DOCUMENT)) == []


def test_service_without_a_description_is_doubtful() -> None:
    assert told(define(*ORDERS)) == [("openapi", "nothing says what its calls look like; put the app's own here", True)]


@pytest.mark.parametrize(
    ("definition", "field", "message"),
    [
        (define(), "routes", "app-routes"),
        (define({"name": "a"}, prefix="/a/"), "prefix", "plain path"),
        (define({"name": "a", "path": "x"}), "routes/0/path", "begins with"),
        (define({"name": "a", "methods": ["TRACE", "CONNECT"]}), "routes/0/methods", "CONNECT is never served"),
        (define({"name": "a", "price_per_call": "much"}), "routes/0/price_per_call", "much"),
        (define({"name": "a"}, {"name": "a", "path": "/b"}), "routes/1/name", "another route is named 'a'"),
        (define({"name": "a"}, {"name": "b"}), "routes/1/path", "another route takes GET /shop"),
        (define({"name": "a"}, openapi={"swagger": "2.0"}), "openapi", ""),
        (define({"name": "a"}, openapi={"openapi": "3.1.0", "info": 7, "paths": []}), "openapi", ""),
    ],
)
def test_what_is_wrong_is_told_where_it_stands(definition: Any, field: str, message: str) -> None:
    found = [problem for problem in problems_of(definition) if not problem.warning]

    assert [problem.field for problem in found] == [field]
    assert message in found[0].message


def test_what_is_doubtful_is_told_and_may_be_published() -> None:
    definition = define(
        {"name": "all", "path": "/bare/*"},
        {"name": "list", "path": "/orders", "public": True, "price_per_call": "1"},
        {"name": "deleted", "path": "/orders", "methods": ["DELETE", "PURGE"]},
        openapi=DOCUMENT,
    )

    assert told(definition) == [
        ("routes/0/path", "it serves all that the app has below, also what comes later", True),
        ("routes/1/price_per_call", "a public route is charged to nobody", True),
        ("routes/0/path", "the description of the app has no such operation", True),
        ("routes/2/path", "the description of the app has no such operation", True),
    ]


def test_schema_that_cannot_be_used_is_told() -> None:
    operation = {"responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": 7}}}}}}
    openapi = {"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/shop": {"get": operation}}}

    (problem,) = problems_of(define({"name": "a"}, openapi=openapi))

    assert problem.field.startswith("openapi/a/answers/200")
    assert not problem.warning
