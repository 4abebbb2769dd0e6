"""A request is as its operation says, or what is wrong is told."""

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.rest.documents.making import json_body, one

from tollbridge_rest.documents import Asked, Checking, Document, Paths, Requests

JSON = ((b"content-type", b"application/json"),)


def told(document: Document, asked: Asked, **rules: Any) -> list[str]:
    """Check a request to the one operation of a document."""
    found = Requests(Checking.of(document), **rules).check(document.operations[0], asked)
    return [f"{each.where} {each.message}" for each in found]


def with_slot(schema: Any, place: str = "query", **more: Any) -> Document:
    slot = {"name": "p", "in": place, "schema": schema, **more}
    return one({"parameters": [slot]}, path="/{p}" if place == "path" else "/")


def query(document: Document, text: str, **rules: Any) -> list[str]:
    return told(document, Asked({}, text.encode()), **rules)


INTEGERS = {"type": "array", "items": {"type": "integer"}, "maxItems": 2}


@pytest.mark.parametrize(
    ("schema", "more", "text", "findings"),
    [
        ({"type": "integer", "maximum": 9}, {}, "p=7", []),
        ({"type": "integer", "maximum": 9}, {}, "p=10", ["query.p must be at most 9"]),
        ({"type": "integer"}, {}, "p=x", ["query.p must be of type integer"]),
        ({"type": "integer"}, {}, "", []),
        ({"type": "integer"}, {"required": True}, "", ["query.p is missing"]),
        ({"type": "integer"}, {}, "p=1&p=2", ["query.p must be there once"]),
        ({"type": "integer"}, {}, "p", ["query.p must be of type integer"]),
        ({"type": "integer"}, {"allowEmptyValue": True}, "p", []),
        ({"type": "integer"}, {"allowEmptyValue": True, "required": True}, "p=", []),
        ({"type": "integer"}, {"allowEmptyValue": True}, "p=x", ["query.p must be of type integer"]),
        ({"type": "string", "enum": ["1", "2"]}, {}, "p=1", []),
        ({"oneOf": [{"type": "string", "maxLength": 2}, {"type": "integer", "minimum": 100}]}, {}, "p=12", []),
        ({"oneOf": [{"type": "string", "maxLength": 2}, {"type": "integer", "minimum": 100}]}, {}, "p=120", []),
        ({"type": "string", "minLength": 3}, {}, "p=a+%C3%A9", []),
        ({"type": "string"}, {}, "p=%FF", ["query.p is not UTF-8 in percent-encoding"]),
        ({"type": "string"}, {}, "%FF=p", ["query is not UTF-8 in percent-encoding"]),
        (INTEGERS, {}, "p=1&p=2", []),
        (INTEGERS, {}, "p=1&p=2&p=3", ["query.p must have at most 2 items"]),
        (INTEGERS, {}, "p=1&p=x", ["query.p/1 must be of type integer"]),
        (INTEGERS, {"explode": False}, "p=1,2", []),
        (INTEGERS, {"explode": False}, "p=1%2C2", []),
        (INTEGERS, {"explode": False}, "p=1,2,3", ["query.p must have at most 2 items"]),
        (INTEGERS, {"style": "pipeDelimited"}, "p=1|2", []),
        (INTEGERS, {"style": "spaceDelimited"}, "p=1%202", []),
        ({"type": ["array", "string"], "items": {"type": "integer"}, "maxLength": 1}, {}, "p=1&p=2", []),
        ({"$ref": "#/components/schemas/I"}, {}, "p=x", ["query.p must be of type integer"]),
        ({"type": "integer", "default": 3}, {}, "", []),
        ({"type": "boolean"}, {}, "p=true&other=1", []),
    ],
)
def test_a_parameter_of_the_query(schema: Any, more: dict[str, Any], text: str, findings: list[str]) -> None:
    document = one(
        {"parameters": [{"name": "p", "in": "query", "schema": schema, **more}]},
        components={"schemas": {"I": {"type": "integer"}}},
    )

    assert query(document, text) == findings


OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "string"}}, "required": ["a"]}


