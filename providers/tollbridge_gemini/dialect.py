"""The dialect of the Gemini API (https://ai.google.dev/api/generate-content, read 2026-11).

The model and whether the answer is streamed stand in the path. A stream is always asked for as events (`alt=sse`).
Callers may ask as they ask Vertex AI, too: see `vertex`.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    CONVERSATION,
    COUNT,
    EMBEDDINGS,
    AnswerReader,
    AnyCodec,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    codec_later,
    named_model,
    readdressed,
)
from tollbridge_gemini.envelopes import read_limits, with_limit, with_model
from tollbridge_gemini.errors import write_error
from tollbridge_gemini.names import NAME
from tollbridge_gemini.readers import StreamReader
from tollbridge_gemini.usage import answer_usage
from tollbridge_gemini.vertex import in_shape, published_model, vertex_paths

_ANSWERS, _COUNTS = "generateContent", "countTokens"
_CODEC = codec_later(CONVERSATION, "tollbridge_gemini.codec:GENERATE_CODEC")
_COUNT_CODEC = codec_later(COUNT, "tollbridge_gemini.counting:CountCodec")
_EMBED_CODEC, _BATCH_CODEC = (
    codec_later(EMBEDDINGS, f"tollbridge_gemini.embedding:{name}") for name in ("EMBED_CODEC", "BATCH_CODEC")
)


def _operation(scope: str, label: str, method: str, codec: AnyCodec) -> Operation:
    tail = f"/models/{{model}}:{method}"
    conversation = codec.kind == CONVERSATION
    return Operation(
        scope,
        label,
        path=f"/v1beta{tail}",
        also=(f"/v1{tail}", *vertex_paths(method)),
        upstream="/models/{model}:generateContent" if conversation else tail,
        streamed="/models/{model}:streamGenerateContent?alt=sse" if conversation else "",
        codec=codec,
    )


class GeminiDialect:
    """`POST /v1beta/models/{model}:generateContent` and its like, and the list of models in Google's shape."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = b"\n"  # google-genai reads a comment as JSON (its source, 3.6.1); an empty line is nothing
    operations = (
        _operation("ai:chat", "generate_content", "generateContent", _CODEC),
        _operation("ai:chat", "stream_generate_content", "streamGenerateContent", _CODEC),
        _operation("ai:chat", "count_tokens", "countTokens", _COUNT_CODEC),
        _operation("ai:embeddings", "batch_embed_contents", "batchEmbedContents", _BATCH_CODEC),
        _operation("ai:embeddings", "embed_content", "embedContent", _EMBED_CODEC),
        Operation(
            "", "models", "GET", path="/v1beta/models", upstream="/models", also=("/v1/models",), lists_models=True
        ),
        Operation("", "models", "GET", path="/v1beta/models/{model}", also=("/v1/models/{model}",), lists_models=True),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        model = published_model(path) or named_model(operation, path)
        if not model:
            raise BadRequest("the path names no model", param="model")
        limit, answers = read_limits(body)
        if operation.scope != "ai:chat":
            return Envelope(model, input_bound=input_bound(body), max_output=0, outputs_tokens=False)
        if operation.label == "count_tokens":
            return Envelope(model, max_output=0, outputs_tokens=False)
        return Envelope(
            model=model,
            stream=operation.label == "stream_generate_content",
            max_output=None if limit is None else limit * answers,
            input_bound=input_bound(body),
            asks_usage=True,
            answers=answers,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        unnamed = "model" in quirks.drop and not envelope.outputs_tokens
        if not envelope.outputs_tokens:
            body = in_shape(body, model, quirks)
        if unnamed or model != envelope.model:
            body = with_model(body, None if unnamed else model)
        if max_output is not None:
            body = with_limit(body, max_output)
        return readdressed(body, {}, quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return StreamReader(cost=cost) if streamed else WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b"data: %b\n\n" % write_error(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"models": [_model(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return b"x-goog-api-key" in headers


def _model(model: ModelEntry) -> dict[str, object]:
    shown: dict[str, object] = {"name": f"models/{model.id}", "displayName": model.id}
    if model.context is not None:
        shown["inputTokenLimit"] = model.context
    if model.max_output is not None:
        shown["outputTokenLimit"] = model.max_output
    return {**shown, "supportedGenerationMethods": [_ANSWERS, *([_COUNTS] if model.counts else [])]}


_: type[Dialect] = GeminiDialect
