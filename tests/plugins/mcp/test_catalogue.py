"""The global server: what it lists, what it describes, and what it lets be called (T26)."""

import json
from typing import Any

import pytest
from tests.plugins.mcp.conftest import DOCUMENTS, SHOP, Metered, Shelf, call_of, principal

from tollbridge import BadRequest
from tollbridge_mcp.catalogue import LARGEST_DOCUMENT, CatalogueTools, Published, only, outline, request_to
from tollbridge_mcp.invoking import InProcess
from tollbridge_mcp.model import UnknownTool

BOTH = ("service:shop:*", "service:sentiment:*")


def server() -> tuple[CatalogueTools, Metered]:
    metered = Metered()
    return CatalogueTools(Shelf(), InProcess(metered)), metered


async def call(name: str, scopes: tuple[str, ...] = BOTH, **arguments: Any) -> Any:
    return await server()[0].call(call_of(*scopes), name, arguments)


async def test_services_are_listed_to_who_may_call_them() -> None:
    everything = await call("service_list")
    some = await call("service_list", search="SOUNDS")
    after = await call("service_list", after="sentiment")
    nothing = await call("service_list", ("ai:*",))

    assert [each["slug"] for each in everything.structured["services"]] == ["sentiment", "shop"]
    assert [each["slug"] for each in some.structured["services"]] == ["sentiment"]
    assert [each["slug"] for each in after.structured["services"]] == ["shop"]
    assert nothing.structured == {"services": []}


async def test_long_list_says_where_it_goes_on() -> None:
    class Many(Shelf):
        async def services(self, principal: Any) -> list[Published]:
            return [Published(f"s{i:03}", "x") for i in range(150)]

    tools = CatalogueTools(Many(), InProcess(Metered()))

    first = await tools.call(call_of(), "service_list", {})
    assert first.structured is not None
    rest = await tools.call(call_of(), "service_list", {"after": first.structured["more_after"]})

    assert rest.structured is not None
    assert (len(first.structured["services"]), len(rest.structured["services"])) == (100, 50)
    assert "more_after" not in rest.structured


async def test_document_is_given_whole_or_by_its_paths() -> None:
    whole = await call("openapi_document", service="shop")
    path = await call("openapi_document", service="shop", path="/orders")
    lacking = await call("openapi_document", service="shop", path="/nothing")
    none = await call("openapi_document", service="nothing")

    assert whole.structured == SHOP
    assert json.loads(whole.content[0]["text"]) == SHOP
    assert set(path.structured["paths"]) == {"/orders"}
    assert set(path.structured["components"]["schemas"]) == {"Order", "Item"}
    assert (lacking.is_error, none.is_error) == (True, True)


async def test_large_document_is_given_as_an_outline() -> None:
    large = {**SHOP, "x-more": "x" * LARGEST_DOCUMENT}
    DOCUMENTS["shop"] = large
    try:
        found = await call("openapi_document", service="shop")
    finally:
        DOCUMENTS["shop"] = SHOP

    assert found.structured["operations"][:2] == ["GET /orders  Lists orders.", "POST /orders"]
    assert found.structured["info"] == SHOP["info"]


def test_outline_and_path_of_anything_are_bounded() -> None:
    many = {"paths": {f"/a{i}": {"get": {"summary": "x" * 1_000}} for i in range(5_000)}, "info": {"x": "y" * 20_000}}
    loop = {
        "paths": {"/a": {"$ref": "#/components/x/A"}},
        "components": {"x": {"A": {"b": {"$ref": "#/components/x/A"}}}},
    }

    found = outline(many)

    assert len(found["operations"]) == 2_000
    assert max(map(len, found["operations"])) < 320
    assert found["info"] == {}
    assert outline({"paths": []})["operations"] == []
    assert only(loop, "/a") == {"paths": loop["paths"], "components": loop["components"]}
    assert only({}, "/a") is None


async def test_part_of_a_document_that_is_too_large_is_refused() -> None:
    DOCUMENTS["shop"] = {"paths": {"/a": {"get": {"description": "x" * 3 * LARGEST_DOCUMENT}}}}
    try:
        found = await call("openapi_document", service="shop", path="/a")
    finally:
        DOCUMENTS["shop"] = SHOP

    assert found.is_error


