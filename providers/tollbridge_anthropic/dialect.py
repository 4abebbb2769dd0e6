"""The Messages dialect."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

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
    read_named,
    readdressed,
)
from tollbridge_anthropic.errors import error_body
from tollbridge_anthropic.readers import StreamReader
from tollbridge_anthropic.usage import message_usage

_WEIGHTY = re.compile(rb'"(model|stream|max_tokens)"[ \t\n\r]*:')


class _Body(msgspec.Struct):
    model: str
    max_tokens: int | None = None
    stream: bool | None = None


_decode = msgspec.json.Decoder(_Body).decode


class MessagesDialect:
    """`POST /v1/messages` and `/v1/messages/count_tokens`, and the list of models in Anthropic's shape."""

    name = "anthropic-messages"
    base = "anthropic-messages"
    stream_type = b"text/event-stream"
    keep_alive = b'event: ping\ndata: {"type": "ping"}\n\n'
    operations = (
        Operation(
            "ai:chat",
            "messages",
            path="/v1/messages",
            upstream="/messages",
            codec=codec_later(CONVERSATION, "tollbridge_anthropic.codec:MessagesCodec"),
        ),
        Operation(
            "ai:chat",
            "count_tokens",
            path="/v1/messages/count_tokens",
            upstream="/messages/count_tokens",
            codec=codec_later(COUNT, "tollbridge_anthropic.codec:CountCodec"),
        ),
        Operation("", "models", "GET", path="/v1/models", upstream="/models", lists_models=True),
        Operation("", "models", "GET", path="/v1/models/{model}", lists_models=True),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_named(body, _decode, _WEIGHTY)
        counting = operation.label == "count_tokens"
        if not counting and found.max_tokens is not None and found.max_tokens < 1:
            raise BadRequest("the field 'max_tokens' must be at least 1", param="max_tokens")
        return Envelope(
            model=found.model,
            stream=bool(found.stream) and not counting,
            max_output=0 if counting else found.max_tokens,
            input_bound=0 if counting else input_bound(body),
            asks_usage=True,
            outputs_tokens=not counting,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        if not envelope.outputs_tokens and "model" in quirks.drop:
            # A count has its model in the body, also where a message has it in the path.
            quirks = replace(quirks, drop=tuple(name for name in quirks.drop if name != "model"))
        values: dict[str, bytes] = {}
        if max_output is not None:
            values[quirks.rename.get("max_tokens", "max_tokens")] = b"%d" % max_output
        return readdressed(body, values, quirks, model=None if model == envelope.model else model)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return StreamReader(cost=cost) if streamed else WholeReader(message_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return msgspec.json.encode(error_body(error, call_id))

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b"event: error\ndata: %b\n\n" % self.write_error(error, call_id)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        data = [_model(model) for model in models]
        return msgspec.json.encode(
            {
                "data": data,
                "has_more": False,
                "first_id": models[0].id if models else None,
                "last_id": models[-1].id if models else None,
            }
        )

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return b"anthropic-version" in headers


def _model(model: ModelEntry) -> dict[str, object]:
    return {
        "type": "model",
        "id": model.id,
        "display_name": model.id,
        "created_at": datetime.fromtimestamp(model.created, UTC).isoformat().replace("+00:00", "Z"),
        "lifecycle": "active",
        "max_input_tokens": model.context,
        "max_tokens": model.max_output,
    }


_: type[Dialect] = MessagesDialect