@pytest.mark.parametrize(
    ("more", "text", "findings"),
    [
        ({}, "a=1&b=x", []),
        ({}, "b=x", ["query.p/a is missing"]),
        ({}, "a=x", ["query.p/a must be of type integer"]),
        ({}, "a=1&a=2", ["query.p has a field twice"]),
        ({}, "other=1", []),
        ({"required": True}, "other=1", ["query.p is missing"]),
        ({"explode": False}, "p=a,1,b,x", []),
        ({"explode": False}, "p=a,x", ["query.p/a must be of type integer"]),
        ({"style": "deepObject"}, "p[a]=1&p[b]=x", []),
        ({"style": "deepObject"}, "p%5Ba%5D=1", []),
        ({"style": "deepObject"}, "p[a]=x", ["query.p/a must be of type integer"]),
        ({"style": "deepObject"}, "p[b]=x", ["query.p/a is missing"]),
        ({"style": "deepObject"}, "p[b=x", ["query.p must be written as name[field], at most 8 deep"]),
        ({"style": "deepObject", "required": True}, "", ["query.p is missing"]),
    ],
)
def test_an_object_in_the_query(more: dict[str, Any], text: str, findings: list[str]) -> None:
    assert query(with_slot(OBJECT, **more), text) == findings


def test_an_exploded_object_leaves_the_parameters_of_others_alone() -> None:
    free = {"type": "object", "additionalProperties": {"type": "integer"}}
    document = one(
        {
            "parameters": [
                {"name": "filter", "in": "query", "schema": free},
                {"name": "q", "in": "query", "schema": {"type": "string"}},
            ]
        }
    )

    assert query(document, "q=text&a=1") == []
    assert query(document, "q=text&a=x") == ["query.filter/a must be of type integer"]
    assert query(document, "any=1", strict_query=True) == []


@pytest.mark.parametrize(
    ("schema", "more", "text", "findings"),
    [
        ({"type": "integer"}, {}, "p=1&q=2", ["query.q is not known"]),
        ({"type": "integer"}, {}, "p=1&q%0A=2", ["query.q? is not known"]),
        (OBJECT, {"style": "deepObject"}, "p[a]=1", []),
        (OBJECT, {"style": "deepObject"}, "p[a]=1&q[a]=1", ["query.q[a] is not known"]),
        (OBJECT, {}, "a=1&b=2", []),
        (OBJECT, {}, "a=1&c=2", ["query.c is not known"]),
    ],
)
def test_unknown_parameters_are_refused_where_that_is_asked_for(
    schema: Any, more: dict[str, Any], text: str, findings: list[str]
) -> None:
    assert query(with_slot(schema, **more), text, strict_query=True) == findings
    assert query(with_slot(schema, **more), text) == []


@pytest.mark.parametrize(
    ("kind", "text", "findings"),
    [
        ("application/x-www-form-urlencoded", "a=1&b=x", []),
        ("application/x-www-form-urlencoded", "a=x", ["querystring.p/a must be of type integer"]),
        ("application/json", quote('{"a":1}'), []),
        ("application/json", quote('{"a":"x"}'), ["querystring.p/a must be of type integer"]),
        ("application/json", "%7B", ["querystring.p is no JSON"]),
        ("application/json", "", ["querystring.p is missing"]),
    ],
)
def test_the_whole_query_as_one_value(kind: str, text: str, findings: list[str]) -> None:
    slot = {"name": "p", "in": "querystring", "required": True, "content": {kind: {"schema": OBJECT}}}
    document = one({"parameters": [slot]}, openapi="3.2.0")

    assert query(document, text) == findings
    assert query(document, text, strict_query=True) == findings


@pytest.mark.parametrize(
    ("schema", "more", "raw", "findings"),
    [
        ({"type": "integer"}, {}, "7", []),
        ({"type": "integer"}, {}, "x", ["path.p must be of type integer"]),
        ({"type": "string", "maxLength": 3}, {}, "a%2Fb", []),
        (INTEGERS, {}, "1,2", []),
        (INTEGERS, {}, "1%2C2", []),
        (INTEGERS, {"style": "label", "explode": True}, ".1.2", []),
        (INTEGERS, {"style": "matrix"}, ";p=1,2", []),
        (INTEGERS, {"style": "matrix"}, "1,2", ["path.p must begin with a semicolon"]),
        (OBJECT, {"explode": True}, "a=1,b=x", []),
        (OBJECT, {}, "a,x", ["path.p/a must be of type integer"]),
    ],
)
def test_a_parameter_of_the_path(schema: Any, more: dict[str, Any], raw: str, findings: list[str]) -> None:
    document = with_slot(schema, "path", required=True, **more)
    found = Paths(document.operations).find("POST", f"/{raw}")

    assert found is not None
    assert told(document, Asked(found.values)) == findings


