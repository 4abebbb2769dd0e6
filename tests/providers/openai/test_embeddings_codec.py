import base64
import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.corpus import Case, corpus, is_answer

from tollbridge import GatewayError, Usage
from tollbridge.errors import BadRequest, ModelNotFound, RateLimited, Untranslatable, UpstreamError
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
    decode_json,
)
from tollbridge_openai.embeddings_codec import EmbeddingsCodec

FOLDERS = [
    "dev/openai_embeddings",
    "dev/azure_openai_embeddings",
    "dev/mistral_embeddings",
    "dev/voyage_embeddings",
    "dev/openrouter_embeddings",
    "dev/perplexity_embeddings",
]
CODEC = EmbeddingsCodec()
ASKED = EmbeddingRequest(origin="openai-embeddings", model="m", inputs=("a",))
BYTES = EmbeddingRequest(origin="openai-embeddings", model="m", inputs=("a",), encodings=("base64_int8",))


def notes(*, strict: bool = False) -> Notes:
    return Notes(KeyedSeal(b"k"), strict=strict)


def read(body: Any) -> EmbeddingRequest:
    return CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())


def written(request: EmbeddingRequest, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, told or notes()))


def answered(response: EmbeddingResponse, request: EmbeddingRequest = ASKED, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, request, told or notes()))


