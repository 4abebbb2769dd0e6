"""Reranking, in Cohere's words and in those of others."""

import json
from typing import Any

import pytest
from tests.providers.cohere.shared import ENVELOPE, notes

from tollbridge import BadRequest, UpstreamError, Usage
from tollbridge.errors import Untranslatable
from tollbridge.formats import Ranked, RerankRequest, RerankResponse
from tollbridge_cohere.rerank import RerankCodec, SharedRerankCodec

OWN, SHARED = RerankCodec(), SharedRerankCodec()
BOTH = pytest.mark.parametrize("codec", [OWN, SHARED], ids=["own", "shared"])


def asked(**fields: Any) -> Any:
    return {"model": "rerank-v3.5", "query": "q", "documents": ["a", "b"], **fields}


def read(codec: Any, body: Any) -> RerankRequest:
    request: RerankRequest = codec.read_request(json.dumps(body).encode(), ENVELOPE, notes())
    return request


def sent(codec: Any, request: RerankRequest, taken: Any = None) -> Any:
    return json.loads(codec.write_request(request, taken or notes()))


def answer(codec: Any, body: Any) -> RerankResponse:
    response: RerankResponse = codec.read_response(json.dumps(body).encode(), notes())
    return response


def told(codec: Any, response: RerankResponse, request: RerankRequest, taken: Any = None) -> Any:
    return json.loads(codec.write_response(response, request, taken or notes()))


@BOTH
@pytest.mark.parametrize(
    "fields",
    [
        {"top_n": 1, "max_tokens_per_doc": 9, "priority": 1},
        {"documents": [{"text": "a", "n": 1}], "rank_fields": ["text"]},
        {"top_n": None, "newer": {"a": None}},
    ],
)
def test_everything_a_request_can_say_comes_back(codec: Any, fields: Any) -> None:
    assert sent(codec, read(codec, asked(**fields))) == asked(**fields)


@pytest.mark.parametrize(
    "fields", [{"top_k": 1}, {"top_k": None}, {"return_documents": True}, {"top_n": 2, "top_k": 3}]
)
def test_word_for_word_of_other_hosts_comes_back(fields: Any) -> None:
    assert sent(SHARED, read(SHARED, asked(**fields))) == asked(**fields)


def test_voyages_word_is_understood() -> None:
    taken = notes(strict=True)

    assert sent(OWN, read(SHARED, asked(top_k=1)), taken)["top_n"] == 1
    assert sent(SHARED, read(SHARED, asked(top_n=3, top_k=None)))["top_n"] == 3


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m", "query": "q"}, "documents"),
        (asked(documents=[1]), "documents[0]"),
        (asked(query=None), "query"),
        (asked(model=None), "model"),
        (asked(top_n="x"), "top_n"),
    ],
)
@BOTH
def test_what_is_wrong_is_named(codec: Any, body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as wrong:
        read(codec, body)

    assert wrong.value.param == param


def test_documents_of_fields_become_lines_for_cohere() -> None:
    request = read(SHARED, asked(documents=["a", {"text": "b"}, {"title": "T", "text": "c"}]))

    assert sent(OWN, request)["documents"] == ["a", "b", "title: T\ntext: c"]


def test_document_that_is_no_text_is_refused() -> None:
    with pytest.raises(Untranslatable):
        sent(OWN, read(SHARED, asked(documents=[{"image": {"url": "x"}}])))


def test_what_others_cannot_say_is_told() -> None:
    own, shared = notes(), notes()

    sent(OWN, read(SHARED, asked(rank_fields=["a"])), own)
    sent(SHARED, read(OWN, asked(max_tokens_per_doc=9, priority=2)), shared)

    assert own.dropped == ("rank_fields",)
    assert shared.dropped == ("longest", "priority")


@pytest.mark.parametrize(
    "body",
    [
        {"id": "1", "results": [{"index": 1, "relevance_score": 0.5}], "meta": {"billed_units": {"search_units": 1}}},
        {
            "model": "m",
            "usage": {"total_tokens": 9},
            "results": [{"index": 0, "relevance_score": 1, "document": {"text": "a"}}],
        },
        {"results": [{"index": 0, "relevance_score": 1, "odd": 1}], "newer": 1},
        {"object": "list", "model": "m", "data": [{"index": 0, "relevance_score": 1}], "usage": {"total_tokens": 9}},
    ],
)
def test_everything_an_answer_says_comes_back(body: Any) -> None:
    assert told(SHARED, answer(SHARED, body), read(SHARED, asked())) == body
    if "data" not in body:
        assert told(OWN, answer(OWN, body), read(OWN, asked())) == body


def test_what_an_answer_costs_is_understood() -> None:
    assert answer(OWN, {"results": [], "meta": {"billed_units": {"search_units": 2}}}).searches == 2
    assert answer(OWN, {"results": []}).usage is None
    assert answer(SHARED, {"results": [], "usage": {"prompt_tokens": 3, "total_tokens": 4}}).usage == Usage(4)
    assert answer(SHARED, {"results": [], "meta": {"billed_units": {"input_tokens": 3}}}).usage == Usage(3)


@BOTH
@pytest.mark.parametrize("body", [b"<", b"[]", b"{}", b'{"results": 3}', b'{"results": [3]}'])
def test_what_is_no_answer_is_said_to_be_none(codec: Any, body: bytes) -> None:
    with pytest.raises(UpstreamError):
        codec.read_response(body, notes())


RANKED = RerankResponse(
    origin="another",
    model="m",
    results=(Ranked(index=1, score=1), Ranked(index=9, score=0, extras={"odd": 1})),
    usage=Usage(5),
    searches=1,
    extras={"newer": 1},
)


def test_answer_of_another_dialect_is_told_in_coheres_words() -> None:
    taken = notes()

    assert told(OWN, RANKED, read(OWN, asked()), taken) == {
        "id": "req_1",
        "results": [{"index": 1, "relevance_score": 1}, {"index": 9, "relevance_score": 0}],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": 1, "input_tokens": 5}},
    }
    assert taken.dropped == ("odd", "newer")


def test_documents_that_were_asked_for_stand_beside_their_ranks() -> None:
    request = read(SHARED, asked(return_documents=True, documents=["a", {"text": "b", "n": "1"}]))

    body = told(SHARED, RANKED, request)

    assert [item.get("document") for item in body["results"]] == [{"text": "b", "n": "1"}, None]
    assert (body["model"], body["usage"], body["meta"]) == (
        "m",
        {"total_tokens": 5},
        {"billed_units": {"search_units": 1}},
    )


def test_error_of_the_provider_is_read() -> None:
    assert SHARED.read_error(400, b'{"detail": "too bad"}').message == "too bad"
