"""Whether the app has what a service hands on."""

from typing import Any

from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Route
from tests.plugins.routes.app.conftest import ORDERS, define
from tests.plugins.routes.shop import bare, make_shop

from tollbridge_routes.app.proving import missing_in


def told(app: object, *routes: dict[str, Any], **more: Any) -> list[tuple[str, str, bool]]:
    found = missing_in(app, define(*routes, **more))
    return [(problem.field, problem.message, problem.warning) for problem in found]


def test_app_that_has_all_of_them_is_good() -> None:
    assert told(make_shop(), *ORDERS, {"name": "bare", "path": "/bare/*"}) == []


def test_gateway_that_stands_alone_has_nothing_to_serve() -> None:
    ((field, message, warning),) = told(None, *ORDERS)

    assert (field, warning) == ("", False)
    assert "wraps no app" in message


def test_route_that_is_not_there_or_is_written_otherwise_is_told() -> None:
    found = told(make_shop(), {"name": "a", "path": "/nothing"}, {"name": "b", "path": "/orders/{id}"})

    assert [field for field, _, _ in found] == ["routes/0/path", "routes/1/path"]
    assert found[1][1] == "the app has no route /shop/orders/{id}; write it as the app does"


def test_method_that_the_app_does_not_take_is_doubtful() -> None:
    ((field, message, warning),) = told(make_shop(), {"name": "a", "path": "/orders", "methods": ["GET", "DELETE"]})

    assert (field, message, warning) == ("routes/0/methods", "the app takes no DELETE at /shop/orders", True)


def test_route_of_all_methods_takes_any() -> None:
    class All(HTTPEndpoint):
        """All of them."""

    app = Starlette(routes=[Route("/shop/a", All)])

    assert told(app, {"name": "a", "path": "/a", "methods": ["PURGE"]}) == []


def test_app_that_shows_no_routes_is_served_as_a_whole_alone() -> None:
    found = told(bare, {"name": "a", "path": "/a"}, {"name": "b", "path": "/*"})

    assert [field for field, _, _ in found] == ["routes/0/path"]
    assert "serve /* of it" in found[0][1]