def test_request_is_written_as_it_is_asked_for() -> None:
    request = request_to(
        {
            "service": "shop",
            "method": "PUT",
            "path": "/orders/é b",
            "query": {"a": [1, True], "b c": "d&e"},
            "headers": {"X-Trace": "1", "Accept": "text/csv"},
            "body": {"a": 1},
        }
    )

    assert (request.method, request.path) == ("PUT", "/v1/apis/shop/orders/%C3%A9%20b")
    assert request.query == "a=1&a=true&b+c=d%26e"
    assert dict(request.headers) == {b"x-trace": b"1", b"accept": b"text/csv", b"content-type": b"application/json"}
    assert request.body == b'{"a":1}'
    assert request_to({"service": "shop", "path": "/"}).path == "/v1/apis/shop"
    assert request_to({"service": "shop"}).method == "POST"


@pytest.mark.parametrize(
    "arguments",
    [
        {"service": "shop", "path": "orders"},
        {"service": "shop", "path": "/../sentiment"},
        {"service": "shop", "path": "/.."},
        {"service": "shop", "path": "/./a"},
        {"service": "shop", "path": "//evil.example"},
        {"service": "shop", "path": "/a//b"},
        {"service": "shop", "path": "https://evil.example/"},
        {"service": "shop", "path": "@evil.example"},
        {"service": "shop", "path": "/a%2f..%2fb"},
        {"service": "shop", "path": "/a?x=1"},
        {"service": "shop", "path": "/a#x"},
        {"service": "shop", "path": "/a\\b"},
        {"service": "shop", "path": "/a\r\nhost: evil"},
        {"service": "shop", "path": 7},
        {"service": "shop", "path": "/" + "a" * 9_000},
        {"service": "../mcp"},
        {"service": "shop/../x"},
        {"service": "shop@2"},
        {"service": "SHOP"},
        {"service": ""},
        {"service": 7},
        {},
        {"service": "shop", "method": "CONNECT"},
        {"service": "shop", "method": "get"},
        {"service": "shop", "query": []},
        {"service": "shop", "query": {"a": {}}},
        {"service": "shop", "query": {"a": [[1]]}},
        {"service": "shop", "query": {"a": "x" * 9_000}},
        {"service": "shop", "headers": []},
        {"service": "shop", "headers": {"Host": "evil.example"}},
        {"service": "shop", "headers": {"Authorization": "Bearer x"}},
        {"service": "shop", "headers": {"X-Api-Key": "x"}},
        {"service": "shop", "headers": {"Cookie": "x"}},
        {"service": "shop", "headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"service": "shop", "headers": {"X-Tollbridge-Identity": "x"}},
        {"service": "shop", "headers": {"tollbridge-version": "x"}},
        {"service": "shop", "headers": {"X-HTTP-Method-Override": "DELETE"}},
        {"service": "shop", "headers": {"x-a\r\nhost": "evil"}},
        {"service": "shop", "headers": {"X-A": "a\r\nb: c"}},
        {"service": "shop", "headers": {"X-A": 7}},
        {"service": "shop", "headers": {"": ""}},
    ],
)
def test_nothing_else_than_a_service_here_can_be_called(arguments: Any) -> None:
    with pytest.raises(BadRequest):
        request_to(arguments)


@pytest.mark.parametrize(
    "more", [{"base_url": "https://evil.example"}, {"url": "https://evil.example"}, {"host": "evil"}]
)
async def test_no_argument_says_where_a_call_goes(more: Any) -> None:
    tools, metered = server()

    result = await tools.call(call_of(*BOTH), "invoke", {"service": "shop", **more})

    assert result.is_error
    assert "takes no argument" in result.content[0]["text"]
    assert metered.seen == []


async def test_call_passes_the_chain_that_decides() -> None:
    tools, metered = server()

    refused = await tools.call(call_of("service:shop:*"), "invoke", {"service": "sentiment", "body": {"text": "a"}})
    done = await tools.call(call_of(*BOTH), "invoke", {"service": "sentiment", "body": {"text": "a"}})

    assert refused.is_error
    assert done.structured == {"sentiment": "good"}
    assert len(metered.seen) == 2


async def test_unknown_tool_is_none() -> None:
    with pytest.raises(UnknownTool):
        await call("service_create")
    assert [each.name for each in await server()[0].tools(principal())] == [
        "service_list",
        "openapi_document",
        "invoke",
    ]
