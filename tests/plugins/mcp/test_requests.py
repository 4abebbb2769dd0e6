"""What a tool's arguments become."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser
from tests.plugins.mcp.conftest import PROMPT, SHOP

from tollbridge import BadRequest
from tollbridge_mcp.operations import read_document
from tollbridge_mcp.requests import filled, request_of

SHOP_TOOLS = {each.tool.name: each for each in read_document(SHOP).operations}


def written(parameter: Any, value: Any, path: str = "/a", method: str = "get") -> Any:
    document = {"paths": {path: {method: {"operationId": "x", "parameters": [parameter]}}}}
    (operation,) = read_document(document).operations
    return request_of(operation, {parameter["name"]: value})


def query(value: Any, **more: Any) -> str:
    return written({"name": "q", "in": "query", **more}, value).query


@pytest.mark.parametrize(
    ("value", "more", "expected"),
    [
        ("a b&c=d", {}, "q=a+b%26c%3Dd"),
        (True, {}, "q=true"),
        (0.5, {}, "q=0.5"),
        (2**70, {}, f"q={2**70}"),
        (["a", 1], {}, "q=a&q=1"),
        (["a", "b"], {"explode": False}, "q=a%2Cb"),
        (["a", "b"], {"style": "pipeDelimited", "explode": False}, "q=a%7Cb"),
        (["a", "b"], {"style": "spaceDelimited", "explode": False}, "q=a+b"),
        ({"k": "v", "n": 1}, {}, "k=v&n=1"),
        ({"k": "v", "n": 1}, {"explode": False}, "q=k%2Cv%2Cn%2C1"),
        ({"k": "v"}, {"style": "deepObject"}, "q%5Bk%5D=v"),
        ({"k": [1]}, {"content": {"application/json": {"schema": {}}}}, "q=%7B%22k%22%3A%5B1%5D%7D"),
        ("é", {}, "q=%C3%A9"),
        ([], {}, ""),
    ],
)
def test_value_is_written_into_the_query_as_the_document_says(value: Any, more: Any, expected: str) -> None:
    assert query(value, **more) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("a b", "/o/a%20b"), ("é?#%", "/o/%C3%A9%3F%23%25"), (7, "/o/7"), (["a", "b"], "/o/a%2Cb")]
)
def test_value_is_one_step_of_the_path(value: Any, expected: str) -> None:
    assert written({"name": "id", "in": "path"}, value, "/o/{id}").path == expected


REST = {"name": "rest", "in": "path", "x-tollbridge-rest": True}


@pytest.mark.parametrize(("value", "expected"), [("a b/c%/d.txt", "/f/a%20b/c%25/d.txt"), ("a", "/f/a"), (7, "/f/7")])
def test_rest_of_a_path_holds_slashes(value: Any, expected: str) -> None:
    assert written(REST, value, "/f/{rest}").path == expected


@pytest.mark.parametrize("value", ["", "/", "/a", "a/", "a//b", "..", "a/../b", "a/.", "a\\b", "a/\n"])
def test_rest_of_a_path_leads_nowhere_else(value: str) -> None:
    with pytest.raises(BadRequest, match="no step of it may be empty"):
        written(REST, value, "/f/{rest}")


@pytest.mark.parametrize("value", ["", ".", "..", "a/b", "../admin", "a\\b", "a\nb", "\x00", "/", [".."], {"a": "b/c"}])
def test_value_that_would_lead_to_another_path_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match="stands in a path"):
        written({"name": "id", "in": "path"}, value, "/o/{id}")


def test_header_is_written_once_and_in_one_line() -> None:
    request = written({"name": "X-Trace", "in": "header"}, ["a", 1])

    assert (b"x-trace", b"a,1") in request.headers
    for value in ("a\r\nhost: evil", "a\nb", "é", "\x00"):
        with pytest.raises(BadRequest, match="one line"):
            written({"name": "X-Trace", "in": "header"}, value)


def test_lists_within_lists_have_no_place() -> None:
    with pytest.raises(BadRequest, match="within others"):
        query([["a"]])


def test_members_become_the_body() -> None:
    request = request_of(SHOP_TOOLS["create_order"], {"id": "1", "item": None})

    assert (request.method, request.path) == ("POST", "/orders")
    assert json.loads(request.body) == {"id": "1", "item": None}
    assert (b"content-type", b"application/json") in request.headers


def test_whole_body_is_written_as_it_is_given() -> None:
    content = {"application/json": {"schema": {"type": "array"}}}
    document = {"paths": {"/a": {"post": {"requestBody": {"content": content}}}}}
    (operation,) = read_document(document).operations

    assert request_of(operation, {"body": [1, "a"]}).body == b'[1,"a"]'
    assert request_of(operation, {}).body == b""
    assert b"content-type" not in dict(request_of(operation, {}).headers)


async def test_files_become_a_form() -> None:
    photo = base64.b64encode(b"\x00\xff--").decode()

    request = request_of(SHOP_TOOLS["addPhoto"], {"id": "1", "photo": photo, "title": 'a"\r\nb'})

    async def chunks() -> Any:
        yield request.body
        yield b""

    headers = Headers(raw=[(name, value) for name, value in request.headers])
    form = await MultiPartParser(headers, chunks()).parse()
    file = form["photo"]
    assert not isinstance(file, str)
    assert (form["title"], await file.read()) == ('a"\r\nb', b"\x00\xff--")
    await form.close()
    with pytest.raises(BadRequest, match="in base64"):
        request_of(SHOP_TOOLS["addPhoto"], {"id": "1", "photo": "no base64"})
    with pytest.raises(BadRequest, match="in base64"):
        request_of(SHOP_TOOLS["addPhoto"], {"id": "1", "photo": 7})


def test_names_of_fields_cannot_break_out_of_the_form() -> None:
    schema = {"type": "object", "properties": {'a"; filename="x': {"type": "object"}, "n": {"type": "integer"}}}
    content = {"multipart/form-data": {"schema": schema}}
    (operation,) = read_document({"paths": {"/a": {"post": {"requestBody": {"content": content}}}}}).operations

    body = request_of(operation, {'a"; filename="x': {"k": 1}, "n": 2}).body

    assert b'name="a%22; filename=%22x"\r\ncontent-type: application/json\r\n\r\n{"k":1}\r\n' in body
    assert b'name="n"\r\n\r\n2\r\n' in body


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("getOrder", {}, "'id' is missing"),
        ("getOrder", {"id": None}, "'id' is missing"),
        ("create_order", {}, "'id' is missing"),
        ("getOrder", {"id": "1", "url": "https://evil.example"}, "takes no argument 'url'; it takes: id"),
        ("listOrders", {"host": "evil"}, "takes no argument 'host'"),
        ("listOrders", {"status": "x" * 9_000}, "too long"),
        ("listOrders", {"X-Trace": "x" * 20_000}, "too long"),
    ],
)
def test_arguments_that_do_not_fit_are_named(name: str, arguments: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        request_of(SHOP_TOOLS[name], arguments)


def test_argument_that_is_nothing_is_left_out() -> None:
    assert request_of(SHOP_TOOLS["listOrders"], {"status": None}).query == ""


def test_prompt_is_called_at_its_own_path() -> None:
    (operation,) = read_document(PROMPT).operations

    assert request_of(operation, {"text": "a"}).path == ""


def test_what_stands_between_the_braces_of_a_template_is_escaped() -> None:
    assert filled("/a b/{x}/é?{y}", {"x": "1", "y": "2"}) == "/a%20b/1/%C3%A9%3F2"
    assert filled("/a/{", {}) == "/a/%7B"
    assert filled("/{x}/{x}", {"x": "%2F"}) == "/%2F/%2F"


@given(st.text(max_size=30))
def test_every_text_in_a_query_comes_out_as_it_went_in(text: str) -> None:
    assert parse_qsl(query(text), keep_blank_values=True) == [("q", text)]


@given(st.text(max_size=30))
def test_every_text_in_a_path_is_one_step_or_is_refused(text: str) -> None:
    try:
        path = written({"name": "id", "in": "path"}, text, "/o/{id}/x").path
    except BadRequest:
        return
    assert path.isascii()
    assert path.split("/") == ["", "o", path.split("/")[2], "x"]
    assert unquote(path.split("/")[2]) == text
