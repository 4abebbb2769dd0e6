"""Cohere's embeddings, read and written."""

import json
from typing import Any

import pytest
from tests.providers.cohere.shared import ENVELOPE, notes

from tollbridge import BadRequest, UpstreamError, Usage
from tollbridge.errors import Untranslatable
from tollbridge.formats import EmbeddingRequest, EmbeddingResponse, Media, MediaKind, Opaque, Text, Vector
from tollbridge_cohere.embed import EmbedCodec

CODEC = EmbedCodec()
PNG = "data:image/png;base64,QUJD"
FLOATS = "AACAPwAAAEA="  # 1.0 and 2.0 as 32-bit floats


def read(**fields: Any) -> EmbeddingRequest:
    return CODEC.read_request(json.dumps({"model": "embed-v4.0", **fields}).encode(), ENVELOPE, notes())


def written(request: EmbeddingRequest, taken: Any = None) -> Any:
    return json.loads(CODEC.write_request(request, taken or notes()))


def foreign(*inputs: Any, **fields: Any) -> EmbeddingRequest:
    return EmbeddingRequest(origin="another", model="m", inputs=inputs, **fields)


def answered(*vectors: Vector, asked: EmbeddingRequest | None = None, taken: Any = None, **fields: Any) -> Any:
    response = EmbeddingResponse(origin="another", id="1", vectors=vectors, **fields)
    return json.loads(CODEC.write_response(response, asked or read(texts=["a"]), taken or notes()))


@pytest.mark.parametrize(
    "fields",
    [
        {"texts": ["a", "b"], "input_type": "search_query", "truncate": "END", "embedding_types": ["int8", "float"]},
        {"images": [PNG, "https://x.test/a.png"], "input_type": "image"},
        {"inputs": [{"content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": PNG}}]}]},
        {"texts": [], "embedding_types": [], "output_dimension": 256, "max_tokens": 9, "priority": 1, "truncate": "X"},
        {"texts": ["a"], "input_type": "odd", "output_dimension": None},
        {"texts": ["a"], "input_type": "similarity"},
        {"texts": ["a"], "input_type": "query"},
    ],
)
def test_everything_a_request_can_say_comes_back(fields: Any) -> None:
    assert written(read(**fields)) == {"model": "embed-v4.0", **fields}


def test_what_is_said_is_understood() -> None:
    request = read(texts=["a"], input_type="search_document", truncate="NONE", embedding_types=["base64"])

    assert (request.task, request.truncate, request.encodings) == ("document", "none", ("base64",))
    assert read(images=[PNG]).inputs == ((Media(kind=MediaKind.IMAGE, data="QUJD", mime="image/png"),),)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "texts"),
        ({"texts": ["a"], "images": [PNG]}, "texts"),
        ({"texts": [1]}, "texts"),
        ({"inputs": [{}]}, "inputs[0].content"),
        ({"inputs": [{"content": [], "odd": 1}]}, "inputs[0].odd"),
        ({"texts": ["a"], "embedding_types": [1]}, "embedding_types"),
    ],
)
def test_what_is_wrong_is_named(fields: Any, param: str) -> None:
    with pytest.raises(BadRequest) as wrong:
        read(**fields)

    assert wrong.value.param == param


def test_request_of_another_dialect_is_said_in_coheres_words() -> None:
    taken = notes(strict=True)

    assert written(foreign("a", dimensions=5, truncate="start"), taken) == {
        "model": "m",
        "texts": ["a"],
        "output_dimension": 5,
        "input_type": "search_document",
        "embedding_types": ["float"],
        "truncate": "START",
    }


def test_texts_and_pictures_together_are_inputs() -> None:
    picture = Media(kind=MediaKind.IMAGE, data="QUJD", mime="image/png")

    sent = written(foreign("a", (Text(text="b"), picture), task="query", encodings=("base64", "odd")))

    assert sent["inputs"] == [
        {"content": [{"type": "text", "text": "a"}]},
        {"content": [{"type": "text", "text": "b"}, {"type": "image_url", "image_url": {"url": PNG}}]},
    ]
    assert (sent["input_type"], sent["embedding_types"]) == ("search_query", ["base64"])


