"""What is published is the gateway's: its URL, its credential, its operations."""

from typing import Any

import pytest
from openapi_spec_validator import validate
from tests.plugins.rest.documents.making import OK, document_with

from tollbridge_rest.documents import BadDocument, document_of, exporting, publish, to_json, to_yaml

RAW: dict[str, Any] = {
    "servers": [{"url": "https://internal.example/v1"}],
    "security": [{"key": []}],
    "tags": [{"name": "t"}],
    "x-internal": "arn:internal",
    "webhooks": {"w": {"post": {"responses": OK}}},
    "externalDocs": {"url": "https://internal.example/docs"},
    "components": {
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "x-internal-key"}},
        "schemas": {
            "Order": {"type": "object", "properties": {"lines": {"$ref": "#/components/schemas/Line"}}},
            "Line": {
                "type": "object",
                "oneOf": [{"$ref": "#/components/schemas/Text"}],
                "discriminator": {"propertyName": "k", "mapping": {"a": "Text", "b": "Other"}},
            },
            "Text": {"type": "object"},
            "Other": {"type": "object", "properties": {"self": {"$ref": "#/components/schemas/Other"}}},
            "Secret": {"type": "object"},
        },
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "responses": {
            "Secret": {"description": "", "content": {"a/b": {"schema": {"$ref": "#/components/schemas/Secret"}}}}
        },
        "x-more": {"a": 1},
    },
}
ORDER = {
    "200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}}
}
DOCUMENT = document_with(
    {
        "/orders/{id}": {
            "summary": "An order",
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "servers": [{"url": "https://internal.example/path"}],
            "x-amazon": {"uri": "http://10.0.0.1"},
            "get": {
                "operationId": "getOrder",
                "responses": ORDER,
                "security": [],
                "servers": [{"url": "https://internal.example/op"}],
                "x-google-backend": {"address": "http://10.0.0.2"},
            },
            "delete": {"responses": {"204": {"$ref": "#/components/responses/Secret"}}},
        },
        "/hidden": {"post": {"responses": OK}},
        "/alias": {"$ref": "#/paths/~1hidden"},
        "x-path": {"a": 1},
    },
    **RAW,
)
URL = "https://gateway.example/v1/apis/orders"


def published(*names: str) -> dict[str, Any]:
    kept = [each for each in DOCUMENT.operations if each.name in names]
    return publish(DOCUMENT, URL, kept, version="7")


def test_nothing_of_what_stands_behind_is_told() -> None:
    text = to_json(published("getOrder")).decode()

    for word in ("internal", "10.0.0", "x-", "Secret", "hidden", "delete", "webhooks"):
        assert word not in text


def test_no_callback_and_no_link_tells_of_a_server() -> None:
    inside = {"url": "https://internal.example"}
    call = {
        "{$request.body#/u}": {"servers": [inside], "x-a": 1, "post": {"servers": [inside], "x-b": 1, "responses": OK}}
    }
    link = {"operationId": "a", "server": inside, "x-c": 1}
    operation = {
        "operationId": "a",
        "callbacks": {"one": call, "two": {"$ref": "#/components/callbacks/C"}, "x-odd": 5},
        "responses": {
            "200": {"description": "", "links": {"next": link, "more": {"$ref": "#/components/links/L"}}},
            "404": {"$ref": "#/components/responses/R"},
        },
    }
    components = {
        "callbacks": {"C": call},
        "links": {"L": link},
        "responses": {"R": {"description": "", "links": {"x": link}}},
    }
    document = document_with({"/a": {"get": operation}}, components=components)

    found = publish(document, "https://gw.example", document.operations)

    assert "internal.example" not in f"{found}"
    assert "x-a" not in f"{found}"
    assert "x-b" not in f"{found}"
    assert "x-c" not in f"{found}"
    assert found["components"]["links"]["L"] == {"operationId": "a"}
    assert found["paths"]["/a"]["get"]["callbacks"]["one"]["{$request.body#/u}"] == {"post": {"responses": OK}}


