"""Mistral's embeddings, read and written."""

import json
from typing import Any

import pytest
from tests.providers.mistral.shared import ENVELOPE, notes

from tollbridge import BadRequest, UpstreamError, Usage
from tollbridge.errors import Untranslatable
from tollbridge.formats import EmbeddingRequest, EmbeddingResponse, Media, MediaKind, Text, Vector
from tollbridge_mistral.embeddings import EmbeddingsCodec

CODEC = EmbeddingsCodec()
FLOATS = "AACAPwAAAEA="  # 1.0 and 2.0 as 32-bit floats


def read(**fields: Any) -> EmbeddingRequest:
    return CODEC.read_request(json.dumps({"model": "mistral-embed", **fields}).encode(), ENVELOPE, notes())


def written(request: EmbeddingRequest, taken: Any = None) -> Any:
    return json.loads(CODEC.write_request(request, taken or notes()))


def foreign(*inputs: Any, **fields: Any) -> EmbeddingRequest:
    return EmbeddingRequest(origin="another", model="m", inputs=inputs, **fields)


def answered(*vectors: Vector, asked: EmbeddingRequest | None = None, taken: Any = None, **fields: Any) -> Any:
    response = EmbeddingResponse(origin="another", vectors=vectors, **fields)
    return json.loads(CODEC.write_response(response, asked or read(input="a"), taken or notes()))


@pytest.mark.parametrize(
    "fields",
    [
        {"input": "a"},
        {"input": ["a"], "encoding_format": "base64", "output_dimension": 5, "metadata": {"a": 1}, "newer": None},
        {"input": [], "output_dtype": "int8", "encoding_format": "float"},
        {"input": ["a", "b"], "output_dtype": "float"},
    ],
)
def test_everything_a_request_can_say_comes_back(fields: Any) -> None:
    assert written(read(**fields)) == {"model": "mistral-embed", **fields}


@pytest.mark.parametrize(
    ("fields", "encodings"),
    [
        ({}, ()),
        ({"encoding_format": "base64"}, ("base64",)),
        ({"output_dtype": "int8", "encoding_format": "float"}, ("int8",)),
        ({"output_dtype": "float"}, ("float",)),
    ],
)
def test_both_fields_of_an_encoding_are_understood(fields: Any, encodings: tuple[str, ...]) -> None:
    assert read(input="a", **fields).encodings == encodings


@pytest.mark.parametrize("fields", [{"output_dtype": 3}, {"encoding_format": ["float"]}])
def test_encoding_that_is_no_word_is_named(fields: Any) -> None:
    with pytest.raises(BadRequest) as wrong:
        read(input="a", **fields)

    assert [wrong.value.param] == list(fields)


def test_encoding_that_is_understood_is_no_unknown_member() -> None:
    assert read(input="a", output_dtype="float", encoding_format="float", newer=1).extras == {"newer": 1}


@pytest.mark.parametrize("fields", [{}, {"input": [1]}, {"input": 3}])
def test_what_is_wrong_is_named(fields: Any) -> None:
    with pytest.raises(BadRequest) as wrong:
        read(**fields)

    assert wrong.value.param == "input"


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (foreign("a", alone=True), {"input": "a"}),
        (foreign("a", encodings=("base64",), dimensions=5), {"encoding_format": "base64", "output_dimension": 5}),
        (foreign("a", encodings=("ubinary",)), {"output_dtype": "ubinary"}),
        (foreign((Text(text="a"), Text(text="b"))), {"input": ["a\nb"]}),
    ],
)
def test_request_of_another_dialect_is_said_in_mistrals_words(request_: EmbeddingRequest, sent: Any) -> None:
    assert written(request_, notes(strict=True)).items() >= sent.items()


@pytest.mark.parametrize(
    ("request_", "dropped"),
    [
        (foreign("a", task="query"), "task"),
        (foreign("a", title="t"), "title"),
        (foreign("a", truncate="end"), "truncate"),
        (foreign("a", user="u"), "user"),
        (foreign("a", encodings=("float", "int8")), "encodings.int8"),
        (foreign("a", extras={"odd": 1}), "odd"),
    ],
)
def test_what_mistral_cannot_say_is_told(request_: EmbeddingRequest, dropped: str) -> None:
    taken = notes()
    written(request_, taken)

    assert taken.dropped == (dropped,)


@pytest.mark.parametrize(
    "request_",
    [
        foreign((1, 2)),
        foreign((Media(kind=MediaKind.IMAGE, data="QUJD"),)),
        foreign("a", encodings=("odd",)),
    ],
)
def test_what_mistral_cannot_embed_is_refused(request_: EmbeddingRequest) -> None:
    with pytest.raises(Untranslatable):
        written(request_)


def test_everything_an_answer_says_comes_back() -> None:
    body = {
        "id": "1",
        "object": "list",
        "data": [
            {"object": "embedding", "embedding": [1, 2.5], "index": 0},
            {"object": "embedding", "embedding": FLOATS, "index": 1, "odd": 1},
        ],
        "model": "m",
        "usage": {"prompt_tokens": 2, "total_tokens": 2, "completion_tokens": 0, "request_count": None},
        "newer": 1,
    }
    response = CODEC.read_response(json.dumps(body).encode(), notes())

    assert json.loads(CODEC.write_response(response, read(input="a"), notes())) == body
    assert response.usage == Usage(2)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<", b'{"data": 3}', b'{"data": [{"embedding": 3}]}'])
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_answer_of_another_dialect_is_told_as_it_was_asked_for() -> None:
    packed, plain = Vector(index=0, encoding="base64", base64=FLOATS), Vector(index=0, values=[1, 2])
    small = Vector(index=0, encoding="int8", values=[3])
    taken = notes()

    body = answered(packed, usage=Usage(3))

    assert body["data"] == [{"object": "embedding", "embedding": [1, 2], "index": 0}]
    assert (body["id"], body["usage"]["total_tokens"]) == ("req_1", 3)
    wanted = read(input="a", encoding_format="base64")
    assert answered(plain, asked=wanted)["data"][0]["embedding"] == FLOATS
    assert answered(packed, asked=wanted)["data"][0]["embedding"] == FLOATS
    assert answered(plain, small, asked=read(input="a", output_dtype="int8"), taken=taken)["data"][0]["embedding"] == [
        3
    ]
    assert taken.dropped == ("data[].embedding",)


def test_answer_that_tells_neither_model_nor_usage_is_one_for_the_sdk_all_the_same() -> None:
    body = answered(Vector(index=0, values=[1]))

    assert (body["model"], body["usage"]) == ("mistral-embed", {})


@pytest.mark.parametrize("text", ["!", "QQ==", "AADAfw=="])
def test_embedding_that_is_none_is_said_to_be_none(text: str) -> None:
    with pytest.raises(UpstreamError):
        answered(Vector(index=0, encoding="base64", base64=text))


@pytest.mark.parametrize("values", [["x"], [10**400], [True]])
def test_numbers_that_are_no_floats_are_not_packed(values: Any) -> None:
    with pytest.raises(UpstreamError):
        answered(Vector(index=0, values=values), asked=read(input="a", encoding_format="base64"))


def test_error_of_the_provider_is_read() -> None:
    assert CODEC.read_error(400, b'{"message": "too bad"}').message == "too bad"
