"""Text embeddings at `:predict`: invented, after Google's page of its text embeddings API and google-genai 3.6."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge import GatewayError, Usage
from tollbridge.errors import BadRequest, Untranslatable, UpstreamError
from tollbridge.formats import (
    EmbeddingRequest,
    EmbeddingResponse,
    Envelope,
    Media,
    MediaKind,
    Notes,
    Text,
    Vector,
)
from tollbridge.testing.conversation_contract import notes
from tollbridge_vertex.embedding import PredictCodec

CODEC = PredictCodec()
ASKED = EmbeddingRequest(origin="openai-embeddings", model="text-embedding-005", inputs=("a",))
ANSWER = {
    "predictions": [
        {"embeddings": {"values": [0.5, -1], "statistics": {"token_count": 3, "truncated": False}}},
        {"embeddings": {"values": [1.0, 0], "statistics": {"token_count": 4.0, "truncated": True}, "later": 1}, "x": 2},
    ],
    "metadata": {"billableCharacterCount": 9},
}


def read(body: Any) -> EmbeddingRequest:
    return CODEC.read_request(json.dumps(body).encode(), Envelope("text-embedding-005"), notes())


def written(request: EmbeddingRequest, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, told or notes()))


def answer(body: Any) -> EmbeddingResponse:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def answered(response: EmbeddingResponse, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, ASKED, told or notes()))


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [{"content": "a"}]},
        {"instances": [{"content": "a", "task_type": "CLUSTERING"}, {"task_type": "CLUSTERING", "content": ""}]},
        {"instances": [{"content": "a", "task_type": "FACT_VERIFICATION"}]},
        {"instances": [{"content": "a", "task_type": "RETRIEVAL_DOCUMENT", "title": "t", "mimeType": "text/plain"}]},
        {"instances": [{"content": "a", "task_type": None}], "parameters": {}},
        {"instances": [{"content": "a"}], "parameters": {"outputDimensionality": 8, "autoTruncate": False, "x": [1]}},
        {"instances": [{"content": "a"}], "parameters": {"autoTruncate": True, "outputDimensionality": None}},
        {"instances": [{"content": "a"}], "parameters": None, "labels": {"team": "x"}},
    ],
)
def test_request_is_written_as_it_was_read(body: dict[str, Any]) -> None:
    assert written(read(body), notes(strict=True)) == body


def test_request_is_read_in_our_words() -> None:
    request = read(
        {
            "instances": [{"content": text, "task_type": "RETRIEVAL_DOCUMENT", "title": "t"} for text in "ab"],
            "parameters": {"outputDimensionality": 8, "autoTruncate": False},
        }
    )

    assert replace(request, spelling=()) == EmbeddingRequest(
        origin="vertex-predict",
        model="text-embedding-005",
        inputs=("a", "b"),
        task="document",
        title="t",
        dimensions=8,
        truncate="none",
    )


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "instances"),
        ({"instances": []}, "instances"),
        ({"instances": {}}, "instances"),
        ({"instances": [1]}, "instances[0]"),
        ({"instances": [{"content": "a"}, {"text": "a"}]}, "instances[1].content"),
        ({"instances": [{"content": ["a"]}]}, "instances[0].content"),
        ({"instances": [{"content": "a", "task_type": 1}]}, "instances[0].task_type"),
        ({"instances": [{"content": "a", "title": "t"}, {"content": "b", "title": "u"}]}, "instances[1]"),
        ({"instances": [{"content": "a"}, {"content": "b", "mimeType": "text/html"}]}, "instances[1]"),
        ({"instances": [{"content": "a"}], "parameters": []}, "parameters"),
        ({"instances": [{"content": "a"}], "parameters": {"autoTruncate": "no"}}, "parameters.autoTruncate"),
        (
            {"instances": [{"content": "a"}], "parameters": {"outputDimensionality": 1.5}},
            "parameters.outputDimensionality",
        ),
    ],
)
def test_wrong_field_is_named(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(body)

    assert refused.value.param == param


@pytest.mark.parametrize(
    ("task", "wire"),
    [
        ("query", "RETRIEVAL_QUERY"),
        ("document", "RETRIEVAL_DOCUMENT"),
        ("similarity", "SEMANTIC_SIMILARITY"),
        ("classification", "CLASSIFICATION"),
        ("clustering", "CLUSTERING"),
        ("QUESTION_ANSWERING", "QUESTION_ANSWERING"),
    ],
)
def test_task_of_another_dialect_is_told_in_googles_word(task: str, wire: str) -> None:
    request = replace(ASKED, task=task)

    assert written(request, notes(strict=True)) == {"instances": [{"content": "a", "task_type": wire}]}
    assert read({"instances": [{"content": "a", "task_type": wire}]}).task == task


@pytest.mark.parametrize(("truncate", "wire"), [("end", True), ("none", False)])
def test_request_of_another_dialect_is_written(truncate: str, wire: bool) -> None:
    inputs = ("a", (Text(text="b"), Text(text="c")))
    request = replace(ASKED, inputs=inputs, dimensions=8, title="t", truncate=truncate, encodings=("base64",))

    assert written(request, notes(strict=True)) == {
        "instances": [{"content": "a", "title": "t"}, {"content": "b\nc", "title": "t"}],
        "parameters": {"outputDimensionality": 8, "autoTruncate": wire},
    }


def test_what_there_is_no_field_for_is_dropped() -> None:
    told = notes()
    request = replace(
        ASKED, task="image", truncate="start", user="u", encodings=("float", "int8"), extras={"x": 1, "y": None}
    )

    assert written(request, told) == {"instances": [{"content": "a"}]}
    assert told.dropped == ("encodings.int8", "user", "truncate", "x", "task")


@pytest.mark.parametrize(
    "request_",
    [
        replace(ASKED, inputs=((1, 2),)),
        replace(ASKED, inputs=((Media(kind=MediaKind.IMAGE, url="u"),),)),
        replace(ASKED, encodings=("int8",)),
    ],
)
def test_what_would_mean_something_else_is_refused(request_: EmbeddingRequest) -> None:
    with pytest.raises(Untranslatable):
        written(request_)


@pytest.mark.parametrize(("model", "most"), [("text-embedding-005", 250), ("gemini-embedding-001", 1)])
def test_more_texts_than_a_request_may_hold_are_refused_with_how_many_it_may(model: str, most: int) -> None:
    request = replace(ASKED, model=model, inputs=("a",) * most)

    assert len(written(request)["instances"]) == most
    with pytest.raises(Untranslatable, match=f"at most {most}"):
        written(replace(request, inputs=("a",) * (most + 1)))


def test_answer_is_written_as_it_was_read() -> None:
    response = answer(ANSWER)

    assert answered(response, notes(strict=True)) == ANSWER
    assert [vector.values for vector in response.vectors] == [[0.5, -1], [1.0, 0]]


@pytest.mark.parametrize(
    ("counts", "metadata", "usage"),
    [
        ([3, 4], None, Usage(input=7)),
        ([3, 4.0], None, Usage(input=7)),
        ([3, None], None, None),
        ([3, "4"], None, None),
        ([3, -1], None, None),
        ([3, 0.5], None, None),
        ([3, None], {"promptTokenCount": 9}, Usage(input=9)),
        ([3, None], {"promptTokenCount": -9}, None),
        ([], None, None),
    ],
)
def test_usage_is_the_sum_of_the_statistics_or_none(counts: list[Any], metadata: Any, usage: Usage | None) -> None:
    body = {
        "predictions": [{"embeddings": {"values": [1], "statistics": {"token_count": count}}} for count in counts],
        "usageMetadata": metadata,
    }

    assert answer(body).usage == usage
    assert answered(answer(body)) == body


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"predictions":1}', b'{"predictions":[1]}', b'{"predictions":[{"embeddings":[1]}]}'],
)
def test_what_is_no_answer_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_answer_of_another_provider_has_its_usage_beside_the_only_text_or_as_a_sum() -> None:
    vectors = (Vector(index=1, values=[3]), Vector(index=0, encoding="int8", values=[1]), Vector(index=0, values=[2]))
    several = EmbeddingResponse(origin="x", vectors=vectors, usage=Usage(input=7), extras={"object": "list"})
    told = notes()

    assert answered(several, told) == {
        "predictions": [{"embeddings": {"values": [2]}}, {"embeddings": {"values": [3]}}],
        "usageMetadata": {"promptTokenCount": 7},
    }
    assert "predictions[].embeddings.values" in told.dropped
    single = replace(several, vectors=vectors[:1])
    assert answered(single) == {
        "predictions": [{"embeddings": {"values": [3], "statistics": {"token_count": 7}}}],
        "usageMetadata": {"promptTokenCount": 7},
    }
    assert answered(replace(single, usage=None)) == {"predictions": [{"embeddings": {"values": [3]}}]}
    assert answer(answered(several)).usage == answer(answered(single)).usage == several.usage


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
INSTANCES = st.fixed_dictionaries({"content": st.text()}, optional=dict.fromkeys(("task_type", "title", "x"), ANY))
BODIES = st.fixed_dictionaries(
    {"instances": st.lists(INSTANCES, min_size=1, max_size=3) | INSTANCES.map(lambda one: [one, one])},
    optional={
        "parameters": st.dictionaries(st.sampled_from(("outputDimensionality", "autoTruncate", "x")), ANY) | ANY,
        "labels": ANY,
    },
)
EMBEDDINGS = st.fixed_dictionaries({"values": st.lists(st.integers())}, optional={"statistics": ANY, "x": ANY})
PREDICTIONS = st.lists(st.fixed_dictionaries({"embeddings": EMBEDDINGS | ANY}, optional={"x": ANY}), max_size=3)


@settings(max_examples=120)
@given(BODIES)
def test_any_request_that_is_read_is_written_the_same(body: Any) -> None:
    with suppress(BadRequest):
        assert written(read(body)) == body


@settings(max_examples=120)
@given(st.fixed_dictionaries({"predictions": PREDICTIONS}, optional={"usageMetadata": ANY, "metadata": ANY}))
def test_any_answer_that_is_read_is_written_the_same(body: Any) -> None:
    with suppress(UpstreamError):
        assert answered(answer(body)) == body


@settings(max_examples=120)
@given(ANY | BODIES | st.fixed_dictionaries({"predictions": ANY | st.lists(ANY)}), st.integers(100, 700))
def test_nothing_breaks_the_codec(body: Any, status: int) -> None:
    data = json.dumps(body).encode()

    assert isinstance(CODEC.read_error(status, data), GatewayError)
    with suppress(BadRequest):
        CODEC.read_request(data, Envelope("m"), notes())
    with suppress(UpstreamError):
        CODEC.write_response(CODEC.read_response(data, notes()), ASKED, notes())
