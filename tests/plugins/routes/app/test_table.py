"""Which route a call takes."""

import pytest
from tests.plugins.routes.app.conftest import define

from tollbridge.administering import MethodNotAllowed
from tollbridge_routes.app.table import Table, takes, template_of


def test_route_is_found_by_the_template_of_the_apps_router() -> None:
    definition = define({"name": "a", "path": "/orders/{id:int}"}, {"name": "b", "path": "/files/*"})
    table = Table(definition)

    found = table.find("GET", "/shop/orders/7", "/shop/orders/{id:int}")

    assert found is not None
    assert (found.route.name, found.path) == ("a", "/shop/orders/7")
    assert table.find("GET", "/shop/orders/7", "/shop/orders/{id}") is None
    assert table.find("GET", "/shop/orders/7", "*") is None
    assert [template_of(definition, route) for route in definition.routes] == ["/shop/orders/{id:int}", "/shop/files/*"]


def test_longest_path_whose_all_is_served_takes_a_call() -> None:
    table = Table(
        define({"name": "all", "path": "/*"}, {"name": "deep", "path": "/a/b/*"}, {"name": "flat", "path": "/a/*"})
    )

    names = [getattr(table.find("GET", path, "*"), "route", None) for path in ("/shop/a/b/c", "/shop/a/x", "/shop/x")]

    assert [None if route is None else route.name for route in names] == ["deep", "flat", "all"]
    assert table.find("GET", "/shop", "*") is None
    assert table.find("GET", "/shopping/x", "*") is None


def test_methods_of_one_path_are_told_together() -> None:
    table = Table(
        define({"name": "a", "path": "/o", "methods": ["GET", "PUT"]}, {"name": "b", "path": "/o", "methods": ["POST"]})
    )

    posted = table.find("POST", "/shop/o", "/shop/o")
    assert posted is not None
    assert posted.route.name == "b"
    with pytest.raises(MethodNotAllowed) as caught:
        table.find("DELETE", "/shop/o", "/shop/o")
    assert caught.value.extra_headers == {"allow": "GET, HEAD, POST, PUT"}
    with pytest.raises(MethodNotAllowed) as caught:
        Table(define({"name": "b", "path": "/o", "methods": ["POST"]})).find("GET", "/shop/o", "/shop/o")
    assert caught.value.extra_headers == {"allow": "POST"}


def test_service_itself_may_have_a_slash_in_the_app() -> None:
    assert Table(define()).paths("") == Table(define()).paths("/") == ["/shop", "/shop/"]
    assert Table(define(prefix="")).paths("") == ["/"]
    assert Table(define()).paths("/a/") == ["/shop/a/"]


def test_who_takes_get_takes_head() -> None:
    get, post = define({"name": "a"}, {"name": "b", "methods": ["POST"]}).routes

    assert takes(get, "HEAD")
    assert not takes(post, "HEAD")


@pytest.mark.parametrize("path", ["/../admin", "/a/./b", "/a//b", "/a\\b", "/.."])
def test_path_that_may_lead_elsewhere_is_nowhere(path: str) -> None:
    assert Table(define()).paths(path) == []


def test_path_with_dots_in_its_names_is_plain() -> None:
    assert Table(define()).paths("/a.b/..c") == ["/shop/a.b/..c"]
