"""Forms are checked by their schema, multipart bodies by their parts."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.rest.documents.making import one
from tests.plugins.rest.documents.test_requests import told

from tollbridge_rest.documents import Asked, Document

SCHEMA = {
    "type": "object",
    "required": ["n"],
    "properties": {
        "n": {"type": "integer"},
        "l": {"type": "array", "items": {"type": "integer"}},
        "s": {"type": "string"},
        "o": {"type": "object", "properties": {"x": {"type": "integer"}, "y": {"type": "array"}}},
        "j": {"type": "object", "properties": {"x": {"type": "integer"}}},
    },
}
ENCODING = {"j": {"contentType": "application/json"}, "l": {"style": "form", "explode": False}}


def form(body: bytes, **media: Any) -> list[str]:
    kind = "application/x-www-form-urlencoded"
    document = one({"requestBody": {"required": True, "content": {kind: {"schema": SCHEMA, **media}}}})
    return told(document, Asked({}, headers=((b"content-type", kind.encode()),), body=body))


@pytest.mark.parametrize(
    ("body", "media", "findings"),
    [
        (b"n=1&s=a+b", {}, []),
        (b"s=1", {}, ["body/n is missing"]),
        (b"n=x", {}, ["body/n must be of type integer"]),
        (b"n=1&n=2", {}, ["body/n must be there once"]),
        (b"n=1&s=5", {}, []),
        (b"n=1&l=1&l=2", {}, []),
        (b"n=1&l=1&l=x", {}, ["body/l/1 must be of type integer"]),
        (b"n=1&l=1,2", {"encoding": ENCODING}, []),
        (b"n=1&l=1,x", {"encoding": ENCODING}, ["body/l/1 must be of type integer"]),
        (b"n=1&j=%7B%22x%22%3A1%7D", {"encoding": ENCODING}, []),
        (b"n=1&j=%7B%22x%22%3A%22a%22%7D", {"encoding": ENCODING}, ["body/j/x must be of type integer"]),
        (b"n=1&j=%7B", {"encoding": ENCODING}, ["body/j is no JSON"]),
        (b"n=1&j=1&j=2", {"encoding": ENCODING}, ["body/j must be there once"]),
        (b"n=1&o[x]=1&o[y][]=a&o[y][]=b", {}, []),
        (b"n=1&o[x]=a", {}, ["body/o/x must be of type integer"]),
        (b"n=1&o[x=a", {}, ["body/o must be written as name[field], at most 8 deep"]),
        (b"n=1&other=1&other=2", {}, []),
        (b"n=%FF", {}, ["body/n is not UTF-8 in percent-encoding"]),
        (b"%FF=1", {}, ["body is no form: it is too long, or not percent-encoded UTF-8"]),
        ("n=é".encode(), {}, ["body is no form: it is too long, or not percent-encoded UTF-8"]),
        (b"&".join([b"a=1"] * 1_001), {}, ["body is no form: it is too long, or not percent-encoded UTF-8"]),
    ],
)
def test_a_form(body: bytes, media: dict[str, Any], findings: list[str]) -> None:
    assert form(body, **media) == findings


def multipart(*parts: bytes, boundary: bytes = b"b0", end: bytes = b"--") -> bytes:
    return b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--" + boundary + end + b"\r\n"


def part(name: bytes, content: bytes = b"x") -> bytes:
    return b'Content-Disposition: form-data; name="%b"; filename="name=f"\r\nContent-Type: a/b\r\n\r\n%b' % (
        name,
        content,
    )


def upload(schema: Any = None) -> Document:
    schema = schema or {"required": ["file", "note"], "properties": {"file": {}, "note": {}, "id": {"readOnly": True}}}
    return one({"requestBody": {"content": {"multipart/form-data": {"schema": schema}}}})


def sent(body: bytes, content_type: bytes = b"multipart/form-data; boundary=b0", **more: Any) -> list[str]:
    return told(upload(**more), Asked({}, headers=((b"content-type", content_type),), body=body))


@pytest.mark.parametrize(
    ("body", "findings"),
    [
        (multipart(part(b"file"), part(b"note")), []),
        (multipart(part(b"note", b"\x00\r\n--b1\r\n"), part(b"file")), []),
        (multipart(part(b"file")), ["body/note is missing"]),
        (multipart(b"content-disposition:form-data;name=file\r\n\r\n", part(b"note")), []),
        (
            multipart(b"Content-Type: a/b\r\n\r\nContent-Disposition: form-data; name=file", part(b"note")),
            ["body/file is missing"],
        ),
        (multipart(), ["body/file is missing", "body/note is missing"]),
        (multipart(part(b"file"), part(b"note"), end=b""), ["body is no multipart body of at most 1,000 parts"]),
        (b"nothing", ["body is no multipart body of at most 1,000 parts"]),
        (multipart(*[part(b"file")] * 1_001), ["body is no multipart body of at most 1,000 parts"]),
    ],
)
def test_a_multipart_body_has_the_parts_that_are_needed(body: bytes, findings: list[str]) -> None:
    assert sent(body) == findings


def test_a_boundary_may_be_quoted_and_must_be_there() -> None:
    body = multipart(part(b"file"), part(b"note"), boundary=b"a b")

    assert sent(body, b'multipart/form-data; boundary="a b"') == []
    assert sent(body, b"multipart/form-data") == ["body has no boundary in its content-type"]


def test_what_is_read_only_needs_no_part() -> None:
    schema = {"required": ["id", "file"], "properties": {"id": {"readOnly": True}, "file": {}}}

    assert sent(multipart(part(b"file")), schema=schema) == []
    assert sent(multipart(part(b"file")), schema={"type": "object"}) == []


def test_a_hostile_multipart_body_does_not_take_long() -> None:
    body = multipart(*[b'Content-Disposition: form-data; name="' + b"\\" * 8_000] * 900)
    before = time.process_time()

    assert sent(body) == ["body/file is missing", "body/note is missing"]
    assert time.process_time() - before < 2


@given(st.binary(max_size=80))
def test_no_bytes_do_anything_but_pass_or_be_refused(body: bytes) -> None:
    form(body)
    sent(b"--b0\r\n" + body)
