"""Mistral's wire formats: chat and embeddings.

They are nearly OpenAI's, whose paths they would share: callers of Mistral's SDK name `<gateway>/mistral` as its server.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    CONVERSATION,
    EMBEDDINGS,
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
from tollbridge_mistral.errors import write_error
from tollbridge_mistral.readers import StreamReader
from tollbridge_mistral.usage import answer_usage

_WEIGHTY = re.compile(rb'"(model|stream|max_tokens|n)"[ \t\n\r]*:')


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_tokens: int | None = None
    n: int | None = None


_decode = msgspec.json.Decoder(_Body).decode


def read_body(body: bytes) -> _Body:
    """Decode the fields that matter; raises `BadRequest` naming the wrong one."""
    return read_named(body, _decode, _WEIGHTY)


class ChatDialect:
    """`POST /mistral/v1/chat/completions`, and the list of models."""

    name = "mistral-chat"
    base = "mistral-chat"
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = (
        Operation(
            "ai:chat",
            "chat",
            path="/mistral/v1/chat/completions",
            upstream="/chat/completions",
            codec=codec_later(CONVERSATION, "tollbridge_mistral.chat_codec:CHAT_CODEC"),
        ),
        Operation("", "models", "GET", path="/mistral/v1/models", upstream="/models", lists_models=True),
        Operation("", "models", "GET", path="/mistral/v1/models/{model}", lists_models=True),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_body(body)
        for name, value, least in (("max_tokens", found.max_tokens, 0), ("n", found.n, 1)):
            if value is not None and value < least:
                raise BadRequest(f"the field {name!r} must be at least {least}", param=name)
        answers = found.n or 1
        return Envelope(
            model=found.model,
            stream=bool(found.stream),
            max_output=None if found.max_tokens is None else found.max_tokens * answers,
            input_bound=input_bound(body),
            asks_usage=True,
            answers=answers,
        )

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
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b"data: %b\n\n" % write_error(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"object": "list", "data": [_model(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


class EmbeddingsDialect(ChatDialect):
    """`POST /mistral/v1/embeddings`: input only."""

    name = "mistral-embeddings"
    operations: Sequence[Operation] = (
        Operation(
            "ai:embeddings",
            "embeddings",
            path="/mistral/v1/embeddings",
            upstream="/embeddings",
            codec=codec_later(EMBEDDINGS, "tollbridge_mistral.embeddings:EmbeddingsCodec"),
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_body(body)
        return Envelope(model=found.model, input_bound=input_bound(body), max_output=0, outputs_tokens=False)


def _model(model: ModelEntry) -> dict[str, object]:
    """Give a model as Mistral's SDK wants it: it insists on what a model can."""
    able = {"completion_chat": True, "function_calling": True, "completion_fim": False, "fine_tuning": False}
    shown: dict[str, object] = {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
        "capabilities": able,
        "type": "base",
    }
    if model.context is not None:
        shown["max_context_length"] = model.context
    if model.deprecated_at is not None:
        shown |= {"deprecation": model.ends_at, "deprecation_replacement_model": model.successor or None}
    return shown


_: tuple[Dialect, ...] = (ChatDialect(), EmbeddingsDialect())
