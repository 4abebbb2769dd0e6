"""The Converse dialect (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, 2026-11).

The model stands in the path and whether to stream is the operation, so a body passes as it is but for its limit.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    CONVERSATION,
    COUNT,
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    codec_later,
    object_in,
    read_fields,
    readdressed,
    splice,
)
from tollbridge_bedrock.errors import write_error, write_error_event
from tollbridge_bedrock.readers import StreamReader
from tollbridge_bedrock.usage import answer_usage
from tollbridge_bedrock.words import NAME

_WEIGHTY = re.compile(rb'"(inferenceConfig|maxTokens)"[ \t\n\r]*:')
_CONFIG = "inferenceConfig"
_WHOLE, _STREAMED, _COUNTED = "/converse", "/converse-stream", "/count-tokens"
_START = "/model/"


class _Inference(msgspec.Struct, rename="camel"):
    max_tokens: int | None = None


class _Body(msgspec.Struct, rename="camel"):
    inference_config: _Inference | None = None


_decode = msgspec.json.Decoder(_Body).decode


class ConverseDialect:
    """`POST /model/{model}/converse`, `converse-stream` and `count-tokens`, and the list of foundation models."""

    name = NAME
    base = NAME
    stream_type = b"application/vnd.amazon.eventstream"
    keep_alive = b""  # Bedrock has no event that says nothing, and its SDKs show users each that comes
    operations = (
        Operation(
            "ai:chat",
            "converse",
            path="/model/{model}/converse",
            upstream="/model/{model}/converse",
            streamed="/model/{model}/converse-stream",
            codec=codec_later(CONVERSATION, "tollbridge_bedrock.codec:CONVERSE_CODEC"),
        ),
        Operation(
            "ai:chat",
            "converse_stream",
            path="/model/{model}/converse-stream",
            upstream="/model/{model}/converse",
            streamed="/model/{model}/converse-stream",
            codec=codec_later(CONVERSATION, "tollbridge_bedrock.codec:CONVERSE_CODEC"),
        ),
        Operation(
            "ai:chat",
            "count_tokens",
            path="/model/{model}/count-tokens",
            upstream="/model/{model}/count-tokens",
            codec=codec_later(COUNT, "tollbridge_bedrock.counting:CountCodec"),
        ),
        Operation("", "models", "GET", path="/foundation-models", lists_models=True),
        Operation("", "models", "GET", path="/foundation-models/{model}", lists_models=True),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        model = _model_of(operation, path)
        found = read_fields(body, _decode, _WEIGHTY, inside=(_CONFIG,)).inference_config
        if operation.path.endswith(_COUNTED):
            return Envelope(model=model, max_output=0, outputs_tokens=False)
        limit = None if found is None else found.max_tokens
        if limit is not None and limit < 1:
            raise BadRequest(
                "the field 'inferenceConfig.maxTokens' must be at least 1", param="inferenceConfig.maxTokens"
            )
        return Envelope(
            model=model,
            stream=operation.path.endswith(_STREAMED),
            max_output=limit,
            input_bound=input_bound(body),
            asks_usage=True,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        values: dict[str, bytes] = {}
        if max_output is not None:
            values[_CONFIG] = splice(object_in(body, _CONFIG), {"maxTokens": b"%d" % max_output})
        return readdressed(body, values, quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return StreamReader(cost=cost) if streamed else WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_error_event(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"modelSummaries": [_model(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode({"modelDetails": _model(model)})

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _model_of(operation: Operation, path: str) -> str:
    """Take the model out of the path; an ARN has slashes and colons of its own."""
    model = path.removeprefix(_START).removesuffix(operation.path.rpartition("}")[2])
    if not model:
        raise BadRequest("the path names no model", param="modelId")
    return model


def _model(model: ModelEntry) -> dict[str, object]:
    return {
        "modelArn": f"arn:aws:bedrock:::foundation-model/{model.id}",
        "modelId": model.id,
        "modelName": model.id,
        "providerName": model.owned_by,
        "responseStreamingSupported": True,
    }


_: type[Dialect] = ConverseDialect
