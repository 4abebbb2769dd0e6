"""The dialect of the Responses API (https://platform.openai.com/docs/api-reference/responses, read 2026-11)."""

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
    read_named,
    readdressed,
)
from tollbridge_openai.dialects import ChatDialect
from tollbridge_openai.errors import write_error
from tollbridge_openai.responses_errors import error_event
from tollbridge_openai.responses_kept import ResponsesKeeping, wish_of
from tollbridge_openai.responses_readers import StreamReader
from tollbridge_openai.responses_usage import answer_usage

_WEIGHTY = re.compile(rb'"(model|stream|max_output_tokens|background|store|previous_response_id)"[ \t\n\r]*:')
_LIMIT = "max_output_tokens"
_COUNT = "count_tokens"
_LISTS = ChatDialect()
"""Lists models as all of OpenAI's dialects do."""


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None
    max_output_tokens: int | None = None
    background: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None


_decode = msgspec.json.Decoder(_Body).decode


_KEEPING = ResponsesKeeping()


def _about(kept: str, method: str, path: str) -> Operation:
    """Give the operation on an answer that was given before."""
    return Operation(
        "ai:chat",
        f"responses-{kept}",
        method=method,
        path=f"/v1{path}",
        upstream=path,
        also=(f"/openai/v1{path}",),
        modelless=True,
        keeping=_KEEPING,
        kept=kept,
    )


class ResponsesDialect:
    """`POST /v1/responses`, and what is about its answers.

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
            codec=codec_later(CONVERSATION, "tollbridge_openai.responses_codec:RESPONSES_CODEC"),
            keeping=_KEEPING,
        ),
        Operation(
            "ai:chat",
            _COUNT,
            path="/v1/responses/input_tokens",
            upstream="/responses/input_tokens",
            also=("/openai/v1/responses/input_tokens",),
            codec=codec_later(COUNT, "tollbridge_openai.responses_counting:COUNT_CODEC"),
            keeping=_KEEPING,
        ),
        Operation(
            "ai:chat",
            "responses-compact",
            path="/v1/responses/compact",
            upstream="/responses/compact",
            also=("/openai/v1/responses/compact",),
            keeping=_KEEPING,
        ),
        _about("retrieve", "GET", "/responses/{id}"),
        _about("delete", "DELETE", "/responses/{id}"),
        _about("cancel", "POST", "/responses/{id}/cancel"),
        _about("items", "GET", "/responses/{id}/input_items"),
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
        counting = operation.label == _COUNT
        return Envelope(
            model=found.model,
            stream=bool(found.stream) and not counting,
            max_output=0 if counting else found.max_output_tokens,
            input_bound=0 if counting else input_bound(body),
            asks_usage=True,
            outputs_tokens=not counting,
            wish=wish_of(body, store=found.store, before=found.previous_response_id, lasts=found.background is True),
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        values: dict[str, bytes] = {}
        if max_output is not None and envelope.outputs_tokens:
            values[quirks.rename.get(_LIMIT, _LIMIT)] = b"%d" % max_output
        return readdressed(body, values, quirks, model=None if model == envelope.model else model)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        if not streamed:
            return WholeReader(answer_usage)
        return StreamReader(cost=cost, lasts=envelope.wish is not None and envelope.wish.lasts)

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
