"""What is told of a service of routes."""

from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.plugins.routes.app.conftest import ORDERS, define
from tests.plugins.routes.shop import make_shop

from tollbridge.services.kinds import About
from tollbridge_routes.app.describing import openapi_of

ABOUT = About("orders", "Orders", "What is ordered.", "1.2", "https://gw.example/v1/apis/orders")


def test_apps_own_description_is_told_of_what_is_served_alone() -> None:
    told = openapi_of(ABOUT, define(*ORDERS, openapi=make_shop().openapi()))

    OpenAPIV31SpecValidator(told).validate()
    assert told["info"] == {"title": "Orders", "version": "1.2", "description": "What is ordered."}
    assert told["servers"] == [{"url": ABOUT.url}]
    assert {path: sorted(item) for path, item in told["paths"].items()} == {
        "/orders": ["get", "post"],
        "/orders/{id}": ["get"],
    }
    assert told["paths"]["/orders"]["post"]["operationId"] == "order"
    assert told["paths"]["/orders/{id}"]["get"]["summary"] == "One order"
    assert "Order" in told["components"]["schemas"]
    assert "Secret" not in told["components"]["schemas"]


def test_service_without_a_description_tells_of_its_paths() -> None:
    definition = define(
        {"name": "all", "path": "/files/*", "methods": ["GET", "PURGE"], "summary": "Files"},
        {"name": "home", "public": True, "methods": ["GET", "PURGE"]},
        prefix="",
    )

    told = openapi_of(About("s", "", url="https://gw.example/v1/apis/s"), definition)

    OpenAPIV31SpecValidator(told).validate()
    assert told["info"]["title"] == "s"
    files, home = told["paths"]["/files/{rest}"]["get"], told["paths"]["/"]["get"]
    assert (files["operationId"], files["summary"]) == ("all.get", "Files")
    assert [each["name"] for each in files["parameters"]] == ["rest"]
    assert (home["security"], "security" in files) == ([], False)


def test_route_that_the_app_says_is_no_tool_stays_none() -> None:
    described = make_shop().openapi()
    described["paths"]["/shop/orders"]["post"]["x-tollbridge-tool"] = False

    told = openapi_of(ABOUT, define(*ORDERS, openapi=described))

    assert told["paths"]["/orders"]["post"]["x-tollbridge-tool"] is False
    assert "x-tollbridge-tool" not in told["paths"]["/orders"]["get"]


def test_description_in_older_words_is_told_in_those_of_today() -> None:
    schema = {"type": "string", "nullable": True}
    answer = {"description": "", "content": {"application/json": {"schema": schema}}}
    openapi = {
        "openapi": "3.0.3",
        "info": {"title": "Old", "version": "1"},
        "paths": {
            "/shop/a": {
                "summary": "A",
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}],
                "get": {"responses": {"200": answer}},
                "servers": [{"url": "http://inside"}],
            },
            "/shop/b": "nothing",
        },
    }

    told = openapi_of(ABOUT, define({"name": "a", "path": "/a"}, {"name": "b", "path": "/b"}, openapi=openapi))

    OpenAPIV31SpecValidator(told).validate()
    assert told["openapi"] == "3.1.1"
    item = told["paths"]["/a"]
    assert sorted(item) == ["get", "parameters", "summary"]
    assert item["get"]["responses"]["200"]["content"]["application/json"]["schema"] == {"type": ["string", "null"]}
    assert "get" in told["paths"]["/b"]