@pytest.mark.parametrize(
    ("schema", "more", "values", "findings"),
    [
        ({"type": "integer"}, {}, [b"7"], []),
        ({"type": "integer"}, {}, [b" 7 "], []),
        ({"type": "integer"}, {}, [b"x"], ["header.p must be of type integer"]),
        ({"type": "integer"}, {"required": True}, [], ["header.p is missing"]),
        ({"type": "integer"}, {}, [b"1", b"2"], ["header.p must be there once"]),
        (INTEGERS, {}, [b"1, 2"], []),
        (INTEGERS, {}, [b"1", b"2"], []),
        (INTEGERS, {}, [b"1,2", b"3"], ["header.p must have at most 2 items"]),
        (OBJECT, {}, [b"a, 1, b, x"], []),
        (OBJECT, {"explode": True}, [b"a=1, b=x"], []),
        ({"type": "string", "const": "a%20b"}, {}, [b"a%20b"], []),
    ],
)
def test_a_header(schema: Any, more: dict[str, Any], values: list[bytes], findings: list[str]) -> None:
    headers = [(b"p", value) for value in values]

    assert told(with_slot(schema, "header", **more), Asked({}, headers=headers)) == findings


def test_headers_that_the_gateway_supplies_need_not_be_sent() -> None:
    document = one({"parameters": [{"name": "X-Key", "in": "header", "required": True}]})

    assert told(document, Asked({})) == ["header.x-key is missing"]
    assert told(document, Asked({}), supplied=["X-Key"]) == []


@pytest.mark.parametrize(
    ("schema", "more", "cookie", "findings"),
    [
        ({"type": "integer"}, {}, b"a=b; p=7", []),
        ({"type": "integer"}, {}, b"p=x", ["cookie.p must be of type integer"]),
        ({"type": "integer"}, {}, b"p=1; p=2", ["cookie.p must be there once"]),
        ({"type": "integer"}, {"required": True}, b"q=1; p", ["cookie.p is missing"]),
        (INTEGERS, {"explode": False}, b"p=1,2", []),
        ({"const": "a b"}, {}, b"p=a%20b", []),
        ({"const": "a%20b"}, {"style": "cookie"}, b"p=a%20b", []),
    ],
)
def test_a_cookie(schema: Any, more: dict[str, Any], cookie: bytes, findings: list[str]) -> None:
    assert told(with_slot(schema, "cookie", **more), Asked({}, headers=[(b"cookie", cookie)])) == findings


@pytest.mark.parametrize(
    ("place", "asked"),
    [
        ("query", lambda text: Asked({}, f"p={quote(text)}".encode())),
        ("path", lambda text: Asked({"p": quote(text, safe="")})),
        ("header", lambda text: Asked({}, headers=[(b"p", text.encode())])),
        ("cookie", lambda text: Asked({}, headers=[(b"cookie", f"p={quote(text)}".encode())])),
    ],
)
def test_a_parameter_that_is_json(place: str, asked: Any) -> None:
    document = with_slot(True, place, required=True, content={"application/json": {"schema": OBJECT}})

    assert told(document, asked('{"a":1}')) == []
    assert told(document, asked('{"a":"x"}')) == [f"{place}.p/a must be of type integer"]
    assert told(document, asked("{")) == [f"{place}.p is no JSON"]


def test_a_parameter_of_another_media_type_is_a_text() -> None:
    document = with_slot(True, content={"text/plain": {"schema": {"maxLength": 2}}})

    assert query(document, "p=ab") == []
    assert query(document, "p=abc") == ["query.p must have at most 2 characters"]
    assert query(document, "p=a&p=b") == ["query.p must be there once"]
    assert query(document, "p=%FF") == ["query.p is not UTF-8 in percent-encoding"]


