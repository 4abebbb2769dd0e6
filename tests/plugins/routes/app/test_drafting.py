"""A service written of an app."""

import msgspec
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from tests.plugins.routes.shop import bare, make_shop

from tollbridge_routes.app.checking import problems_of
from tollbridge_routes.app.definition import AppDefinition
from tollbridge_routes.app.drafting import draft_of
from tollbridge_routes.app.proving import missing_in


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer.

    Nobody.
    """


def test_what_is_written_can_be_published_and_is_in_the_app() -> None:
    shop = make_shop()

    drafted = draft_of(GZipMiddleware(shop), "/shop")

    assert drafted is not None
    definition = msgspec.convert(drafted.design["definition"], AppDefinition)
    assert [problem for problem in problems_of(definition) if not problem.warning] == []
    assert list(missing_in(shop, definition)) == []
    assert drafted.design["name"] == "Shop"
    assert [(route.name, route.path, route.methods) for route in definition.routes][:4] == [
        ("orders", "/orders", ("GET",)),
        ("order", "/orders", ("POST",)),
        ("export", "/orders/export", ("GET",)),
        ("one", "/orders/{id:int}", ("GET",)),
    ]
    assert definition.routes[1].summary == "Order something."
    assert definition.openapi is not None
    assert "/admin" not in definition.openapi["paths"]
    assert [sentence.partition(" is")[0] for sentence in drafted.left_out] == ["/shop/bare/*"]


def test_names_fit_scopes_and_are_each_ones_own() -> None:
    routes = [
        Route("/a", answer, name="do it"),
        Route("/b", answer, name="do it", methods=["POST"]),
        Route("/c", answer, name="do it", methods=["POST"]),
        Route("/d", answer, name="???"),
        WebSocketRoute("/e", answer),
    ]

    drafted = draft_of(Starlette(routes=routes))

    assert drafted is not None
    definition = drafted.design["definition"]
    assert [route["name"] for route in definition["routes"]] == ["do-it", "do-it.post", "do-it.post.2", "route"]
    assert definition["routes"][0]["summary"] == "Answer."
    assert "openapi" not in definition
    assert drafted.design["name"] == ""


def test_path_that_a_service_cannot_have_and_a_route_of_all_methods_are_left_out() -> None:
    class All(HTTPEndpoint):
        """Takes any."""

    app = Starlette(
        routes=[
            Route("/ä", answer, methods=["GET"]),
            Route("/a/", answer, methods=["GET"]),
            Route("/b", All),
            Route("/hidden*", answer, include_in_schema=False),
        ]
    )

    drafted = draft_of(app, "/a")

    assert drafted is not None
    assert [route["path"] for route in drafted.design["definition"]["routes"]] == ["/"]
    drafted = draft_of(app)
    assert drafted is not None
    assert [sentence.partition(":")[0] for sentence in drafted.left_out] == ["/ä is left out", "/b is left out"]


def test_app_that_shows_no_routes_cannot_be_written() -> None:
    assert draft_of(bare) is None
