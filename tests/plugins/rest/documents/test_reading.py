"""A document is read within bounds, and only where its version is known."""

import json
import time
from typing import Any

import pytest
from tests.plugins.rest.documents.making import raw_with

from tollbridge_rest.documents import BadDocument, read_document, to_json, to_yaml
from tollbridge_rest.documents.bounds import MAX_BYTES, MAX_NODES

HEAD = '"openapi":"3.1.1","info":{"title":"a","version":"1"}'


@pytest.mark.parametrize("version", ["3.0.0", "3.0.4", "3.1.0", "3.1.2", "3.2.0", "3.1.0-rc1"])
@pytest.mark.parametrize("write", [to_json, to_yaml])
def test_known_versions_are_read(version: str, write: Any) -> None:
    document = raw_with({}, openapi=version)

    assert read_document(write(document)) == document


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert read_document(b"\xef\xbb\xbf" + to_json(raw_with({}))) == raw_with({})


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'{"swagger":"2.0"}', "Swagger 2.0.*npx swagger2openapi"),
        (b'{"openapi":"4.0.0"}', "the version '4.0.0' of OpenAPI is not known"),
        (b'{"openapi":"3.3.0"}', "not known"),
        (b"openapi: 3.0", "the version '3.0' of OpenAPI is not known; a text such as"),
        (b"{}", "the field openapi, which says the version, is missing"),
        (b"[]", "is an object"),
        (b"", "is an object"),
        (b"just text", "is an object"),
        (b"\xff\xfe{", "not UTF-8: byte 0"),
        (b'{"a":1,"a":2}', "the key 'a' is there twice in one object"),
        (b'{"a":NaN}', "NaN is no number of JSON"),
        (b'{"a":1e999}', "too large"),
        (b"openapi: 3.1.1\na: 1e999", "too large"),
        (b'{"a":' + b"9" * 5_000 + b"}", "too many digits"),
        (b'{"a":1', r"this is no JSON: Expecting ',' delimiter \(line 1, column 7\)"),
        (b'{"a":"\\ud800"}', "half a character"),
        (b'{"\\udfff":1}', "half a character"),
        (b'{"a":' + b"[" * 500 + b"]" * 500 + b"}", "over 100 levels deep"),
        (b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "over 100 levels deep"),
        (
            b'{"openapi":"3.1.0","jsonSchemaDialect":"https://example.com/mine"}',
            "the dialect 'https://example.com/mine'",
        ),
        (b'{"openapi":"3.1.0","jsonSchemaDialect":1}', "the dialect '1'"),
    ],
)
def test_what_is_no_document_is_refused_with_a_reason(data: bytes, sentence: str) -> None:
    with pytest.raises(BadDocument, match=sentence):
        read_document(data)


def test_the_dialects_that_are_json_schema_2020_12_are_read() -> None:
    dialect = "https://spec.openapis.org/oas/3.1/dialect/base"

    assert read_document(to_json(raw_with({}, jsonSchemaDialect=dialect)))


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(BadDocument, match="16,777,216 are read"):
        read_document(b" " * (MAX_BYTES + 1))


def test_too_many_values_are_refused() -> None:
    with pytest.raises(BadDocument, match="over 500,000 values"):
        read_document(f'{{{HEAD},"x-a":[{",".join(["1"] * MAX_NODES)}]}}'.encode())


def test_a_bomb_of_aliases_is_refused_before_it_grows() -> None:
    lines = ["openapi: 3.1.1", "x0: &x0 [a, b, c, d, e, f, g, h, i, j]"]
    lines += [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, 40)]
    before = time.process_time()

    with pytest.raises(BadDocument, match="over 500,000 values"):
        read_document("\n".join(lines).encode())

    assert time.process_time() - before < 5


def test_a_bomb_of_long_texts_is_refused_before_it_is_written_anywhere() -> None:
    aliases = ", ".join(["*x"] * 1_000)
    text = f"openapi: 3.1.1\na: &x {'t' * 1_000_000}\nb: [{aliases}]"

    with pytest.raises(BadDocument, match="67,108,864 characters"):
        read_document(text.encode())


def test_aliases_within_bounds_are_what_they_name() -> None:
    read = read_document(b"openapi: 3.1.1\na: &x {b: [1]}\nc: *x\n")

    assert json.loads(to_json(read)) == {"openapi": "3.1.1", "a": {"b": [1]}, "c": {"b": [1]}}
