"""Embeddings and counts between dialects; the examples are invented."""

import json
from typing import Any

import pytest
from tests.providers.gemini.support import ELSE, asked, notes

from tollbridge import BadRequest, GatewayError, Quirks, UpstreamError, Usage
from tollbridge.formats import (
    CountResponse,
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Message,
    Notes,
    Role,
    Text,
    Tool,
    Vector,
)
from tollbridge_gemini.counting import CountCodec
from tollbridge_gemini.embedding import EmbedCodec

BATCH, SINGLE, COUNT = EmbedCodec(batch=True), EmbedCodec(batch=False), CountCodec()


def wants(*inputs: Any, **fields: Any) -> EmbeddingRequest:
    return EmbeddingRequest(origin=ELSE, model="gemini-embedding-001", inputs=inputs, **fields)


def write(request: EmbeddingRequest, told: Notes | None = None, codec: EmbedCodec = BATCH) -> Any:
    return json.loads(codec.write_request(request, told or notes()))


def read(body: Any, codec: EmbedCodec = BATCH) -> EmbeddingRequest:
    return codec.read_request(json.dumps(body).encode(), Envelope("m"), notes())


def test_inputs_of_another_dialect_are_a_batch() -> None:
    body = write(
        wants("a", (Text(text="b"), Text(text="c")), dimensions=8, task="query", title="t", encodings=("base64",))
    )

    more = {"model": "models/gemini-embedding-001", "taskType": "RETRIEVAL_QUERY", "title": "t"}
    assert body == {
        "requests": [
            {"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 8, **more},
            {"content": {"parts": [{"text": "b"}, {"text": "c"}]}, "outputDimensionality": 8, **more},
        ]
    }


def test_vertex_is_told_in_a_member_of_its_own_what_is_asked_of_the_vectors() -> None:
    vertex = notes(quirks=Quirks(drop=("generateContentRequest",)))
    content = {"content": {"parts": [{"text": "a"}]}}

    assert write(wants("a", dimensions=8, task="query"), vertex) == {
        "requests": [{**content, "embedContentConfig": {"taskType": "RETRIEVAL_QUERY", "outputDimensionality": 8}}]
    }
    assert write(wants("a"), vertex) == {"requests": [content]}


def test_single_input_is_a_content_where_that_is_asked() -> None:
    assert write(wants("a", task="CODE_RETRIEVAL_QUERY"), codec=SINGLE) == {
        "content": {"parts": [{"text": "a"}]},
        "taskType": "CODE_RETRIEVAL_QUERY",
        "model": "models/gemini-embedding-001",
    }


def test_what_cannot_be_embedded_so_is_refused_or_told() -> None:
    told = notes()

    write(wants("a", encodings=("float", "int8"), user="u", truncate="start", extras={"odd": 1}), told)

    assert told.dropped == ("encodings.int8", "user", "truncate", "odd")
    for request, field in ((wants((1, 2)), "inputs"), (wants("a", encodings=("binary",)), "encodings")):
        with pytest.raises(GatewayError) as raised:
            write(request)
        assert raised.value.param == field


def test_own_requests_are_read() -> None:
    one = {
        "model": "models/m",
        "content": {"parts": [{"text": "a"}], "role": "user"},
        "task_type": "SEMANTIC_SIMILARITY",
        "outputDimensionality": 4,
        "autoTruncate": True,
    }

    batch, single = read({"requests": [one, one], "fresh": 1}), read({**one, "title": "t"}, SINGLE)

    assert (batch.inputs, batch.task, batch.dimensions, batch.alone) == (("a", "a"), "similarity", 4, False)
    assert (single.inputs, single.title, single.alone) == (("a",), "t", True)
    again = write(batch)
    assert again == {
        "requests": [{**{k: v for k, v in one.items() if k != "task_type"}, "taskType": one["task_type"]}] * 2,
        "fresh": 1,
    }
    assert write(single, codec=SINGLE)["autoTruncate"] is True


def test_pictures_are_embedded_as_parts() -> None:
    body = {"content": {"parts": [{"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": "-_-_"}}]}}

    request = read(body, SINGLE)

    assert isinstance(request.inputs[0], tuple)
    assert write(request, codec=SINGLE) == body


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "requests"),
        ({"requests": []}, "requests"),
        ({"requests": [{}]}, "requests[0].content"),
        (
            {"requests": [{"content": {"parts": []}}, {"content": {"parts": []}, "taskType": "CLUSTERING"}]},
            "requests[1]",
        ),
    ],
)
def test_wrong_field_is_named(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as raised:
        read(body)
    assert raised.value.param == param


def test_answers_are_read_and_written_one_or_many() -> None:
    single = SINGLE.read_response(b'{"embedding":{"values":[0.5],"statistics":{"tokenCount":1}}}', notes())
    many = BATCH.read_response(
        b'{"embeddings":[{"values":[1]},{"values":[2]}],"usageMetadata":{"promptTokenCount":3}}', notes()
    )

    assert single.vectors[0].extras == {"statistics": {"tokenCount": 1}}
    assert ([vector.values for vector in many.vectors], many.usage) == ([[1], [2]], Usage(input=3))


def test_vectors_of_another_provider_are_numbers() -> None:
    packed = Vector(index=0, encoding="base64", base64="AAAAPwAAgD8=")
    response = EmbeddingResponse(
        origin=ELSE,
        vectors=(Vector(index=1, values=[3]), Vector(index=0, encoding="int8", values=[1]), packed),
        usage=Usage(input=3),
        extras={"odd": 1},
    )
    told = notes()

    body = json.loads(BATCH.write_response(response, wants("a", "b"), told))

    assert body == {"embeddings": [{"values": [0.5, 1.0]}, {"values": [3]}], "usageMetadata": {"promptTokenCount": 3}}
    assert told.dropped == ("embeddings[].values", "odd")
    one = EmbeddingResponse(origin=ELSE, vectors=(packed,))
    assert json.loads(SINGLE.write_response(one, wants("a"), notes())) == {"embedding": {"values": [0.5, 1.0]}}


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"embeddings":[{}]}', b'{"embedding":{"values":3}}'])
def test_what_is_no_embedding_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        BATCH.read_response(body, notes())


