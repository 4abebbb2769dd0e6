"""Text embeddings at `:predict`, as a dialect: the model in the path, texts in, vectors out.

google-genai asks so in Vertex mode for every model that is neither Gemini's nor open, and of JavaScript for all. It
names a model by its publisher too: `vertex-predict/text-embedding-005` is asked for below
`publishers/vertex-predict/models`, so that behind a publisher other than Google stands a name of the gateway's. In the
list of models, which it asks for without a project, all are Google's, so that each is found by the name it has there.
Other models that answer at `:predict`, of pictures say, take other instances, which are refused: their answers have no
usage.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
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
    read_fields,
    readdressed,
)
from tollbridge_vertex.errors import write_error
from tollbridge_vertex.names import NAME
from tollbridge_vertex.usage import answer_usage

_RESOURCE = re.compile(r"/v1(?:beta1)?/(?:projects/[^/]+/locations/[^/]+/)?publishers/([^/]+)/models/(.+):predict")
"""A model of a publisher, in a project or not."""
_LIST = "/publishers/google/models"
_WEIGHTY = re.compile(rb'"(instances)"[ \t\n\r]*:')


class _Instance(msgspec.Struct):
    content: str


class _Body(msgspec.Struct):
    instances: list[_Instance]


_decode = msgspec.json.Decoder(_Body).decode


class PredictDialect:
    """`POST /v1beta1/projects/.../publishers/google/models/{model}:predict`."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = b""
    operations: Sequence[Operation] = (
        Operation(
            "ai:embeddings",
            "predict",
            path="/v1beta1/projects/{model}:predict",
            also=(
                "/v1/projects/{model}:predict",
                "/v1beta1/publishers/{model}:predict",
                "/v1/publishers/{model}:predict",
            ),
            upstream="/models/{model}:predict",
            codec=codec_later(EMBEDDINGS, "tollbridge_vertex.embedding:PredictCodec"),
        ),
        Operation("", "models", "GET", path=f"/v1beta1{_LIST}", also=(f"/v1{_LIST}",), lists_models=True),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = _RESOURCE.fullmatch(path)
        if found is None:
            raise BadRequest("the path names no model of a publisher", param="model")
        publisher, model = found.groups()
        read_fields(body, _decode, _WEIGHTY)
        name = model if publisher == "google" else f"{publisher}/{model}"
        return Envelope(name, input_bound=input_bound(body), max_output=0, outputs_tokens=False)

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        return readdressed(body, {}, quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"publisherModels": [_model(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _model(model: ModelEntry) -> dict[str, str]:
    return {"name": f"publishers/google/models/{model.id}"}


_: type[Dialect] = PredictDialect
