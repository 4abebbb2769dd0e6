"""Replicate's predictions as a dialect: `POST /v1/models/{owner}/{name}/predictions`.

A client of Replicate's API reaches it at the base URL `<gateway>/replicate/v1`. The model is in the path, what it is
given in `input`, and the answer is one JSON object.
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
    encode_json,
    named_model,
    object_in,
    read_fields,
    readdressed,
    splice,
    write_event,
)
from tollbridge_replicate.answers import answer_usage, unfinished, write_failure
from tollbridge_replicate.families import LIMITS, family_of
from tollbridge_replicate.reading import NAME

_HELD = ((b"prefer", b"wait"),)
"""Has a prediction come when it is done, or after a minute.

https://replicate.com/docs/topics/predictions/create-a-prediction (read 2026-11).
"""
_WEIGHTY = re.compile(rb'"(input|%b)"[ \t\n\r]*:' % "|".join(LIMITS).encode("ascii"))


class _Input(msgspec.Struct):
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    max_new_tokens: int | None = None


class _Body(msgspec.Struct):
    input: _Input


_decode = msgspec.json.Decoder(_Body).decode


class PredictionsDialect:
    """Predictions of one of Replicate's official models."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = b""
    operations: Sequence[Operation] = (
        Operation(
            "ai:chat",
            "predictions",
            path="/replicate/v1/models/{model}/predictions",
            upstream="/models/{+model}/predictions",
            codec=codec_later(CONVERSATION, "tollbridge_replicate.codec:PREDICTIONS_CODEC"),
            unfinished=unfinished,
            held=_HELD,
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        given = read_fields(body, _decode, _WEIGHTY, inside=("input",)).input
        limit = next((said for name in LIMITS if (said := getattr(given, name)) is not None), None)
        if limit is not None and limit < 1:
            raise BadRequest("the output limit must be at least 1", param="input.max_tokens")
        return Envelope(model=named_model(operation, path), max_output=limit, input_bound=input_bound(body))

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        if max_output is None:
            return readdressed(body, {}, quirks)
        given = splice(object_in(body, "input"), {family_of(model).limit: b"%d" % max_output})
        return readdressed(body, {"input": given}, quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        title = error.code.replace("_", " ").capitalize()
        return encode_json({"title": title, "detail": error.message, "status": error.status})

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_event(write_failure(error, call_id))

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"previous": None, "next": None, "results": [_model(entry) for entry in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _model(model: ModelEntry) -> dict[str, str]:
    owner, slash, name = model.id.rpartition("/")
    return {"owner": owner if slash else model.owned_by, "name": name}


_: type[Dialect] = PredictionsDialect