def test_packed_numbers_that_are_none_are_an_upstream_error() -> None:
    for packed in ("!", "AAAA"):
        vector = Vector(index=0, encoding="base64", base64=packed)
        with pytest.raises(UpstreamError):
            BATCH.write_response(EmbeddingResponse(origin=ELSE, vectors=(vector,)), wants("a"), notes())


def test_errors_of_all_codecs_are_googles() -> None:
    body = b'{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}'

    assert {codec.read_error(404, body).code for codec in (BATCH, SINGLE, COUNT)} == {"NOT_FOUND"}


def count(request: Any, told: Notes | None = None) -> Any:
    return json.loads(COUNT.write_request(request, told or notes()))


def test_count_of_contents_alone_is_asked_plainly() -> None:
    assert count(asked(max_output=5, temperature=1)) == {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}


def test_count_of_more_is_asked_with_a_whole_request_but_on_vertex() -> None:
    system = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),))
    request = asked(messages=(system, Message(role=Role.USER, parts=(Text(text="Hi"),))), tools=(Tool(name="f"),))

    whole = count(request)
    flat = count(request, notes(quirks=Quirks(drop=("generateContentRequest",))))

    assert whole["generateContentRequest"]["model"] == "models/gemini-2.5-flash"
    assert flat.keys() == {"contents", "systemInstruction", "tools"}
    assert whole["generateContentRequest"] == {"model": "models/gemini-2.5-flash", **flat}


def test_count_keeps_what_stands_around_a_whole_request() -> None:
    body = {"generateContentRequest": {"contents": [], "fresh": 1}, "other": 2}

    request = COUNT.read_request(json.dumps(body).encode(), Envelope("m"), notes())

    assert count(request) == body


def test_counts_are_read_and_written() -> None:
    response = COUNT.read_response(b'{"totalTokens":5,"cachedContentTokenCount":2,"fresh":1}', notes())
    told = notes()

    assert (response.tokens, response.cached) == (5, 2)
    assert json.loads(COUNT.write_response(CountResponse(origin=ELSE, tokens=5, extras={"odd": 1}), asked(), told)) == {
        "totalTokens": 5
    }
    assert told.dropped == ("odd",)
    for body in (b"{}", b"[]", b"x"):
        with pytest.raises(UpstreamError):
            COUNT.read_response(body, notes())
