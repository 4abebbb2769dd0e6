"""The dialect of the Responses API (https://platform.openai.com/docs/api-reference/responses, read 2026-11)."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    read_named,
    readdressed,
)
from tollbridge_openai.dialects import ChatDialect
from tollbridge_openai.errors import write_error
from tollbridge_openai.responses_codec import ResponsesCodec
from tollbridge_openai.responses_errors import error_event
from tollbridge_openai.responses_readers import StreamReader
from tollbridge_openai.responses_usage import answer_usage

_WEIGHTY = re.compile(rb'"(model|stream|max_output_tokens|background)"[ \t\n\r]*:')
_LIMIT = "max_output_tokens"
_LISTS = ChatDialect()
"""Lists models as all of OpenAI's dialects do."""


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_output_tokens: int | None = None
    background: bool | None = None


_decode = msgspec.json.Decoder(_Body).decode


class ResponsesDialect:
    """`POST /v1/responses`.

    It shares a base URL with chat at OpenAI and not everywhere: a host that speaks chat may never have heard of it.
    """

    name = "openai-responses"
    base = "openai-responses"
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = (
        Operation(
            "ai:chat",
            "responses",
            path="/v1/responses",
            upstream="/responses",
            also=("/openai/v1/responses",),  # where Groq's SDK looks
            codec=ResponsesCodec(),
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_named(body, _decode, _WEIGHTY)
        if found.max_output_tokens is not None and found.max_output_tokens < 1:
            raise BadRequest(f"the field {_LIMIT!r} must be at least 1", param=_LIMIT)
        if found.background and not found.stream:
            raise BadRequest(
                "an answer in the background is not seen by the gateway, so it cannot be metered; "
                "leave 'background' out or set 'stream'",
                param="background",
            )
        return Envelope(
            model=found.model,
            stream=bool(found.stream),
            max_output=found.max_output_tokens,
            input_bound=input_bound(body),
            asks_usage=True,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        values: dict[str, bytes] = {}
        if max_output is not None:
            values[quirks.rename.get(_LIMIT, _LIMIT)] = b"%d" % max_output
        return readdressed(body, values, quirks, model=None if model == envelope.model else model)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return StreamReader(cost=cost) if streamed else WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b"event: error\ndata: %b\n\n" % msgspec.json.encode(error_event(error, 0))

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return _LISTS.write_models(models, headers)

    def write_model(self, model: ModelEntry) -> bytes:
        return _LISTS.write_model(model)

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


_: type[Dialect] = ResponsesDialect
