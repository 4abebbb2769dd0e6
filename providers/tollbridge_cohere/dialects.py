"""Cohere's wire formats: chat, embeddings, reranking, and the reranking that other hosts took over."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    CONVERSATION,
    EMBEDDINGS,
    RERANK,
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    codec_later,
    read_named,
    readdressed,
)
from tollbridge_cohere.errors import write_error, write_error_event
from tollbridge_cohere.readers import StreamReader
from tollbridge_cohere.rerank import shared_usage
from tollbridge_cohere.usage import answer_usage

_WEIGHTY = re.compile(rb'"(model|stream|max_tokens)"[ \t\n\r]*:')


class _Body(msgspec.Struct):
    model: str


class _ChatBody(_Body):
    stream: bool | None = None
    max_tokens: int | None = None


_decode = msgspec.json.Decoder(_Body).decode
_decode_chat = msgspec.json.Decoder(_ChatBody).decode


class _CohereDialect:
    """What all have in common."""

    name = ""
    base = "cohere-v2"
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = ()

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = self._read(body)
        limit = found.max_tokens if isinstance(found, _ChatBody) else 0
        if limit is not None and limit < 0:
            raise BadRequest("the field 'max_tokens' must not be negative", param="max_tokens")
        streams = isinstance(found, _ChatBody)
        return Envelope(
            model=found.model,
            stream=isinstance(found, _ChatBody) and bool(found.stream),
            max_output=limit,
            input_bound=input_bound(body),
            asks_usage=True,
            outputs_tokens=streams,
        )

    def _read(self, body: bytes) -> _Body:
        decode: Callable[[bytes], _Body] = _decode_chat if self.name == "cohere-v2" else _decode
        return read_named(body, decode, _WEIGHTY)

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        values: dict[str, bytes] = {}
        if max_output is not None and envelope.outputs_tokens:
            values[quirks.rename.get("max_tokens", "max_tokens")] = b"%d" % max_output
        return readdressed(body, values, quirks, model=None if model == envelope.model else model)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return StreamReader(cost=cost) if streamed else WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error, call_id)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_error_event(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"models": [_model(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether Cohere's own SDK asks, which says so (cohere 7.3 in Python, cohere-ai in JavaScript; 2026-11)."""
        return headers.get(b"x-fern-sdk-name", b"").startswith(b"cohere")


def _model(model: ModelEntry) -> dict[str, object]:
    shown: dict[str, object] = {"name": model.id, "endpoints": ["chat", "embed", "rerank"], "finetuned": False}
    if model.context is not None:
        shown["context_length"] = model.context
    return shown


class ChatDialect(_CohereDialect):
    """`POST /v2/chat`, and the list of models as Cohere's callers know it."""

    name = "cohere-v2"
    operations = (
        Operation(
            "ai:chat",
            "chat",
            path="/v2/chat",
            upstream="/chat",
            codec=codec_later(CONVERSATION, "tollbridge_cohere.chat_codec:CHAT_CODEC"),
        ),
        Operation("", "models", "GET", path="/v1/models", lists_models=True),
        Operation("", "models", "GET", path="/v1/models/{model}", lists_models=True),
    )


class EmbedDialect(_CohereDialect):
    """`POST /v2/embed`: input only."""

    name = "cohere-embed"
    operations = (
        Operation(
            "ai:embeddings",
            "embeddings",
            path="/v2/embed",
            upstream="/embed",
            codec=codec_later(EMBEDDINGS, "tollbridge_cohere.embed:EmbedCodec"),
        ),
    )


class RerankDialect(_CohereDialect):
    """`POST /v2/rerank`: charged by the search, not by the token."""

    name = "cohere-rerank"
    operations = (
        Operation(
            "ai:rerank",
            "rerank",
            path="/v2/rerank",
            upstream="/rerank",
            codec=codec_later(RERANK, "tollbridge_cohere.rerank:RerankCodec"),
        ),
    )


class SharedRerankDialect(_CohereDialect):
    """`POST /v1/rerank`, which hosts that speak OpenAI's dialects have beside them: Jina, Voyage, Together, vLLM."""

    name = "rerank"
    base = "openai-chat"
    operations = (
        Operation(
            "ai:rerank",
            "rerank",
            path="/v1/rerank",
            upstream="/rerank",
            codec=codec_later(RERANK, "tollbridge_cohere.rerank:SharedRerankCodec"),
        ),
    )

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return WholeReader(shared_usage)


_: tuple[Dialect, ...] = (ChatDialect(), EmbedDialect(), RerankDialect(), SharedRerankDialect())
