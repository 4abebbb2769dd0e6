"""The model of a document has what its values say, with references followed."""

from typing import Any

import pytest
from tests.plugins.rest.documents.making import OK, document_with, one, raw_with

from tollbridge_rest.documents import BadDocument, document_of
from tollbridge_rest.documents.model import Alternative, Place, Server, Style


def test_a_document_says_what_it_is() -> None:
    document = document_with(
        {},
        servers=[{"url": "https://{host}/v1", "variables": {"host": {"default": "a.example"}}, "description": "main"}],
        tags=[{"name": "b"}, {"name": "a"}],
        security=[{"key": ["x"]}, {}],
        components={
            "securitySchemes": {"key": {"$ref": "#/components/securitySchemes/real"}, "real": {"type": "http"}}
        },
    )

    assert (document.title, document.version, document.openapi) == ("Orders", "1", "3.1.1")
    assert document.servers == (Server("https://a.example/v1", "main"),)
    assert document.tags == ("b", "a")
    alternatives: tuple[Alternative, ...] = ({"key": ("x",)}, {})
    assert document.security == alternatives
    assert document.schemes["key"] == {"type": "http"}


def test_an_operation_says_what_it_is() -> None:
    document = document_with(
        {
            "/orders/{id}": {
                "servers": [{"url": "/path"}],
                "parameters": [
                    {"$ref": "#/components/parameters/Id"},
                    {"name": "q", "in": "query", "description": "of the path"},
                ],
                "get": {
                    "operationId": "getOrder",
                    "summary": "s",
                    "description": "d",
                    "tags": ["t"],
                    "deprecated": True,
                    "parameters": [{"name": "q", "in": "query", "description": "its own"}],
                    "requestBody": {"$ref": "#/components/requestBodies/B"},
                    "responses": {"2xx": {"$ref": "#/components/responses/R"}, "default": {"description": "d"}},
                    "security": [],
                },
            }
        },
        components={
            "parameters": {"Id": {"name": "id", "in": "path", "required": True}},
            "requestBodies": {"B": {"required": True, "content": {"Application/JSON; a=b": {}}}},
            "responses": {"R": {"description": "r", "headers": {"X-A": {"required": True}, "Content-Type": {}}}},
        },
        security=[{"key": []}],
    )
    (operation,) = document.operations

    assert (operation.id, operation.name, operation.method, operation.path) == (
        "getOrder",
        "getOrder",
        "GET",
        "/orders/{id}",
    )
    assert (operation.summary, operation.description, operation.tags, operation.deprecated) == ("s", "d", ("t",), True)
    assert [(each.place, each.name, each.description) for each in operation.parameters] == [
        (Place.PATH, "id", ""),
        (Place.QUERY, "q", "its own"),
    ]
    assert operation.body is not None
    assert operation.body.required
    assert [each.type for each in operation.body.content] == ["application/json"]
    assert operation.body.content[0].written == "Application/JSON; a=b"
    assert [each.status for each in operation.answers] == ["2XX", "default"]
    assert [(each.name, each.required) for each in operation.answers[0].headers] == [("x-a", True)]
    assert operation.servers == (Server("/path"),)
    assert operation.security == ()


def test_security_of_the_document_is_that_of_an_operation_without() -> None:
    document = document_with({"/": {"get": {"responses": OK}}}, security=[{"key": []}])

    assert document.operations[0].security == ({"key": ()},)


def test_all_methods_are_read_and_further_ones_of_3_2() -> None:
    methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"]
    item = {**{method: {} for method in methods}, "additionalOperations": {"LINK": {}, "purge": {}}, "x-a": 1}
    document = document_with({"/": {**item, "summary": "s"}}, openapi="3.2.0")

    assert [each.method for each in document.operations] == [*map(str.upper, methods), "LINK", "purge"]