def read_answer(body: Any) -> EmbeddingResponse:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def answer(embedding: Any) -> Any:
    return {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": embedding}], "model": "m"}


def packed(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@corpus(*FOLDERS)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    body = json.dumps(case.request).encode()

    request = CODEC.read_request(body, Envelope("m"), notes())

    assert decode_json(CODEC.write_request(request, notes())) == decode_json(body)


@corpus(*FOLDERS, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    body = json.dumps(case.body).encode()

    response = CODEC.read_response(body, notes())

    assert decode_json(CODEC.write_response(response, BYTES, notes())) == decode_json(body)


@corpus("dev/perplexity_embeddings", only=is_answer)
def test_perplexitys_bytes_are_written_as_the_numbers_that_openais_clients_ask_for(case: Case) -> None:
    response = read_answer(case.body)
    floats = EmbeddingRequest(origin="openai-embeddings", model="m", inputs=("a",), encodings=("base64",))

    numbers, texts = answered(response)["data"], answered(response, floats)["data"]

    for told, number, text in zip(case.body["data"], numbers, texts, strict=True):
        size = len(base64.b64decode(told["embedding"]))
        assert number["embedding"] == list(struct.unpack(f"{size}b", base64.b64decode(told["embedding"])))
        assert list(struct.unpack(f"<{size}f", base64.b64decode(text["embedding"]))) == number["embedding"]
    assert answered(response)["usage"] == case.body["usage"]


@corpus(*FOLDERS, only=is_answer)
def test_recorded_usage_adds_up_to_the_providers_total(case: Case) -> None:
    response = read_answer(case.body)

    assert response.usage is not None
    assert response.usage.total == case.body["usage"]["total_tokens"]


@corpus(*FOLDERS, only=lambda case: case.status != 200)
def test_recorded_refusal_keeps_its_class(case: Case) -> None:
    error = CODEC.read_error(case.status, json.dumps(case.body).encode())

    assert error.status == (502 if case.status == 401 else case.status)


@corpus("dev/openai_embeddings", only=is_answer)
def test_recorded_vector_goes_to_numbers_and_back(case: Case) -> None:
    response = read_answer(case.body)
    foreign = EmbeddingResponse(origin="other", vectors=response.vectors)
    as_numbers = answered(foreign)["data"]
    packed_again = EmbeddingRequest(origin=CODEC.name, model="m", inputs=("a",), encodings=("base64",))

    again = answered(EmbeddingResponse(origin="other", vectors=read_answer({"data": as_numbers}).vectors), packed_again)

    for before, after in zip(case.body["data"], again["data"], strict=True):
        if isinstance(before["embedding"], str):
            assert after["embedding"] == before["embedding"]
        else:
            assert after["embedding"] == packed(*before["embedding"])


@corpus("dev/perplexity_embeddings", only=is_answer)
def test_perplexitys_bytes_are_read_as_small_integers(case: Case) -> None:
    response = read_answer(case.body)

    assert {vector.encoding for vector in response.vectors} == {"int8"}
    assert all(-128 <= number <= 127 for vector in response.vectors for number in vector.values)
    assert len(response.vectors[0].values) == case.request.get("dimensions", 1024)


def test_text_that_makes_no_floats_of_an_embedding_is_signed_bytes() -> None:
    for text, encoding in ((packed(0.5, -1e6), "base64"), (packed(0.5, 2e6), "int8"), ("Af8=", "int8")):
        (vector,) = read_answer(answer(text)).vectors

        assert (vector.encoding, vector.base64) == (encoding, text)
    assert vector.values == [1, -1]


@pytest.mark.parametrize(
    ("given", "inputs", "alone"),
    [
        ("hi", ("hi",), True),
        (["hi"], ("hi",), False),
        (["a", "b"], ("a", "b"), False),
        ([1, 2], ((1, 2),), True),
        ([[1, 2], [3]], ((1, 2), (3,)), False),
        ([], (), False),
    ],
)
def test_each_kind_of_input_is_read(given: Any, inputs: Any, alone: bool) -> None:
    request = read({"model": "m", "input": given})

    assert (request.inputs, request.alone) == (inputs, alone)
    assert written(request)["input"] == given


@pytest.mark.parametrize("given", [None, 1, {"a": 1}, [1.5], [True], ["a", 1], [["a"]], [[1, None]]])
def test_input_that_is_none_is_refused_by_name(given: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        read({"model": "m", "input": given})

    assert str(refused.value.param).startswith("input")


def test_every_field_is_read_and_written() -> None:
    body = {
        "model": "m",
        "input": ["a"],
        "dimensions": 8,
        "encoding_format": "base64",
        "user": "u",
        "input_type": "query",
        "truncation": True,
        "output_dtype": None,
    }

    request = read(body)

    assert (request.dimensions, request.encodings, request.user, request.task) == (8, ("base64",), "u", "query")
    assert request.extras == {"truncation": True, "output_dtype": None}
    assert written(request) == body


def test_unknown_input_type_stays_as_it_is() -> None:
    body = {"model": "m", "input": "a", "input_type": "passage"}

    assert read(body).task is None
    assert written(read(body)) == body


def test_input_only_one_host_knows_goes_back_to_this_dialect_alone() -> None:
    body = {"model": "m", "input": [{"image": "https://example.com/a.png"}]}

    assert written(read(body)) == body


def test_what_openai_has_no_field_for_is_dropped() -> None:
    told = notes()
    request = EmbeddingRequest(
        origin="other",
        model="m",
        inputs=("a",),
        task="query",
        title="t",
        truncate="end",
        encodings=("float", "int8"),
        extras={"priority": 1, "nothing": None},
    )

    body = written(request, told)

    assert body == {"model": "m", "input": ["a"]}
    assert told.dropped == ("encodings.int8", "task", "title", "truncate", "priority")


def test_strict_refuses_what_would_be_dropped() -> None:
    with pytest.raises(Untranslatable):
        written(EmbeddingRequest(origin="other", model="m", inputs=("a",), task="query"), notes(strict=True))


def test_encoding_openai_does_not_have_is_refused() -> None:
    with pytest.raises(Untranslatable, match="int8"):
        written(EmbeddingRequest(origin="other", model="m", inputs=("a",), encodings=("int8",)))


@pytest.mark.parametrize(
    ("encodings", "said"),
    [((), None), (("float",), None), (("float", "base64"), None), (("base64", "ubinary"), "base64")],
)
def test_numbers_of_another_dialect_are_not_asked_for_because_they_come_unasked(
    encodings: tuple[str, ...], said: str | None
) -> None:
    body = written(EmbeddingRequest(origin="other", model="m", inputs=("a",), encodings=encodings))

    assert body.get("encoding_format") == said


def test_texts_embedded_as_one_are_joined() -> None:
    request = EmbeddingRequest(origin="other", model="m", inputs=((Text(text="a"), Text(text="b")),), alone=True)

    assert written(request)["input"] == "a\nb"


def test_picture_is_refused() -> None:
    picture = Media(kind=MediaKind.IMAGE, url="https://example.com/a.png")

    with pytest.raises(Untranslatable, match="text"):
        written(EmbeddingRequest(origin="other", model="m", inputs=((picture,),)))


@pytest.mark.parametrize("encodings", [(), ("float",)])
def test_base64_of_another_origin_becomes_numbers(encodings: tuple[str, ...]) -> None:
    vector = Vector(index=0, encoding="base64", base64=packed(0.1, -2.0))
    asked = EmbeddingRequest(origin=CODEC.name, model="m", inputs=("a",), encodings=encodings)

    body = answered(EmbeddingResponse(origin="other", vectors=(vector,)), asked)

    assert body["data"][0]["embedding"] == [0.100000001, -2]


def test_numbers_of_another_origin_become_base64() -> None:
    asked = read({"model": "m", "input": "a", "encoding_format": "base64"})
    vectors = read_answer(answer([0.1, -2, 3e-5])).vectors

    body = answered(EmbeddingResponse(origin="other", vectors=vectors), asked)

    assert body["data"][0]["embedding"] == packed(0.1, -2.0, 3e-5)


def test_base64_of_another_origin_that_was_asked_for_passes() -> None:
    asked = read({"model": "m", "input": "a", "encoding_format": "base64"})
    vector = Vector(index=0, encoding="base64", base64=packed(0.5))

    body = answered(EmbeddingResponse(origin="other", vectors=(vector,)), asked)

    assert body["data"][0]["embedding"] == packed(0.5)


@pytest.mark.parametrize("text", ["AAA=", "", packed(float("nan")), "%"])
def test_base64_that_holds_no_floats_is_an_upstream_error(text: str) -> None:
    vector = Vector(index=0, encoding="base64", base64=text)

    with pytest.raises(UpstreamError):
        answered(EmbeddingResponse(origin="other", vectors=(vector,)))


@pytest.mark.parametrize(("given", "wanted"), [([0.5], packed(0.5)), (packed(0.5), [0.5])])
def test_vector_of_its_own_dialect_is_written_as_it_was_asked_for_too(given: Any, wanted: Any) -> None:
    encoding = "base64" if isinstance(wanted, str) else "float"
    asked = read({"model": "m", "input": "a", "encoding_format": encoding})

    assert answered(read_answer(answer(given)), asked)["data"][0]["embedding"] == wanted


def test_vector_in_the_encoding_asked_for_is_chosen() -> None:
    told = notes()
    small, floats = Vector(index=0, encoding="int8", values=[1]), Vector(index=0, values=[1, 2])

    body = answered(EmbeddingResponse(origin="other", vectors=(small, floats, small)), told=told)

    assert [item["embedding"] for item in body["data"]] == [[1, 2]]
    assert told.dropped == ("data[].embedding",)


def test_answer_of_another_origin_has_usage_from_the_buckets() -> None:
    told = notes()
    response = EmbeddingResponse(
        origin="other",
        id="x",
        model="m",
        usage=Usage(input=3, image_input=2),
        wire_usage={"x": 1},
        extras={"meta": {}},
        vectors=(Vector(index=0, values=[1], extras={"text": "a"}),),
    )

    body = answered(response, told=told)

    assert body["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    assert body["data"] == [{"object": "embedding", "index": 0, "embedding": [1]}]
    assert "id" not in body
    assert told.dropped == ("data[].text", "meta")


def test_answer_without_a_model_gets_the_name_that_was_asked_for() -> None:
    vectors = read_answer({"data": [{"embedding": [1]}]}).vectors

    assert answered(EmbeddingResponse(origin="other", vectors=vectors))["model"] == "m"
    assert "model" not in answered(EmbeddingResponse(origin=CODEC.name, vectors=vectors))


def test_absent_usage_stays_absent() -> None:
    assert read_answer(answer([1])).usage is None
    assert "usage" not in answered(EmbeddingResponse(origin="other"))


@pytest.mark.parametrize("usage", [{"total_tokens": 5}, {"prompt_tokens": 3, "total_tokens": 5}, {"prompt_tokens": 5}])
def test_usage_is_all_input(usage: Any) -> None:
    assert read_answer({**answer([1]), "usage": usage}).usage == Usage(input=5)


@pytest.mark.parametrize("usage", [{"prompt_tokens": "1"}, {}, [], 5, {"total_tokens": None}])
def test_usage_that_says_nothing_is_none(usage: Any) -> None:
    assert read_answer({**answer([1]), "usage": usage}).usage is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data":[1]}',
        b'{"data":[{}]}',
        b'{"data":[{"embedding":null}]}',
        b'{"data":[{"embedding":["a"]}]}',
        b'{"data":[{"embedding":[true]}]}',
        b'{"data":[{"embedding":"%%%"}]}',
        '{"data":[{"embedding":"ä"}]}'.encode(),
    ],
)
def test_what_is_no_answer_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_number_beyond_a_float_cannot_be_packed() -> None:
    asked = read({"model": "m", "input": "a", "encoding_format": "base64"})

    for text in (b"1e39", b"1e400", b"9" * 400):
        vectors = CODEC.read_response(b'{"data":[{"embedding":[%b]}]}' % text, notes()).vectors
        with pytest.raises(UpstreamError):
            answered(EmbeddingResponse(origin="other", vectors=vectors), asked)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, BadRequest), (404, ModelNotFound), (429, RateLimited), (500, UpstreamError)]
)
def test_error_has_its_class_and_code(status: int, kind: type[GatewayError]) -> None:
    body = {"error": {"message": "no", "type": "t", "param": "input", "code": "c"}}

    error = CODEC.read_error(status, json.dumps(body).encode())

    assert type(error) is kind
    assert (error.status, error.message, error.code, error.param) == (status, "no", "c", "input")