def test_paths_and_operations_that_are_empty_are_published() -> None:
    document = document_with({"/a": {"get": None, "additionalOperations": None, "post": {"responses": OK}}, "/b": None})

    found = publish(document, "https://gw.example", document.operations)

    assert found["paths"] == {"/a": {"get": {}, "post": {"responses": OK}}}


def test_that_an_operation_is_no_tool_stays_and_nothing_else_of_that_name() -> None:
    said = {"get": False, "post": True, "put": "http://10.0.0.3", "delete": 0}
    items = {method: {"responses": OK, "x-tollbridge-tool": value, "x-a": 1} for method, value in said.items()}
    document = document_with({"/a": {**items, "x-tollbridge-tool": False}}, **{"x-tollbridge-tool": False})

    found = publish(document, "https://gw.example/v1/apis/a", document.operations)

    assert found["paths"] == {
        "/a": {m: {"responses": OK} for m in said} | {"get": {"responses": OK, exporting.NO_TOOL: False}}
    }
    assert exporting.NO_TOOL not in found


def test_the_gateway_stands_in_front() -> None:
    document = published("getOrder")

    assert document["servers"] == [{"url": URL}]
    assert document["security"] == [{"tollbridge": []}]
    assert list(document["components"]["securitySchemes"]) == ["tollbridge"]
    assert document["info"] == {"title": "Orders", "version": "7"}
    assert document["tags"] == [{"name": "t"}]
    assert document["paths"] == {
        "/orders/{id}": {
            "summary": "An order",
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {"operationId": "getOrder", "responses": ORDER},
        }
    }
    validate(document)  # type: ignore[arg-type]  # it asks for a Hashable


def test_components_that_are_referred_to_stay_and_no_others() -> None:
    components = published("getOrder")["components"]

    assert list(components["schemas"]) == ["Order", "Line", "Text", "Other"]
    assert list(components["parameters"]) == ["Id"]
    assert components["schemas"]["Order"] == RAW["components"]["schemas"]["Order"]
    assert "responses" not in components
    assert list(published("delete-orders-id")["components"]["schemas"]) == ["Secret"]


def test_a_path_that_refers_to_another_is_written_out() -> None:
    document = published("post-alias")

    assert document["paths"] == {"/alias": {"post": {"responses": OK}}}
    assert published()["paths"] == {}


def test_what_is_referred_to_outside_the_components_is_written_out() -> None:
    document = document_with(
        {
            "/a": {"get": {"responses": {"200": {"$ref": "#/paths/~1b/get/responses/200"}}}},
            "/b": {"get": {"responses": ORDER}},
        },
        components=RAW["components"],
    )

    found = publish(document, URL, document.operations[:1])

    assert found["paths"] == {"/a": {"get": {"responses": ORDER}}}
    assert list(found["components"]["schemas"]) == ["Order", "Line", "Text", "Other"]
    assert len(document_of(found).operations) == 1


def test_a_schema_outside_the_components_becomes_one_though_it_refers_to_itself() -> None:
    place = "#/paths/~1b/get/responses/200/content/application~1json/schema"
    node = {"type": "object", "properties": {"next": {"$ref": place}, "order": {"$ref": "#/components/schemas/Other"}}}
    told = {"description": "told"}
    document = document_with(
        {
            "/a": {"get": {"responses": {"200": {**told, "content": {"a/b": {"schema": {"$ref": place}}}}}}},
            "/b": {
                "get": {"responses": {"200": {"description": "", "content": {"application/json": {"schema": node}}}}}
            },
        },
        components=RAW["components"],
    )

    found = publish(document, URL, document.operations[:1])

    other, made = found["components"]["schemas"]
    assert other == "Other"
    own = {"$ref": f"#/components/schemas/{made}"}
    assert found["components"]["schemas"][made]["properties"]["next"] == own
    assert found["paths"]["/a"]["get"]["responses"]["200"]["content"]["a/b"]["schema"] == own
    assert len(document_of(found).operations) == 1
    assert to_json(found) == to_json(publish(document, URL, document.operations[:1]))


