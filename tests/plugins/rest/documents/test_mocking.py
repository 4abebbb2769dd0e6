"""An answer is made up of examples, or of the schema."""

from typing import Any

import pytest
from tests.plugins.rest.documents.making import answering, one

from tollbridge import BadRequest
from tollbridge_rest.documents import BadDocument, Mocked, Mocks, Preferred

JSON = (b"content-type", b"application/json")
DOGS = {
    "examples": {"rex": {"value": {"n": 1}}, "ace": {"value": {"n": 2}}, "far": {"externalValue": "https://a.example"}}
}


def mocked(operation: Any, accept: str = "", prefer: Preferred | None = None, **more: Any) -> Mocked:
    document = one(operation, **more)
    return Mocks(document).answer(document.operations[0], accept, prefer)


@pytest.mark.parametrize(
    ("media", "prefer", "body"),
    [
        (DOGS, None, b'{"n":1}'),
        (DOGS, Preferred(example="ace"), b'{"n":2}'),
        ({"example": {"n": 3}}, None, b'{"n":3}'),
        ({"example": "text"}, None, b'"text"'),
        (DOGS, Preferred(made=True), b'{"n":0}'),
        ({}, None, b'{"n":0}'),
        ({"examples": {"a": {"dataValue": [1]}}}, None, b"[1]"),
        ({"examples": {"a": {"serializedValue": "[ 1 ]"}}}, None, b"[ 1 ]"),
        ({"examples": {"a": {"$ref": "#/components/examples/E"}}}, None, b'"e"'),
    ],
)
def test_the_body(media: Any, prefer: Preferred | None, body: bytes) -> None:
    schema = {"required": ["n"], "properties": {"n": {"type": "integer"}, "m": {}}}

    found = mocked(answering(schema, **media), prefer=prefer, components={"examples": {"E": {"value": "e"}}})

    assert found == Mocked(200, (JSON,), body)


ANSWERS = {
    "responses": {
        "default": {"description": "", "content": {"application/json": {"example": "default"}}},
        "404": {"description": "", "content": {"application/json": {"example": "missing"}}},
        "201": {
            "description": "",
            "content": {"application/json": {"example": "made"}, "text/plain": {"example": "m"}},
        },
        "202": {"description": "later"},
        "5XX": {"description": ""},
    }
}


@pytest.mark.parametrize(
    ("prefer", "status", "body"),
    [
        (None, 201, b'"made"'),
        (Preferred(404), 404, b'"missing"'),
        (Preferred(202), 202, b""),
        (Preferred(503), 503, b""),
        (Preferred(418), 418, b'"default"'),
    ],
)
def test_the_status(prefer: Preferred | None, status: int, body: bytes) -> None:
    found = mocked(ANSWERS, prefer=prefer)

    assert (found.status, found.body) == (status, body)


@pytest.mark.parametrize(
    ("statuses", "status"),
    [(["default"], 200), (["404", "400"], 400), (["2XX"], 200), (["404", "default"], 200), (["204", "200"], 200)],
)
def test_without_a_wish_it_is_the_first_success(statuses: list[str], status: int) -> None:
    assert mocked({"responses": {each: {"description": ""} for each in statuses}}).status == status


def test_the_media_type_is_the_one_that_is_accepted() -> None:
    found = mocked(ANSWERS, "text/plain")

    assert found == Mocked(201, ((b"content-type", b"text/plain"),), b"m")


@pytest.mark.parametrize(
    ("accept", "prefer", "status", "sentence"),
    [
        ("image/png", None, 406, "offered: application/json, text/plain"),
        ("", Preferred(example="none"), 400, "there is no example 'none'; known: none"),
        ("", Preferred(202, "none"), 400, "there is no example 'none'"),
    ],
)
def test_a_wish_that_cannot_be_met_is_refused(
    accept: str, prefer: Preferred | None, status: int, sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence) as caught:
        mocked(ANSWERS, accept, prefer)

    assert caught.value.status == status


def test_a_status_that_is_not_described_is_refused() -> None:
    with pytest.raises(BadRequest, match="no answer with the status 500 is described; described: 200"):
        mocked(answering({}), prefer=Preferred(500))
    with pytest.raises(BadRequest, match="known: rex, ace"):
        mocked(answering({}, **DOGS), prefer=Preferred(example="far"))


def test_without_answers_there_is_nothing_to_make_up() -> None:
    with pytest.raises(BadDocument, match="no answers that could be made up"):
        mocked({"responses": {}})


@pytest.mark.parametrize(
    ("written", "kind", "body"),
    [
        ("*/*", b"application/json", b'"a"'),
        ("application/*", b"application/json", b'"a"'),
        ("text/*", b"text/plain", b"a"),
        ("image/*", b"application/octet-stream", b"a"),
        ("application/vnd.a+json;v=1", b"application/vnd.a+json;v=1", b'"a"'),
        ("text/plain;\r\nx-evil: 1", b"text/plain", b"a"),
    ],
)
def test_the_content_type_can_be_sent(written: str, kind: bytes, body: bytes) -> None:
    answer = {"description": "", "content": {written: {"example": "a"}}}

    assert mocked({"responses": {"200": answer}}) == Mocked(200, ((b"content-type", kind),), body)


def test_headers_that_must_be_there_or_have_an_example_are() -> None:
    headers = {
        "X-Needed": {"required": True, "schema": {"type": "integer", "minimum": 4}},
        "X-Shown": {"example": [1, "b"]},
        "X-Map": {"examples": {"a": {"value": {"k": 1, "l": True}}}},
        "X-Pairs": {"explode": True, "example": {"k": 1}},
        "X-Json": {"content": {"application/json": {"example": 5}}},
        "X-Free": {"schema": {"type": "string"}},
        "X-Split": {"example": "a\r\nset-cookie: b"},
        "X-Far": {"example": "é"},
        "Set-Cookie": {"example": "a=b"},
        "Content-Length": {"example": 7},
        "Transfer-Encoding": {"example": "chunked"},
        "X Bad": {"example": "a"},
    }

    found = mocked({"responses": {"200": {"description": "", "headers": headers}}})

    assert found.headers == (
        (b"x-needed", b"4"),
        (b"x-shown", b"1,b"),
        (b"x-map", b"k,1,l,true"),
        (b"x-pairs", b"k=1"),
        (b"x-json", b"5"),
    )


def test_a_large_example_is_refused() -> None:
    with pytest.raises(BadDocument, match="over 1,048,576 bytes"):
        mocked(answering({}, example="x" * 1_048_576))