NUMBERS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000))
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.text() | st.lists(st.text()) | st.lists(st.integers(0, 99)) | st.lists(st.lists(st.integers(0, 99)))
NAMES = ("model", "input", "dimensions", "encoding_format", "user", "input_type", "x")


@settings(max_examples=60)
@given(NUMBERS.filter(len))
def test_numbers_survive_base64(numbers: list[float]) -> None:
    response = EmbeddingResponse(origin="o", vectors=(Vector(index=0, encoding="base64", base64=packed(*numbers)),))

    (item,) = answered(response)["data"]

    assert [struct.pack("<f", number) for number in item["embedding"]] == [
        struct.pack("<f", number + 0.0) for number in numbers
    ]


@settings(max_examples=60)
@given(INPUTS, st.dictionaries(st.sampled_from(("input_type", "user", "encoding_format", "y")), st.none() | st.text()))
def test_any_request_is_written_as_it_was_read(given: Any, more: dict[str, Any]) -> None:
    body = {"model": "m", "input": given, **more}

    assert written(read(body)) == body


@settings(max_examples=80)
@given(st.dictionaries(st.sampled_from(NAMES), ANY) | ANY)
def test_no_request_breaks_the_codec(body: Any) -> None:
    with suppress(BadRequest):
        written(read(body))


@settings(max_examples=80)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "data": st.lists(st.dictionaries(st.sampled_from(("index", "embedding")), ANY)),
            "usage": ANY,
            "id": ANY,
            "model": ANY,
        },
    )
)
def test_no_answer_breaks_the_codec(body: Any) -> None:
    with suppress(UpstreamError):
        response = read_answer(body)
        answered(response)
        answered(EmbeddingResponse(origin="other", vectors=response.vectors))


@given(st.binary(max_size=40), st.integers(200, 599))
@settings(max_examples=40)
def test_no_error_body_breaks_the_codec(body: bytes, status: int) -> None:
    assert isinstance(CODEC.read_error(status, body), GatewayError)