@pytest.mark.parametrize(
    ("headers", "body", "findings"),
    [
        (JSON, b'{"a":1}', []),
        (((b"content-type", b"Application/JSON; charset=utf-8"),), b'{"a":1}', []),
        (JSON, b'{"a":"x"}', ["body/a must be of type integer"]),
        (JSON, b"{", ["body is no JSON"]),
        (JSON, b'{"a":1,"a":2}', ["body has a field twice in one object"]),
        (JSON, b"", ["body is missing"]),
        (JSON, None, []),
        ((), b'{"a":1}', ["body must be of one of these media types: application/json"]),
        (((b"content-type", b"text/plain"),), b"x", ["body must be of one of these media types: application/json"]),
    ],
)
def test_a_body(headers: Any, body: bytes | None, findings: list[str]) -> None:
    assert told(one(json_body(OBJECT)), Asked({}, headers=headers, body=body)) == findings


def test_a_refusal_has_the_status_that_fits() -> None:
    document = one({**json_body(OBJECT), "parameters": [{"name": "p", "in": "query", "schema": {"type": "integer"}}]})
    requests = Requests(Checking.of(document))

    def statuses(asked: Asked) -> list[int]:
        return [each.status for each in requests.check(document.operations[0], asked)]

    assert statuses(Asked({}, headers=JSON, body=b"{}")) == [422]
    assert statuses(Asked({}, headers=JSON, body=b"{")) == [400]
    assert statuses(Asked({}, headers=((b"content-type", b"a/b"),), body=b"{")) == [415]
    assert statuses(Asked({}, b"&".join([b"a=1"] * 1_001), JSON, b'{"a":1}')) == [400]


def test_a_body_that_may_be_left_out_or_is_not_described() -> None:
    assert told(one(json_body(OBJECT, required=False)), Asked({}, body=b"")) == []
    assert told(one({}), Asked({}, body=b"")) == []
    assert told(one({}), Asked({}, body=b"x")) == ["body must not be there"]


@pytest.mark.parametrize(
    ("declared", "sent", "fits"),
    [
        ("application/*", "application/vnd.a+json", True),
        ("*/*", "application/json", True),
        ("application/json", "application/problem+json", False),
        ("text/*", "application/json", False),
    ],
)
def test_a_range_of_media_types_takes_what_is_in_it(declared: str, sent: str, fits: bool) -> None:
    document = one({"requestBody": {"content": {declared: {"schema": OBJECT}}}})
    asked = Asked({}, headers=((b"content-type", sent.encode()),), body=b'{"a":1}')

    assert (told(document, asked) == []) is fits


def test_the_closest_media_type_counts() -> None:
    content = {"*/*": {"schema": False}, "application/*": {"schema": False}, "application/json": {"schema": OBJECT}}

    assert told(one({"requestBody": {"content": content}}), Asked({}, headers=JSON, body=b'{"a":1}')) == []


def test_other_media_types_pass() -> None:
    document = one({"requestBody": {"content": {"text/csv": {"schema": {"type": "string", "maxLength": 1}}}}})

    assert told(document, Asked({}, headers=((b"content-type", b"text/csv"),), body=b"a,b")) == []


def test_a_schema_that_cannot_be_used_lets_nothing_pass() -> None:
    document = one(json_body({"type": "nonsense"}))
    (found,) = Requests(Checking.of(document)).check(document.operations[0], Asked({}, headers=JSON, body=b"1"))

    assert (found.where, found.status) == ("document", 500)
    assert "cannot be used" in found.message


def test_at_most_twenty_findings_are_told() -> None:
    slots = [{"name": f"p{n}", "in": "query", "required": True} for n in range(30)]

    assert len(query(one({"parameters": slots}), "")) == 20


@given(st.binary(max_size=60), st.lists(st.binary(max_size=20), max_size=3), st.binary(max_size=40))
def test_no_request_does_anything_but_pass_or_be_refused(text: bytes, values: list[bytes], body: bytes) -> None:
    slots: list[dict[str, Any]] = [
        {"name": "p", "in": "query", "schema": OBJECT, "style": "deepObject"},
        {"name": "q", "in": "query", "schema": INTEGERS, "explode": False},
        {"name": "h", "in": "header", "schema": OBJECT},
        {"name": "c", "in": "cookie", "schema": INTEGERS, "explode": False},
    ]
    document = one({"parameters": slots, **json_body(OBJECT)})
    headers = [*JSON, *((name, value) for name in (b"h", b"cookie") for value in values)]

    for found in Requests(Checking.of(document)).check(document.operations[0], Asked({}, text, headers, body)):
        assert found.message
