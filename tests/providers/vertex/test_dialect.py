"""`:predict` as callers find it: by its paths, and by Google's own SDK against a gateway."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.genai import Client, types
from google.genai.errors import ClientError
from google.oauth2.credentials import Credentials
from tests.support.live import LiveGateway

from tollbridge import BadRequest, Quirks, Usage
from tollbridge.formats import ModelEntry
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge_vertex.dialect import PredictDialect

DIALECT = PredictDialect()
(OPERATION,) = DIALECT.operations
BODY = b'{ "instances": [{"content": "\\u0061", "later": 1}] }'
CONFIG = """
[providers.mine]
base_url = "{url}/google"
dialect = "vertex-predict"
api_key = "env:MOCK_KEY"
allow_private = true
[providers.other]
base_url = "{url}/v1"
dialect = "openai-chat"
api_key = "env:MOCK_KEY"
allow_private = true
[models."text-embedding-005"]
targets = ["mine/text-embedding-005"]
price = {{ input = "0.1" }}
"""
PREDICTED = {"predictions": [{"embeddings": {"values": [0.5], "statistics": {"token_count": 3, "truncated": False}}}]}
LISTED = {
    "object": "list",
    "model": "text-embedding-3-small",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.25]}],
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}


class Sdk:
    """A gateway, its upstream, and Google's SDK in Vertex mode."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.token = gateway.token()["token"]

    def embed(self, model: str, answer: Any, *, status: int = 200, **how: Any) -> types.EmbedContentResponse:
        self.upstream.answer(answer, status=status)
        options = types.HttpOptions(base_url=self.gateway.url, timeout=20_000, **how.pop("options", {}))
        how = how or {"project": "p", "location": "global", "credentials": Credentials(self.token)}
        with Client(vertexai=True, http_options=options, **how) as client:
            return client.models.embed_content(model=model, contents="a")


@pytest.fixture(scope="module")
def sdk(tmp_path_factory) -> Iterator[Sdk]:
    folder = tmp_path_factory.mktemp("predict")
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(folder, CONFIG.format(url=upstream.url)) as gateway,
    ):
        yield Sdk(gateway, upstream)


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
    assert not envelope.outputs_tokens


@pytest.mark.parametrize("path", ["/v1/projects/p/locations/l/endpoints/5:predict", "/v1/publishers/google:predict"])
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


def test_models_are_told_by_their_publishers() -> None:
    model = ModelEntry("text-embedding-005", "vertex-predict")

    assert DIALECT.write_model(model) == b'{"name":"publishers/vertex-predict/models/text-embedding-005"}'
    assert DIALECT.write_models([model], {}) == b'{"publisherModels":[%b]}' % DIALECT.write_model(model)


def test_sdk_gets_what_vertex_answers(sdk: Sdk) -> None:
    answer = sdk.embed("text-embedding-005", PREDICTED)

    (embedding,) = answer.embeddings or []
    assert embedding.values == [0.5]
    assert embedding.statistics is not None
    assert embedding.statistics.token_count == 3
    sent = sdk.upstream.requests[-1]
    assert sent.path == "/google/models/text-embedding-005:predict"
    assert sent.json() == {"instances": [{"content": "a"}]}
    assert sent.header("authorization") == "Bearer sk-upstream-secret"


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_sdk_reaches_a_model_without_a_project_and_by_either_version(sdk: Sdk, version: str) -> None:
    answer = sdk.embed("text-embedding-005", PREDICTED, api_key=sdk.token, options={"api_version": version})

    assert [embedding.values for embedding in answer.embeddings or []] == [[0.5]]


def test_sdk_reaches_the_model_of_another_provider_by_the_gateways_name(sdk: Sdk) -> None:
    answer = sdk.embed("other/text-embedding-3-small", LISTED)

    (embedding,) = answer.embeddings or []
    assert embedding.values == [0.25]
    assert embedding.statistics is not None
    assert embedding.statistics.token_count == 2
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.prompt_token_count == 2
    assert sdk.upstream.requests[-1].path == "/v1/embeddings"


def test_sdk_raises_its_own_exception_for_a_refusal(sdk: Sdk) -> None:
    refusal = {"error": {"code": 400, "message": "too many tokens", "status": "INVALID_ARGUMENT"}}

    with pytest.raises(ClientError, match="too many tokens") as refused:
        sdk.embed("text-embedding-005", refusal, status=400)

    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
