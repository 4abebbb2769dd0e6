"""`feature-extraction`: invented, after huggingface_hub 2.4.0 and text-embeddings-inference."""

import base64
import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge import GatewayError
from tollbridge.errors import BadRequest, BodyTooLarge, RateLimited, Unavailable, Untranslatable, UpstreamError
from tollbridge.formats import (
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    KeyedSeal,
    Media,
    MediaKind,
    Notes,
    Text,
    Vector,
)
from tollbridge_huggingface.codec import FeaturesCodec

CODEC = FeaturesCodec()
ASKED = EmbeddingRequest(origin="huggingface-features", model="m", inputs=("a",))


def notes(*, strict: bool = False) -> Notes:
    return Notes(KeyedSeal(b"k"), strict=strict)


def read(body: Any) -> EmbeddingRequest:
    return CODEC.read_request(json.dumps(body).encode(), Envelope("BAAI/bge-m3"), notes())


def written(request: EmbeddingRequest, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, told or notes()))


def read_answer(body: Any) -> EmbeddingResponse:
    return CODEC.read_response(json.dumps(body).encode(), notes())


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": "a"},
        {"inputs": ["a"], "normalize": True, "prompt_name": "query"},
        {"inputs": ["a", "b"], "truncate": True, "dimensions": 8, "encoding_format": "float"},
        {"inputs": [], "truncate": False, "truncation_direction": "Left"},
        {"inputs": "a", "truncate": True, "truncation_direction": "Right"},
        {"inputs": "a", "truncate": True, "truncation_direction": "left"},
        {"inputs": "a", "truncate": True, "truncation_direction": "Middle"},
        {"inputs": "a", "truncate": None, "truncation_direction": "Left", "parameters": {}},
    ],
)
def test_request_is_written_as_it_was_read(body: dict[str, Any]) -> None:
    assert written(read(body)) == body


@pytest.mark.parametrize(
    ("more", "truncate"),
    [
        ({}, None),
        ({"truncate": True}, "end"),
        ({"truncate": False}, "none"),
        ({"truncate": True, "truncation_direction": "Left"}, "start"),
        ({"truncate": True, "truncation_direction": "right"}, "end"),
    ],
)
def test_where_a_text_is_cut_is_read(more: dict[str, Any], truncate: str | None) -> None:
    request = read({"inputs": "a", **more})

    assert (request.model, request.inputs, request.alone, request.truncate) == ("BAAI/bge-m3", ("a",), True, truncate)


@pytest.mark.parametrize("inputs", [None, 1, [1], {"a": 1}, ["a", None]])
def test_inputs_that_are_no_texts_are_refused_by_name(inputs: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        read({"inputs": inputs})

    assert refused.value.param == "inputs"


@pytest.mark.parametrize(
    ("truncate", "members"),
    [
        (None, {}),
        ("none", {"truncate": False}),
        ("end", {"truncate": True}),
        ("start", {"truncate": True, "truncation_direction": "left"}),
    ],
)
def test_where_a_text_is_cut_is_written(truncate: str | None, members: dict[str, Any]) -> None:
    request = EmbeddingRequest(origin="other", model="m", inputs=("a",), truncate=truncate)

    assert written(request) == {"inputs": ["a"], **members}


def test_what_there_is_no_field_for_is_dropped() -> None:
    told = notes()
    request = EmbeddingRequest(
        origin="other",
        model="m",
        inputs=("a", (Text(text="b"), Text(text="c"))),
        dimensions=8,
        encodings=("base64",),
        task="query",
        title="t",
        user="u",
        extras={"x": 1},
    )

    assert written(request, told) == {"inputs": ["a", "b\nc"], "dimensions": 8}
    assert told.dropped == ("task", "title", "user", "x")


@pytest.mark.parametrize(
    "request_",
    [
        EmbeddingRequest(origin="other", model="m", inputs=((1, 2),)),
        EmbeddingRequest(origin="other", model="m", inputs=((Media(kind=MediaKind.IMAGE, url="u"),),)),
        EmbeddingRequest(origin="other", model="m", inputs=("a",), encodings=("int8",)),
    ],
)
def test_what_would_mean_something_else_is_refused(request_: EmbeddingRequest) -> None:
    with pytest.raises(Untranslatable):
        written(request_)


@pytest.mark.parametrize(("body", "count"), [([[0.5, 1], [2, 3]], 2), ([0.5, 1], 1), ([[0.5]], 1), ([], 0)])
def test_vectors_are_read_and_written(body: Any, count: int) -> None:
    response = read_answer(body)

    assert len(response.vectors) == count
    assert response.usage is None
    assert json.loads(CODEC.write_response(response, ASKED, notes())) == ([body] if body == [0.5, 1] else body)


@pytest.mark.parametrize("body", [b"", b"{}", b"[[[0.1]]]", b'["a"]', b"[[true]]", b"5", b'{"error":"x"}'])
def test_what_is_no_vector_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_packed_vectors_of_another_origin_become_numbers_in_order() -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.1, -2)).decode()
    told = notes()
    vectors = (
        Vector(index=1, values=[3]),
        Vector(index=0, encoding="int8", values=[1]),
        Vector(index=0, encoding="base64", base64=packed),
    )

    body = CODEC.write_response(EmbeddingResponse(origin="other", vectors=vectors, extras={"meta": 1}), ASKED, told)

    assert json.loads(body) == [[0.100000001, -2], [3]]
    assert told.dropped == ("meta", "vectors")


@pytest.mark.parametrize("text", ["%", "AAA=", base64.b64encode(struct.pack("<f", float("nan"))).decode()])
def test_packed_vector_that_is_none_is_an_upstream_error(text: str) -> None:
    response = EmbeddingResponse(origin="other", vectors=(Vector(index=0, encoding="base64", base64=text),))

    with pytest.raises(UpstreamError):
        CODEC.write_response(response, ASKED, notes())


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (413, BodyTooLarge), (422, BadRequest), (429, RateLimited), (503, Unavailable)],
)
def test_error_has_its_class_and_word(status: int, kind: type[GatewayError]) -> None:
    error = CODEC.read_error(status, b'{"error":"too long","error_type":"Validation"}')

    assert type(error) is kind
    assert (error.message, error.code, error.status) == ("too long", "Validation", status)


def test_error_that_is_no_json_has_its_class_all_the_same() -> None:
    assert isinstance(CODEC.read_error(503, b"<html>"), Unavailable)


@pytest.mark.parametrize("body", [b'{"error":{"message":"no","code":"c"}}', b'{"message":"no"}'])
def test_error_of_the_router_is_read_too(body: bytes) -> None:
    assert CODEC.read_error(400, body).message == "no"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ("truncate", "truncation_direction", "dimensions", "encoding_format", "x")


@settings(max_examples=120)
@given(
    st.fixed_dictionaries(
        {"inputs": st.text() | st.lists(st.text())},
        optional=dict.fromkeys(NAMES, ANY | st.sampled_from(("left", "Right"))),
    )
)
def test_any_request_that_is_read_is_written_the_same(body: Any) -> None:
    with suppress(BadRequest):
        assert written(read(body)) == body


@settings(max_examples=80)
@given(ANY, st.integers(100, 700))
def test_nothing_breaks_the_codec(body: Any, status: int) -> None:
    data = json.dumps(body).encode()

    assert isinstance(CODEC.read_error(status, data), GatewayError)
    with suppress(BadRequest):
        CODEC.read_request(data, Envelope("m"), notes())
    with suppress(UpstreamError):
        CODEC.write_response(CODEC.read_response(data, notes()), ASKED, notes())
