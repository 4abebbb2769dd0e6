"""`/api/embed` and `/api/embeddings`, both ways.  Source: invented."""

import json
import struct
from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge import BadRequest, Usage
from tollbridge.errors import Untranslatable, UpstreamError
from tollbridge.formats import EmbeddingRequest, EmbeddingResponse, Envelope, Media, MediaKind, Text, Vector
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import bodies
from tollbridge_ollama.embedding import EmbedCodec, OldEmbedCodec

NEW, OLD = EmbedCodec(), OldEmbedCodec()
ASKED = EmbeddingRequest(origin="ollama-embed", model="m", inputs=("a",))


def read(body, codec=NEW):
    return codec.read_request(json.dumps(body).encode(), Envelope("m"), notes())


def written(request, codec=NEW, left=None):
    return json.loads(codec.write_request(request, left or notes()))


def asked(*inputs, **fields):
    return EmbeddingRequest(**{"origin": "openai-embeddings", "model": "m", "inputs": inputs, **fields})


@pytest.mark.parametrize(
    "body",
    [
        {"input": "a"},
        {"input": ["a"]},
        {"input": []},
        {"input": ["a", "b"], "truncate": True, "dimensions": 8, "options": {"num_ctx": 1}, "keep_alive": "1m"},
        {"input": "a", "truncate": False, "later": None},
    ],
)
def test_request_is_written_as_it_was_read(body):
    whole = {"model": "m", **body}

    assert written(read(whole), left=notes(strict=True)) == whole


def test_older_request_is_written_as_it_was_read():
    whole = {"model": "m", "prompt": "a", "options": {}, "keep_alive": None}

    assert written(read(whole, OLD), OLD) == whole


@pytest.mark.parametrize(
    ("codec", "body", "param"),
    [
        (NEW, {}, "input"),
        (NEW, {"input": 1}, "input"),
        (NEW, {"input": [1]}, "input"),
        (NEW, {"input": "a", "truncate": "yes"}, "truncate"),
        (OLD, {}, "prompt"),
        (OLD, {"prompt": ["a"]}, "prompt"),
    ],
)
def test_wrong_field_is_named(codec, body, param):
    with pytest.raises(BadRequest) as refused:
        read({"model": "m", **body}, codec)

    assert refused.value.param == param


def test_answer_is_written_as_it_was_read():
    body = {"model": "m", "embeddings": [[0.1, -2], []], "total_duration": 5, "prompt_eval_count": 3, "later": 1}
    response = NEW.read_response(json.dumps(body).encode(), notes())

    assert json.loads(NEW.write_response(response, ASKED, notes())) == body
    assert response.usage == Usage(input=3)


def test_older_answer_is_written_as_it_was_read():
    body = {"embedding": [0.5, 1]}
    response = OLD.read_response(json.dumps(body).encode(), notes())

    assert json.loads(OLD.write_response(response, ASKED, notes())) == body
    assert response.usage is None


def test_vectors_of_another_provider_are_numbers_in_the_order_of_their_inputs():
    packed = b64encode(struct.pack("<2f", 0.5, 2)).decode()
    response = EmbeddingResponse(
        origin="openai-embeddings",
        model="x",
        vectors=(
            Vector(index=1, encoding="base64", base64=packed),
            Vector(index=0, values=[1, 2]),
        ),
        usage=Usage(input=7),
        extras={"object": None},
    )

    assert json.loads(NEW.write_response(response, ASKED, notes())) == {
        "model": "x",
        "embeddings": [[1, 2], [0.5, 2]],
        "prompt_eval_count": 7,
    }
    assert json.loads(OLD.write_response(response, ASKED, notes())) == {"embedding": [1, 2]}
    assert json.loads(OLD.write_response(EmbeddingResponse(origin="x"), ASKED, notes())) == {"embedding": []}


def test_second_encoding_of_a_vector_is_noted():
    left = notes()
    vectors = (Vector(index=0, encoding="int8", values=[1]), Vector(index=0, values=[2]))

    body = NEW.write_response(EmbeddingResponse(origin="x", vectors=vectors), ASKED, left)

    assert json.loads(body)["embeddings"] == [[2]]
    assert left.dropped == ("embeddings",)


@pytest.mark.parametrize("packed", ["", "AA", "!!!!", "AAAAAAA=", b64encode(struct.pack("<f", float("nan"))).decode()])
def test_packed_vector_that_is_none_is_refused(packed):
    response = EmbeddingResponse(origin="x", vectors=(Vector(index=0, encoding="base64", base64=packed),))
    with pytest.raises(UpstreamError):
        NEW.write_response(response, ASKED, notes())


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"embeddings":[1]}', b'{"embeddings":[["a"]]}', b'{"embedding":[true]}', b'{"error":"x"}'],
)
def test_what_is_no_answer_is_refused(body):
    for codec in (NEW, OLD):
        with pytest.raises(UpstreamError):
            codec.read_response(body, notes())


def test_request_of_another_dialect_is_written():
    request = asked("a", (Text(text="b"), Text(text="c")), dimensions=3, truncate="none", encodings=("base64",))

    assert written(request, left=notes(strict=True)) == {
        "model": "m",
        "input": ["a", "b\nc"],
        "dimensions": 3,
        "truncate": False,
    }
    assert written(asked("a", alone=True), OLD) == {"model": "m", "prompt": "a"}


@pytest.mark.parametrize(
    ("fields", "dropped"),
    [
        ({"truncate": "start"}, "truncate"),
        ({"task": "query"}, "task"),
        ({"title": "t"}, "title"),
        ({"user": "u"}, "user"),
        ({"extras": {"x": 1}}, "x"),
    ],
)
def test_what_cannot_be_said_is_noted(fields, dropped):
    left = notes()
    written(asked("a", **fields), left=left)

    assert left.dropped == (dropped,)


@pytest.mark.parametrize(
    ("codec", "request_", "param"),
    [
        (NEW, asked((1, 2)), "inputs"),
        (NEW, asked((Media(kind=MediaKind.IMAGE, data="AA=="),)), "inputs"),
        (NEW, asked("a", encodings=("int8",)), "encodings"),
        (OLD, asked("a", "b"), "inputs"),
    ],
)
def test_what_must_not_be_lost_is_refused(codec, request_, param):
    with pytest.raises(Untranslatable) as refused:
        written(request_, codec)

    assert refused.value.param == param


@settings(max_examples=50)
@given(bodies() | st.binary(max_size=30))
def test_nothing_makes_it_fail_otherwise_than_by_saying_what_is_wrong(body):
    for codec in (NEW, OLD):
        with suppress(BadRequest):
            request = codec.read_request(body, Envelope("m"), notes())
            codec.write_request(request, notes())
            codec.write_request(replace(request, origin="another"), notes())
        with suppress(UpstreamError):
            response = codec.read_response(body, notes())
            codec.write_response(response, ASKED, notes())
        assert codec.read_error(404, body).status == 404
