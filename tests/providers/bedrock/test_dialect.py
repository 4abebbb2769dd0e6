"""Converse passing through: what the bridge reads of a request, and the little it changes."""

import json
from typing import Any

import pytest

from tollbridge import BadRequest, Quirks
from tollbridge.formats import Envelope, ModelEntry
from tollbridge_bedrock import register_auth_schemes, register_dialects, register_providers
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.sigv4 import BedrockAuth, SigV4

DIALECT = ConverseDialect()
WHOLE, STREAMED, COUNTED, *_ = DIALECT.operations
BODY = b'{"messages":[{"role":"user","content":[{"text":"hi"}]}]}'
ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2"


@pytest.mark.parametrize("model", ["amazon.nova-lite-v1:0", ARN, "converse", "a/converse"])
def test_model_is_taken_from_the_path(model: str) -> None:
    envelope = DIALECT.read_envelope(WHOLE, f"/model/{model}/converse", BODY)

    assert (envelope.model, envelope.stream, envelope.max_output) == (model, False, None)
    assert envelope.input_bound == len(BODY)


def test_operation_says_whether_to_stream() -> None:
    assert DIALECT.read_envelope(STREAMED, "/model/m/converse-stream", BODY).stream


def test_counting_puts_nothing_out() -> None:
    envelope = DIALECT.read_envelope(COUNTED, "/model/m/count-tokens", b'{"input":{"converse":{}}}')

    assert (envelope.max_output, envelope.outputs_tokens, envelope.input_bound) == (0, False, 0)


def test_limit_is_read() -> None:
    body = b'{"inferenceConfig":{"maxTokens":7},"messages":[]}'

    assert DIALECT.read_envelope(WHOLE, "/model/m/converse", body).max_output == 7


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"\xff", None),
        (b"{", None),
        (b'{"inferenceConfig":3}', "inferenceConfig"),
        (b'{"inferenceConfig":{"maxTokens":"3"}}', "inferenceConfig.maxTokens"),
        (b'{"inferenceConfig":{"maxTokens":0}}', "inferenceConfig.maxTokens"),
        (b'{"inferenceConfig":{},"inferenceConfig":{}}', "inferenceConfig"),
        (b'{"inferenceConfig":{"maxTokens":1,"maxTokens":2}}', "maxTokens"),
        (b'{"inferenceConfig":{"maxTokens":1,"max\\u0054okens":2}}', "maxTokens"),
    ],
)
def test_body_that_could_be_read_in_two_ways_or_none_is_refused(body: bytes, param: str | None) -> None:
    with pytest.raises(BadRequest) as caught:
        DIALECT.read_envelope(WHOLE, "/model/m/converse", body)

    assert caught.value.param == param


def test_words_that_look_like_a_limit_are_words() -> None:
    body = json.dumps({"messages": [{"role": "user", "content": [{"text": '"maxTokens": 1, "maxTokens": \u0002'}]}]})

    assert DIALECT.read_envelope(WHOLE, "/model/m/converse", body.encode()).max_output is None


def test_path_without_a_model_is_refused() -> None:
    with pytest.raises(BadRequest, match="names no model"):
        DIALECT.read_envelope(WHOLE, "/model//converse", BODY)


@pytest.mark.parametrize(
    ("body", "limited"),
    [
        (b'{"messages": []}', b'{"inferenceConfig":{"maxTokens":9},"messages": []}'),
        (b'{"inferenceConfig": null}', b'{"inferenceConfig": {"maxTokens":9}}'),
        (b'{"inferenceConfig": {}}', b'{"inferenceConfig": {"maxTokens":9}}'),
        (b'{"inferenceConfig": {"topP": 1.0}}', b'{"inferenceConfig": {"maxTokens":9,"topP": 1.0}}'),
        (b'{"inferenceConfig": {"maxTokens": 99}}', b'{"inferenceConfig": {"maxTokens": 9}}'),
    ],
)
def test_limit_is_set_and_every_other_byte_stays(body: bytes, limited: bytes) -> None:
    assert DIALECT.readdress(body, Envelope("m"), model="other", max_output=9, quirks=Quirks()) == limited


def test_fields_a_host_does_not_take_are_left_out() -> None:
    quirks = Quirks(drop=("serviceTier",))

    passed = DIALECT.readdress(b'{"a":1,"serviceTier":{}}', Envelope("m"), model="m", max_output=None, quirks=quirks)

    assert passed == b'{"a":1}'


def test_models_are_listed_as_foundation_models() -> None:
    entry = ModelEntry("nova", "amazon")

    listed = json.loads(DIALECT.write_models([entry], {}))
    one = json.loads(DIALECT.write_model(entry))

    assert [model["modelId"] for model in listed["modelSummaries"]] == ["nova"]
    assert one["modelDetails"] == listed["modelSummaries"][0]
    assert not DIALECT.claims({})


def test_package_offers_its_dialect_its_provider_and_its_scheme() -> None:
    dialects: list[Any] = []
    providers: list[Any] = []
    schemes: dict[str, Any] = {}

    register_dialects(dialects.append)
    register_providers(providers.append)
    register_auth_schemes(schemes.__setitem__)

    assert [dialect.name for dialect in dialects] == ["bedrock-converse"]
    assert providers[0].base_urls == {"bedrock-converse": "https://bedrock-runtime.{AWS_REGION}.amazonaws.com"}
    assert isinstance(providers[0].auth, BedrockAuth)
    assert schemes == {"sigv4": SigV4}