@pytest.mark.parametrize(
    ("request_", "dropped"),
    [
        (foreign("a", task="similarity"), "task"),
        (foreign("a", task="odd"), "task"),
        (foreign("a", encodings=("odd",)), "encodings.odd"),
        (foreign("a", title="t"), "title"),
        (foreign("a", user="u"), "user"),
        (foreign("a", extras={"odd": 1}), "odd"),
    ],
)
def test_what_cohere_cannot_say_is_told(request_: EmbeddingRequest, dropped: str) -> None:
    taken = notes()
    written(request_, taken)

    assert taken.dropped == (dropped,)


@pytest.mark.parametrize("item", [(1, 2), (Opaque(kind="x", raw={}),), (Media(kind=MediaKind.AUDIO, data="QUJD"),)])
def test_what_cohere_cannot_embed_is_refused(item: Any) -> None:
    with pytest.raises(Untranslatable):
        written(foreign(item))


def test_everything_an_answer_says_comes_back() -> None:
    body = {
        "id": "1",
        "texts": ["a"],
        "embeddings": {"float": [[1, 2.5]], "base64": [FLOATS], "int8": [[1, 2]]},
        "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 2}},
        "response_type": "embeddings_by_type",
    }
    response = CODEC.read_response(json.dumps(body).encode(), notes())

    assert json.loads(CODEC.write_response(response, read(texts=["a"]), notes())) == body
    assert response.usage == Usage(2)
    assert [vector.encoding for vector in response.vectors] == ["float", "base64", "int8"]


def test_older_answer_comes_back_as_the_list_it_was() -> None:
    body = {"id": "1", "embeddings": [[1, 2]], "response_type": "embeddings_floats"}
    response = CODEC.read_response(json.dumps(body).encode(), notes())

    assert json.loads(CODEC.write_response(response, read(texts=["a"]), notes())) == body


@pytest.mark.parametrize("body", [b"{}", b"[]", b"<", b'{"embeddings": 3}', b'{"embeddings": {"float": [3]}}'])
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_answer_of_another_dialect_has_the_encodings_that_were_asked_for() -> None:
    packed, plain = Vector(index=0, encoding="base64", base64=FLOATS), Vector(index=0, values=[1, 2])
    both = read(texts=["a"], embedding_types=["float", "base64"])
    taken = notes()

    body = answered(packed, usage=Usage(3))

    assert body["embeddings"] == {"float": [[1, 2]]}
    assert (body["texts"], body["meta"]["billed_units"]) == (["a"], {"input_tokens": 3})
    assert answered(plain, asked=both)["embeddings"] == {"float": [[1, 2]], "base64": [FLOATS]}
    assert answered(plain, asked=read(texts=["a"], embedding_types=["int8"]), taken=taken)["embeddings"] == {
        "float": [[1, 2]]
    }
    assert taken.dropped == ("encodings.int8",)


@pytest.mark.parametrize(("kind", "told"), [("float", [1, 2]), ("base64", FLOATS), ("int8", [1, 2])])
def test_answer_of_small_integers_has_the_encoding_that_was_asked_for(kind: str, told: Any) -> None:
    small = Vector(index=0, encoding="int8", values=[1, 2], base64="AQI=")

    assert answered(small, asked=read(texts=["a"], embedding_types=[kind]))["embeddings"] == {kind: [told]}


@pytest.mark.parametrize(
    "vector",
    [
        Vector(index=0, encoding="base64", base64="!"),
        Vector(index=0, encoding="base64", base64="QQ=="),
        Vector(index=0, encoding="base64", base64="AADAfw=="),  # not a number
        Vector(index=0, encoding="base64"),
    ],
)
def test_embedding_that_is_none_is_said_to_be_none(vector: Vector) -> None:
    with pytest.raises(UpstreamError):
        answered(vector)


@pytest.mark.parametrize("values", [["x"], [10**400], [True]])
def test_numbers_that_are_no_floats_are_not_packed(values: Any) -> None:
    with pytest.raises(UpstreamError):
        answered(Vector(index=0, values=values), asked=read(texts=["a"], embedding_types=["base64"]))


def test_error_of_the_provider_is_read() -> None:
    assert CODEC.read_error(400, b'{"message": "too bad"}').message == "too bad"