def test_references_outside_are_found_wherever_they_stand() -> None:
    place = "#/paths/~1b/get/responses/200/content/a~1b"
    schema = {"properties": {"example": {"$ref": f"{place}/schema"}}}
    content = {"schema": schema, "examples": {"e": {"$ref": f"{place}/examples/e"}}}
    at_b = {"schema": {"type": "string"}, "examples": {"e": {"value": "text"}}}
    b = {"/b": {"get": {"responses": {"200": {"description": "", "content": {"a/b": at_b}}}}}}
    many = {
        f"/{n}": {"get": {"responses": {"200": {"description": "", "content": {"a/b": content}}}}} for n in range(9)
    }
    document = document_with({**many, **b})

    found = publish(document, URL, document.operations[:9])

    (made,) = found["components"]["schemas"]
    media = found["paths"]["/8"]["get"]["responses"]["200"]["content"]["a/b"]
    assert found["components"]["schemas"][made] == {"type": "string"}
    assert media["schema"] == {"properties": {"example": {"$ref": f"#/components/schemas/{made}"}}}
    assert media["examples"] == {"e": {"value": "text"}}


def test_values_that_look_like_references_stay() -> None:
    example = {"$ref": "#/paths/~1b"}
    media = {
        "example": example,
        "examples": {"e": {"value": example}},
        "schema": {"properties": {"example": {"default": example}}},
    }
    answers = {"200": {"description": "", "content": {"a/b": media}}}
    document = document_with({"/a": {"get": {"responses": answers}}, "/b": {"get": {"responses": OK}}})

    assert publish(document, URL, document.operations[:1])["paths"]["/a"]["get"]["responses"] == answers


def test_what_is_written_out_again_and_again_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MAX_NODES", 50)
    large = {"200": {"description": "", "headers": {f"X-{n}": {"description": ""} for n in range(20)}}}
    many = {f"/{n}": {"get": {"responses": {"200": {"$ref": "#/paths/~1b/get/responses/200"}}}} for n in range(3)}
    document = document_with({**many, "/b": {"get": {"responses": large}}})

    assert publish(document, URL, document.operations[:2])
    with pytest.raises(BadDocument, match="lead to other places"):
        publish(document, URL, document.operations)


def test_a_ring_outside_the_components_is_refused() -> None:
    callbacks = {"c": {"{$url}": {"$ref": "#/paths/~1a"}}}
    document = document_with({"/a": {"post": {"responses": OK, "callbacks": callbacks}}})

    with pytest.raises(BadDocument, match="lead to other places"):
        publish(document, URL, document.operations)


def test_further_methods_of_3_2_are_kept_or_not_too() -> None:
    document = document_with(
        {"/": {"query": {"responses": OK}, "additionalOperations": {"LINK": {"responses": OK, "x-a": 1}, "PURGE": {}}}},
        openapi="3.2.0",
        **{"$self": "https://internal.example/self"},
    )

    kept = [each for each in document.operations if each.method in ("QUERY", "LINK")]

    found = publish(document, URL, kept)

    assert found["paths"] == {"/": {"query": {"responses": OK}, "additionalOperations": {"LINK": {"responses": OK}}}}
    assert "internal" not in to_json(found).decode()
    assert publish(document, URL, kept[:1])["paths"] == {"/": {"query": {"responses": OK}}}


def test_what_is_published_can_be_read_again_and_is_the_same_each_time() -> None:
    document = published("getOrder")

    assert to_json(document) == to_json(published("getOrder"))
    assert to_yaml(document) == to_yaml(published("getOrder"))
    assert [each.name for each in document_of(document).operations] == ["getOrder"]
    assert publish(DOCUMENT, URL, [])["info"]["version"] == "1"
