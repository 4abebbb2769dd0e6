"""Running a model as a dialect: `POST /ai/run/{model}`.

A client of Cloudflare's API reaches it at `<gateway>/cloudflare/run/{model}`. The model is in the path; usage comes in
every stream, unasked.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    Fields,
    ModelEntry,
    Operation,
    WholeReader,
    decode_json,
    named_model,
    readdressed,
    write_event,
)
from tollbridge_cloudflare.answers import answer_usage, write_error
from tollbridge_cloudflare.calls import NAME
from tollbridge_cloudflare.codec import RUN_CODEC
from tollbridge_cloudflare.readers import PassingReader


class RunDialect:
    """Running one of Workers AI's models."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = (
        Operation("ai:chat", "run", path="/cloudflare/run/{model}", upstream="/run/{+model}", codec=RUN_CODEC),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = Fields(decode_json(body))
        name = _limit(found)
        limit, stream = found.whole(name), found.flag("stream")
        if limit is not None and limit < 1:
            raise BadRequest("the output limit must be at least 1", param=name)
        return Envelope(
            model=named_model(operation, path),
            stream=bool(stream),
            max_output=limit,
            input_bound=input_bound(body),
            asks_usage=True,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        if max_output is None:
            return readdressed(body, {}, quirks)
        return readdressed(body, {_limit(Fields(decode_json(body))): b"%d" % max_output}, quirks)

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


def _limit(found: Fields) -> str:
    """Say what the output limit is called: as OpenAI's Responses call it where a model is asked in that way."""
    return "max_output_tokens" if "input" in found and "messages" not in found else "max_tokens"


def _model(model: ModelEntry) -> dict[str, str]:
    return {"name": model.id, "source": model.owned_by}


_: type[Dialect] = RunDialect
