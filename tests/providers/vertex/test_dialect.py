"""`:predict` and the list of models as callers find them."""

import pytest

from tollbridge import BadRequest, Quirks, Usage
from tollbridge.formats import ModelEntry
from tollbridge_vertex.dialect import PredictDialect

DIALECT = PredictDialect()
OPERATION, LIST = DIALECT.operations
BODY = b'{ "instances": [{"content": "\\u0061", "later": 1}] }'


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v1beta1/projects/p/locations/europe-west4/publishers/google/models/text-embedding-005:predict", ""),
        ("/v1/projects/p/locations/global/publishers/google/models/text-embedding-005:predict", ""),
        ("/v1beta1/publishers/google/models/text-embedding-005:predict", ""),
        ("/v1/publishers/google/models/text-embedding-005:predict", ""),
        ("/v1/publishers/google/models/a/b:predict", "a/b"),
        ("/v1/publishers/openai/models/text-embedding-3-small:predict", "openai/text-embedding-3-small"),
    ],
)
def test_path_names_a_model_of_google_or_one_of_the_gateways(path: str, model: str) -> None:
    envelope = DIALECT.read_envelope(OPERATION, path, BODY)

    assert envelope.model == (model or "text-embedding-005")
    assert envelope.input_bound == len(BODY)
    assert (envelope.outputs_tokens, envelope.max_output) == (False, 0)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/projects/p/locations/l/endpoints/5:predict",
        "/v1/projects/google/models/m:predict",
        "/v1/publishers/p/locations/l/publishers/google/models:predict",
        "/v1/publishers/google:predict",
    ],
)
def test_path_that_names_no_model_of_a_publisher_is_refused(path: str) -> None:
    with pytest.raises(BadRequest) as refused:
        DIALECT.read_envelope(OPERATION, path, BODY)

    assert refused.value.param == "model"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"instances": 1}',
        b'{"instances": [{"prompt": "a cat"}]}',
        b'{"instances": [{"content": 1}]}',
        b'{"instances": [], "instances": [{"content": "a"}]}',
    ],
)
def test_what_is_no_text_to_embed_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        DIALECT.read_envelope(OPERATION, "/v1/publishers/google/models/m:predict", body)


def test_body_passes_untouched() -> None:
    envelope = DIALECT.read_envelope(OPERATION, "/v1/publishers/google/models/m:predict", BODY)

    assert DIALECT.readdress(BODY, envelope, model="other", max_output=None, quirks=Quirks()) == BODY


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (b'{"predictions":[{"embeddings":{"values":[1],"statistics":{"token_count":3.0}}}]}', Usage(input=3)),
        (b'{"predictions":[{"embeddings":{"values":[1]}}]}', None),
        (b'{"predictions":[{"bytesBase64Encoded":""}]}', None),
    ],
)
def test_answer_that_passes_is_metered_by_its_statistics(body: bytes, usage: Usage | None) -> None:
    envelope = DIALECT.read_envelope(OPERATION, "/v1/publishers/google/models/m:predict", BODY)
    reader = DIALECT.answer_reader(envelope, streamed=False)

    assert reader.feed(body) == [body]
    assert reader.usage == usage


def test_models_are_listed_as_models_of_google() -> None:
    model = ModelEntry("openai/text-embedding-3-small", "openai")

    assert (LIST.method, LIST.path, LIST.lists_models) == ("GET", "/v1beta1/publishers/google/models", True)
    assert LIST.also == ("/v1/publishers/google/models",)
    assert DIALECT.write_model(model) == b'{"name":"publishers/google/models/openai/text-embedding-3-small"}'
    assert DIALECT.write_models([model], {}) == b'{"publisherModels":[%b]}' % DIALECT.write_model(model)