def test_styles_have_the_defaults_of_their_places() -> None:
    document = one(
        {
            "parameters": [
                {"name": "p", "in": "path", "required": True},
                {"name": "q", "in": "query"},
                {"name": "H", "in": "header"},
                {"name": "c", "in": "cookie"},
                {"name": "d", "in": "query", "style": "deepObject"},
                {"name": "e", "in": "query", "explode": False, "allowEmptyValue": True},
                {"name": "Accept", "in": "header", "required": True},
            ]
        },
        path="/{p}",
    )

    assert [(each.name, each.style, each.explode) for each in document.operations[0].parameters] == [
        ("p", Style.SIMPLE, False),
        ("q", Style.FORM, True),
        ("h", Style.SIMPLE, False),
        ("c", Style.FORM, True),
        ("d", Style.DEEP, False),
        ("e", Style.FORM, False),
    ]
    assert [each.empty for each in document.operations[0].parameters][-1]


def test_numbers_where_texts_should_be_are_read_as_texts() -> None:
    document = document_of({**raw_with({}), "info": {"title": 1, "version": 1.5}})

    assert (document.title, document.version) == ("1", "1.5")


@pytest.mark.parametrize(
    ("paths", "where"),
    [
        ([], "paths must be an object"),
        ({"/": []}, "paths/ must be an object"),
        ({"/": {"get": []}}, "paths//GET must be an object"),
        ({"no": {}}, "must begin with a slash"),
        ({"/a?b=c": {}}, "hold no \\? or #"),
        ({"/{a": {}}, "braces"),
        ({"/{a}/{a}": {}}, "a parameter twice"),
        ({"/{}": {}}, "braces"),
        ({"/" * 102: {}}, "over 100 segments"),
        ({"/{a}": {"get": {}}, "/{b}": {"get": {}}}, "the same but for names"),
        ({"/": {"additionalOperations": {"A B": {}}}}, "no method of HTTP"),
        ({"/": {"get": {"operationId": "x"}, "put": {"operationId": "x"}}}, "operationId 'x' is there twice"),
        ({"/": {"get": {"parameters": {}}}}, "must be a list"),
        ({"/": {"get": {"parameters": [{"in": "query"}]}}}, "name is missing"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": "body"}]}}}, "a parameter is in 'body'"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": []}]}}}, "a parameter is in"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": "path"}]}}}, "has no {a}"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": "query", "style": "simple"}]}}}, "no style of a query"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": "query", "schema": 1}]}}}, "schema must be an object"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": "query", "required": "yes"}]}}}, "must be true or false"),
        ({"/": {"get": {"parameters": [{"name": "a", "in": "querystring"}]}}}, "of one media type"),
        (
            {"/": {"get": {"parameters": [{"name": "a", "in": "query", "content": {"a/b": {}, "c/d": {}}}]}}},
            "one media",
        ),
        ({"/": {"get": {"requestBody": {"content": {"nonsense": {}}}}}}, "'nonsense' is no media type"),
        ({"/": {"get": {"requestBody": {"content": {"a/b": {"encoding": {"c": {"style": "label"}}}}}}}}, "of a form"),
        ({"/": {"get": {"responses": {"ok": {}}}}}, "'ok' is no status"),
        ({"/": {"get": {"responses": {"600": {}}}}}, "'600' is no status"),
        ({"/": {"get": {"summary": []}}}, "summary must be a text"),
        ({"/": {"get": {"summary": True}}}, "summary must be a text"),
        ({"/": {"get": {"deprecated": 1}}}, "must be true or false"),
        ({"/": {"get": {"servers": [{}]}}}, "url is missing"),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_by_place(paths: Any, where: str) -> None:
    with pytest.raises(BadDocument, match=where):
        document_of(raw_with(paths))


@pytest.mark.parametrize("info", [None, {}, {"title": "a"}, {"version": "1"}])
def test_a_document_without_title_or_version_is_refused(info: Any) -> None:
    with pytest.raises(BadDocument, match=r"info/(title|version) is missing"):
        document_of({**raw_with({}), "info": info})


def test_bounds_hold_for_values_of_any_origin() -> None:
    with pytest.raises(BadDocument, match="over 500,000"):
        document_of({**raw_with({}), "x-a": [0] * 500_001})
    with pytest.raises(BadDocument, match="20,000 are read"):
        document_of(raw_with({f"/a{n}": {"get": {}, "put": {}} for n in range(10_001)}))
