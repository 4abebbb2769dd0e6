"""Running a model as a dialect: `POST /ai/run/{model}`.

A client of Cloudflare's API reaches it at `<gateway>/cloudflare/run/{model}`. The model is in the path; usage comes in
every stream, unasked.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    CONVERSATION,
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    codec_later,
    named_model,
    read_fields,
    readdressed,
    write_event,
)
from tollbridge_cloudflare.answers import answer_usage, write_error
from tollbridge_cloudflare.calls import NAME
from tollbridge_cloudflare.readers import PassingReader

_WEIGHTY = re.compile(rb'"(stream|max_tokens|max_output_tokens|input|messages)"[ \t\n\r]*:')
_UNSAID = (b"", b"null")


class _Body(msgspec.Struct):
    stream: bool | None = None
    max_tokens: int | None = None
    max_output_tokens: int | None = None
    input: msgspec.Raw = msgspec.Raw(b"")
    messages: msgspec.Raw = msgspec.Raw(b"")

    @property
    def limit(self) -> str:
        """What the output limit is called: as OpenAI's Responses call it where a model is asked in that way."""
        responding = bytes(self.input) not in _UNSAID and bytes(self.messages) in _UNSAID
        return "max_output_tokens" if responding else "max_tokens"


_decode = msgspec.json.Decoder(_Body).decode


class RunDialect:
    """Running one of Workers AI's models."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = (
        Operation(
            "ai:chat",
            "run",
            path="/cloudflare/run/{model}",
            upstream="/run/{+model}",
            codec=codec_later(CONVERSATION, "tollbridge_cloudflare.codec:RUN_CODEC"),
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_fields(body, _decode, _WEIGHTY)
        limit = getattr(found, found.limit)
        if limit is not None and limit < 1:
            raise BadRequest("the output limit must be at least 1", param=found.limit)
        return Envelope(
            model=named_model(operation, path),
            stream=bool(found.stream),
            max_output=limit,
            input_bound=input_bound(body),
            asks_usage=True,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        if max_output is None:
            return readdressed(body, {}, quirks)
        return readdressed(body, {read_fields(body, _decode, _WEIGHTY).limit: b"%d" % max_output}, quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return PassingReader() if streamed else WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_event(write_error(error))

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        listed = [_model(model) for model in models]
        return msgspec.json.encode({"result": listed, "success": True, "errors": [], "messages": []})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode({"result": _model(model), "success": True, "errors": [], "messages": []})

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _model(model: ModelEntry) -> dict[str, str]:
    return {"name": model.id, "source": model.owned_by}


_: type[Dialect] = RunDialect
