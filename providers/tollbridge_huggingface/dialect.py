"""`feature-extraction` as a dialect: the model in the path, texts in, vectors out."""

from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import GatewayError, Quirks, Usage, input_bound
from tollbridge.formats import (
    EMBEDDINGS,
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
    readdressed,
)
from tollbridge.formats import members as members_of
from tollbridge_huggingface.names import NAME

_check = msgspec.json.Decoder(msgspec.Raw).decode


class FeaturesDialect:
    """Embeddings of Hugging Face's own host."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = b""
    operations: Sequence[Operation] = (
        Operation(
            "ai:embeddings",
            "feature_extraction",
            path="/huggingface/hf-inference/models/{model}/pipeline/feature-extraction",
            upstream="/models/{+model}/pipeline/feature-extraction",
            codec=codec_later(EMBEDDINGS, "tollbridge_huggingface.codec:FeaturesCodec"),
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        members_of(body)
        model = named_model(operation, path)
        return Envelope(model=model, input_bound=input_bound(body), max_output=0, outputs_tokens=False)

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        return readdressed(body, {}, quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return WholeReader(_no_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return encode_json({"error": error.message, "error_type": error.code})

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return self.write_error(error, call_id)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode([_model(model) for model in models])

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _no_usage(body: bytes) -> Usage | None:
    """Find no usage in an answer, which never has any; raises msgspec's errors for what is no JSON."""
    _check(body)
    return None


def _model(model: ModelEntry) -> dict[str, str]:
    return {"id": model.id, "author": model.owned_by, "pipeline_tag": "feature-extraction"}


_: type[Dialect] = FeaturesDialect
